/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/host.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "executor/launch.h"
#include "executor/list.h"

enum { PIPE_BYTES = 64 * 1024 };

struct stream {
    size_t waiting; /* in the pipe */
    bool captured;
    bool paused;
    bool ended; /* the executor has been told */
    bool abandoned;
    size_t left; /* to be read, once abandoned */
};

struct child {
    struct child *next;
    struct host *host;
    struct plan *plan;
    struct process *process;
    struct stream streams[PLAN_STREAMS];
    size_t input;     /* waits in the stdin pipe */
    bool input_gone;  /* nobody reads it */
    bool input_ended; /* the executor has closed it */
    bool heir;        /* lives */
    bool heir_in_group;
    bool reported; /* its exit */
    struct appointment step;
    struct appointment look;   /* of the executor, at its pipes */
    struct appointment report; /* to the executor, of its exit */
    struct appointment heir_ends;
};

/* The executor's idea of a child. */
static struct child *of(struct process_child *child)
{
    return (struct child *)(void *)child;
}

/* Soon, or when the executor wakes. */
static void let_look(struct child *child, struct appointment *appointment)
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
    let_look(child, appointment);
    return true;
}

static bool is_held(const struct child *child)
{
    return !child->plan->dead || child->heir;
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

static void die(struct child *child, bool by_signal, int of_what)
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
    let_look(child, &child->report);
    let_look(child, &child->look);
}

static void end_heir(struct child *child)
{
    if (!child->heir)
        return;
    child->heir = false;
    world_set(child->host->world, &child->heir_ends, CLOCK_NEVER);
    let_look(child, &child->look);
}

