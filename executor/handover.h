/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_HANDOVER_H
#define EXECUTOR_HANDOVER_H

/*
 * Gives a descriptor to a process that is yet to be forked, and to it alone: in
 * between it lies in a socket, so that the parent has no copy that would keep
 * it open.
 */

/* Takes over `fd`; returns the socket that holds it, or -1 (errno says why). */
int handover_put(int fd);

/* Closes the socket and returns the descriptor, or -1. */
int handover_take(int handover);

#endif
