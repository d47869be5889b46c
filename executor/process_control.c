/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/process.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "executor/process_inside.h"

/* --- Stdin --------------------------------------------------------------- */

static void stdin_moved(struct process *process)
{
    process->hooks.stdin_moved(process->hooks.user, process);
}

void process_end_stdin(struct process *process)
{
    bool open = !process->stdin_queue.ended;

    stdin_queue_end(&process->stdin_queue);
    if (open)
        stdin_moved(process);
}

enum remex_status process_write(struct process *process,
        const struct write_request *request, struct remex_bytes payload,
        struct write_reply *out, struct remex_error *error)
{
    struct stdin_queue *queue = &process->stdin_queue;
    enum remex_status status =
            stdin_queue_take(queue, request->offset, payload, request->eof);

    if (status == REMEX_OUT_OF_RANGE)
        return error_set(error, status,
                "stdin is taken up to offset %llu only; write from there",
                (unsigned long long)queue->next);
    if (status == REMEX_RESOURCE_EXHAUSTED)
        return error_limit_hit(error, "stdin_bytes_per_principal",
                queue->allowance->limit, queue->allowance->used + payload.size);
    if (status == REMEX_NO_MEMORY)
        return error_set(error, REMEX_RESOURCE_EXHAUSTED,
                "the executor has no memory for stdin; try again later");

    if (status == REMEX_OK && !queue->ended && (queue->size > 0 || queue->eof))
        process->host->calls->feed(process->child);
    if (status == REMEX_OK)
        out->outcome = WRITE_ACCEPTED;
    else if (process->state == PROCESS_RUNNING)
        out->outcome = WRITE_STDIN_CLOSED;
    else
        out->outcome = WRITE_EXITED;
    out->next_offset = queue->next;
    out->room = stdin_queue_room(queue);
    out->eof = queue->eof;
    return REMEX_OK;
}

struct remex_bytes process_stdin_peek(const struct process *process)
{
    return stdin_queue_peek(&process->stdin_queue);
}

void process_on_stdin_fed(struct process *process, size_t size)
{
    bool was_full = stdin_queue_is_full(&process->stdin_queue);

    stdin_queue_pass(&process->stdin_queue, size);
    if (was_full)
        stdin_moved(process);
}

bool process_stdin_at_end(const struct process *process)
{
    const struct stdin_queue *queue = &process->stdin_queue;

    return queue->eof && queue->size == 0 && !queue->ended;
}

void process_on_stdin_closed(struct process *process)
{
    process_end_stdin(process);
}

/* --- The terminal --------------------------------------------------------- */

enum remex_status process_resize(struct process *process, uint32_t rows,
        uint32_t columns, struct remex_error *error)
{
    enum remex_status status;

    assert(rows >= 1 && rows <= MESSAGE_TERMINAL_CELLS && columns >= 1 &&
            columns <= MESSAGE_TERMINAL_CELLS);
    if (process->streams[0].end.stream != REMEX_TERMINAL)
        return error_set(error, REMEX_FAILED_PRECONDITION,
                "The process has no terminal; start it with one to resize it.");
    if (process->streams[0].end.kind != 0)
        return error_set(error, REMEX_FAILED_PRECONDITION,
                "The terminal of the process is closed already.");
    status = process->host->calls->resize(process->child, rows, columns);
    if (status != REMEX_OK)
        return error_set(
                error, status, "The size of the terminal could not be set.");
    return REMEX_OK;
}

/* --- Signals and deadlines ----------------------------------------------- */

void process_kill_tree(struct process *process)
{
    process->plan.next = process->plan.count;
    process->plan.due = CLOCK_NEVER;
    process->host->calls->kill_tree(process->child);
}

enum remex_status process_signal(struct process *process, int signal_number,
        enum signal_target target, enum signal_outcome *out,
        struct remex_error *error)
{
    bool running = process->state == PROCESS_RUNNING;
    enum remex_status status = REMEX_ENDED;

