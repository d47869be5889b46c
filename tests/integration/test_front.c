/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whoever comes to a front, with NNG or without: what he gets, and what he
 * costs others, which is never a client's output and never a child.
 * ctest-timeout: 240
 */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <nng/nng.h>
#include <nng/protocol/pubsub0/sub.h>
#include <nng/protocol/reqrep0/req.h>

#include "common/ids.h"
#include "common/wire.h"
#include "support/command.h"
#include "support/daemon.h"
#include "support/raw.h"
#include "support/remote.h"
#include "support/samples.h"
#include "support/stranger.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define TOKEN "a token that nobody guesses"

enum { OUTPUT_BYTES = 60 * 1000 * 1000, SECOND_MS = 1000 };

/* A remexd, and a client of it that reads more output than fits anywhere. */
struct scene {
    struct daemon daemon;
    pid_t executor;
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;
    uint64_t read; /* how far the client is */
};

static void scene_init(struct scene *scene)
{
    char size[32];

    daemon_start(&scene->daemon);
    scene->executor = daemon_executor(&scene->daemon);
    scene->client = remote_connect_to(scene->daemon.address);
    g_snprintf(size, sizeof(size), "%d", OUTPUT_BYTES);
    scene->process = remote_start(
            scene->client, REMOTE_ARGV(REMOTE_CHILD("spew"), size), NULL);
    transcript_init(&scene->story);
    scene->story.verify = true;
    scene->read = 0;
}

/* The client gets on. */
static void scene_read(struct scene *scene, uint64_t more)
{
    scene->read += more;
    transcript_follow_until(
            &scene->story, scene->process, REMEX_STDOUT, scene->read);
}

/* All came, in order, once; the executor is the same. */
static void scene_deinit(struct scene *scene)
{
    transcript_follow(&scene->story, scene->process);
    transcript_check_exit(&scene->story, 0);
    g_assert_null(strpbrk(scene->story.order->str, "GF"));
    g_assert_cmpuint(scene->story.bytes[0], ==, OUTPUT_BYTES);
    transcript_deinit(&scene->story);
    remex_process_free(scene->process);
    remex_client_free(scene->client);
    g_assert_cmpint(daemon_executor(&scene->daemon), ==, scene->executor);
    daemon_stop(&scene->daemon);
}

/* --- Strangers ------------------------------------------------------------ */

static void a_thousand_connections_closed_at_once_keep_nobody_out(void)
{
    struct scene scene;
    pid_t front;

    scene_init(&scene);
    front = daemon_front(&scene.daemon);
    scene_read(&scene, 1);
    for (int i = 0; i < 1000; i++)
        stranger_say(scene.daemon.address, NULL, 0);
    stranger_wait_served(scene.daemon.address, 5 * SECOND_MS);
    scene_read(&scene, 1000000);
    g_assert_cmpint(daemon_front(&scene.daemon), ==, front);
    scene_deinit(&scene);
}

static void say_junk(const char *address)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";
    static const char greeting[] = "\0SP\0\0\x30\0\0";
    static const char publisher[] = "\0SP\0\0\x20\0\0";
    uint8_t junk[1000];

    for (int i = 0; i < 20; i++) {
        for (size_t j = 0; j < sizeof(junk); j++)
            junk[j] = (uint8_t)g_test_rand_int();
        stranger_say(address, junk, (size_t)g_test_rand_int_range(1, 1000));
        stranger_say(address, http, sizeof(http) - 1);
        stranger_say(address, greeting, 4);
        stranger_say(address, greeting, 8);
        stranger_say(address, publisher, 8);
    }
}

