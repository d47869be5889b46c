/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_WAITING_H
#define CLI_WAITING_H

/*
 * Waiting for the exit of a process whose output is of no interest.
 */

#include <stdint.h>

#include <remex/event.h>

#include "client/cli/target.h"

/* Waits at most `timeout_ms`, or REMEX_FOREVER. 0 and the exit, or our exit
 * status without it: a report has said why, unless it is only that the time is
 * over. */
int waiting_for_exit(const struct target *target, int64_t timeout_ms,
        struct remex_exit *out);

#endif
