/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/server.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/random.h"
#include "common/text.h"
#include "common/wire.h"
#include "executor/child.h"
#include "executor/front_frame.h"
#include "executor/fronts.h"
#include "executor/list.h"
#include "executor/reaper.h"

enum {
    HINT_MS = 50,  /* hints to one session at most so often */
    GRACE_MS = 250 /* for the last replies to be on their way */
};

struct server {
    struct loop *loop;
    struct log *log;
    struct server_hooks hooks;
    struct reaper *reaper;
    struct child_host *children;
    struct fronts *fronts;
    struct requests *requests;
    struct loop_task settle;
    struct loop_timer tick;
    struct loop_timer hint;
    struct loop_timer beat;
    struct loop_timer grace; /* from when all had ended */
    uint64_t beats;
    bool draining;
};

/* Once set, a timer is moved rather than cancelled, so that this cannot fail.
 */
static void set_timer(
        struct server *server, struct loop_timer *timer, int64_t at)
{
    if (loop_timer_set(server->loop, timer, at) != REMEX_OK)
        abort();
}

/* --- What the protocol asks for ------------------------------------------- */

static void on_send(void *user, const struct caller *caller,
        const struct link_piece *pieces, size_t count)
{
    struct link_header header = { .kind = LINK_REPLY,
        .ticket = caller->ticket };

    (void)user;
    front_send(caller->front, &header, pieces, count);
}

static bool on_is_full(void *user, const struct caller *caller)
{
    (void)user;
    return front_is_full(caller->front);
}

static void on_unsettled(void *user)
{
    struct server *server = user;

    loop_defer(server->loop, &server->settle);
}

static void on_hint_wanted(void *user)
{
    struct server *server = user;

    if (server->hint.at == CLOCK_NEVER)
        set_timer(server, &server->hint,
                loop_now(server->loop) + clock_from_ms(HINT_MS));
}

static void on_publish(void *user, void *front, struct remex_bytes hint)
{
    struct link_header header = { .kind = LINK_HINT };
    struct link_piece piece = { .size = hint.size };

    (void)user;
    piece.heap = malloc(hint.size);
    if (!piece.heap || front_is_full(front)) {
        free(piece.heap); /* hints may get lost */
        return;
    }
    memcpy(piece.heap, hint.data, hint.size);
    piece.data = piece.heap;
    front_send(front, &header, &piece, 1);
}

static void on_known(void *user, const struct caller *caller)
{
    struct link_header header = { .kind = LINK_KNOWN, .pipe = caller->pipe };

    (void)user;
    front_send(caller->front, &header, NULL, 0);
}

static const char *on_hint_address(void *user, void *front)
{
    (void)user;
    return front_hint_address(front);
}

static struct log_store *on_store(void *user, void *front)
{
    (void)user;
    return front_store(front);
}

static void on_random(void *user, void *out, size_t size)
{
    (void)user;
    random_bytes(out, size);
}

/* --- What the fronts report ----------------------------------------------- */

static bool on_frame(void *user, struct front *front,
        const struct link_header *header, const void *body)
{
    struct server *server = user;
    struct caller caller = {
        .front = front,
        .has_uid = front_kind(front) == ADDRESS_IPC,
        .uid = header->peer_uid,
        .pipe = header->pipe,
        .ticket = header->ticket,
        .arrived = header->arrived,
    };
    struct remex_bytes request;

    if (header->kind == LINK_PIPE_GONE) {
        requests_drop_pipe(server->requests, front, header->pipe);
        return true;
    }
    if (!front_frame_read_request(header, body, caller.name, &request))
        return false;
    requests_take(server->requests, &caller, request, loop_now(server->loop));
    on_unsettled(server);
    return true;
}

static void on_lost(void *user, struct front *front)
{
    struct server *server = user;

    requests_drop_front(server->requests, front);
}

static void on_drained(void *user, struct front *front)
{
    struct server *server = user;

    requests_drained(server->requests, front);
}

static void on_ready(void *user)
{
    struct server *server = user;

    server->hooks.ready(server->hooks.user, server);
}

static void on_failed(void *user, const char *why)
{
    struct server *server = user;

    server->hooks.failed(server->hooks.user, why);
}

/* The id comes last: it may have spaces. */
static void on_traced(void *user, struct remex_bytes traceparent,
        struct remex_bytes id, const char *principal, int64_t pid)
{
    const struct server *server = user;
    char who[LOG_LINE_BYTES / 4];
    char what[LOG_LINE_BYTES / 2];

    log_info(server->log, "executor",
            "started traceparent=%.*s pid=%lld principal=%s process_id=%s",
            (int)traceparent.size, (const char *)traceparent.data,
            (long long)pid,
            log_escape(who, sizeof(who), principal, strlen(principal)),
            log_escape(what, sizeof(what), id.data, id.size));
}

/* --- What time brings ----------------------------------------------------- */

static void settle(struct server *server)
{
    requests_settle(server->requests, loop_now(server->loop));
    set_timer(server, &server->tick, requests_due(server->requests));
    if (server->draining && server->grace.at == CLOCK_NEVER &&
            requests_are_over(server->requests))
        set_timer(server, &server->grace,
                loop_now(server->loop) + clock_from_ms(GRACE_MS));
}

static void on_grace(struct loop_timer *timer)
{
    struct server *server = CONTAINER_OF(timer, struct server, grace);

    server->hooks.drained(server->hooks.user);
}

static void on_settle(struct loop_task *task)
{
    settle(CONTAINER_OF(task, struct server, settle));
}

