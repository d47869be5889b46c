/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_STOP_PLAN_H
#define CLI_STOP_PLAN_H

/*
 * How to end a process in steps.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/process.h>

/* As many as an executor takes. */
#define STOP_PLAN_STEPS 16

struct stop_plan {
    struct remex_stop_step steps[STOP_PLAN_STEPS];
    size_t count;
};

/* "TERM:10s,KILL": signals, each with the longest wait after it, 10 s unless
 * told. `out` is written in any case. */
bool stop_plan_parse(const char *text, struct stop_plan *out);

#endif
