/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/host_child.h"

#include "common/clock.h"
#include "executor/list.h"

/* Soon, or when the executor wakes. */
void host_child_look(struct child *child, struct appointment *appointment)
{
    struct host *host = child->host;
    int64_t at = host->world->now;

    if (appointment->slot != 0)
        return;
    if (at < host->asleep_until)
        at = host->asleep_until;
    world_set(host->world, appointment,
            at + chance_between(&child->plan->chance, 0, MS / 2));
}

/* Nothing is seen while the executor sleeps. */
static bool is_asleep(struct child *child, struct appointment *appointment)
{
    if (child->host->world->now >= child->host->asleep_until)
        return false;
    host_child_look(child, appointment);
    return true;
}

bool host_child_is_held(const struct child *child)
{
    return !child->plan->dead || child->heir;
}

/* --- Beginning ----------------------------------------------------------- */

const struct remex_error host_no_program = {
    .status = REMEX_FAILED_PRECONDITION,
    .kind = REMEX_ERROR_LAUNCH_FAILED,
    .stage = REMEX_STAGE_EXEC,
    .os_error = 2,
};

static void begin(struct child *child)
{
    struct host *host = child->host;
    struct plan *plan = child->plan;
    struct world *world = host->world;
    int64_t pause = host->hurry ? 0 : plan->pause;

    WORLD_CHECK(world, plan->starts == 0, "%s starts twice", plan->id);
    WORLD_CHECK(world, !plan->buried, "%s starts when it is buried", plan->id);
    world_tell(world, "%s starts", plan->id);
    plan->starts++;
    plan->boot = host->boot;
    plan->running = true;
    plan->launched_at = world->now;
    world_set(world, &child->step,
            world->now + chance_between(&plan->chance, 1, pause + 1));
    if (child->heir)
        world_set(world, &child->heir_ends, world->now + plan->heir);
}

void host_child_launch(struct child *child)
{
    bool fails = child->plan->fails;

    child->on_way = false;
    world_set(child->host->world, &child->launch, CLOCK_NEVER);
    if (fails) /* what was in its pipe */
        g_byte_array_set_size(child->plan->input_bytes, 0);
    else
        begin(child);
    if (child->plan->dawdles)
        process_on_launched(child->process, 1000 + (int64_t)child->plan->actor,
                fails ? &host_no_program : NULL);
}

static void on_launch(struct appointment *appointment, int64_t now)
{
    struct child *child = CONTAINER_OF(appointment, struct child, launch);

    (void)now;
    if (is_asleep(child, appointment))
        return;
    memory_of(&child->host->memory);
    host_child_launch(child);
    memory_of(NULL);
}

/* --- Dying --------------------------------------------------------------- */

static void end_input(struct child *child)
{
    child->input_gone = true;
    child->plan->input_gone = true;
    child->input = 0;
}

/* Nobody is killed unless somebody asked for it, or his owner is lost. */
static void check_kill(const struct child *child)
{
    const struct plan *plan = child->plan;
    int64_t now = child->host->world->now;
    int64_t wall = (int64_t)plan->spec.wall_time_ms * MS;

    if (plan->may_be_killed || plan->taken_back || child->host->ending ||
            (wall > 0 && now >= plan->started_at + wall))
        return;
    WORLD_CHECK(child->host->world, now >= *plan->renewed_at + plan->lease,
            "%s is killed for no reason", plan->id);
}

void host_child_die(struct child *child, bool by_signal, int of_what)
{
    struct plan *plan = child->plan;
    struct world *world = child->host->world;

    if (by_signal)
        check_kill(child);
    plan->running = false;
    plan->dead = true;
    plan->died_by_signal = by_signal;
    plan->died_of = of_what;
    plan->dead_at = world->now;
    world_tell(world, "%s dies of %s %d%s", plan->id,
            by_signal ? "signal" : "code", of_what,
            child->heir ? ", with an heir" : "");
    end_input(child);
    world_set(world, &child->step, CLOCK_NEVER);
    host_child_look(child, &child->report);
    host_child_look(child, &child->look);
}

