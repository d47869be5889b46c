/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Clients by NNG itself, as any language has it: requests by REQ sockets and
 * contexts, hints by SUB sockets.
 */

#include <string.h>

#include <glib.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>

#include "common/text.h"
#include "common/wire.h"
#include "support/daemon.h"
#include "support/raw.h"
#include "support/remote.h"
#include "support/samples.h"
#include "support/suite.h"

#define TOKEN "a token that nobody guesses"
#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

enum { PATIENCE_MS = 10 * 1000 };

/* A session over one socket. */
struct client {
    nng_socket socket;
    struct request ids; /* with those of its session */
    char *hint_address;
    struct arena arena; /* of the last reply */
    nng_msg *last;
};

static void must(int failure)
{
    if (failure != 0)
        g_error("NNG: %s", nng_strerror(failure));
}

static nng_msg *encode(const struct client *client, struct request request)
{
    struct remex_bytes bytes;
    nng_msg *message;

    request.version = MESSAGE_VERSION;
    request.session_id = client->ids.session_id;
    request.boot_id = client->ids.boot_id;
    request.attachment = client->ids.attachment;
    bytes = sample_encode_request(&request);
    must(nng_msg_alloc(&message, 0));
    must(nng_msg_append(message, bytes.data, bytes.size));
    sample_free(bytes);
    return message;
}

/* Lent until the next one. */
static struct reply decode(struct client *client, nng_msg *message)
{
    struct remex_error error;
    struct reply reply;

    nng_msg_free(client->last);
    client->last = message;
    arena_reset(&client->arena);
    if (wire_decode_reply((struct remex_bytes){ nng_msg_body(message),
                                  nng_msg_len(message) },
                &client->arena, &reply, &error) != REMEX_OK)
        g_error("the reply breaks the protocol: %s", error.text);
    if (reply.error.status != REMEX_OK)
        g_error("%s", reply.error.text);
    return reply;
}

static struct reply call(struct client *client, const struct request *request)
{
    nng_msg *message = encode(client, *request);

    must(nng_sendmsg(client->socket, message, 0));
    must(nng_recvmsg(client->socket, &message, 0));
    return decode(client, message);
}

static void client_init(
        struct client *client, const char *address, const char *token)
{
    struct request open = { .method = METHOD_OPEN,
        .open = { .client_name = text_bytes("nng"),
                .min_version = MESSAGE_VERSION,
                .max_version = MESSAGE_VERSION,
                .token = text_bytes(token) } };
    struct reply reply;

    *client = (struct client){ .last = NULL };
    arena_init(&client->arena, ARENA_BYTES);
    must(nng_req0_open(&client->socket));
    must(nng_socket_set_ms(
            client->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE));
    must(nng_socket_set_ms(client->socket, NNG_OPT_RECVTIMEO, PATIENCE_MS));
    must(nng_dial(client->socket, address, NULL, 0));
    reply = call(client, &open);
    client->ids = (struct request){ .session_id = reply.open.session_id,
        .boot_id = reply.boot_id,
        .attachment = reply.open.attachment };
    client->hint_address = g_strndup((const char *)reply.open.hint_address.data,
            reply.open.hint_address.size);
}

static void client_deinit(struct client *client)
{
    nng_msg_free(client->last);
    nng_close(client->socket);
    arena_deinit(&client->arena);
    g_free(client->hint_address);
}

/* --- Requests ------------------------------------------------------------- */

/* Its output is what the child says; read to Closed, as much as comes. */
static uint64_t read_all(struct client *client, const char *id)
{
    struct request read = { .method = METHOD_READ,
        .read = { .process_id = text_bytes(id), .wait_ms = PATIENCE_MS } };
    uint64_t bytes = 0;
    bool closed = false;

    while (!closed) {
        struct reply reply = call(client, &read);
        const struct batch *batch = &reply.read.batch;

        for (size_t i = 0; i < batch->count; i++) {
            const struct remex_event *event = &batch->events[i].event;

            g_assert_cmpuint(event->seq, ==, read.read.after_seq + 1);
            read.read.after_seq = event->seq;
            if (event->kind == REMEX_EVENT_OUTPUT)
                bytes += event->output.data.size;
        }
        closed = reply.read.closed;
    }
    return bytes;
}

