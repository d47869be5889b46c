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

/* --- What children do ------------------------------------------------------
 */

static struct model_host *host_of(const struct puppet *child)
{
    return CONTAINER_OF(child->puppets, struct model_host, puppets);
}

static void settle(struct model_host *host)
{
    while (host->unsettled) {
        host->unsettled = false;
        requests_settle(host->requests, host->world->now);
    }
}

void model_child_write(
        struct puppet *child, enum remex_stream stream, size_t size)
{
    struct model_host *host = host_of(child);
    uint64_t offset = process_stream_bytes(child->process, stream);
    uint8_t *bytes = g_malloc(size);

    for (size_t i = 0; i < size; i++)
        bytes[i] = model_byte(stream, offset + i);
    host->puppets.now = host->world->now;
    WORLD_CHECK(host->world, puppet_output(child, stream, bytes, size) == size,
            "a log has no room");
    g_free(bytes);
    settle(host);
}

void model_child_exit(struct puppet *child, bool by_signal, int code)
{
    struct model_host *host = host_of(child);

    host->puppets.now = host->world->now;
    if (by_signal)
        puppet_die(child, code);
    else
        puppet_exit(child, code);
    settle(host);
}

void model_child_end(struct puppet *child, size_t stream)
{
    struct model_host *host = host_of(child);

    host->puppets.now = host->world->now;
    puppet_end_stream(child, (enum remex_stream)(REMEX_STDOUT + stream));
    settle(host);
}

void model_child_read(struct puppet *child, size_t size)
{
    uint8_t bytes[MODEL_STDIN];
    size_t read = 0;

    while (read < size) {
        size_t more = puppet_take_stdin(child, bytes, size - read);

        if (more == 0)
            break;
        read += more;
    }
    if (process_stdin_at_end(child->process))
        process_on_stdin_closed(child->process);
    settle(host_of(child));
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
    unsigned int started = host->puppets.started;
    struct reply reply;

    host->answered = false;
    host->puppets.now = host->world->now;
    g_byte_array_set_size(host->answer, 0);
    send(host, &caller, request);
    host->started =
            host->puppets.started > started ? host->puppets.newest : NULL;
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
    *host = (struct model_host){ .world = world };
    puppets_init(&host->puppets);
    host->answer = g_byte_array_new();
    arena_init(&host->arena, LINK_MAX_REPLY);
    if (requests_new(&settings, &hooks, &host->puppets.host, &host->requests) !=
            REMEX_OK)
        abort();
}

void model_host_deinit(struct model_host *host)
{
    requests_free(host->requests, host->world->now);
    WORLD_CHECK(host->world, host->puppets.living == 0, "a child is left");
    g_byte_array_free(host->answer, TRUE);
    arena_deinit(&host->arena);
}