void host_child_end_heir(struct child *child)
{
    if (!child->heir)
        return;
    child->heir = false;
    world_set(child->host->world, &child->heir_ends, CLOCK_NEVER);
    host_child_look(child, &child->look);
}

static void on_heir_ends(struct appointment *appointment, int64_t now)
{
    (void)now;
    host_child_end_heir(CONTAINER_OF(appointment, struct child, heir_ends));
}

static void on_report(struct appointment *appointment, int64_t now)
{
    struct child *child = CONTAINER_OF(appointment, struct child, report);
    struct remex_exit exited = {
        .by_signal = child->plan->died_by_signal,
        .code = child->plan->died_of,
    };

    if (is_asleep(child, appointment))
        return;
    child->reported = true;
    memory_of(&child->host->memory);
    process_on_exit(child->process, &exited, now);
    memory_of(NULL);
}

/* --- Output -------------------------------------------------------------- */

static void note_closed(struct child *child)
{
    for (size_t i = 0; i < PLAN_STREAMS; i++)
        if (child->streams[i].captured && !child->streams[i].ended)
            return;
    child->plan->closed_at = child->host->world->now;
}

void host_child_end_stream(
        struct child *child, size_t index, enum remex_stream_end_kind kind)
{
    struct stream *stream = &child->streams[index];

    stream->ended = true;
    note_closed(child);
    world_tell(child->host->world, "%s stream %zu ends at %llu: %d",
            child->plan->id, index + 1,
            (unsigned long long)child->plan->told[index], (int)kind);
    process_on_stream_end(child->process,
            (enum remex_stream)(REMEX_STDOUT + index), kind, 0,
            child->host->world->now);
}

/* What is in the pipe goes into the log, as far as that has room. */
static bool read_piece(struct child *child, size_t index)
{
    struct stream *stream = &child->streams[index];
    enum remex_stream number = (enum remex_stream)(REMEX_STDOUT + index);
    struct plan *plan = child->plan;
    enum remex_status status;
    size_t size = stream->waiting;
    void *data;

    if (stream->abandoned && stream->left < size)
        size = stream->left;
    if (size == 0 || stream->paused || stream->ended)
        return false;
    status = process_reserve(child->process, number, size, &data, &size);
    stream->paused = status == REMEX_AGAIN;
    if (status == REMEX_NO_MEMORY)
        child->host->short_at = child->host->world->now;
    if (status != REMEX_OK)
        return false;
    plan_fill(plan, number, plan->told[index], data, size);
    plan->told[index] += size;
    stream->waiting -= size;
    if (stream->abandoned)
        stream->left -= size;
    process_on_output(child->process, number, size, child->host->world->now);
    return true;
}

static void look_at_stream(struct child *child, size_t index)
{
    struct stream *stream = &child->streams[index];
    unsigned int pieces =
            1 + (unsigned int)chance_below(&child->plan->chance, 4);

    if (!stream->captured || stream->ended)
        return;
    while (pieces > 0 && read_piece(child, index))
        pieces--;
    if (stream->paused)
        return;
    if (stream->abandoned && stream->left == 0)
        host_child_end_stream(child, index, REMEX_END_ABANDONED);
    else if (stream->waiting > 0)
        host_child_look(child, &child->look);
    else if (!host_child_is_held(child))
        host_child_end_stream(child, index, REMEX_END_EOF);
}

static void on_look(struct appointment *appointment, int64_t now)
{
    struct child *child = CONTAINER_OF(appointment, struct child, look);

    (void)now;
    if (is_asleep(child, appointment))
        return;
    memory_of(&child->host->memory);
    for (size_t i = 0; i < PLAN_STREAMS; i++)
        look_at_stream(child, i);
    memory_of(NULL);
}

