/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/birth.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "executor/child_inside.h"
#include "executor/process_host.h"

/* Most are over before the first look by time alone. */
#define LEAST_PAUSE_NS INT64_C(400000)
#define MOST_PAUSE_NS INT64_C(5000000)

/* So many one by one, and they do not come in crowds any more. */
#define LONERS 32

struct birth {
    struct process_child *child;
    struct list on_way; /* in its host's */
    struct launch launch;
    struct spawn_order order; /* points into the launch, and to the doors */
    struct tree_limits limits;
    int doors[TREE_LIMITS];
    int64_t began;
    struct spawn *spawn; /* NULL: it is over, and not told yet */
    struct spawn_failure failure;
};

/* --- Memory -------------------------------------------------------------- */

static void close_doors(const struct birth *birth)
{
    const struct spawn_order *order = &birth->order;

    if (order->group_fd >= 0)
        close(order->group_fd);
    for (size_t i = 0; i < order->limit_count; i++)
        close(birth->doors[i]);
}

/* But for the launch. */
static void discard(struct birth *birth)
{
    close_doors(birth);
    free(birth);
}

/* It is not on its way any more. */
static void birth_free(struct birth *birth)
{
    struct births *births = &birth->child->host->births;

    birth->child->birth = NULL;
    list_remove(&birth->on_way);
    births->count--;
    births->lookout.outlook = births->count > 1 ? LOOP_MANY : LOOP_NOTHING;
    if (births->count == 0)
        (void)!loop_timer_set(births->loop, &births->look, CLOCK_NEVER);
    launch_deinit(&birth->launch);
    discard(birth);
}

/* --- The leader ---------------------------------------------------------- */

static void note_leader(
        struct process_child *child, const struct spawned *spawned)
{
    child->pidfd = spawned->pidfd;
    reaper_claim(child->host->reaper, &child->claim, spawned->pid);
    containment_tree_born(child->tree, spawned->pid, spawned->pidfd);
    (void)!loop_add(child->host->loop, &child->exit, spawned->pidfd, EPOLLIN);
}

/* Of one that ends by itself, without a program. */
static void await_end(const struct process_child *child)
{
    siginfo_t info;

    while (waitid((idtype_t)P_PIDFD, (id_t)child->pidfd, &info, WEXITED) < 0 &&
            errno == EINTR)
        continue;
}

/* --- Its end ------------------------------------------------------------- */

/* Of one whose spawn is over. False: it is on its way once more. */
static bool conclude(struct birth *birth)
{
    struct process_child *child = birth->child;
    struct spawned spawned;
    enum remex_status status =
            spawn_end(birth->spawn, &spawned, &birth->failure);

    if (status != REMEX_OK)
        await_end(child);
    if (status == REMEX_AGAIN) {
        child_drop_leader(child);
        note_leader(child, &spawned);
        return false;
    }
    if (status != REMEX_OK)
        child_forget_leader(child);
    birth->spawn = NULL;
    return true;
}

static bool is_over(const struct birth *birth)
{
    return !birth->spawn || spawn_is_over(birth->spawn);
}

/* If it has come to nothing, the process is gone after that. */
static void tell(struct birth *birth)
{
    struct process *process = birth->child->process;
    int64_t pid = birth->child->claim.pid;
    struct spawn_failure failure = birth->failure;
    const struct launch *launch = &birth->launch;
    struct remex_error error = { .status = REMEX_OK };
    bool failed;

    if (failure.stage == REMEX_STAGE_NONE &&
            !containment_tree_throttle(birth->child->tree, &birth->limits))
        failure = (struct spawn_failure){ REMEX_STAGE_LIMITS, errno };
    failed = failure.stage != REMEX_STAGE_NONE;
    if (failed)
        launch_failed(text_bytes(launch->program),
                launch->cwd ? text_bytes(launch->cwd)
                            : (struct remex_bytes){ 0 },
                &failure, &error);
    birth_free(birth);
    process_on_launched(process, pid, failed ? &error : NULL);
}

