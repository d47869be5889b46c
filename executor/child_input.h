/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CHILD_INPUT_H
#define EXECUTOR_CHILD_INPUT_H

/*
 * Our end of a child's stdin: passes on what the process has queued, never
 * waiting. On the loop only while the pipe is full. A terminal, which is open
 * for output as well, gets its end of file typed.
 */

#include <stdbool.h>

#include <remex/status.h>

#include "executor/loop.h"
#include "executor/process_host.h"

struct child_input {
    struct loop_watch watch; /* fd -1: not waiting for the pipe */
    struct loop_timer retry; /* there was no memory */
    struct loop *loop;
    struct process *process;
    int fd; /* -1: not open */
    bool terminal;
    int last; /* byte written to a terminal; -1: none */
};

/* Takes `fd`; -1: there is no pipe. */
void child_input_init(struct child_input *input, struct loop *loop,
        struct process *process, int fd, bool terminal);

/* There are bytes, or their end. */
void child_input_feed(struct child_input *input);

/* Stops without a report. Safe on one that is not open. */
void child_input_close(struct child_input *input);

#endif
