/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_NOTIFY_H
#define EXECUTOR_NOTIFY_H

/*
 * Telling the service manager that started us how we are, see sd_notify(3): a
 * datagram to the socket that the environment names.
 */

#include <stdint.h>

struct notify {
    int fd;               /* -1: nobody wants to know */
    uint32_t watchdog_ms; /* he wants a sign of life at least so often; 0: no */
};

#define NOTIFY_NONE \
    { \
        .fd = -1 \
    }

/* Takes what the environment says out of it, so that no program of ours is in
 * a position to speak for us. What is of no use counts as nothing. While there
 * is one thread. */
struct notify notify_take(void);

/* "READY=1" and the like, lines with a newline between them. Not told if he
 * does not listen just now: he is not waited for. */
void notify_send(const struct notify *notify, const char *state);

void notify_close(struct notify *notify);

#endif
