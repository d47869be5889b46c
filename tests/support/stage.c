/* SPDX-License-Identifier: Apache-2.0 */
#include "support/stage.h"

#include <string.h>

#include "common/clock.h"
#include "executor/child_inside.h"
#include "executor/list.h"
#include "executor/members.h"
#include "executor/sweep.h"
#include "support/inquest.h"

/* In seconds of which each is waited for: however long this process stands
 * still, with its machine or its control group, that counts as one. */
#define PATIENCE 20
#define SECOND_MS 1000

#define LOOK_AGAIN_MS 5

/* Longer output is told as "out...", for it may be anything. */
#define SHORT 64

/* --- Actors -------------------------------------------------------------- */

static const char *end_name(const struct remex_stream_end *end)
{
    static const char *const names[] = { "open", "eof", "error", "abandoned",
        "discarded" };

    return names[end->kind];
}

static void tell_output(struct actor *actor, const struct remex_event *event)
{
    static const char *const names[] = { "", "out", "err", "tty" };
    const char *name = names[event->output.stream];
    GString *stream =
            event->output.stream == REMEX_STDERR ? actor->err : actor->out;
    gssize size = (gssize)event->output.data.size;

    if (actor->gaps == 0)
        g_assert_cmpuint(event->output.offset, ==, stream->len);
    g_string_append_len(stream, event->output.data.data, size);
    if (size > SHORT) {
        g_string_append_printf(actor->told, "%s...\n", name);
        return;
    }
    g_string_append_printf(actor->told, "%s:", name);
    g_string_append_len(actor->told, event->output.data.data, size);
}

static void tell_closed(GString *told, const struct remex_event *event)
{
    g_string_append(told, "closed");
    for (size_t i = 0; i < event->closed.count; i++)
        g_string_append_printf(told, " %s", end_name(&event->closed.ends[i]));
    g_string_append(told, "\n");
}

static void tell(struct actor *actor, const struct remex_event *event)
{
    GString *told = actor->told;

    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        tell_output(actor, event);
        break;
    case REMEX_EVENT_EXITED:
        g_string_append_printf(told, "%s %d\n",
                event->exited.by_signal ? "signal" : "exit",
                event->exited.code);
        break;
    case REMEX_EVENT_CLOSED:
        tell_closed(told, event);
        break;
    case REMEX_EVENT_GAP:
        actor->gaps++;
        g_string_append_printf(told, "gap %u\n", (unsigned)event->gap.bytes);
        break;
    case REMEX_EVENT_FAILED:
        g_assert_not_reached();
    }
}

static bool take_event(struct actor *actor)
{
    struct remex_event event;

    if (!event_log_next(
                process_log(actor->process), &actor->cursor, &event, NULL))
        return false;
    tell(actor, &event);
    cursor_pass(&actor->cursor, &event);
    return true;
}

/* Consuming may bring more at once. */
static void take_events(struct actor *actor)
{
    bool more = true;

    while (more) {
        while (take_event(actor))
            continue;
        process_set_consumed(actor->process, actor->cursor.seq);
        more = take_event(actor);
    }
}

static void set_tick(struct actor *actor)
{
    int64_t due = process_due(actor->process);

    if (due == CLOCK_NEVER)
        loop_timer_cancel(actor->stage->loop, &actor->tick);
    else
        g_assert_cmpint(loop_timer_set(actor->stage->loop, &actor->tick, due),
                ==, REMEX_OK);
}

static void on_tick(struct loop_timer *timer)
{
    struct actor *actor = CONTAINER_OF(timer, struct actor, tick);

    process_tick(actor->process, loop_now(actor->stage->loop));
    set_tick(actor);
}

static void on_published(void *user, struct process *process)
{
    struct actor *actor = user;

    (void)process;
    loop_defer(actor->stage->loop, &actor->stage->look);
}

/* --- The stage ----------------------------------------------------------- */

static void look(struct stage *stage)
{
    for (guint i = 0; i < stage->actors->len; i++) {
        struct actor *actor = stage->actors->pdata[i];

        if (!actor->process)
            continue;
        if (actor->reads)
            take_events(actor);
        set_tick(actor);
    }
    if (stage->done && stage->done(stage->done_user))
        loop_stop(stage->loop);
}

static void on_look(struct loop_task *task)
{
    look(CONTAINER_OF(task, struct stage, look));
}

static void lose_patience_later(struct stage *stage)
{
    int64_t at = clock_after(clock_monotonic_ns(), clock_from_ms(SECOND_MS));

    g_assert_cmpint(
            loop_timer_set(stage->loop, &stage->give_up, at), ==, REMEX_OK);
}

static void give_up(const struct stage *stage)
{
    for (guint i = 0; i < stage->actors->len; i++) {
        const struct actor *actor = stage->actors->pdata[i];

        g_printerr("actor %u is %d of enum process_state, and told:\n%s", i,
                actor->process ? (int)process_state(actor->process) : -1,
                actor->told->str);
    }
    inquest();
    g_error("waited in vain");
}