/* Lengths that would make a server without limits take all memory. */
static void announce_too_much(const char *address)
{
    static const unsigned long long sizes[] = { 3, 1ULL << 21, 1ULL << 33,
        1ULL << 63, ~0ULL };
    int fds[G_N_ELEMENTS(sizes)];

    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        fds[i] = stranger_announce(address, sizes[i], 5);
    stranger_wait_served(address, 5 * SECOND_MS);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

static void junk_and_hostile_lengths_by_ipc_cost_nobody_anything(void)
{
    struct scene scene;

    scene_init(&scene);
    scene_read(&scene, 1);
    announce_too_much(scene.daemon.address);
    say_junk(scene.daemon.address);
    stranger_wait_served(scene.daemon.address, 5 * SECOND_MS);
    scene_read(&scene, 1000000);
    scene_deinit(&scene);
}

static void junk_and_hostile_lengths_by_tcp_cost_nobody_anything(void)
{
    struct daemon daemon;
    struct raw raw;

    daemon_start_tcp(&daemon, TOKEN);
    raw_init(&raw, daemon.address);
    raw_open_with(&raw, TOKEN);
    raw_deinit(&raw);
    announce_too_much(daemon.address);
    say_junk(daemon.address);
    stranger_wait_served(daemon.address, 5 * SECOND_MS);
    raw_init(&raw, daemon.address);
    raw_open_with(&raw, TOKEN);
    raw_deinit(&raw);
    daemon_stop(&daemon);
}

/* --- Victims -------------------------------------------------------------- */

enum { IN_FLIGHT = 8, VICTIMS = 200, AT_ONCE = 8 };

static void parse_id(const char *text, struct message_id *out)
{
    g_assert_cmpuint(strlen(text), ==, sizeof(*out) * 2);
    for (size_t i = 0; i < MESSAGE_ID_BYTES; i++)
        out->bytes[i] = (uint8_t)(g_ascii_xdigit_value(text[2 * i]) << 4 |
                g_ascii_xdigit_value(text[2 * i + 1]));
}

/* Asks again and again, on a connection it shares with others. */
struct lane {
    nng_aio *aio;
    struct remex_bytes request;
    nng_ctx context;
    bool sending;
    bool answered; /* once; tells that it was */
};

static void lane_send(struct lane *lane)
{
    nng_msg *message;

    g_assert_cmpint(nng_msg_alloc(&message, 0), ==, 0);
    g_assert_cmpint(
            nng_msg_append(message, lane->request.data, lane->request.size), ==,
            0);
    lane->sending = true;
    nng_aio_set_msg(lane->aio, message);
    nng_ctx_send(lane->context, lane->aio);
}

/* When the link breaks, which is what it is for, it tries again. */
static void lane_done(void *arg)
{
    struct lane *lane = arg;
    bool failed = nng_aio_result(lane->aio) != 0;

    if (lane->sending && !failed) {
        lane->sending = false;
        nng_ctx_recv(lane->context, lane->aio);
        return;
    }
    if (lane->sending || !failed)
        nng_msg_free(nng_aio_get_msg(lane->aio));
    if (!failed && !lane->answered) {
        lane->answered = true;
        g_assert_cmpint(write(STDOUT_FILENO, "busy\n", 5), ==, 5);
    }
    lane_send(lane);
}

/* A client with many requests on one connection, which is what makes an NNG at
 * the other end hang when it dies. This program again, for NNG does not survive
 * a fork. */
G_NORETURN static void be_a_victim(
        const char *address, const char *session_id, const char *boot_id)
{
    struct request renew = {
        .version = MESSAGE_VERSION, .method = METHOD_RENEW, .attachment = 1
    };
    struct lane lanes[IN_FLIGHT] = { 0 };
    nng_socket socket;

    parse_id(session_id, &renew.session_id);
    parse_id(boot_id, &renew.boot_id);
    g_assert_cmpint(nng_req0_open(&socket), ==, 0);
    nng_socket_set_ms(socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 20);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, 50);
    g_assert_cmpint(nng_dial(socket, address, NULL, NNG_FLAG_NONBLOCK), ==, 0);
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        lanes[i].answered = i > 0; /* one is enough to tell */
        lanes[i].request = sample_encode_request(&renew);
        g_assert_cmpint(nng_ctx_open(&lanes[i].context, socket), ==, 0);
        g_assert_cmpint(
                nng_aio_alloc(&lanes[i].aio, lane_done, &lanes[i]), ==, 0);
        lane_send(&lanes[i]);
    }
    for (;;)
        pause();
}

/* When it is busy. Its own NNG may be stuck by then, for what it does is no
 * better for a client. */
static void kill_victim(struct command *victim)
{
    struct pollfd word = { .fd = victim->out, .events = POLLIN };

    poll(&word, 1, 5 * SECOND_MS);
    kill(victim->pid, SIGKILL);
    waitpid(victim->pid, NULL, 0);
    close(victim->in);
    close(victim->out);
    close(victim->err);
}

