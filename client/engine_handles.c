/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>

#include "client/engine.h"
#include "common/clock.h"

enum remex_status engine_add(struct engine *engine, struct handle *handle,
        const char *id, size_t id_size, size_t window)
{
    uint64_t limit = engine->limits.window_bytes;

    if (window == 0)
        window = engine->options.window;
    if (limit > 0 && limit < window)
        window = (size_t)limit;
    handle_init(handle, engine->next_follow_id, id, id_size, window,
            engine->options.history);
    if (handles_add(&engine->handles, handle) != REMEX_OK)
        return REMEX_NO_MEMORY;
    engine->next_follow_id++;
    return REMEX_OK;
}

void engine_remove(struct engine *engine, struct handle *handle)
{
    engine_pull_forget(engine, handle);
    handles_remove(&engine->handles, handle);
    handle_deinit(handle);
}

void engine_started(struct engine *engine, struct handle *handle, int64_t now)
{
    handle_started(handle);
    if (handle->events.failure)
        engine->hooks.changed(engine->hooks.user, handle);
    engine_taken(engine, handle, now);
}

/* What is missing between the events that came before the answer can only be in
 * Pulls that are under way. */
void engine_followed(struct engine *engine, struct handle *handle,
        const struct follow_state *state)
{
    handle_heard(handle, state);
    if (event_queue_has_hole(&handle->events)) {
        handle->hole_pull = engine->pulls;
        engine->holes = true;
    }
}

static void say_goodbye(
        struct engine *engine, struct handle *handle, enum method method);

/* Without memory for this there is none for a Pull either, and an executor that
 * takes no request so long takes none: the session is given up as it is then,
 * and the executor does to its processes what was chosen. */
static void goodbye_done(struct call *call)
{
    struct handle *handle = call->user;
    struct engine *engine = handle->engine;

    if (call->error.status == REMEX_NO_MEMORY ||
            (call->error.status == REMEX_RESOURCE_EXHAUSTED && !call->known))
        engine_cannot_send(engine, &call->error);
    else if (call->error.status == REMEX_RESOURCE_EXHAUSTED) {
        say_goodbye(engine, handle, call->request.method);
        return;
    }
    if (call->request.method == METHOD_TERMINATE && handle->asked &&
            !engine_has_failed(engine)) {
        say_goodbye(engine, handle, METHOD_UNFOLLOW);
        return;
    }
    engine_remove(engine, handle);
    engine->hooks.gone(engine->hooks.user, handle);
}

/* Sent at the next pump. It ends at the latest with the session. */
static void say_goodbye(
        struct engine *engine, struct handle *handle, enum method method)
{
    struct call *call = &handle->goodbye;

    *call = (struct call){
        .request = { .method = method },
        .deadline = CLOCK_NEVER,
        .repeatable = true,
        .last = handle->pid == 0, /* a start that was given up comes first */
        .user = handle,
        .done = goodbye_done,
    };
    if (method == METHOD_TERMINATE)
        call->request.terminate.process_id = handle_id(handle);
    else
        call->request.unfollow.follow_id = handle->follow_id;
    calls_add(&engine->calls, call);
}

void engine_release(struct engine *engine, struct handle *handle, int64_t now)
{
    bool kill = !handle->detached && !handle->events.closed;
    bool followed = handle->asked && !handle->let_go;

    assert(handle->started && !handle->freed);
    engine_pull_forget(engine, handle);
    event_queue_deinit(&handle->events);
    handle->freed = true;
    handle->engine = engine;
    if (engine_has_failed(engine) || (!kill && !followed)) {
        engine_remove(engine, handle);
        engine->hooks.gone(engine->hooks.user, handle);
        return;
    }
    say_goodbye(engine, handle, kill ? METHOD_TERMINATE : METHOD_UNFOLLOW);
    engine_pump(engine, now);
}