static void on_give_up(struct loop_timer *timer)
{
    struct stage *stage = CONTAINER_OF(timer, struct stage, give_up);

    if (--stage->patience == 0)
        give_up(stage);
    lose_patience_later(stage);
}

static void open_with(struct stage *stage, struct cgroup_home *groups,
        const struct credentials *user)
{
    struct child_host_parts parts = { .groups = groups, .user = user };

    *stage = (struct stage){ .look.run = on_look,
        .give_up.due = on_give_up,
        .input = { .limit = UINT64_MAX },
        .actors = g_ptr_array_new() };
    g_assert_cmpint(loop_new(&stage->loop), ==, REMEX_OK);
    g_assert_cmpint(reaper_new(stage->loop, &stage->reaper), ==, REMEX_OK);
    parts.loop = stage->loop;
    parts.reaper = stage->reaper;
    g_assert_cmpint(child_host_new(&parts, &stage->host), ==, REMEX_OK);
}

void stage_open(struct stage *stage)
{
    open_with(stage, NULL, NULL);
}

void stage_open_in(struct stage *stage, struct cgroup_home *groups)
{
    open_with(stage, groups, NULL);
}

void stage_open_as(struct stage *stage, const struct credentials *user)
{
    open_with(stage, NULL, user);
}

void stage_free_process(struct actor *actor)
{
    process_free(actor->process);
    actor->process = NULL;
    loop_timer_cancel(actor->stage->loop, &actor->tick);
}

static void actor_free(struct actor *actor)
{
    stage_free_process(actor);
    g_string_free(actor->told, TRUE);
    g_string_free(actor->out, TRUE);
    g_string_free(actor->err, TRUE);
    g_free(actor);
}

void stage_close(struct stage *stage)
{
    for (guint i = 0; i < stage->actors->len; i++)
        actor_free(stage->actors->pdata[i]);
    g_ptr_array_free(stage->actors, TRUE);
    child_host_free(stage->host);
    reaper_free(stage->reaper);
    loop_free(stage->loop);
    sweep_children();
}

/* --- Starting ------------------------------------------------------------ */

struct process_spec stage_spec(const char *const *argv)
{
    const struct stream_spec stream = {
        .capture = CAPTURE_PIPE,
        .delivery = DELIVERY_RELIABLE,
        .no_follower = NO_FOLLOWER_DRAIN,
        .retention = RETENTION_ALL,
    };
    struct remex_bytes *bytes;
    size_t count = 0;

    while (argv[count])
        count++;
    bytes = g_new0(struct remex_bytes, count);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (struct remex_bytes){ argv[i], strlen(argv[i]) };
    return (struct process_spec){
        .argv = bytes,
        .argv_count = count,
        .env_base = ENV_EXECUTOR,
        .stdin_kind = STDIN_CLOSED,
        .out = stream,
        .err = stream,
        .owner_loss = OWNER_LOSS_KILL,
    };
}

void stage_spec_free(struct process_spec *spec)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): to take const away */
    g_free((void *)(uintptr_t)spec->argv);
}

static void on_launched(
        void *user, struct process *process, const struct remex_error *failure)
{
    struct actor *actor = user;

    actor->on_way = false;
    if (failure) {
        actor->failure = *failure;
        actor->process = NULL;
        process_free(process);
    }
    loop_defer(actor->stage->loop, &actor->stage->look);
}

static enum remex_status start(struct actor *actor,
        const struct process_spec *spec, struct remex_error *error)
{
    struct stage *stage = actor->stage;
    const struct process_hooks hooks = { actor, on_launched, on_published,
        on_published };
    const struct process_limits limits = {
        .log = { .max_bytes = 262144, .max_events = 4096 },
        .stdin_bytes = 262144,
        .input = &stage->input,
        .policy = stage->policy,
    };

    enum remex_status status = process_start(child_host_of(stage->host), spec,
            &limits, &hooks, &actor->process, error);

    actor->on_way = status == REMEX_AGAIN;
    return status;
}

struct actor *stage_begin(struct stage *stage, const struct process_spec *spec,
        struct remex_error *error)
{
    struct actor *actor = g_new0(struct actor, 1);
    enum remex_status status;

    actor->stage = stage;
    actor->tick.due = on_tick;
    actor->reads = true;
    status = start(actor, spec, error);
    if (status != REMEX_OK && status != REMEX_AGAIN) {
        g_free(actor);
        return NULL;
    }
    actor->told = g_string_new(NULL);
    actor->out = g_string_new(NULL);
    actor->err = g_string_new(NULL);
    g_ptr_array_add(stage->actors, actor);
    loop_defer(stage->loop, &stage->look);
    return actor;
}

/* Nothing else happens meanwhile. */
static void await(const struct actor *actor)
{
    struct births *births = &actor->stage->host->births;
    struct loop_lookout *lookout = &births->lookout;

    while (actor->on_way) {
        lookout->stand(lookout);
        if (lookout->sees(lookout))
            lookout->ready(lookout);
        else
            births->look.due(&births->look);
    }
}

