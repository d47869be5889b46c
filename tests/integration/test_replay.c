/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whoever has recorded the bytes of a conversation and sends them again does
 * nothing by it: no program is started a second time, no byte of stdin taken,
 * no signal sent.
 */

#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include <glib.h>

#include <remex/run.h>

#include "common/text.h"
#include "support/ledger.h"
#include "support/place.h"
#include "support/proxy.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"
#include "support/transcript.h"

enum { PATIENCE_MS = 10 * 1000, GREETING_BYTES = 8, ANSWER_MS = 100 };

/* What is done to the ledger, and to one that a Run starts. */
#define STORY "SabcUdefR"

struct scene {
    struct place place;
    char *ledger;
};

static void scene_init(struct scene *scene, enum place_kind kind)
{
    scene->ledger = ledger_new();
    place_init(&scene->place, kind);
}

static void scene_deinit(struct scene *scene)
{
    place_deinit(&scene->place);
    ledger_free(scene->ledger);
}

/* --- Sending it again ----------------------------------------------------- */

/* Each message by a connection of its own. Some may wait long for an answer:
 * they are left. */
static void send_again(const struct scene *scene, GBytes *frame)
{
    const struct place *place = &scene->place;
    struct sp_peer peer;
    gsize size;
    const void *data = g_bytes_get_data(frame, &size);
    GBytes *answer;

    g_assert_true(sp_peer_connect(
            &peer, place->daemon.address, SP_PEER_REQUESTER, &place->proof));
    g_assert_true(sp_peer_write(&peer, data, size));
    answer = sp_peer_read(&peer, ANSWER_MS);
    if (answer)
        g_bytes_unref(answer);
    sp_peer_close(&peer);
}

/* In the same order, and backwards. */
static void send_all_again(const struct scene *scene, const GPtrArray *frames)
{
    g_assert_cmpuint(frames->len, >, 0);
    for (guint i = 0; i < frames->len; i++)
        send_again(scene, g_ptr_array_index(frames, i));
    for (guint i = frames->len; i > 0; i--)
        send_again(scene, g_ptr_array_index(frames, i - 1));
}

/* All at once by one connection, greeting included, as they were. */
static void pour_again(const struct scene *scene, GBytes *stream)
{
    struct sp_peer peer;
    gsize size;
    const void *data = g_bytes_get_data(stream, &size);
    GBytes *answer;

    if (!sp_peer_connect_silently(
                &peer, scene->place.daemon.address, &scene->place.proof))
        return;
    if (sp_peer_write(&peer, data, size)) {
        char greeting[GREETING_BYTES];

        g_assert_cmpint(recv(peer.fd, greeting, sizeof(greeting), MSG_WAITALL),
                ==, sizeof(greeting));
        while ((answer = sp_peer_read(&peer, ANSWER_MS)))
            g_bytes_unref(answer);
    }
    sp_peer_close(&peer);
}

/* The messages of a connection's bytes. */
static void split(GBytes *stream, bool ipc, GPtrArray *out)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(stream, &size);
    const size_t lead = (ipc ? 1 : 0) + sizeof(guint64);
    size_t at = GREETING_BYTES;

    while (at + lead <= size) {
        guint64 length;

        memcpy(&length, data + at + lead - sizeof(length), sizeof(length));
        length = lead + GUINT64_FROM_BE(length);
        if (length > size - at)
            return;
        g_ptr_array_add(out, g_bytes_new(data + at, length));
        at += length;
    }
}

/* --- What the library says ------------------------------------------------ */

static void signal_it(struct remex_process *process, int number)
{
    struct remex_error error;

    g_assert_cmpint(remex_process_signal(
                            process, number, REMEX_SIGNAL_LEADER, NULL, &error),
            ==, REMEX_OK);
}

static void write_it(struct remex_process *process, const char *text)
{
    size_t written;

    g_assert_cmpint(remex_process_write(process, text, strlen(text),
                            REMEX_FOREVER, &written, NULL),
            ==, REMEX_OK);
}

static void run_it(struct remex_client *client, const struct scene *scene)
{
    struct remex_run_result *result;
    struct remex_error error;

    if (remex_client_run(client,
                REMOTE_ARGV(
                        "/bin/sh", "-c", "printf R >>\"$0\"", scene->ledger),
                NULL, NULL, 0, 0, PATIENCE_MS, &result, &error) != REMEX_OK)
        g_error("run: %s", error.text);
    remex_run_result_free(result);
}

static struct remex_process *live(
        struct remex_client *client, const struct scene *scene)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process = remote_start(client,
            REMOTE_ARGV(REMOTE_CHILD("ledger"), scene->ledger), &options);

    write_it(process, "abc");
    ledger_wait(scene->ledger, "Sabc");
    signal_it(process, SIGUSR1);
    ledger_wait(scene->ledger, "SabcU");
    write_it(process, "def");
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    ledger_wait(scene->ledger, "SabcUdef");
    run_it(client, scene);
    ledger_wait(scene->ledger, STORY);
    return process;
}

static GPtrArray *frames_of(GPtrArray *streams, enum place_kind kind)
{
    GPtrArray *frames =
            g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);

    for (guint i = 0; i < streams->len; i++)
        split(g_ptr_array_index(streams, i), kind == PLACE_IPC, frames);
    return frames;
}

