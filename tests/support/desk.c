/* SPDX-License-Identifier: Apache-2.0 */
#include "support/desk.h"

#include <string.h>

#include "common/clock.h"
#include "common/text.h"
#include "common/wire.h"
#include "support/samples.h"

#define UID 1000
#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

struct kept_reply {
    uint64_t ticket;
    GBytes *bytes;
};

static void kept_reply_free(void *pointer)
{
    struct kept_reply *kept = pointer;

    g_bytes_unref(kept->bytes);
    g_free(kept);
}

/* --- Hooks --------------------------------------------------------------- */

static void on_send(void *user, const struct caller *caller,
        const struct link_piece *pieces, size_t count)
{
    struct desk *desk = user;
    GByteArray *bytes = g_byte_array_new();
    struct kept_reply *kept = g_new(struct kept_reply, 1);

    for (size_t i = 0; i < count; i++) {
        g_byte_array_append(bytes, pieces[i].data, (guint)pieces[i].size);
        link_piece_release(&pieces[i]);
    }
    g_assert_cmpuint(bytes->len, <=, LINK_MAX_REPLY);
    kept->ticket = caller->ticket;
    kept->bytes = g_byte_array_free_to_bytes(bytes);
    g_ptr_array_add(desk->replies, kept);
}

static bool on_is_full(void *user, const struct caller *caller)
{
    (void)caller;
    return ((struct desk *)user)->full;
}

static void on_unsettled(void *user)
{
    ((struct desk *)user)->unsettled = true;
}

static void on_hint_wanted(void *user)
{
    ((struct desk *)user)->hint_wanted = true;
}

static void on_publish(void *user, void *front, struct remex_bytes hint)
{
    struct desk *desk = user;

    g_assert_true(front == desk);
    g_ptr_array_add(desk->hints, g_bytes_new(hint.data, hint.size));
}

static const char *on_hint_address(void *user, void *front)
{
    (void)user;
    (void)front;
    return "ipc:///hints";
}

static void on_random(void *user, void *out, size_t size)
{
    struct desk *desk = user;

    memset(out, ++desk->randoms, size);
}

static void on_traced(void *user, struct remex_bytes traceparent,
        struct remex_bytes process_id, const char *principal, int64_t pid)
{
    struct desk *desk = user;

    g_string_append_printf(desk->traces, "%.*s of %s: %.*s, %lld\n",
            (int)process_id.size, (const char *)process_id.data, principal,
            (int)traceparent.size, (const char *)traceparent.data,
            (long long)pid);
}

/* --- Life ---------------------------------------------------------------- */

void desk_init(struct desk *desk)
{
    memset(desk, 0, sizeof(*desk));
    puppets_init(&desk->puppets);
    requests_default_settings(&desk->settings);
    desk->settings.gate.own_uid = UID;
    desk->replies = g_ptr_array_new_with_free_func(kept_reply_free);
    desk->hints = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    desk->traces = g_string_new(NULL);
    arena_init(&desk->arena, ARENA_BYTES);
}

void desk_start(struct desk *desk)
{
    struct requests_hooks hooks = {
        .user = desk,
        .send = on_send,
        .is_full = on_is_full,
        .unsettled = on_unsettled,
        .hint_wanted = on_hint_wanted,
        .publish = on_publish,
        .hint_address = on_hint_address,
        .random = on_random,
        .traced = on_traced,
    };

    g_assert_cmpint(requests_new(&desk->settings, &hooks, &desk->puppets.host,
                            &desk->requests),
            ==, REMEX_OK);
}

void desk_deinit(struct desk *desk)
{
    requests_free(desk->requests, desk->puppets.now);
    g_assert_cmpuint(desk->puppets.living, ==, 0);
    g_ptr_array_free(desk->replies, TRUE);
    g_ptr_array_free(desk->hints, TRUE);
    g_string_free(desk->traces, TRUE);
    arena_deinit(&desk->arena);
    if (desk->taken)
        g_bytes_unref(desk->taken);
}

/* --- Talking ------------------------------------------------------------- */

struct caller desk_caller(struct desk *desk)
{
    return (struct caller){ .front = desk,
        .has_uid = true,
        .uid = UID,
        .pipe = 1,
        .ticket = ++desk->tickets,
        .arrived = desk->puppets.now };
}

void desk_settle(struct desk *desk)
{
    while (desk->unsettled) {
        desk->unsettled = false;
        requests_settle(desk->requests, desk->puppets.now);
    }
}

uint64_t desk_send(struct desk *desk, const struct caller *caller,
        const struct request *request)
{
    struct remex_bytes bytes = sample_encode_request(request);

    requests_take(desk->requests, caller, bytes, desk->puppets.now);
    sample_free(bytes);
    desk_settle(desk);
    return caller->ticket;
}

void desk_pass(struct desk *desk, int64_t ms)
{
    desk_settle(desk); /* what happened before is over before time passes */
    desk->puppets.now += ms * 1000000;
    requests_tick(desk->requests, desk->puppets.now);
    desk_settle(desk);
    g_assert_cmpint(requests_due(desk->requests), >, desk->puppets.now);
}

