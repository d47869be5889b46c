/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "common/clock.h"
#include "executor/list.h"
#include "simulation/actor.h"
#include "simulation/judge.h"

enum { FIRST_SIGNAL = 34 }; /* of those that do nothing here */

/* --- A call and the thread that waits for it -------------------------------
 */

void actor_free_operation(struct operation *operation)
{
    agenda_unbook(&operation->job->actor->world->agenda, &operation->woken);
    if (operation->bytes)
        g_byte_array_free(operation->bytes, TRUE);
    g_free(operation);
}

static void on_done(struct call *call)
{
    struct operation *operation = (struct operation *)call;
    struct actor *actor = operation->job->actor;
    int64_t at = actor->world->now;

    judge_call(operation);
    if (at < actor->network.asleep_until)
        at = actor->network.asleep_until;
    world_set(actor->world, &operation->woken,
            at + chance_between(&operation->job->chance, 0, MS / 10));
}

static void on_woken(struct appointment *appointment, int64_t now);

struct operation *actor_operation(
        struct job *job, enum operation_kind kind, int64_t patience)
{
    struct operation *operation = g_new0(struct operation, 1);
    struct world *world = job->actor->world;

    list_init(&operation->pending);
    operation->job = job;
    operation->kind = kind;
    operation->begun_at = world->now;
    operation->call.deadline = world->now + patience;
    operation->call.done = on_done;
    list_append(&job->pending, &operation->pending);
    job->operations++;
    job->actor->operations++;
    world_book(world, &operation->woken, on_woken);
    return operation;
}

void actor_send(struct operation *operation)
{
    struct actor *actor = operation->job->actor;

    operation->call.done = on_done;
    memory_of(&actor->memory);
    engine_call(&actor->engine, &operation->call, actor->world->now);
    memory_of(NULL);
}

int64_t actor_patience(struct chance *chance)
{
    static const int64_t patiences[] = { 50 * MS, SECOND, 10 * SECOND,
        30 * SECOND };

    return patiences[chance_below(chance, G_N_ELEMENTS(patiences))];
}

/* --- Start ---------------------------------------------------------------- */

static void prepare_start(struct call *call, uint32_t wait_ms)
{
    struct operation *operation = (struct operation *)call;

    (void)wait_ms;
    call->request.start.follow = handle_cursor(&operation->job->handle);
}

static enum remex_status start_replied(
        struct call *call, const struct reply *reply)
{
    struct operation *operation = (struct operation *)call;

    operation->job->handle.pid = reply->start.pid;
    return REMEX_OK;
}

void actor_call_start(struct job *job, struct chance *chance)
{
    struct actor *actor = job->actor;
    struct operation *operation =
            actor_operation(job, OPERATION_START, actor_patience(chance));
    struct call *call = &operation->call;

    world_tell(
            actor->world, "client %u starts %s", actor->number, job->plan->id);
    plan_tell(job->plan);
    WORLD_CHECK(actor->world,
            engine_add(&actor->engine, &job->handle, job->plan->process_id,
                    strlen(job->plan->process_id), 0) == REMEX_OK,
            "no handle");
    job->added = true;
    job->handle.stdin_ended = job->plan->spec.stdin_kind != STDIN_PIPE;
    job->handle.exclusive = chance_percent(chance, 10);
    job->plan->contested |= job->handle.exclusive;
    call->request.method = METHOD_START;
    call->remembered = true;
    call->request.start.process = job->plan->spec;
    call->repeatable = true;
    call->changes = true;
    call->prepare = prepare_start;
    call->replied = start_replied;
    actor_send(operation);
}

/* As client/process_start.c. */
static void start_done(struct operation *operation, int64_t now)
{
    struct job *job = operation->job;
    struct engine *engine = &job->actor->engine;
    enum remex_status status = operation->call.error.status;

    if (status == REMEX_OK) {
        job->answered = true;
        job->plan->answered = true;
        engine_started(engine, &job->handle, now);
        actor_notice(job);
        actor_read_soon(job);
        return;
    }
    actor_drop(job);
    job->plan->may_be_killed = true;
    if (status == REMEX_OUTCOME_UNKNOWN) {
        job->handle.started = true;
        engine_release(engine, &job->handle, now);
    } else {
        engine_remove(engine, &job->handle);
        job->added = false;
    }
}

/* --- Write ---------------------------------------------------------------- */

