/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CHILD_OUTPUT_H
#define EXECUTOR_CHILD_OUTPUT_H

/*
 * Our end of a child's stdout or stderr, or of its terminal: reads it into the
 * process's log, one piece each time there is something. While the log is full
 * it is paused, and costs nothing.
 */

#include <remex/event.h>
#include <remex/status.h>

#include "executor/loop.h"
#include "executor/pace.h"
#include "executor/process_host.h"

struct child_output {
    struct loop_watch watch; /* fd -1: not open */
    struct loop_timer retry; /* when there was no memory, or it rests */
    struct loop *loop;
    struct process *process;
    enum remex_stream stream;
    struct pace pace;
    uint64_t noted; /* bytes of the stream, when its pace was noted last */
    bool resting;   /* for more to come */
    bool paused;
    bool abandoned; /* ends once `left` has been read */
    bool bulky;     /* the pipe was made larger, or never can be */
    size_t left;    /* bytes */
    size_t want;    /* to be read at once */
};

/* Before anything else. */
void child_output_init(struct child_output *output, struct loop *loop,
        struct process *process, enum remex_stream stream);

/* Reads from `fd`, which becomes the output's on success. */
REMEX_CHECKED enum remex_status child_output_open(
        struct child_output *output, int fd);

/* Stops without a report. Safe on one that is not open. */
void child_output_close(struct child_output *output);

/* The rest does nothing on one that is not open. */

void child_output_resume(struct child_output *output);

/* The child was told something, and may have an answer. */
void child_output_hurry(struct child_output *output);

/* Reads what is in the pipe now, as far as the log has room, and sees the end
 * of file if it is behind that: the child has exited. */
void child_output_drain(struct child_output *output);

/* Reads what is in the pipe now, then reports the stream as abandoned. */
void child_output_abandon(struct child_output *output);

#endif