/* Some at once. */
static void kill_victims(
        const char *address, const char *session_id, const char *boot_id)
{
    char *program = g_file_read_link("/proc/self/exe", NULL);
    const char *argv[] = { program, "--victim", address, session_id, boot_id,
        NULL };
    struct command victims[AT_ONCE];

    for (size_t i = 0; i < AT_ONCE; i++)
        command_start(&victims[i], argv, NULL);
    for (size_t i = 0; i < AT_ONCE; i++)
        kill_victim(&victims[i]);
    g_free(program);
}

static void clients_killed_with_requests_in_flight_harm_nobody_else(void)
{
    char session_id[ID_TEXT_BYTES];
    char boot_id[ID_TEXT_BYTES];
    struct scene scene;
    struct raw raw;

    scene_init(&scene);
    raw_init(&raw, scene.daemon.address);
    raw_open(&raw);
    id_format(&raw.session_id, session_id);
    id_format(&raw.boot_id, boot_id);
    raw_deinit(&raw);
    for (int i = 0; i < VICTIMS; i += AT_ONCE) {
        kill_victims(scene.daemon.address, session_id, boot_id);
        scene_read(&scene, 10000);
    }
    stranger_wait_served(scene.daemon.address, 5 * SECOND_MS);
    scene_deinit(&scene);
}

/* --- Deaths of the front -------------------------------------------------- */

static int replaced_after(struct scene *scene, int signal_number)
{
    pid_t front = daemon_front(&scene->daemon);
    gint64 begin = g_get_monotonic_time();

    kill(front, signal_number);
    g_assert_true(tree_wait_gone(front, 10 * SECOND_MS));
    stranger_wait_served(scene->daemon.address, 5 * SECOND_MS);
    return (int)((g_get_monotonic_time() - begin) / 1000);
}

static void a_killed_front_is_replaced_within_a_second(void)
{
    struct scene scene;

    scene_init(&scene);
    for (int i = 0; i < 5; i++) {
        scene_read(&scene, 1000000);
        g_assert_cmpint(replaced_after(&scene, SIGKILL), <=, SECOND_MS);
    }
    scene_deinit(&scene);
}

static void a_front_that_stands_still_is_replaced_within_four(void)
{
    struct scene scene;

    scene_init(&scene);
    scene_read(&scene, 1000000);
    g_assert_cmpint(replaced_after(&scene, SIGSTOP), <=, 4000);
    scene_deinit(&scene);
}

static void a_new_front_listens_on_the_same_port(void)
{
    struct daemon daemon;
    struct raw raw;

    daemon_start_tcp(&daemon, TOKEN);
    for (int i = 0; i < 3; i++) {
        raw_init(&raw, daemon.address);
        raw_open_with(&raw, TOKEN);
        raw_deinit(&raw);
        daemon_kill_front(&daemon);
        stranger_wait_served(daemon.address, 5 * SECOND_MS);
    }
    daemon_stop(&daemon);
}

/* --- Rivals --------------------------------------------------------------- */

static void check_refused(const char *address)
{
    const char *argv[] = { REMEX_BIN_DIR "/remexd", "--listen", address, NULL };
    struct command_result result;

    command_run(argv, &result);
    g_assert_cmpint(result.status, ==, 1);
    g_assert_nonnull(strstr(result.err_text, "another executor listens"));
    g_assert_nonnull(strstr(result.err_text, address));
    command_result_deinit(&result);
}

static void a_second_executor_on_the_same_path_is_refused(void)
{
    struct scene scene;
    pid_t front;

    scene_init(&scene);
    front = daemon_front(&scene.daemon);
    for (int i = 0; i < 3; i++)
        check_refused(scene.daemon.address);
    scene_read(&scene, 1000000);
    stranger_wait_served(scene.daemon.address, SECOND_MS);
    g_assert_cmpint(daemon_front(&scene.daemon), ==, front);
    scene_deinit(&scene);
}

static void what_a_killed_executor_left_is_no_obstacle(void)
{
    struct daemon daemon;

    daemon_start(&daemon);
    daemon_kill_executor(&daemon);
    daemon_restart(&daemon);
    stranger_wait_served(daemon.address, SECOND_MS);
    daemon_stop(&daemon);
}

