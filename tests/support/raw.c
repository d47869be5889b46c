/* SPDX-License-Identifier: Apache-2.0 */
#include "support/raw.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "common/wire.h"
#include "support/samples.h"

#define PATIENCE_MS (10 * 1000)
#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

void raw_init_tls(
        struct raw *raw, const char *address, const struct sp_peer_proof *proof)
{
    *raw = (struct raw){ .sent = g_ptr_array_new_with_free_func(
                                 (GDestroyNotify)g_bytes_unref) };
    arena_init(&raw->arena, ARENA_BYTES);
    if (!sp_peer_connect(&raw->peer, address, SP_PEER_REQUESTER, proof))
        g_error("cannot connect to %s", address);
}

void raw_init(struct raw *raw, const char *address)
{
    raw_init_tls(raw, address, NULL);
}

void raw_deinit(struct raw *raw)
{
    sp_peer_close(&raw->peer);
    arena_deinit(&raw->arena);
    g_ptr_array_free(raw->sent, TRUE);
}

/* The reply is copied to the arena, for it borrows from its bytes. */
static void decode(
        struct raw *raw, const void *body, size_t size, struct reply *out)
{
    struct remex_error error;
    uint8_t *copy;

    arena_reset(&raw->arena);
    *out = (struct reply){ 0 };
    if (size == 0)
        return;
    copy = arena_alloc(&raw->arena, size);
    g_assert_nonnull(copy);
    memcpy(copy, body, size);
    if (wire_decode_reply((struct remex_bytes){ copy, size }, &raw->arena, out,
                &error) != REMEX_OK)
        g_error("the reply breaks the protocol: %s", error.text);
}

/* The number that goes before each request, and comes back. */
static guint32 on_the_wire(uint32_t number)
{
    return GUINT32_TO_BE(number | UINT32_C(1) << 31);
}

static void send_request(struct raw *raw, struct remex_bytes bytes)
{
    GByteArray *body = g_byte_array_new();
    guint32 number = on_the_wire(++raw->number);
    gsize size;
    const void *data;

    g_byte_array_append(body, (const guint8 *)&number, sizeof(number));
    if (bytes.size > 0)
        g_byte_array_append(body, bytes.data, (guint)bytes.size);
    g_ptr_array_add(
            raw->sent, sp_peer_frame(&raw->peer, body->data, body->len));
    g_byte_array_free(body, TRUE);
    data = g_bytes_get_data(
            g_ptr_array_index(raw->sent, raw->sent->len - 1), &size);
    g_assert_true(sp_peer_write(&raw->peer, data, size));
}

static bool answers(GBytes *message, guint32 number)
{
    gsize size;
    const void *data = g_bytes_get_data(message, &size);

    g_assert_cmpuint(size, >=, sizeof(number));
    return memcmp(data, &number, sizeof(number)) == 0;
}

bool raw_exchange(struct raw *raw, struct remex_bytes bytes, int timeout_ms,
        struct reply *out)
{
    GBytes *message;
    const guint8 *data;
    gsize size;

    send_request(raw, bytes);
    /* One that was not waited for may come first. */
    while ((message = sp_peer_read(&raw->peer, timeout_ms)) &&
            !answers(message, on_the_wire(raw->number)))
        g_bytes_unref(message);
    if (!message)
        return false;
    data = g_bytes_get_data(message, &size);
    decode(raw, data + sizeof(guint32), size - sizeof(guint32), out);
    g_bytes_unref(message);
    return true;
}

static struct reply call(
        struct raw *raw, enum method method, struct remex_bytes bytes)
{
    struct reply reply;

    if (!raw_exchange(raw, bytes, PATIENCE_MS, &reply))
        g_error("no answer to %s", message_method_name(method));
    g_free((void *)(uintptr_t)bytes.data);
    return reply;
}

static struct remex_bytes encode(const struct raw *raw, struct request *request)
{
    request->version = MESSAGE_VERSION;
    request->session_id = raw->session_id;
    request->boot_id = raw->boot_id;
    request->attachment = raw->attachment;
    return sample_encode_request(request);
}

uint32_t raw_send(struct raw *raw, struct request *request)
{
    struct remex_bytes bytes = encode(raw, request);

    send_request(raw, bytes);
    g_free((void *)(uintptr_t)bytes.data);
    return raw->number;
}

struct reply raw_receive(struct raw *raw, uint32_t *number_out)
{
    GBytes *message = sp_peer_read(&raw->peer, PATIENCE_MS);
    struct reply reply;
    const guint8 *data;
    guint32 number;
    gsize size;

    if (!message)
        g_error("no answer to any of %u requests", raw->number);
    data = g_bytes_get_data(message, &size);
    g_assert_cmpuint(size, >=, sizeof(number));
    memcpy(&number, data, sizeof(number));
    *number_out = GUINT32_FROM_BE(number) & ~(UINT32_C(1) << 31);
    decode(raw, data + sizeof(number), size - sizeof(number), &reply);
    g_bytes_unref(message);
    return reply;
}

struct reply raw_call(struct raw *raw, struct request *request)
{
    return call(raw, request->method, encode(raw, request));
}

struct reply raw_call_changed(struct raw *raw, struct request *request,
        const char *from, struct remex_bytes to)
{
    struct remex_bytes bytes = encode(raw, request);
    void *place = memmem(bytes.data, bytes.size, from, to.size);

    g_assert_nonnull(place);
    g_assert_cmpuint(strlen(from), ==, to.size);
    memcpy(place, to.data, to.size);
    return call(raw, request->method, bytes);
}

struct reply raw_open_with(struct raw *raw, const char *token)
{
    struct request request = { .method = METHOD_OPEN,
        .open = { .client_name = { "raw", 3 },
                .min_version = MESSAGE_VERSION,
                .max_version = MESSAGE_VERSION,
                .token = text_bytes(token) } };
    struct reply reply = raw_call(raw, &request);

    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    g_assert_cmpint(reply.method, ==, METHOD_OPEN);
    raw->session_id = reply.open.session_id;
    raw->boot_id = reply.boot_id;
    raw->attachment = reply.open.attachment;
    return reply;
}

struct reply raw_open(struct raw *raw)
{
    return raw_open_with(raw, "");
}

struct request raw_start_request(
        const char *id, const struct remex_bytes *argv, size_t count)
{
    const struct stream_spec stream = { .capture = CAPTURE_PIPE,
        .delivery = DELIVERY_RELIABLE,
        .no_follower = NO_FOLLOWER_DRAIN,
        .retention = RETENTION_ALL };

    return (struct request){ .method = METHOD_START,
        .start.process = { .process_id = { id, strlen(id) },
                .argv = argv,
                .argv_count = count,
                .env_base = ENV_EXECUTOR,
                .stdin_kind = STDIN_CLOSED,
                .out = stream,
                .err = stream,
                .owner_loss = OWNER_LOSS_KILL } };
}
