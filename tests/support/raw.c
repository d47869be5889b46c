/* SPDX-License-Identifier: Apache-2.0 */
#include "support/raw.h"

#include <string.h>

#include <glib.h>
#include <nng/protocol/reqrep0/req.h>

#include "common/wire.h"
#include "support/samples.h"

#define PATIENCE_MS (10 * 1000)
#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

static void must(int nng_failure)
{
    if (nng_failure != 0)
        g_error("NNG: %s", nng_strerror(nng_failure));
}

void raw_init(struct raw *raw, const char *address)
{
    *raw = (struct raw){ 0 };
    arena_init(&raw->arena, ARENA_BYTES);
    must(nng_req0_open(&raw->socket));
    must(nng_socket_set_ms(
            raw->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE));
    must(nng_socket_set_ms(raw->socket, NNG_OPT_SENDTIMEO, PATIENCE_MS));
    must(nng_socket_set_size(
            raw->socket, NNG_OPT_RECVMAXSZ, (size_t)4 * 1024 * 1024));
    must(nng_dial(raw->socket, address, NULL, 0));
}

void raw_deinit(struct raw *raw)
{
    nng_close(raw->socket);
    arena_deinit(&raw->arena);
}

/* The reply is copied to the arena, for it borrows from its bytes. */
static void decode(struct raw *raw, nng_msg *message, struct reply *out)
{
    size_t size = nng_msg_len(message);
    struct remex_error error;
    uint8_t *copy;

    arena_reset(&raw->arena);
    *out = (struct reply){ 0 };
    if (size == 0)
        return;
    copy = arena_alloc(&raw->arena, size);
    g_assert_nonnull(copy);
    memcpy(copy, nng_msg_body(message), size);
    if (wire_decode_reply((struct remex_bytes){ copy, size }, &raw->arena, out,
                &error) != REMEX_OK)
        g_error("the reply breaks the protocol: %s", error.text);
}

bool raw_exchange(struct raw *raw, struct remex_bytes bytes, int timeout_ms,
        struct reply *out)
{
    nng_msg *message;
    int failure;

    must(nng_msg_alloc(&message, 0));
    if (bytes.size > 0)
        must(nng_msg_append(message, bytes.data, bytes.size));
    must(nng_sendmsg(raw->socket, message, 0));
    must(nng_socket_set_ms(raw->socket, NNG_OPT_RECVTIMEO, timeout_ms));
    failure = nng_recvmsg(raw->socket, &message, 0);
    if (failure == NNG_ETIMEDOUT)
        return false;
    must(failure);
    decode(raw, message, out);
    nng_msg_free(message);
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

void raw_open(struct raw *raw)
{
    struct request request = { .method = METHOD_OPEN,
        .open = { .client_name = { "raw", 3 },
                .min_version = MESSAGE_VERSION,
                .max_version = MESSAGE_VERSION } };
    struct reply reply = raw_call(raw, &request);

    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    g_assert_cmpint(reply.method, ==, METHOD_OPEN);
    raw->session_id = reply.open.session_id;
    raw->boot_id = reply.boot_id;
    raw->attachment = reply.open.attachment;
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