/* --- Hints ---------------------------------------------------------------- */

static struct hint receive_hint(nng_socket socket)
{
    struct arena arena;
    struct hint hint;
    nng_msg *message;

    g_assert_cmpint(nng_recvmsg(socket, &message, 0), ==, 0);
    arena_init(&arena, 100000);
    g_assert_cmpint(
            wire_decode_hint((struct remex_bytes){ nng_msg_body(message),
                                     nng_msg_len(message) },
                    &arena, &hint, NULL),
            ==, REMEX_OK);
    arena_deinit(&arena);
    nng_msg_free(message);
    return hint;
}

static nng_socket subscribe(const char *hints)
{
    nng_socket socket;

    g_assert_cmpint(nng_sub0_open(&socket), ==, 0);
    g_assert_cmpint(nng_socket_set(socket, NNG_OPT_SUB_SUBSCRIBE,
                            "\0\0\0\0\0\0\0\0", 8),
            ==, 0);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMINT, 20);
    nng_socket_set_ms(socket, NNG_OPT_RECONNMAXT, 100);
    g_assert_cmpint(nng_dial(socket, hints, NULL, 0), ==, 0);
    return socket;
}

static void check_beats(const char *hints, struct hint *last_out)
{
    nng_socket socket = subscribe(hints);
    struct hint first = receive_hint(socket);
    struct hint second = receive_hint(socket);

    g_assert_cmpuint(second.beat, ==, first.beat + 1);
    g_assert_cmpint(
            memcmp(&first.boot_id, &second.boot_id, sizeof(first.boot_id)), ==,
            0);
    nng_close(socket);
    *last_out = second;
}

static void heartbeats_come_every_second_and_go_on_with_a_new_front(void)
{
    struct daemon daemon;
    nng_socket socket;
    struct hint before;
    char *hints;

    daemon_start(&daemon);
    hints = g_strconcat(daemon.address, ".hints", NULL);
    socket = subscribe(hints);
    check_beats(hints, &before);
    daemon_kill_front(&daemon);
    while (receive_hint(socket).beat <= before.beat)
        continue;
    nng_close(socket);
    g_free(hints);
    daemon_stop(&daemon);
}

/* Those who come there and say nothing, too little or too much. */
static void strangers_at_the_hints_keep_nobody_from_them(void)
{
    struct daemon daemon;
    struct hint beat;
    char *hints;
    pid_t front;

    daemon_start(&daemon);
    front = daemon_front(&daemon);
    hints = g_strconcat(daemon.address, ".hints", NULL);
    for (int i = 0; i < 1000; i++) {
        stranger_say(hints, NULL, 0);
        stranger_say(hints, "\0SP", 3);
        stranger_say(hints, "\0SP\0\0\x21\0\0and more", 16);
    }
    check_beats(hints, &beat);
    stranger_wait_served(daemon.address, 5 * SECOND_MS);
    g_assert_cmpint(daemon_front(&daemon), ==, front);
    g_free(hints);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "--victim") == 0)
        be_a_victim(argv[2], argv[3], argv[4]);
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/front", a_thousand_connections_closed_at_once_keep_nobody_out);
    SUITE_ADD("/front", junk_and_hostile_lengths_by_ipc_cost_nobody_anything);
    SUITE_ADD("/front", junk_and_hostile_lengths_by_tcp_cost_nobody_anything);
    SUITE_ADD(
            "/front", clients_killed_with_requests_in_flight_harm_nobody_else);
    SUITE_ADD("/front", a_killed_front_is_replaced_within_a_second);
    SUITE_ADD("/front", a_front_that_stands_still_is_replaced_within_four);
    SUITE_ADD("/front", a_new_front_listens_on_the_same_port);
    SUITE_ADD("/front", a_second_executor_on_the_same_path_is_refused);
    SUITE_ADD("/front", what_a_killed_executor_left_is_no_obstacle);
    SUITE_ADD(
            "/front", heartbeats_come_every_second_and_go_on_with_a_new_front);
    SUITE_ADD("/front", strangers_at_the_hints_keep_nobody_from_them);
    return g_test_run();
}
