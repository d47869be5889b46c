/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is told of a process to who asks about it.
 */

#include "executor/process_inside.h"

void process_tell_ending(
        const struct process *process, struct process_ending *out)
{
    *out = (struct process_ending){
        .state = process->state,
        .has_exited = process->state >= PROCESS_EXITED,
        .has_closed = process->state == PROCESS_CLOSED,
    };
    if (out->has_exited)
        out->exited = process->exited;
    if (!out->has_closed)
        return;
    for (size_t i = 0; i < process->stream_count; i++)
        out->ends[out->end_count++] = process->streams[i].end;
}

void process_tell_status(
        const struct process *process, struct process_status *out)
{
    const struct stdin_queue *queue = &process->stdin_queue;
    bool open = !queue->ended && !queue->eof;

    out->pid = process->pid;
    out->started_ns = process->started_time_ns;
    out->first_seq = event_log_first_seq(process->log);
    out->next_seq = event_log_next_seq(process->log);
    out->stream_count = process_tell_streams(process, out->streams);
    out->stdin_next_offset = queue->next;
    out->stdin_room = open ? stdin_queue_room(queue) : 0;
    out->tree_limits = process->tree_limits;
    process_tell_ending(process, &out->ending);
}
