/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

/*
 * Passes the output of a process on to ours, to its end.
 */

#include <stdbool.h>

#include <remex/process.h>

#include "client/cli/parting.h"
#include "client/cli/turnover.h"

struct follow {
    struct remex_process *process; /* lent */
    const char *address;           /* of its executor, for people */
    bool is_ours;   /* it was started for us: without us it has to end */
    bool has_stdin; /* ours is passed to it */
    struct turnover *turnover;     /* our terminal is; or NULL */
    const struct parting *parting; /* calls us off; NULL: nobody does */
    struct remex_client *client;   /* with `parting`: it follows this alone */
};

/* Returns our exit status: that of the process, or a report has said why it is
 * another. */
int follow_run(const struct follow *follow);

/* Tells on stderr what was lost. */
void follow_report_gap(const struct remex_event *event);

#endif
