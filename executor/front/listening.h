/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_LISTENING_H
#define EXECUTOR_FRONT_LISTENING_H

/*
 * Putting a socket on an address.
 */

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#include <nng/nng.h>

enum { LISTENING_ADDRESS_BYTES = 320 };

struct listening {
    /* As it became: with the port in place of 0. */
    char address[LISTENING_ADDRESS_BYTES];
    char problem[512]; /* why it did not work */
};

/* Whoever starts us holds the lock of an ipc path, so a socket that lies there
 * is a dead one, and is removed. (NNG would probe it by connecting, which in
 * 1.5.2 kills the listener, were there one.) False: `problem` is set. */
bool listening_start(struct listening *out, nng_socket socket,
        const char *address, size_t max_message);

/* Whether it is a path in the file system. */
bool listening_is_path(const char *address);

/* Whether it is a port that takes a right to bind to. */
bool listening_is_low_port(const char *address);

/* Has a path belong to this user. False: errno says why. */
bool listening_give(const struct listening *listening, uid_t uid);

/* Removes what listening left in the file system; nobody gets in any more. */
void listening_remove(const struct listening *listening);

#endif
