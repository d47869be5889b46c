/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/model_host.h"

#include <stdlib.h>
#include <string.h>

#include "common/check.h"
#include "common/wire.h"
#include "executor/list.h"
#include "simulation/model.h"

uint8_t model_byte(enum remex_stream stream, uint64_t offset)
{
    return (uint8_t)(offset * 7 + (unsigned int)stream * 101);
}

/* --- What the executor asks for --------------------------------------------
 */

static struct model_child *of(struct process_child *child)
{
    return (struct model_child *)(void *)child;
}

static enum remex_status start(struct process_host *process_host,
        const struct process_spec *spec, const struct policy_section *policy,
        struct process *process, struct process_started *out,
        struct remex_error *error)
{
    struct model_host *host = (struct model_host *)(void *)process_host;
    struct model_child *child = g_new0(struct model_child, 1);

    (void)spec;
    (void)policy;
    (void)error;
    child->host = host;
    child->process = process;
    child->next = host->children;
    host->children = child;
    host->started = child;
    *out = (struct process_started){ (struct process_child *)(void *)child, 77,
        host->world->now, host->world->now };
    return REMEX_OK;
}

static enum remex_status send_signal(struct process_child *child,
        int signal_number, enum signal_target target)
{
    (void)signal_number;
    (void)target;
    return of(child)->exited ? REMEX_ENDED : REMEX_OK;
}

static void kill_tree(struct process_child *child)
{
    of(child)->killed = true;
}

static void no_stream(struct process_child *child, enum remex_stream stream)
{
    (void)child;
    (void)stream;
}

static void nothing(struct process_child *child)
{
    (void)child;
}

static void release(struct process_child *process_child)
{
    struct model_child *child = of(process_child);
    struct model_child **link = &child->host->children;

    while (*link != child)
        link = &(*link)->next;
    *link = child->next;
    g_free(child);
}

static const struct process_host_calls calls = {
    .start = start,
    .signal = send_signal,
    .kill_tree = kill_tree,
    .resume = no_stream,
    .abandon = no_stream,
    .feed = nothing,
    .close_stdin = nothing,
    .release = release,
};

/* --- What children do ------------------------------------------------------
 */

static void settle(struct model_host *host)
{
    while (host->unsettled) {
        host->unsettled = false;
        requests_settle(host->requests, host->world->now);
    }
}

void model_child_write(
        struct model_child *child, enum remex_stream stream, size_t size)
{
    uint64_t offset = process_stream_bytes(child->process, stream);
    void *data;
    size_t room;

    WORLD_CHECK(child->host->world,
            process_reserve(child->process, stream, size, &data, &room) ==
                            REMEX_OK &&
                    room >= size,
            "a log has no room");
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)data)[i] = model_byte(stream, offset + i);
    process_on_output(child->process, stream, size, child->host->world->now);
    settle(child->host);
}

void model_child_exit(struct model_child *child, bool by_signal, int code)
{
    struct remex_exit exited = { .by_signal = by_signal, .code = code };

    child->exited = true;
    process_on_exit(child->process, &exited, child->host->world->now);
    settle(child->host);
}

void model_child_end(struct model_child *child, size_t stream)
{
    child->ended |= 1U << stream;
    process_on_stream_end(child->process,
            (enum remex_stream)(REMEX_STDOUT + stream), REMEX_END_EOF, 0,
            child->host->world->now);
    settle(child->host);
}

void model_child_read(struct model_child *child, size_t size)
{
    while (size > 0) {
        struct remex_bytes bytes = process_stdin_peek(child->process);

        if (bytes.size == 0)
            break;
        if (bytes.size > size)
            bytes.size = size;
        process_on_stdin_fed(child->process, bytes.size);
        size -= bytes.size;
    }
    if (process_stdin_at_end(child->process))
        process_on_stdin_closed(child->process);
    settle(child->host);
}

/* --- What it answers -------------------------------------------------------
 */

static void on_send(void *user, const struct caller *caller,
        const struct link_piece *pieces, size_t count)
{
    struct model_host *host = user;

    (void)caller;
    WORLD_CHECK(host->world, !host->answered, "a second answer");
    host->answered = true;
    for (size_t i = 0; i < count; i++) {
        g_byte_array_append(
                host->answer, pieces[i].data, (guint)pieces[i].size);
        link_piece_release(&pieces[i]);
    }
}