static void start(struct client *client, const char *id,
        const struct remex_bytes *argv, size_t count)
{
    struct request request = raw_start_request(id, argv, count);

    (void)call(client, &request);
}

/* More of it than any buffer on the way holds. */
static void check_output(struct client *client)
{
    const struct remex_bytes argv[] = { text_bytes(REMOTE_CHILD("spew")),
        text_bytes("700000") };

    start(client, "spew", argv, G_N_ELEMENTS(argv));
    g_assert_cmpuint(read_all(client, "spew"), ==, 700000);
}

enum { AT_ONCE = 40 };

/* Long polls, all of them on the one connection that NNG makes. */
static void check_many_at_once(struct client *client)
{
    const struct remex_bytes argv[] = { text_bytes("sleep"),
        text_bytes("1000") };
    struct request wait = { .method = METHOD_WAIT,
        .wait = { .until = PROCESS_EXITED,
                .process_id = text_bytes("sleep"),
                .wait_ms = PATIENCE_MS } };
    struct request kill = { .method = METHOD_SIGNAL,
        .signal = { .process_id = text_bytes("sleep"),
                .signal = 9,
                .target = SIGNAL_TREE } };
    nng_ctx contexts[AT_ONCE];
    nng_aio *aio;

    must(nng_aio_alloc(&aio, NULL, NULL));
    start(client, "sleep", argv, G_N_ELEMENTS(argv));
    for (size_t i = 0; i < AT_ONCE; i++) {
        must(nng_ctx_open(&contexts[i], client->socket));
        nng_aio_set_msg(aio, encode(client, wait));
        nng_ctx_send(contexts[i], aio);
        nng_aio_wait(aio);
        must(nng_aio_result(aio));
    }
    (void)call(client, &kill);
    for (size_t i = 0; i < AT_ONCE; i++) {
        nng_ctx_recv(contexts[i], aio);
        nng_aio_wait(aio);
        must(nng_aio_result(aio));
        (void)decode(client, nng_aio_get_msg(aio));
        nng_ctx_close(contexts[i]);
    }
    nng_aio_free(aio);
}

/* --- Hints ---------------------------------------------------------------- */

static uint64_t receive_beat(struct client *client, nng_socket socket)
{
    struct hint hint;
    nng_msg *message;

    must(nng_recvmsg(socket, &message, 0));
    arena_reset(&client->arena);
    g_assert_cmpint(
            wire_decode_hint((struct remex_bytes){ nng_msg_body(message),
                                     nng_msg_len(message) },
                    &client->arena, &hint, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(
            memcmp(&hint.boot_id, &client->ids.boot_id, sizeof(hint.boot_id)),
            ==, 0);
    nng_msg_free(message);
    return hint.beat;
}

static void check_hints(struct client *client)
{
    nng_socket socket;
    uint64_t beat;

    must(nng_sub0_open(&socket));
    must(nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE, "\0\0\0\0\0\0\0\0", 8));
    must(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, PATIENCE_MS));
    must(nng_dial(socket, client->hint_address, NULL, 0));
    beat = receive_beat(client, socket);
    g_assert_cmpuint(receive_beat(client, socket), ==, beat + 1);
    nng_close(socket);
}

/* --- Both transports ------------------------------------------------------ */

static void check(const char *address, const char *token)
{
    struct client client;

    client_init(&client, address, token);
    check_output(&client);
    check_many_at_once(&client);
    check_hints(&client);
    client_deinit(&client);
}

static void it_is_served_by_ipc(void)
{
    struct daemon daemon;

    daemon_start(&daemon);
    check(daemon.address, "");
    daemon_stop(&daemon);
}

static void it_is_served_by_tcp(void)
{
    struct daemon daemon;

    daemon_start_tcp(&daemon, TOKEN);
    check(daemon.address, TOKEN);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/nng", it_is_served_by_ipc);
    SUITE_ADD("/nng", it_is_served_by_tcp);
    return g_test_run();
}