    assert(signal_number >= 1 && signal_number <= MESSAGE_SIGNAL);
    if (running || target != SIGNAL_LEADER)
        status = process->host->calls->signal(
                process->child, signal_number, target);
    if (status == REMEX_ENDED) {
        *out = SIGNAL_EXITED;
        return REMEX_OK;
    }
    if (status != REMEX_OK)
        return error_set(error, status,
                "signal %d could not be sent to the process", signal_number);
    process->signals |= UINT64_C(1) << (signal_number - 1);
    *out = SIGNAL_DELIVERED;
    return REMEX_OK;
}

static bool is_about_stopping(int signal_number)
{
    return signal_number == SIGSTOP || signal_number == SIGTSTP ||
            signal_number == SIGTTIN || signal_number == SIGTTOU ||
            signal_number == SIGCONT;
}

/* Whoever is stopped is let go on, or he could not act on it. */
static bool send_step(struct process *process, int signal_number)
{
    const struct process_host_calls *calls = process->host->calls;

    if (calls->signal(process->child, signal_number, SIGNAL_GROUP) != REMEX_OK)
        return false;
    if (!is_about_stopping(signal_number))
        (void)!calls->signal(process->child, SIGCONT, SIGNAL_GROUP);
    return true;
}

/* Steps whose time is over make way for the next; after the last, the tree is
 * killed. A step that cannot be sent takes no time. */
static void run_plan(struct process *process, int64_t now)
{
    struct process_plan *plan = &process->plan;

    while (plan->next < plan->count && plan->due <= now) {
        const struct stop_step *step = &plan->steps[plan->next++];

        if (send_step(process, (int)step->signal))
            plan->due = clock_after(now, clock_from_ms(step->wait_ms));
    }
    if (plan->due <= now)
        process_kill_tree(process);
}

void process_bound_linger(struct process *process, int64_t now)
{
    int64_t most = clock_after(now, clock_from_ms(PROCESS_EOF_LINGER_MS));

    if (!process->abandoned && process->linger_due > most)
        process->linger_due = most;
}

bool process_terminate(struct process *process, const struct stop_step *plan,
        size_t count, enum remex_exit_reason reason, int64_t now)
{
    bool running = process->state == PROCESS_RUNNING;

    assert(count <= MESSAGE_STOP_STEPS);
    if (running && process->cause == REMEX_EXIT_OWN)
        process->cause = reason;
    if (process->state == PROCESS_EXITED)
        process_bound_linger(process, now);
    if (!running || count == 0) {
        process_kill_tree(process);
    } else if (process->plan.count == 0) {
        memcpy(process->plan.steps, plan, count * sizeof(*plan));
        process->plan.count = count;
        process->plan.due = now;
        run_plan(process, now);
    }
    return running;
}

static void tick_running(struct process *process, int64_t now)
{
    if (process->wall_due <= now) {
        process->wall_due = CLOCK_NEVER;
        if (process->cause == REMEX_EXIT_OWN)
            process->cause = REMEX_EXIT_WALL_TIME;
        process_kill_tree(process);
    }
    if (process->plan.due <= now)
        run_plan(process, now);
}

static void abandon_streams(struct process *process)
{
    process->linger_due = CLOCK_NEVER;
    process->abandoned = true;
    for (size_t i = 0; i < process->stream_count; i++) {
        const struct remex_stream_end *end = &process->streams[i].end;

        if (end->kind == 0)
            process->host->calls->abandon(process->child, end->stream);
    }
}

/* Descendants hold the streams; the limit is theirs as well. */
static void tick_exited(struct process *process, int64_t now)
{
    if (process->wall_due <= now) {
        process->wall_due = CLOCK_NEVER;
        process_bound_linger(process, now);
        process_kill_tree(process);
    }
    if (process->linger_due <= now)
        abandon_streams(process);
}

int64_t process_due(const struct process *process)
{
    int64_t due = process->linger_due;

    if (process->wall_due < due)
        due = process->wall_due;
    if (process->plan.due < due)
        due = process->plan.due;
    return due;
}

int64_t process_tick(struct process *process, int64_t now)
{
    if (process->state == PROCESS_RUNNING)
        tick_running(process, now);
    else
        tick_exited(process, now);
    return process_due(process);
}