static bool on_is_full(void *user, const struct caller *caller)
{
    (void)user;
    (void)caller;
    return false;
}

static void on_unsettled(void *user)
{
    ((struct model_host *)user)->unsettled = true;
}

static void on_hint_wanted(void *user)
{
    (void)user;
}

static void on_publish(void *user, void *front, struct remex_bytes hint)
{
    (void)user;
    (void)front;
    (void)hint;
}

static const char *on_hint_address(void *user, void *front)
{
    (void)user;
    (void)front;
    return "";
}

static void on_random(void *user, void *out, size_t size)
{
    chance_bytes(&((struct model_host *)user)->world->chance, out, size);
}

static void send(struct model_host *host, const struct caller *caller,
        const struct request *request)
{
    struct remex_error error = { .status = REMEX_OK };
    uint8_t bytes[4096];
    struct wire_head head;

    WORLD_CHECK(host->world, check_request(request, &error) == REMEX_OK,
            "no request: %s", error.text);
    if (wire_encode_request(request, &head) != REMEX_OK)
        abort();
    g_assert(head.size + request->payload.size <= sizeof(bytes));
    memcpy(bytes, head.data, head.size);
    if (request->payload.size > 0)
        memcpy(bytes + head.size, request->payload.data, request->payload.size);
    requests_take(host->requests, caller,
            (struct remex_bytes){ bytes, head.size + request->payload.size },
            host->world->now);
    wire_head_free(&head);
}

struct reply model_host_ask(struct model_host *host, unsigned int who,
        const struct request *request)
{
    static const uint32_t uids[MODEL_PRINCIPALS] = { 1000, 0 };
    struct caller caller = {
        .front = host,
        .pipe = 1,
        .has_uid = true,
        .uid = uids[who],
    };
    struct reply reply;

    host->answered = false;
    host->started = NULL;
    g_byte_array_set_size(host->answer, 0);
    send(host, &caller, request);
    settle(host);
    WORLD_CHECK(host->world, host->answered, "no answer");
    arena_reset(&host->arena);
    WORLD_CHECK(host->world,
            wire_decode_reply((struct remex_bytes){ host->answer->data,
                                      host->answer->len },
                    &host->arena, &reply, NULL) == REMEX_OK,
            "an answer makes no sense");
    return reply;
}

void model_host_tick(struct model_host *host)
{
    requests_tick(host->requests, host->world->now);
    settle(host);
}

/* --- Life -------------------------------------------------------------------
 */

void model_host_init(struct model_host *host, struct world *world)
{
    struct requests_hooks hooks = {
        .user = host,
        .send = on_send,
        .is_full = on_is_full,
        .unsettled = on_unsettled,
        .hint_wanted = on_hint_wanted,
        .publish = on_publish,
        .hint_address = on_hint_address,
        .random = on_random,
    };
    struct requests_settings settings;

    requests_default_settings(&settings);
    settings.gate.own_uid = 1000;
    settings.retention_ms = MODEL_RETENTION_MS;
    settings.lease_ms = MODEL_LEASE_MS;
    settings.limits.sessions = MODEL_MOST_SESSIONS;
    settings.limits.processes = MODEL_MOST_PROCESSES;
    settings.limits.follows = MODEL_MOST_FOLLOWS;
    settings.limits.stdin_bytes = MODEL_STDIN;
    settings.limits.window_bytes = MODEL_WINDOW;
    settings.limits.starts_per_second = 0;
    *host = (struct model_host){ .host = { &calls }, .world = world };
    host->answer = g_byte_array_new();
    arena_init(&host->arena, LINK_MAX_REPLY);
    if (requests_new(&settings, &hooks, &host->host, &host->requests) !=
            REMEX_OK)
        abort();
}

void model_host_deinit(struct model_host *host)
{
    requests_free(host->requests, host->world->now);
    WORLD_CHECK(host->world, !host->children, "a child is left");
    g_byte_array_free(host->answer, TRUE);
    arena_deinit(&host->arena);
}