static void on_tick(struct loop_timer *timer)
{
    struct server *server = CONTAINER_OF(timer, struct server, tick);

    requests_tick(server->requests, loop_now(server->loop));
    settle(server);
}

static void on_hint(struct loop_timer *timer)
{
    struct server *server = CONTAINER_OF(timer, struct server, hint);

    set_timer(server, timer, CLOCK_NEVER);
    requests_hint(server->requests, false);
}

static void on_beat(struct loop_timer *timer)
{
    struct server *server = CONTAINER_OF(timer, struct server, beat);
    struct hint hint = { .beat = ++server->beats };
    struct wire_head head;

    set_timer(server, timer,
            loop_now(server->loop) + clock_from_ms(FRONTS_BEAT_MS));
    requests_hint(server->requests, true);
    hint.boot_id = *requests_boot_id(server->requests);
    if (wire_encode_hint(&hint, &head) != REMEX_OK)
        return; /* the next beat is not far */
    fronts_beat(server->fronts, server->beats, head.data, head.size);
    wire_head_free(&head);
}

/* --- Life ---------------------------------------------------------------- */

static enum remex_status start_timers(struct server *server)
{
    struct loop *loop = server->loop;

    server->settle.run = on_settle;
    server->tick.due = on_tick;
    server->hint.due = on_hint;
    server->beat.due = on_beat;
    server->grace.due = on_grace;
    if (loop_timer_set(loop, &server->tick, CLOCK_NEVER) != REMEX_OK ||
            loop_timer_set(loop, &server->grace, CLOCK_NEVER) != REMEX_OK ||
            loop_timer_set(loop, &server->hint, CLOCK_NEVER) != REMEX_OK)
        return REMEX_NO_MEMORY;
    return loop_timer_set(loop, &server->beat, loop_now(loop));
}

static enum remex_status new_fronts(struct server *server,
        const struct server_settings *settings, struct remex_error *error)
{
    struct fronts_hooks hooks = {
        .user = server,
        .ready = on_ready,
        .failed = on_failed,
        .frame = on_frame,
        .lost = on_lost,
        .drained = on_drained,
    };

    struct fronts_parts parts = { server->loop, server->reaper, server->log,
        settings->tls, settings->front_user };

    return fronts_new(&parts, &hooks, &server->fronts, error);
}

static enum remex_status new_requests(
        struct server *server, const struct requests_settings *settings)
{
    struct requests_hooks hooks = {
        .user = server,
        .send = on_send,
        .is_full = on_is_full,
        .unsettled = on_unsettled,
        .hint_wanted = on_hint_wanted,
        .publish = on_publish,
        .hint_address = on_hint_address,
        .store = on_store,
        .random = on_random,
        .known = on_known,
        .traced = on_traced,
    };

    return requests_new(settings, &hooks, child_host_of(server->children),
            &server->requests);
}

static enum remex_status new_parts(struct server *server,
        const struct server_settings *settings, struct remex_error *error)
{
    enum remex_status status = reaper_new(server->loop, &server->reaper);
    struct child_host_parts host = { server->loop, server->reaper,
        settings->groups, settings->user };

    if (status == REMEX_OK)
        status = child_host_new(&host, &server->children);
    if (status == REMEX_OK)
        status = new_requests(server, &settings->requests);
    if (status == REMEX_OK)
        status = start_timers(server);
    if (status != REMEX_OK)
        return error_set(
                error, status, "cannot start: %s", remex_status_name(status));
    return new_fronts(server, settings, error);
}

enum remex_status server_new(struct loop *loop,
        const struct server_settings *settings,
        const struct server_hooks *hooks, struct server **out,
        struct remex_error *error)
{
    struct server *server = calloc(1, sizeof(*server));
    enum remex_status status;

    if (!server)
        return error_set(error, REMEX_NO_MEMORY, "no memory");
    server->loop = loop;
    server->log = settings->log;
    server->hooks = *hooks;
    status = new_parts(server, settings, error);
    if (status != REMEX_OK) {
        server_free(server);
        return status;
    }
    *out = server;
    return REMEX_OK;
}

/* The fronts first: nobody gets half an end told. */
void server_free(struct server *server)
{
    if (!server)
        return;
    fronts_free(server->fronts);
    requests_free(server->requests, loop_now(server->loop));
    loop_cancel(server->loop, &server->settle);
    loop_timer_cancel(server->loop, &server->tick);
    loop_timer_cancel(server->loop, &server->hint);
    loop_timer_cancel(server->loop, &server->beat);
    loop_timer_cancel(server->loop, &server->grace);
    child_host_free(server->children);
    reaper_free(server->reaper);
    free(server);
}

enum remex_status server_listen(struct server *server,
        const struct address *address, const struct front_sockets *sockets,
        struct remex_error *error)
{
    return fronts_add(server->fronts, address, sockets, error);
}

const char *server_address(struct server *server, size_t index)
{
    const struct front *front = fronts_at(server->fronts, index);

    return front ? front_address(front) : NULL;
}

void server_reload(
        struct server *server, const struct requests_settings *requests)
{
    requests_reload(server->requests, requests, loop_now(server->loop));
    fronts_renew(server->fronts, requests->gate.tokens.count > 0);
    on_unsettled(server);
}

void server_drain(struct server *server)
{
    server->draining = true;
    requests_retire(server->requests);
    on_unsettled(server);
}

void server_tell_figures(const struct server *server, struct figures *out)
{
    requests_tell_figures(server->requests, out);
}