/* False: the pipe is full, and the child waits. */
static bool write_some(struct child *child)
{
    struct plan *plan = child->plan;
    size_t index = plan->spec.pty ? REMEX_TERMINAL - REMEX_STDOUT
                                  : chance_below(&plan->chance, 2);
    struct stream *stream = &child->streams[index];
    size_t size = 1 + chance_below(&plan->chance, plan->most);

    if (!stream->captured || stream->ended)
        return true;
    if (size > PIPE_BYTES - stream->waiting)
        return false;
    plan->written[index] += size;
    stream->waiting += size;
    host_child_look(child, &child->look);
    return true;
}

/* --- Input --------------------------------------------------------------- */

void host_child_feed(struct child *child)
{
    struct remex_bytes bytes;

    while (!child->input_ended) {
        bytes = process_stdin_peek(child->process);
        if (process_stdin_at_end(child->process) ||
                (bytes.size > 0 && child->input_gone)) {
            child->input_ended = true;
            process_on_stdin_closed(child->process);
            return;
        }
        if (bytes.size > 3000 - child->input)
            bytes.size = 3000 - child->input;
        if (bytes.size == 0)
            return;
        g_byte_array_append(
                child->plan->input_bytes, bytes.data, (guint)bytes.size);
        child->input += bytes.size;
        process_on_stdin_fed(child->process, bytes.size);
    }
}

static void read_input(struct child *child)
{
    struct plan *plan = child->plan;

    if (plan->spec.stdin_kind != STDIN_PIPE || child->input_gone)
        return;
    if (plan->input == PLAN_CLOSES_INPUT && chance_percent(&plan->chance, 20)) {
        world_tell(plan->world, "%s closes its stdin", plan->id);
        end_input(child);
    } else if (plan->input != PLAN_READS_NOTHING) {
        child->input -= chance_below(&plan->chance, child->input + 1);
        if (child->host->hurry)
            child->input = 0;
    }
    if (child->input == 0 && child->input_ended && !child->input_gone)
        plan->input_closed = true;
    if (child->host->world->now >= child->host->asleep_until &&
            !child->input_ended)
        host_child_feed(child);
}

/* --- A child's life ------------------------------------------------------ */

static bool wants_input(const struct child *child)
{
    return child->plan->input == PLAN_READS_TO_END &&
            !child->plan->input_closed && !child->input_gone &&
            !child->host->hurry;
}

static void on_step(struct appointment *appointment, int64_t now)
{
    struct child *child = CONTAINER_OF(appointment, struct child, step);
    struct plan *plan = child->plan;
    bool hurry = child->host->hurry;
    int64_t pause = hurry ? MS : plan->pause;

    read_input(child);
    if (plan->writes > 0) {
        if (write_some(child))
            plan->writes--;
    } else if (!wants_input(child) && (hurry || !plan->endless)) {
        host_child_die(child, false, plan->code);
        return;
    } else {
        pause = hurry ? MS : 200 * MS;
    }
    world_set(child->host->world, &child->step,
            now + chance_between(&plan->chance, MS / 100, pause + MS / 100));
}

/* --- Its beginning ------------------------------------------------------- */

struct child *host_child_new(
        struct host *host, struct plan *plan, struct process *process)
{
    struct child *child = g_new0(struct child, 1);

    child->host = host;
    child->plan = plan;
    child->process = process;
    child->heir = plan->heir > 0;
    child->heir_in_group = chance_percent(&plan->chance, 50);
    for (size_t i = 0; i < PLAN_STREAMS; i++)
        child->streams[i].captured = plan_captures(plan, i);
    child->next = host->children;
    host->children = child;
    world_book(host->world, &child->launch, on_launch);
    world_book(host->world, &child->step, on_step);
    world_book(host->world, &child->look, on_look);
    world_book(host->world, &child->report, on_report);
    world_book(host->world, &child->heir_ends, on_heir_ends);
    return child;
}
