/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PROCESS_SPEC_H
#define EXECUTOR_PROCESS_SPEC_H

/*
 * What a process_spec must be beyond what its decoding has checked, so that
 * nothing is spawned that cannot be kept the way it was asked for.
 */

#include <remex/status.h>

#include "common/message.h"
#include "executor/event_log.h"

/* REMEX_INVALID_ARGUMENT or REMEX_UNIMPLEMENTED, naming the field. `limits` are
 * those of the log. */
REMEX_CHECKED enum remex_status process_spec_check(
        const struct process_spec *spec, const struct event_log_limits *limits,
        struct remex_error *error);

#endif