/* Most are small, some more than one request holds. */
static size_t draw_size(struct chance *chance)
{
    static const size_t sizes[] = { 500, 500, 500, 500, 500, 500, 500, 500,
        9000, 9000, 9000, 300000 };

    return 1 +
            chance_below(
                    chance, sizes[chance_below(chance, G_N_ELEMENTS(sizes))]);
}

void actor_call_write(struct job *job, struct chance *chance, bool eof)
{
    struct actor *actor = job->actor;
    size_t size = eof && chance_percent(chance, 50) ? 0 : draw_size(chance);
    struct operation *operation;

    if (job->plan->runs || (job->plan->writer && job->plan->writer != job))
        return;
    if (job->writing || job->handle.events.failure || job->handle.stdin_ended ||
            job->handle.events.closed)
        return;
    operation = actor_operation(job, OPERATION_WRITE, actor_patience(chance));
    operation->bytes = g_byte_array_new();
    g_byte_array_set_size(operation->bytes, (guint)size);
    chance_bytes(chance, operation->bytes->data, size);
    operation->next_write = job->writes;
    job->writes = operation;
    job->writing = true;
    operation->after_end = job->input_ended;
    job->input_ended |= eof;
    job->plan->writer = job;
    world_tell(actor->world, "client %u writes %zu bytes%s to %s",
            actor->number, size, eof ? " and the end" : "", job->plan->id);
    {
        int64_t deadline = operation->call.deadline;

        feed_init(&operation->feed, &job->handle, &operation->call);
        operation->call.deadline = deadline;
    }
    operation->feed.data = operation->bytes->data;
    operation->feed.size = size;
    operation->feed.eof = eof;
    operation->feed.patient = chance_percent(chance, 60);
    actor_send(operation);
}

static void write_done(struct operation *operation)
{
    feed_over(&operation->feed);
    operation->job->writing = false;
    operation->known = operation->call.error.status == REMEX_OK;
}

/* --- Signal and Terminate --------------------------------------------------
 */

static enum remex_status signalled(struct call *call, const struct reply *reply)
{
    struct operation *operation = (struct operation *)call;

    operation->delivered = reply->signal.outcome == SIGNAL_DELIVERED;
    return REMEX_OK;
}

void actor_call_signal(struct job *job, struct chance *chance)
{
    struct actor *actor = job->actor;
    struct operation *operation;
    unsigned int number = FIRST_SIGNAL;

    while (number <= MESSAGE_SIGNAL && (job->plan->signals_used >> number & 1))
        number++;
    if (number == MESSAGE_SIGNAL || job->handle.events.failure)
        return;
    job->plan->signals_used |= UINT64_C(1) << number;
    operation = actor_operation(job, OPERATION_SIGNAL, actor_patience(chance));
    operation->signal_number = (int)number;
    operation->call.request.method = METHOD_SIGNAL;
    operation->call.repeatable = true;
    operation->call.changes = true;
    operation->call.replied = signalled;
    operation->call.request.signal = (struct signal_request){
        .process_id = handle_id(&job->handle),
        .signal = number,
        .target = (enum signal_target)(chance_below(chance, 3) + 1),
        .number = actor->engine.next_signal++,
    };
    world_tell(actor->world, "client %u sends %s signal %u", actor->number,
            job->plan->id, number);
    actor_send(operation);
}

/* A plan that runs already may be a longer one. */
static enum remex_status terminated(
        struct call *call, const struct reply *reply)
{
    struct job *job = ((struct operation *)call)->job;
    struct plan *plan = job->plan;

    if (reply->terminate.running && plan->dead_by == 0 &&
            !judge_is_lied_to(job->actor))
        plan->dead_by = job->actor->world->now +
                plan->stop_plan[0].wait_ms * MS +
                plan->stop_plan[1].wait_ms * MS + SECOND;
    return REMEX_OK;
}

void actor_call_terminate(struct job *job, struct chance *chance)
{
    struct actor *actor = job->actor;
    struct operation *operation;

    if (job->handle.events.failure)
        return;
    operation =
            actor_operation(job, OPERATION_TERMINATE, actor_patience(chance));
    job->plan->may_be_killed = true;
    operation->call.request.method = METHOD_TERMINATE;
    operation->call.repeatable = true;
    operation->call.changes = true;
    operation->call.request.terminate = (struct terminate_request){
        .process_id = handle_id(&job->handle),
        .plan = job->plan->stop_plan,
        .plan_count = chance_below(chance, 3),
    };
    if (operation->call.request.terminate.plan_count == 0) {
        operation->call.request.terminate.plan = NULL;
        operation->call.request.terminate.default_plan =
                chance_percent(chance, 50);
    }
    operation->call.replied = terminated;
    world_tell(actor->world, "client %u terminates %s", actor->number,
            job->plan->id);
    actor_send(operation);
}