/* It has heard all there was, once, and ends as told. */
static void check_unharmed(struct remex_process *process)
{
    struct transcript story;

    transcript_init(&story);
    signal_it(process, SIGKILL);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "abcdef");
    g_assert_cmpint(story.ending.kind, ==, REMEX_EVENT_CLOSED);
    transcript_deinit(&story);
}

static void replay(enum place_kind kind)
{
    struct remex_client *client;
    struct remex_process *process;
    GPtrArray *streams;
    GPtrArray *frames;
    struct proxy *proxy;
    struct scene scene;
    char *address;

    scene_init(&scene, kind);
    proxy = proxy_new(scene.place.daemon.address, 5);
    proxy_record(proxy);
    address = scene.place.daemon.address;
    scene.place.daemon.address = (char *)(uintptr_t)proxy_address(proxy);
    client = place_connect(&scene.place);
    scene.place.daemon.address = address;
    process = live(client, &scene);
    streams = proxy_recorded(proxy);
    frames = frames_of(streams, kind);
    send_all_again(&scene, frames);
    /* Whatever was sent to it before comes before. */
    signal_it(process, SIGUSR2);
    ledger_wait(scene.ledger, STORY "E");
    check_unharmed(process);
    remex_process_free(process);
    remex_client_free(client);
    g_ptr_array_unref(frames);
    g_ptr_array_unref(streams);
    /* The session's end included. */
    streams = proxy_recorded(proxy);
    frames = frames_of(streams, kind);
    send_all_again(&scene, frames);
    for (guint i = 0; i < streams->len; i++)
        pour_again(&scene, g_ptr_array_index(streams, i));
    ledger_wait(scene.ledger, STORY "E");
    g_ptr_array_unref(frames);
    g_ptr_array_unref(streams);
    proxy_free(proxy);
    scene_deinit(&scene);
}

static void recorded_bytes_of_ipc_do_nothing(void)
{
    replay(PLACE_IPC);
}

static void recorded_bytes_of_tcp_do_nothing(void)
{
    replay(PLACE_TCP);
}

/* --- What is said within TLS ---------------------------------------------- */

static void ask(struct raw *raw, struct request *request)
{
    struct reply reply = raw_call(raw, request);

    if (reply.error.status != REMEX_OK)
        g_error("%s: %s", message_method_name(request->method),
                reply.error.text);
}

static void write_raw(
        struct raw *raw, uint64_t offset, const char *text, bool eof)
{
    struct request request = { .method = METHOD_WRITE,
        .write = { .process_id = text_bytes("ledger"),
                .offset = offset,
                .eof = eof },
        .payload = text_bytes(text) };

    ask(raw, &request);
}

static void signal_raw(struct raw *raw, uint32_t number, uint64_t serial)
{
    struct request request = { .method = METHOD_SIGNAL,
        .signal = { text_bytes("ledger"), number, SIGNAL_LEADER, serial } };

    ask(raw, &request);
}

static void live_raw(struct raw *raw, const struct scene *scene)
{
    const struct remex_bytes argv[] = { text_bytes(REMOTE_CHILD("ledger")),
        text_bytes(scene->ledger) };
    const struct remex_bytes script[] = { text_bytes("/bin/sh"),
        text_bytes("-c"), text_bytes("printf R >>\"$0\""), argv[1] };
    struct request start = raw_start_request("ledger", argv, 2);
    struct request other = raw_start_request("run", script, 4);
    struct request run = { .method = METHOD_RUN,
        .deadline_ms = PATIENCE_MS,
        .run.process = other.start.process };

    start.start.process.stdin_kind = STDIN_PIPE;
    ask(raw, &start);
    write_raw(raw, 0, "abc", false);
    ledger_wait(scene->ledger, "Sabc");
    signal_raw(raw, SIGUSR1, 1);
    ledger_wait(scene->ledger, "SabcU");
    write_raw(raw, 3, "def", true);
    ledger_wait(scene->ledger, "SabcUdef");
    ask(raw, &run);
    ledger_wait(scene->ledger, STORY);
}

/* By whoever has alice's certificate, as somebody at her own end may, and by
 * another who is let in. */
static void recorded_messages_of_tls_do_nothing(void)
{
    struct request close = { .method = METHOD_CLOSE };
    struct scene scene;
    struct raw raw;

    scene_init(&scene, PLACE_TLS);
    secret_add(scene.place.pki, "client", "eve");
    place_open(&scene.place, &raw);
    live_raw(&raw, &scene);
    send_all_again(&scene, raw.sent);
    scene.place.proof.name = "eve";
    send_all_again(&scene, raw.sent);
    signal_raw(&raw, SIGUSR2, 2);
    ledger_wait(scene.ledger, STORY "E");
    ask(&raw, &close);
    send_all_again(&scene, raw.sent);
    scene.place.proof.name = "alice";
    send_all_again(&scene, raw.sent);
    ledger_wait(scene.ledger, STORY "E");
    raw_deinit(&raw);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/replay", recorded_bytes_of_ipc_do_nothing);
    SUITE_ADD("/replay", recorded_bytes_of_tcp_do_nothing);
    SUITE_ADD("/replay", recorded_messages_of_tls_do_nothing);
    return g_test_run();
}