void birth_abort(struct process_child *child)
{
    struct birth *birth = child->birth;

    while (birth->spawn) {
        pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
        spawn_wait(birth->spawn);
        conclude(birth);
    }
    birth_free(birth);
}

/* --- Looking out --------------------------------------------------------- */

static void stand(struct loop_lookout *lookout)
{
    struct births *births = CONTAINER_OF(lookout, struct births, lookout);
    struct birth *birth =
            CONTAINER_OF(births->on_way.next, struct birth, on_way);

    if (birth->spawn)
        spawn_wait_briefly(birth->spawn);
    lookout->outlook = LOOP_NOTHING;
}

static struct birth *first_over(const struct births *births)
{
    struct list *node = births->on_way.next;

    for (; node != &births->on_way; node = node->next) {
        struct birth *birth = CONTAINER_OF(node, struct birth, on_way);

        if (is_over(birth))
            return birth;
    }
    return NULL;
}

static bool sees(struct loop_lookout *lookout)
{
    return first_over(CONTAINER_OF(lookout, const struct births, lookout));
}

static void on_seen(struct loop_lookout *lookout)
{
    struct births *births = CONTAINER_OF(lookout, struct births, lookout);
    struct birth *birth;

    while ((birth = first_over(births)))
        if (!birth->spawn || conclude(birth))
            tell(birth);
}

/* Has the loop look in a while. */
static void look_in(struct births *births, int64_t pause)
{
    births->pause = pause;
    (void)!loop_timer_set(
            births->loop, &births->look, clock_monotonic_ns() + pause);
}

static void nudge_all(struct births *births)
{
    struct list *node = births->on_way.next;

    for (; node != &births->on_way; node = node->next) {
        struct birth *birth = CONTAINER_OF(node, struct birth, on_way);

        if (!is_over(birth))
            spawn_nudge(birth->spawn);
    }
}

/* The turn has looked already, before this. */
static void on_time(struct loop_timer *timer)
{
    struct births *births = CONTAINER_OF(timer, struct births, look);
    int64_t pause = 2 * births->pause;

    if (births->count == 0) {
        (void)!loop_timer_set(births->loop, timer, CLOCK_NEVER);
        return;
    }
    nudge_all(births);
    look_in(births, pause < MOST_PAUSE_NS ? pause : MOST_PAUSE_NS);
}

/* --- Its beginning ------------------------------------------------------- */

static bool open_doors(struct birth *birth)
{
    struct containment_tree *tree = birth->child->tree;
    struct spawn_order *order = &birth->order;
    int count = 0;

    order->limited = tree_limits_set(&birth->limits) != 0;
    if (order->limited)
        count = containment_tree_limit(tree, &birth->limits, birth->doors);
    if (count < 0)
        return false;
    order->limit_fds = birth->doors;
    order->limit_count = (size_t)count;
    order->group_fd = containment_tree_door(tree);
    return true;
}

static struct birth *birth_new(struct process_child *child,
        const struct process_spec *spec, const struct launch *launch)
{
    struct birth *birth = calloc(1, sizeof(*birth));

    if (!birth)
        return NULL;
    birth->child = child;
    list_init(&birth->on_way);
    birth->launch = *launch;
    birth->limits = spec->tree_limits;
    birth->order = (struct spawn_order){
        .candidates = launch->candidates,
        .program_fd = launch->program_fd,
        .argv = launch->argv,
        .envp = launch->envp,
        .user = launch->user,
        .cwd = launch->cwd,
        .rlimits = launch->rlimits,
        .rlimit_count = launch->rlimit_count,
        .mark = containment_tree_mark(child->tree),
        .group_fd = -1,
    };
    return birth;
}

static bool is_young(const struct birth *birth)
{
    return clock_monotonic_ns() - birth->began <
            clock_from_ms(PROCESS_YOUNG_MS);
}

