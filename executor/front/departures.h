/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_DEPARTURES_H
#define EXECUTOR_FRONT_DEPARTURES_H

/*
 * Tells when a peer's connection is gone. NNG tells it on its only clean-up
 * thread, where nothing may wait; here it is passed on by a thread of its own.
 */

#include <stdint.h>

#include <nng/nng.h>

struct departures;

/* Ends the process if it cannot. Lives as long as the process. */
struct departures *departures_new(
        nng_socket socket, void (*gone)(void *user, uint32_t pipe), void *user);

#endif