struct actor *stage_start(struct stage *stage, const struct process_spec *spec,
        struct remex_error *error)
{
    struct actor *actor = stage_begin(stage, spec, error);

    if (!actor)
        return NULL;
    await(actor);
    if (actor->process)
        return actor;
    if (error)
        *error = actor->failure;
    g_ptr_array_remove(stage->actors, actor);
    actor_free(actor);
    return NULL;
}

struct actor *stage_run(struct stage *stage, const char *const *argv)
{
    struct process_spec spec = stage_spec(argv);
    struct remex_error error = { 0 };
    struct actor *actor = stage_start(stage, &spec, &error);

    if (!actor)
        g_error("%s: %s", argv[0], error.text);
    stage_spec_free(&spec);
    return actor;
}

struct actor *stage_sh(struct stage *stage, const char *script)
{
    const char *const argv[] = { "sh", "-c", script, NULL };

    return stage_run(stage, argv);
}

/* --- What is asked of them ----------------------------------------------- */

struct write_reply stage_write(struct actor *actor, uint64_t offset,
        const void *data, size_t size, bool eof)
{
    const struct write_request request = { .offset = offset, .eof = eof };
    struct write_reply reply = { .room = 0 };

    g_assert_cmpint(process_write(actor->process, &request,
                            (struct remex_bytes){ data, size }, &reply, NULL),
            ==, REMEX_OK);
    return reply;
}

enum signal_outcome stage_signal(
        struct actor *actor, int number, enum signal_target target)
{
    enum signal_outcome outcome;

    g_assert_cmpint(
            process_signal(actor->process, number, target, &outcome, NULL), ==,
            REMEX_OK);
    return outcome;
}

/* --- Waiting ------------------------------------------------------------- */

void stage_until(struct stage *stage, bool (*done)(void *user), void *user)
{
    stage->patience = PATIENCE;
    lose_patience_later(stage);
    stage->done = done;
    stage->done_user = user;
    loop_defer(stage->loop, &stage->look);
    loop_run(stage->loop);
    stage->done = NULL;
    loop_timer_cancel(stage->loop, &stage->give_up);
}

static bool is_closed(void *user)
{
    const struct actor *actor = user;

    return process_state(actor->process) == PROCESS_CLOSED;
}

void stage_until_closed(struct actor *actor)
{
    stage_until(actor->stage, is_closed, actor);
}

static bool are_all_closed(void *user)
{
    const struct stage *stage = user;

    for (guint i = 0; i < stage->actors->len; i++) {
        const struct actor *actor = stage->actors->pdata[i];

        if (actor->process && process_state(actor->process) != PROCESS_CLOSED)
            return false;
    }
    return true;
}

void stage_until_all_closed(struct stage *stage)
{
    stage_until(stage, are_all_closed, stage);
}

struct saying {
    struct actor *actor;
    const char *text;
};

static bool was_said(void *user)
{
    const struct saying *saying = user;

    return strstr(saying->actor->out->str, saying->text);
}

void stage_until_said(struct actor *actor, const char *text)
{
    struct saying saying = { actor, text };

    stage_until(actor->stage, was_said, &saying);
}

bool stage_is_alive(pid_t pid)
{
    struct member member;

    return member_look(pid, &member) && !member.ended;
}

/* For what nobody tells. */
struct poll {
    struct stage *stage;
    struct loop_timer timer;
    bool (*done)(void *user);
    void *user;
};

static void on_look_again(struct loop_timer *timer)
{
    struct poll *poll = CONTAINER_OF(timer, struct poll, timer);

    loop_defer(poll->stage->loop, &poll->stage->look);
}

static bool is_poll_done(void *user)
{
    struct poll *poll = user;
    int64_t at = clock_after(
            loop_now(poll->stage->loop), clock_from_ms(LOOK_AGAIN_MS));

    g_assert_cmpint(
            loop_timer_set(poll->stage->loop, &poll->timer, at), ==, REMEX_OK);
    return poll->done(poll->user);
}

void stage_poll_until(struct stage *stage, bool (*done)(void *user), void *user)
{
    struct poll poll = {
        .stage = stage,
        .timer.due = on_look_again,
        .done = done,
        .user = user,
    };

    stage_until(stage, is_poll_done, &poll);
    loop_timer_cancel(stage->loop, &poll.timer);
}

static bool is_dead(void *user)
{
    return !stage_is_alive(*(const pid_t *)user);
}

void stage_until_dead(struct stage *stage, pid_t pid)
{
    stage_poll_until(stage, is_dead, &pid);
}

pid_t stage_pid_said(const struct actor *actor)
{
    gint64 pid = g_ascii_strtoll(actor->out->str, NULL, 10);

    g_assert_cmpint(pid, >, 1);
    return (pid_t)pid;
}
