/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/host.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "executor/launch.h"
#include "executor/list.h"
#include "simulation/host_child.h"
#include "simulation/station.h"

enum { BERTHS = 3 };

/* The executor's idea of a child. */
static struct child *of(struct process_child *child)
{
    return (struct child *)(void *)child;
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

static bool is_at(void *user, const char *name)
{
    (void)user;
    (void)name;
    return true;
}

/* As spawn does, whose file this is. */
static enum remex_status decide(const struct policy_section *policy,
        const struct plan *plan, struct remex_error *error)
{
    const struct policy_program program = { .path = STATION_PROGRAM,
        .is_at = is_at };
    char name[] = STATION_PROGRAM;
    char id[PLAN_ID_BYTES];
    char *const argv[] = { name, id, NULL };

    memcpy(id, plan->id, sizeof(id));
    return policy ? policy_decide(policy, &program, argv, error) : REMEX_OK;
}

/* Fewer than a real one, so that it comes to that. */
static bool has_room(struct process_host *process_host)
{
    const struct host *host = (const struct host *)(void *)process_host;
    unsigned int on_way = 0;

    for (const struct child *at = host->children; at; at = at->next)
        on_way += at->on_way;
    return on_way < BERTHS;
}

/* A network disk takes its time now and then. */
static int64_t time_of_launch(struct host *host, struct plan *plan)
{
    int64_t now = host->world->now;
    int64_t at;

    if (!chance_percent(&plan->chance, 2))
        return now + chance_between(&plan->chance, 0, 4 * MS);
    at = now + chance_between(&plan->chance, 0, 3 * SECOND);
    if (at > host->far_until)
        host->far_until = at;
    return at;
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

    if (decide(policy, plan, error) != REMEX_OK)
        return error->status;
    WORLD_CHECK(host->world, regime_allows(host->regime, plan->principal),
            "%s may not start", plan->id);
    if (plan->fails && !plan->dawdles) {
        *error = host_no_program;
        return error->status;
    }
    if (is_scarce(host, plan))
        return launch_failed(spec->argv[0], spec->cwd, &scarcity, error);
    WORLD_CHECK(
            host->world, has_room(process_host), "%s has no room", plan->id);
    child = host_child_new(host, plan, process);
    *out = (struct process_started){ (struct process_child *)(void *)child,
        1000 + (int64_t)plan->actor, now, now };
    plan->started_at = now;
    child->on_way = true;
    if (plan->dawdles) {
        world_set(host->world, &child->launch, time_of_launch(host, plan));
        return REMEX_AGAIN;
    }
    host_child_launch(child);
    return REMEX_OK;
}

static void feed(struct process_child *child)
{
    host_child_feed(of(child));
}

static void close_stdin(struct process_child *child)
{
    of(child)->input_ended = true;
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

    WORLD_CHECK(plan->world, !child->on_way, "%s gets a signal on its way",
            plan->id);
    if (plan->dead && !heir)
        return REMEX_ENDED;
    world_tell(plan->world, "%s is sent signal %d", plan->id, signal_number);
    plan->signals[signal_number]++;
    if (heir && kills(plan, signal_number))
        host_child_end_heir(child);
    if (!plan->dead && kills(plan, signal_number))
        host_child_die(child, true, signal_number);
    return REMEX_OK;
}

static void kill_tree(struct process_child *process_child)
{
    struct child *child = of(process_child);

    WORLD_CHECK(child->plan->world, !child->on_way, "%s is killed on its way",
            child->plan->id);
    world_tell(child->plan->world, "%s is killed", child->plan->id);
    child->plan->taken_back |= child->host->memory.failed > 0;
    host_child_end_heir(child);
    if (!child->plan->dead)
        host_child_die(child, true, SIGKILL);
}

static void resume(
        struct process_child *process_child, enum remex_stream stream)
{
    struct child *child = of(process_child);

    child->streams[stream - REMEX_STDOUT].paused = false;
    host_child_look(child, &child->look);
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
        host_child_end_stream(child, index,
                host_child_is_held(child) ? REMEX_END_ABANDONED
                                          : REMEX_END_EOF);
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
    agenda_unbook(agenda, &child->launch);
    agenda_unbook(agenda, &child->step);
    agenda_unbook(agenda, &child->look);
    agenda_unbook(agenda, &child->report);
    agenda_unbook(agenda, &child->heir_ends);
    g_free(child);
}

static const struct process_host_calls calls = {
    .start = start,
    .has_room = has_room,
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

void host_init(
        struct host *host, struct world *world, const struct regime *regime)
{
    *host = (struct host){
        .host = { &calls }, .world = world, .regime = regime
    };
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
        if (child->on_way)
            continue;
        if (!child->plan->dead)
            world_set(host->world, &child->step, host->world->now);
        if (child->heir)
            world_set(host->world, &child->heir_ends,
                    host->world->now + 300 * MS);
    }
}