/* --- Seal and Resize --------------------------------------------------------
 */

static enum remex_status sealed(struct call *call, const struct reply *reply)
{
    struct operation *operation = (struct operation *)call;
    struct plan *plan = operation->job->plan;

    (void)reply;
    for (size_t i = 0; i < PLAN_STREAMS; i++) {
        if (operation->sealed != 0 && operation->sealed != i + 1)
            continue;
        if (operation->read_seq > plan->sealed[i])
            plan->sealed[i] = operation->read_seq;
        if (plan->sealed_at[i] == 0)
            plan->sealed_at[i] = plan->world->now;
    }
    return REMEX_OK;
}

void actor_call_seal(struct job *job, struct chance *chance)
{
    struct operation *operation;
    struct seal_request *seal;

    if (job->handle.events.failure)
        return;
    operation = actor_operation(job, OPERATION_SEAL, actor_patience(chance));
    operation->read_seq = job->handle.newest_seq;
    operation->call.request.method = METHOD_SEAL;
    operation->call.repeatable = true;
    operation->call.changes = true;
    operation->call.replied = sealed;
    seal = &operation->call.request.seal;
    seal->process_id = handle_id(&job->handle);
    if (chance_percent(chance, 50)) {
        operation->sealed = job->plan->spec.pty ? REMEX_TERMINAL : REMEX_STDOUT;
        seal->streams[0] = operation->sealed;
        seal->stream_count = 1;
    }
    world_tell(job->actor->world, "client %u seals %s", job->actor->number,
            job->plan->id);
    actor_send(operation);
}

void actor_call_resize(struct job *job, struct chance *chance)
{
    struct operation *operation;

    if (job->handle.events.failure)
        return;
    operation = actor_operation(job, OPERATION_RESIZE, actor_patience(chance));
    operation->call.request.method = METHOD_RESIZE;
    operation->call.repeatable = true;
    operation->call.changes = true;
    operation->call.request.resize = (struct resize_request){
        .process_id = handle_id(&job->handle),
        .rows = 1 + (uint32_t)chance_below(chance, 200),
        .columns = 1 + (uint32_t)chance_below(chance, 200),
    };
    actor_send(operation);
}

/* --- Read ----------------------------------------------------------------- */

static void prepare_read(struct call *call, uint32_t wait_ms)
{
    call->request.read.wait_ms = call->waits ? wait_ms : 0;
}

static enum remex_status read_replied(
        struct call *call, const struct reply *reply)
{
    struct operation *operation = (struct operation *)call;

    judge_read(operation, &reply->read);
    return REMEX_OK;
}

void actor_call_read(struct job *job, struct chance *chance)
{
    bool from_mark = chance_percent(chance, 50);
    struct operation *operation;

    if (job->handle.events.failure)
        return;
    operation = actor_operation(job, OPERATION_READ, actor_patience(chance));
    if (from_mark) {
        operation->read_seq = job->mark_seq;
        operation->read_position = job->mark_position;
    }
    operation->call.request.method = METHOD_READ;
    operation->call.repeatable = true;
    operation->call.waits = chance_percent(chance, 50);
    operation->call.prepare = prepare_read;
    operation->call.replied = read_replied;
    operation->call.request.read = (struct read_request){
        .process_id = handle_id(&job->handle),
        .after_seq = operation->read_seq,
        .after_position = operation->read_position,
        .max_bytes = (uint32_t)chance_below(chance, 30000),
    };
    actor_send(operation);
}

/* --- Afterwards ------------------------------------------------------------
 */

static void on_woken(struct appointment *appointment, int64_t now)
{
    struct operation *operation =
            CONTAINER_OF(appointment, struct operation, woken);
    struct job *job = operation->job;

    list_remove(&operation->pending);
    job->operations--;
    job->actor->operations--;
    if (operation->kind == OPERATION_START)
        start_done(operation, now);
    else if (operation->kind == OPERATION_RUN)
        actor_ran(operation, now);
    else if (operation->kind == OPERATION_ATTACH)
        actor_attached(operation, now);
    judge_operation(operation);
    if (operation->kind == OPERATION_WRITE)
        write_done(operation);
    else
        actor_free_operation(operation);
}