static void on_heir_ends(struct appointment *appointment, int64_t now)
{
    (void)now;
    end_heir(CONTAINER_OF(appointment, struct child, heir_ends));
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

static void end_stream(
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
        end_stream(child, index, REMEX_END_ABANDONED);
    else if (stream->waiting > 0)
        let_look(child, &child->look);
    else if (!is_held(child))
        end_stream(child, index, REMEX_END_EOF);
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
    let_look(child, &child->look);
    return true;
}

/* --- Input --------------------------------------------------------------- */

static void feed(struct process_child *process_child)
{
    struct child *child = of(process_child);
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

static void close_stdin(struct process_child *child)
{
    of(child)->input_ended = true;
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
        feed((struct process_child *)(void *)child);
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
        die(child, false, plan->code);
        return;
    } else {
        pause = hurry ? MS : 200 * MS;
    }
    world_set(child->host->world, &child->step,
            now + chance_between(&plan->chance, MS / 100, pause + MS / 100));
}

/* --- What the executor asks for ------------------------------------------ */

/* Nobody starts what is not planned. */
static struct plan *find_plan(struct host *host, struct remex_bytes id)
{
    struct plan *plan = host->plans;

    while (plan &&
            (strlen(plan->id) != id.size ||
                    memcmp(plan->id, id.data, id.size) != 0))
        plan = plan->next;
    g_assert(plan);
    return plan;
}

static struct child *new_child(
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
    world_book(host->world, &child->step, on_step);
    world_book(host->world, &child->look, on_look);
    world_book(host->world, &child->report, on_report);
    world_book(host->world, &child->heir_ends, on_heir_ends);
    return child;
}

/* As the real host has it when a pipe or a process cannot be made. */
static const struct spawn_failure scarcity = { REMEX_STAGE_RESOURCES, EMFILE };

static bool is_scarce(const struct host *host, struct plan *plan)
{
    if (host->world->now >= host->scarce_until ||
            !chance_percent(&plan->chance, 70))
        return false;
    world_tell(host->world, "%s finds no descriptor", plan->id);
    return true;
}

static enum remex_status start(struct process_host *process_host,
        const struct process_spec *spec, const struct policy_section *policy,
        struct process *process, struct process_started *out,
        struct remex_error *error)
{
    struct host *host = (struct host *)(void *)process_host;
    struct plan *plan = find_plan(host, spec->argv[1]);
    int64_t now = host->world->now;
    struct child *child;

    (void)policy;
    if (plan->fails) {
        *error = (struct remex_error){ .status = REMEX_FAILED_PRECONDITION,
            .kind = REMEX_ERROR_LAUNCH_FAILED,
            .stage = REMEX_STAGE_EXEC,
            .os_error = 2 };
        return REMEX_FAILED_PRECONDITION;
    }
    if (is_scarce(host, plan))
        return launch_failed(spec, &scarcity, error);
    WORLD_CHECK(host->world, plan->starts == 0, "%s starts twice", plan->id);
    WORLD_CHECK(host->world, !plan->buried, "%s starts when it is buried",
            plan->id);
    world_tell(host->world, "%s starts", plan->id);
    plan->starts++;
    plan->boot = host->boot;
    plan->running = true;
    plan->started_at = now;
    child = new_child(host, plan, process);
    world_set(host->world, &child->step,
            now + chance_between(&plan->chance, 1, plan->pause + 1));
    if (child->heir)
        world_set(host->world, &child->heir_ends, now + plan->heir);
    *out = (struct process_started){ (struct process_child *)(void *)child,
        1000 + (int64_t)plan->actor, now, now };
    return REMEX_OK;
}

static bool kills(const struct plan *plan, int signal_number)
{
    return signal_number == SIGKILL ||
            ((signal_number == SIGTERM || signal_number == SIGINT) &&
                    !plan->deaf);
}

static enum remex_status send_signal(struct process_child *process_child,
        int signal_number, enum signal_target target)
{
    struct child *child = of(process_child);
    struct plan *plan = child->plan;
    bool heir = child->heir && target != SIGNAL_LEADER &&
            (child->heir_in_group || target == SIGNAL_TREE);

    if (plan->dead && !heir)
        return REMEX_ENDED;
    world_tell(plan->world, "%s is sent signal %d", plan->id, signal_number);
    plan->signals[signal_number]++;
    if (heir && kills(plan, signal_number))
        end_heir(child);
    if (!plan->dead && kills(plan, signal_number))
        die(child, true, signal_number);
    return REMEX_OK;
}

static void kill_tree(struct process_child *process_child)
{
    struct child *child = of(process_child);

    world_tell(child->plan->world, "%s is killed", child->plan->id);
    child->plan->taken_back |= child->host->memory.failed > 0;
    end_heir(child);
    if (!child->plan->dead)
        die(child, true, SIGKILL);
}

static void resume(
        struct process_child *process_child, enum remex_stream stream)
{
    struct child *child = of(process_child);

    child->streams[stream - REMEX_STDOUT].paused = false;
    let_look(child, &child->look);
}

static void abandon(
        struct process_child *process_child, enum remex_stream number)
{
    struct child *child = of(process_child);
    size_t index = (size_t)number - REMEX_STDOUT;
    struct stream *stream = &child->streams[index];

    if (stream->ended || stream->abandoned)
        return;
    stream->abandoned = true;
    stream->left = stream->waiting;
    if (stream->left == 0)
        end_stream(child, index,
                is_held(child) ? REMEX_END_ABANDONED : REMEX_END_EOF);
}

static enum remex_status resize(
        struct process_child *process_child, uint32_t rows, uint32_t columns)
{
    struct plan *plan = of(process_child)->plan;

    WORLD_CHECK(plan->world, plan->spec.pty, "%s has no terminal", plan->id);
    world_tell(plan->world, "%s has %u rows and %u columns", plan->id, rows,
            columns);
    plan->sizes++;
    return REMEX_OK;
}

static void release(struct process_child *process_child)
{
    struct child *child = of(process_child);
    struct agenda *agenda = &child->host->world->agenda;
    struct child **link = &child->host->children;

    while (*link != child)
        link = &(*link)->next;
    *link = child->next;
    child->plan->running = false;
    agenda_unbook(agenda, &child->step);
    agenda_unbook(agenda, &child->look);
    agenda_unbook(agenda, &child->report);
    agenda_unbook(agenda, &child->heir_ends);
    g_free(child);
}

static const struct process_host_calls calls = {
    .start = start,
    .signal = send_signal,
    .kill_tree = kill_tree,
    .resume = resume,
    .abandon = abandon,
    .feed = feed,
    .close_stdin = close_stdin,
    .resize = resize,
    .release = release,
};

/* --- Life ---------------------------------------------------------------- */

void host_init(struct host *host, struct world *world)
{
    *host = (struct host){ .host = { &calls }, .world = world };
}

void host_deinit(struct host *host)
{
    while (host->plans) {
        struct plan *plan = host->plans;

        host->plans = plan->next;
        plan_free(plan);
    }
}

struct plan *host_plan(
        struct host *host, unsigned int actor, unsigned int number)
{
    struct plan *plan = plan_new(host->world, actor, number);

    plan->next = host->plans;
    host->plans = plan;
    return plan;
}

void host_hurry(struct host *host)
{
    host->hurry = true;
    for (struct child *child = host->children; child; child = child->next) {
        if (!child->plan->dead)
            world_set(host->world, &child->step, host->world->now);
        if (child->heir)
            world_set(host->world, &child->heir_ends,
                    host->world->now + 300 * MS);
    }
}
