/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What somebody is told who only listens at the hint endpoint: that something
 * happens, and nothing of what.
 */

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "common/wire.h"
#include "support/place.h"
#include "support/remote.h"
#include "support/samples.h"
#include "support/suite.h"

#define SECRET "secret-"

enum { PATIENCE_MS = 10 * 1000, ARENA_BYTES = 64 * 1024 };

struct listener {
    struct place place;
    struct raw raw; /* of whom hints tell */
    struct sp_peer peer;
    GByteArray *heard; /* all of it */
    unsigned int beats;
    unsigned int news; /* of sessions */
};

static char *copy_text(struct remex_bytes bytes)
{
    return g_strndup(bytes.data, bytes.size);
}

/* Without a subscription, which would be the listener's own business. */
static void listener_init(struct listener *listener, enum place_kind kind)
{
    struct reply reply;
    char *address;

    *listener = (struct listener){ .heard = g_byte_array_new() };
    place_init(&listener->place, kind);
    reply = place_open(&listener->place, &listener->raw);
    address = copy_text(reply.open.hint_address);
    g_assert_true(sp_peer_connect(&listener->peer, address, SP_PEER_SUBSCRIBER,
            &listener->place.proof));
    g_free(address);
}

static void listener_deinit(struct listener *listener)
{
    sp_peer_close(&listener->peer);
    raw_deinit(&listener->raw);
    place_deinit(&listener->place);
    g_byte_array_free(listener->heard, TRUE);
}

/* A topic and a hint; no other byte. */
static void check_hint(struct listener *listener, struct remex_bytes message)
{
    static const uint8_t everybody[MESSAGE_TOPIC_BYTES] = { 0 };
    struct remex_error error;
    struct arena arena;
    struct hint hint;
    struct remex_bytes again;

    arena_init(&arena, ARENA_BYTES);
    g_assert_cmpint(
            wire_decode_hint(message, &arena, &hint, &error), ==, REMEX_OK);
    again = sample_encode_hint(&hint);
    g_assert_cmpuint(again.size, ==, message.size);
    g_assert_cmpint(memcmp(again.data, message.data, message.size), ==, 0);
    if (memcmp(hint.topic, everybody, sizeof(everybody)) == 0)
        listener->beats++;
    else
        listener->news++;
    sample_free(again);
    arena_deinit(&arena);
}

static void hear(struct listener *listener)
{
    GBytes *message = sp_peer_read(&listener->peer, PATIENCE_MS);
    const void *data;
    gsize size;

    g_assert_nonnull(message);
    data = g_bytes_get_data(message, &size);
    check_hint(listener, (struct remex_bytes){ data, size });
    g_byte_array_append(listener->heard, data, (guint)size);
    g_bytes_unref(message);
}

/* By the library, all of it: a name, an id, argv, an environment, a label,
 * stdin and output. */
static void live_secretly(struct listener *listener)
{
    static const char *const env[] = { "SECRET=" SECRET "value", NULL };
    static const struct remex_label label = { SECRET "name", SECRET "label" };
    struct remex_process_options options = remote_with_stdin();
    struct remex_client *client;
    struct remex_process *process;
    struct remex_exit ending;
    size_t written;

    listener->place.options.name = SECRET "client";
    client = place_connect(&listener->place);
    options.id = SECRET "id";
    options.env_mode = REMEX_ENV_EXACT;
    options.env = env;
    options.labels = &label;
    options.label_count = 1;
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "cat; exit 3", SECRET "argument"),
            &options);
    g_assert_cmpint(remex_process_write(process, SECRET "data", 11,
                            REMEX_FOREVER, &written, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    g_assert_cmpint(
            remex_process_wait(process, REMEX_FOREVER, &ending), ==, REMEX_OK);
    remex_process_free(process);
    remex_client_free(client);
}

/* Nobody pulls what it follows, so that there is something to hint. */
static void make_news(struct listener *listener)
{
    const struct remex_bytes argv[] = { text_bytes("/bin/echo"),
        text_bytes(SECRET "output") };
    struct request start =
            raw_start_request(SECRET "news", argv, G_N_ELEMENTS(argv));
    struct follow_spec follow = { .process_id = text_bytes(SECRET "news"),
        .follow_id = 1,
        .until_position = 4096 };
    struct reply reply;

    start.start.follow = &follow;
    reply = raw_call(&listener->raw, &start);
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
}

static void check_unheard(
        const struct listener *listener, const void *what, size_t size)
{
    g_assert_null(
            memmem(listener->heard->data, listener->heard->len, what, size));
}

static void listen_at(enum place_kind kind)
{
    struct listener listener;
    unsigned int beats;

    listener_init(&listener, kind);
    live_secretly(&listener);
    make_news(&listener);
    while (listener.news == 0)
        hear(&listener);
    for (beats = listener.beats; listener.beats == beats;)
        hear(&listener);
    check_unheard(&listener, SECRET, strlen(SECRET));
    check_unheard(&listener, &listener.raw.session_id,
            sizeof(listener.raw.session_id));
    listener_deinit(&listener);
}

static void a_listener_by_ipc_hears_no_secret(void)
{
    listen_at(PLACE_IPC);
}

static void a_listener_by_tcp_hears_no_secret(void)
{
    listen_at(PLACE_TCP);
}

static void a_listener_by_tls_hears_no_secret(void)
{
    listen_at(PLACE_TLS);
}

/* Over TLS there is no listening without a certificate at all. */
static void who_proves_nothing_does_not_even_listen(void)
{
    struct listener listener;
    struct sp_peer_proof none;
    struct sp_peer peer;
    struct reply reply;
    char *address;

    listener_init(&listener, PLACE_TLS);
    reply = raw_open(&listener.raw);
    address = copy_text(reply.open.hint_address);
    none = (struct sp_peer_proof){ .pki = listener.place.pki };
    g_assert_false(sp_peer_connect(&peer, address, SP_PEER_SUBSCRIBER, &none));
    hear(&listener);
    g_free(address);
    listener_deinit(&listener);
}

/* Nor has a subscriber anything to say: whoever does goes. */
static void a_listener_who_talks_is_shown_out(void)
{
    struct listener listener;
    GBytes *frame;
    GBytes *heard;
    gsize size;
    const void *data;

    listener_init(&listener, PLACE_TLS);
    frame = sp_peer_frame(&listener.peer, "hello", 5);
    data = g_bytes_get_data(frame, &size);
    g_assert_true(sp_peer_write(&listener.peer, data, size));
    while ((heard = sp_peer_read(&listener.peer, PATIENCE_MS)))
        g_bytes_unref(heard);
    g_bytes_unref(frame);
    make_news(&listener);
    listener_deinit(&listener);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/hints", a_listener_by_ipc_hears_no_secret);
    SUITE_ADD("/hints", a_listener_by_tcp_hears_no_secret);
    SUITE_ADD("/hints", a_listener_by_tls_hears_no_secret);
    SUITE_ADD("/hints", who_proves_nothing_does_not_even_listen);
    SUITE_ADD("/hints", a_listener_who_talks_is_shown_out);
    return g_test_run();
}