/* Who is expected to be there next; NULL: that may take long. */
static struct birth *next_expected(const struct births *births)
{
    struct list *node = births->on_way.next;

    for (; node != &births->on_way; node = node->next) {
        struct birth *birth = CONTAINER_OF(node, struct birth, on_way);

        if (birth->spawn && is_young(birth))
            return birth;
    }
    return NULL;
}

/* Who is waited for is told of when it is his turn. */
bool births_have_room(struct births *births)
{
    while (spawner_is_full(&births->spawner)) {
        struct birth *birth = next_expected(births);

        if (!birth)
            return false;
        spawn_wait_briefly(birth->spawn);
        if (is_over(birth))
            conclude(birth);
    }
    return true;
}

/* Whoever comes alone is waited for; but in a crowd, too, somebody is alone now
 * and then. */
static enum loop_outlook outlook(struct births *births)
{
    if (births->count > 1) {
        births->loners = 0;
        return LOOP_MANY;
    }
    if (births->loners < LONERS)
        births->loners++;
    return births->loners < LONERS ? LOOP_NOTHING : LOOP_ONE;
}

static void set_out(struct birth *birth, const struct spawned *spawned)
{
    struct process_child *child = birth->child;
    struct births *births = &child->host->births;

    child->birth = birth;
    birth->began = clock_monotonic_ns();
    list_append(&births->on_way, &birth->on_way);
    births->count++;
    births->lookout.outlook = outlook(births);
    note_leader(child, spawned);
    look_in(births, LEAST_PAUSE_NS);
}

enum remex_status birth_begin(struct process_child *child,
        const struct process_spec *spec, const struct launch *launch,
        const struct stdio_ends *ends, struct spawn_failure *failure)
{
    struct births *births = &child->host->births;
    struct birth *birth = birth_new(child, spec, launch);
    struct spawned spawned;

    *failure = (struct spawn_failure){ REMEX_STAGE_RESOURCES, ENOMEM };
    if (!birth)
        return REMEX_NO_MEMORY;
    if (!births_have_room(births)) {
        *failure = (struct spawn_failure){ REMEX_STAGE_RESOURCES, EAGAIN };
        free(birth);
        return REMEX_RESOURCE_EXHAUSTED;
    }
    birth->order.terminal = ends->terminal;
    stdio_ends_give(ends, births->spawner.null_fd, birth->order.stdio);
    if (!open_doors(birth)) {
        *failure = (struct spawn_failure){ REMEX_STAGE_LIMITS, errno };
        discard(birth);
        return REMEX_INTERNAL;
    }
    if (spawner_begin(&births->spawner, &birth->order, &birth->spawn, &spawned,
                failure) != REMEX_OK) {
        discard(birth);
        return REMEX_INTERNAL;
    }
    set_out(birth, &spawned);
    return REMEX_OK;
}

/* --- Life ---------------------------------------------------------------- */

enum remex_status births_init(struct births *births, struct loop *loop)
{
    enum remex_status status = spawner_init(&births->spawner);

    if (status != REMEX_OK)
        return status;
    births->loop = loop;
    list_init(&births->on_way);
    births->count = 0;
    births->loners = LONERS;
    births->lookout = (struct loop_lookout){
        .sees = sees,
        .ready = on_seen,
        .stand = stand,
    };
    births->look = (struct loop_timer){ .due = on_time };
    status = loop_timer_set(loop, &births->look, CLOCK_NEVER);
    if (status != REMEX_OK) {
        spawner_deinit(&births->spawner);
        return status;
    }
    loop_look_out(loop, &births->lookout);
    return REMEX_OK;
}

void births_deinit(struct births *births)
{
    loop_look_out(births->loop, NULL);
    loop_timer_cancel(births->loop, &births->look);
    spawner_deinit(&births->spawner);
}
