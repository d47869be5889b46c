/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_PROBE_H
#define EXECUTOR_FRONT_PROBE_H

/*
 * Asks a listener of this process whether it still lets anybody in, as a peer
 * would, but without NNG: a plain socket cannot wedge what it tests.
 */

#include <stdbool.h>
#include <stdint.h>

#include <sys/socket.h>

struct probe {
    struct sockaddr_storage address;
    socklen_t address_size;
    bool framed; /* ipc puts one byte before each message */
    int path;    /* of ipc: the socket's file; or -1 */
};

/* `text` is an address that is being listened on, and a path is one that we may
 * open now, later we need not. False: not understood, or not there. */
bool probe_init(struct probe *probe, const char *text);

/* Connects to a REP listener, sends an empty request and gets the empty reply,
 * all before `deadline` (CLOCK_MONOTONIC, nanoseconds). */
bool probe_request(const struct probe *probe, int64_t deadline);

/* Connects to a PUB listener and gets its greeting. That is the transport's;
 * NNG may still not let the connection in. The descriptor, to be closed, or -1.
 */
int probe_subscribe(const struct probe *probe, int64_t deadline);

#endif