static void decode(struct desk *desk, struct reply *out)
{
    gsize size;
    const void *data = g_bytes_get_data(desk->taken, &size);
    struct remex_error error;

    arena_reset(&desk->arena);
    if (wire_decode_reply((struct remex_bytes){ data, size }, &desk->arena, out,
                &error) != REMEX_OK)
        g_error("a reply breaks the protocol: %s", error.text);
}

bool desk_take(struct desk *desk, uint64_t ticket, struct reply *out)
{
    for (guint i = 0; i < desk->replies->len; i++) {
        struct kept_reply *kept = g_ptr_array_index(desk->replies, i);

        if (kept->ticket != ticket)
            continue;
        if (desk->taken)
            g_bytes_unref(desk->taken);
        desk->taken = g_bytes_ref(kept->bytes);
        g_ptr_array_remove_index(desk->replies, i);
        decode(desk, out);
        return true;
    }
    return false;
}

void desk_address(struct desk *desk, struct request *request)
{
    request->version = MESSAGE_VERSION;
    request->session_id = desk->session_id;
    request->boot_id = *requests_boot_id(desk->requests);
    request->attachment = desk->attachment;
}

uint64_t desk_ask(struct desk *desk, struct request *request)
{
    struct caller caller = desk_caller(desk);

    desk_address(desk, request);
    return desk_send(desk, &caller, request);
}

struct reply desk_call(struct desk *desk, struct request *request)
{
    uint64_t ticket = desk_ask(desk, request);
    struct reply reply;

    g_assert_true(desk_take(desk, ticket, &reply));
    return reply;
}

struct reply desk_open(struct desk *desk)
{
    struct request request = { .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1 } };
    struct caller caller = desk_caller(desk);
    struct reply reply;

    g_assert_true(desk_take(desk, desk_send(desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    desk->session_id = reply.open.session_id;
    desk->attachment = reply.open.attachment;
    return reply;
}

uint64_t desk_ask_resume(struct desk *desk, const struct follow_spec *follow)
{
    struct resume resume = { .session_id = desk->session_id,
        .boot_id = *requests_boot_id(desk->requests),
        .attachment = desk->attachment,
        .follows = follow,
        .follow_count = follow ? 1 : 0 };
    struct request request = { .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1, .resume = &resume } };
    struct caller caller = desk_caller(desk);

    return desk_send(desk, &caller, &request);
}

struct reply desk_resume(struct desk *desk, struct follow_spec follow)
{
    struct reply reply;

    follow.process_id = text_bytes("one");
    g_assert_true(desk_take(desk, desk_ask_resume(desk, &follow), &reply));
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    desk->attachment = reply.open.attachment;
    return reply;
}

struct request desk_start_request(
        const char *id, struct follow_spec *follow, uint64_t window)
{
    static const struct remex_bytes argv[] = { { "program", 7 } };
    static const struct stream_spec stream = {
        .capture = CAPTURE_PIPE,
        .delivery = DELIVERY_RELIABLE,
        .no_follower = NO_FOLLOWER_DRAIN,
        .retention = RETENTION_ALL,
    };
    struct request request = { .method = METHOD_START };
    struct process_spec *spec = &request.start.process;

    spec->process_id = text_bytes(id);
    spec->argv = argv;
    spec->argv_count = 1;
    spec->env_base = ENV_EMPTY;
    spec->stdin_kind = STDIN_PIPE;
    spec->out = stream;
    spec->err = stream;
    spec->owner_loss = OWNER_LOSS_KILL;
    if (follow->follow_id != 0) {
        follow->process_id = spec->process_id;
        follow->until_position = window;
        request.start.follow = follow;
    }
    return request;
}

struct puppet *desk_start_process(
        struct desk *desk, const char *id, uint64_t follow_id, uint64_t window)
{
    struct follow_spec follow = { .follow_id = follow_id };
    struct request request = desk_start_request(id, &follow, window);
    struct reply reply = desk_call(desk, &request);

    if (reply.error.status != REMEX_OK)
        g_error("start: %s", reply.error.text);
    return desk->puppets.newest;
}

struct request desk_pull_request(uint32_t wait_ms)
{
    return (struct request){ .method = METHOD_PULL,
        .pull = { .wait_ms = wait_ms } };
}

/* --- Shorthands ----------------------------------------------------------- */

void desk_begin(struct desk *desk)
{
    desk_init(desk);
    desk_start(desk);
    desk_open(desk);
}

void desk_close_process(struct desk *desk, struct puppet *puppet, int code)
{
    puppet_exit(puppet, code);
    puppet_end(puppet);
    desk_settle(desk);
}

void desk_check_status(const struct reply *reply, enum remex_status status)
{
    g_assert_cmpstr(remex_status_name(reply->error.status), ==,
            remex_status_name(status));
}

void desk_check_bytes(struct remex_bytes bytes, const char *text)
{
    char *copy = g_strndup(bytes.size > 0 ? bytes.data : "", bytes.size);

    g_assert_cmpstr(copy, ==, text);
    g_free(copy);
}

void desk_check_answered(
        struct desk *desk, uint64_t ticket, enum remex_status status)
{
    struct reply reply;

    g_assert_true(desk_take(desk, ticket, &reply));
    desk_check_status(&reply, status);
}

void desk_check_parked(struct desk *desk, uint64_t ticket)
{
    struct reply reply;

    g_assert_false(desk_take(desk, ticket, &reply));
}
