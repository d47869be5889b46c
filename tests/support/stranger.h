/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_STRANGER_H
#define SUPPORT_STRANGER_H

/*
 * Whoever comes to an address without knowing NNG, or in order to do harm:
 * plain sockets, and bytes of one's own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A connection to the ipc or tcp address `text`, or -1 if it is not taken at
 * once. */
int stranger_connect(const char *text);

/* To a tcp or tls address on loopback, from another of the host's own (in the
 * host's byte order), as if from elsewhere; fails the test if it is not taken.
 */
int stranger_connect_from(const char *text, uint32_t source);

/* Connects, sends the bytes (which may not be taken), and closes. */
void stranger_say(const char *address, const void *data, size_t size);

/* Connects as a REQ client would and says in an NNG header that a message of so
 * many bytes follows, of which `sent` do; the connection, to be closed. */
int stranger_announce(const char *text, unsigned long long size, size_t sent);

/* How many milliseconds it takes until a new NNG client is answered; fails the
 * test if it is more than `ms`. */
int stranger_wait_served(const char *address, int ms);

#endif
