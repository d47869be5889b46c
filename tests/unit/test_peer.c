/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/peer.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "common/clock.h"
#include "support/suite.h"

/* A peer, and the stranger's end of its connection in the test's hands. */
struct bench {
    struct loop *loop;
    struct loop_task stop;
    struct loop_timer later;
    struct peer_kind kind;
    struct peer *peer; /* NULL: it has ended */
    int stranger;
    GString *heard; /* each request, and a semicolon */
    bool served;
    bool holds; /* requests stay under way */
    size_t waiting;
};

static void on_serving(void *user, struct peer *peer)
{
    struct bench *bench = user;

    g_assert_true(peer == bench->peer);
    bench->served = true;
}

static void on_request(
        void *user, struct peer *peer, uint8_t *message, size_t size)
{
    struct bench *bench = user;

    g_string_append_len(bench->heard, (const char *)message, (gssize)size);
    g_string_append_c(bench->heard, ';');
    free(message);
    if (bench->holds)
        peer->held++;
}

static void on_ended(void *user, struct peer *peer)
{
    struct bench *bench = user;

    bench->peer = NULL;
    peer_free(peer);
}

static void on_stop(struct loop_task *task)
{
    loop_stop(CONTAINER_OF(task, struct bench, stop)->loop);
}

static void bench_init(struct bench *bench)
{
    int fds[2];

    *bench = (struct bench){ .stop = { .run = on_stop } };
    bench->heard = g_string_new(NULL);
    g_assert_cmpint(loop_new(&bench->loop), ==, REMEX_OK);
    g_assert_cmpint(socketpair(AF_UNIX,
                            SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
            ==, 0);
    bench->stranger = fds[1];
    bench->kind = (struct peer_kind){
        .loop = bench->loop,
        .stream = &stream_plain,
        .framing = SP_IPC,
        .protocol = SP_REP,
        .max_message = 1000000,
        .waiting = &bench->waiting,
        .user = bench,
        .serving = on_serving,
        .request = on_request,
        .ended = on_ended,
    };
    bench->peer = peer_new(&bench->kind, fds[0]);
    g_assert_nonnull(bench->peer);
}

static void bench_deinit(struct bench *bench)
{
    if (bench->peer)
        peer_free(bench->peer);
    g_assert_cmpuint(bench->waiting, ==, 0);
    loop_free(bench->loop);
    if (bench->stranger >= 0)
        close(bench->stranger);
    g_string_free(bench->heard, TRUE);
}

static void turn(struct bench *bench)
{
    loop_defer(bench->loop, &bench->stop);
    loop_run(bench->loop);
}

static void turns(struct bench *bench)
{
    for (int i = 0; i < 10; i++)
        turn(bench);
}

static void say(struct bench *bench, const void *data, size_t size)
{
    g_assert_cmpint(send(bench->stranger, data, size, 0), ==, (ssize_t)size);
}

static void greet(struct bench *bench)
{
    uint8_t hello[SP_HELLO_BYTES];

    sp_put_hello(hello, SP_REQ);
    say(bench, hello, sizeof(hello));
    turns(bench);
    g_assert_true(bench->served);
}

static void add_request(GString *bytes, const char *text)
{
    uint8_t head[SP_MAX_HEAD_BYTES];
    size_t size = sp_put_head(head, SP_IPC, strlen(text));

    g_string_append_len(bytes, (const char *)head, (gssize)size);
    g_string_append(bytes, text);
}

/* So many requests at once: "0000", "0001", ... */
static void say_requests(struct bench *bench, unsigned int count)
{
    GString *bytes = g_string_new(NULL);

    for (unsigned int i = 0; i < count; i++) {
        char *text = g_strdup_printf("%04u", i);

        add_request(bytes, text);
        g_free(text);
    }
    say(bench, bytes->str, bytes->len);
    g_string_free(bytes, TRUE);
}

/* That so many of them came, in order. */
static void check_heard(const struct bench *bench, unsigned int count)
{
    GString *expected = g_string_new(NULL);

    for (unsigned int i = 0; i < count; i++)
        g_string_append_printf(expected, "%04u;", i);
    g_assert_cmpstr(bench->heard->str, ==, expected->str);
    g_string_free(expected, TRUE);
}

static size_t hear_all(struct bench *bench)
{
    static char bytes[64 * 1024];
    size_t size = 0;
    ssize_t got;

    while ((got = recv(bench->stranger, bytes, sizeof(bytes), 0)) > 0)
        size += (size_t)got;
    return size;
}

static void on_later(struct loop_timer *timer)
{
    loop_stop(CONTAINER_OF(timer, struct bench, later)->loop);
}

/* Until what is due within `ms` has been done. */
static void pass(struct bench *bench, int64_t ms)
{
    int64_t at = clock_after(clock_monotonic_ns(), ms * 1000 * 1000);

    bench->later.due = on_later;
    g_assert_cmpint(
            loop_timer_set(bench->loop, &bench->later, at), ==, REMEX_OK);
    loop_run(bench->loop);
}

/* --- In ------------------------------------------------------------------ */

static void it_greets_first(void)
{
    uint8_t expected[SP_HELLO_BYTES];
    uint8_t hello[SP_HELLO_BYTES];
    struct bench bench;

    bench_init(&bench);
    sp_put_hello(expected, SP_REP);
    g_assert_cmpint(
            recv(bench.stranger, hello, sizeof(hello), 0), ==, SP_HELLO_BYTES);
    g_assert_cmpint(memcmp(hello, expected, sizeof(hello)), ==, 0);
    greet(&bench);
    bench_deinit(&bench);
}

static void requests_are_whole_wherever_they_are_cut(void)
{
    GString *bytes = g_string_new(NULL);

    add_request(bytes, "first");
    add_request(bytes, "second");
    for (size_t cut = 1; cut < bytes->len; cut++) {
        struct bench bench;

        bench_init(&bench);
        greet(&bench);
        say(&bench, bytes->str, cut);
        turns(&bench);
        say(&bench, bytes->str + cut, bytes->len - cut);
        turns(&bench);
        g_assert_cmpstr(bench.heard->str, ==, "first;second;");
        bench_deinit(&bench);
    }
    g_string_free(bytes, TRUE);
}

static void a_large_request_is_gathered(void)
{
    char *text = g_strnfill(100000, 'x');
    GString *bytes = g_string_new(NULL);
    struct bench bench;

    bench_init(&bench);
    greet(&bench);
    add_request(bytes, text);
    add_request(bytes, "small");
    say(&bench, bytes->str, bytes->len);
    turns(&bench);
    g_assert_cmpuint(bench.heard->len, ==, 100000 + 1 + 6);
    g_assert_true(g_str_has_suffix(bench.heard->str, "x;small;"));
    bench_deinit(&bench);
    g_string_free(bytes, TRUE);
    g_free(text);
}

static void while_the_executor_is_behind_nothing_is_taken_in(void)
{
    struct bench bench;

    bench_init(&bench);
    greet(&bench);
    bench.kind.paused = true;
    say_requests(&bench, 3);
    turns(&bench);
    g_assert_cmpstr(bench.heard->str, ==, "");
    bench.kind.paused = false;
    peer_resume(bench.peer);
    check_heard(&bench, 3);
    bench_deinit(&bench);
}

/* They come in one read, so that some of them have to be kept. */
static void more_requests_than_may_be_under_way_wait(void)
{
    enum { AT_ONCE = 1000 };
    struct bench bench;

    bench_init(&bench);
    bench.holds = true;
    greet(&bench);
    bench.peer->held = PEER_MAX_HELD - 2;
    say_requests(&bench, AT_ONCE);
    turns(&bench);
    g_assert_cmpuint(bench.peer->held, ==, PEER_MAX_HELD);
    check_heard(&bench, 2);
    for (unsigned int i = 0; i < AT_ONCE; i++) {
        g_assert_cmpuint(bench.peer->held, <=, PEER_MAX_HELD);
        peer_released(bench.peer);
        turn(&bench);
    }
    check_heard(&bench, AT_ONCE);
    g_assert_null(bench.peer->unread);
    bench_deinit(&bench);
}

/* --- Out ----------------------------------------------------------------- */

static void reply_with(struct bench *bench, const char *reply, size_t size)
{
    struct part parts[] = { { .size = 0 }, { "way.", 4, NULL },
        { reply, size, NULL } };

    peer_send(bench->peer, parts, G_N_ELEMENTS(parts));
}

static void what_does_not_go_out_waits_and_goes_out_later(void)
{
    char *reply = g_strnfill(PEER_FULL_BYTES, 'y');
    size_t size = SP_HELLO_BYTES;
    struct bench bench;

    bench_init(&bench);
    greet(&bench);
    for (int i = 0; i < 3; i++) {
        reply_with(&bench, reply, PEER_FULL_BYTES);
        size += SP_MAX_HEAD_BYTES + 4 + PEER_FULL_BYTES;
    }
    g_assert_cmpuint(bench.waiting, ==, bench.peer->outbox.bytes);
    g_assert_cmpuint(bench.waiting, >=, 2 * PEER_FULL_BYTES);
    for (int i = 0; i < 1000 && size > 0; i++) {
        size -= hear_all(&bench);
        turn(&bench);
    }
    g_assert_cmpuint(size, ==, 0);
    g_assert_cmpuint(bench.waiting, ==, 0);
    bench_deinit(&bench);
    g_free(reply);
}

static void who_reads_no_replies_is_not_read_from(void)
{
    char *reply = g_strnfill(2 * PEER_FULL_BYTES, 'y');
    struct bench bench;

    bench_init(&bench);
    greet(&bench);
    reply_with(&bench, reply, 2 * PEER_FULL_BYTES);
    say_requests(&bench, 1);
    turns(&bench);
    g_assert_cmpstr(bench.heard->str, ==, "");
    for (int i = 0; i < 1000 && bench.heard->len == 0; i++) {
        hear_all(&bench);
        turn(&bench);
    }
    check_heard(&bench, 1);
    bench_deinit(&bench);
    g_free(reply);
}

/* --- The end ------------------------------------------------------------- */

static void its_end_is_noticed_even_if_it_is_not_read_from(void)
{
    struct bench bench;

    bench_init(&bench);
    greet(&bench);
    bench.kind.paused = true;
    say_requests(&bench, 1);
    turns(&bench);
    g_assert_nonnull(bench.peer);
    hear_all(&bench); /* or it would be an error as well */
    close(bench.stranger);
    bench.stranger = -1;
    turns(&bench);
    g_assert_null(bench.peer);
    bench_deinit(&bench);
}

static void who_is_thrown_out_holds_no_memory_any_more(void)
{
    char *reply = g_strnfill(2 * PEER_FULL_BYTES, 'y');
    struct bench bench;

    bench_init(&bench);
    greet(&bench);
    reply_with(&bench, reply, 2 * PEER_FULL_BYTES);
    g_assert_cmpuint(bench.waiting, >, 0);
    peer_throw_out(bench.peer);
    g_assert_cmpuint(bench.waiting, ==, 0);
    turns(&bench);
    g_assert_null(bench.peer);
    bench_deinit(&bench);
    g_free(reply);
}

/* Only who has not yet shown what he is has to make haste. */
static void who_is_silent_stays_if_he_has_greeted(void)
{
    struct bench silent;
    struct bench served;

    bench_init(&silent);
    bench_init(&served);
    greet(&served);
    pass(&silent, PEER_PATIENCE_MS + 1);
    g_assert_null(silent.peer);
    pass(&served, 1);
    g_assert_nonnull(served.peer);
    say_requests(&served, 1);
    turns(&served);
    check_heard(&served, 1);
    bench_deinit(&served);
    bench_deinit(&silent);
}

static void check_thrown_out(const void *data, size_t size)
{
    struct bench bench;

    bench_init(&bench);
    say(&bench, data, size);
    turns(&bench);
    g_assert_null(bench.peer);
    bench_deinit(&bench);
}

static void what_is_not_sp_is_thrown_out(void)
{
    static const uint8_t subscriber[] = "\0SP\0\0\x21\0";
    static const uint8_t no_kind[] = "\0SP\0\0\x30\0\0\x02\0\0\0\0\0\0\0\1";
    static const uint8_t huge[] = "\0SP\0\0\x30\0\0\x01\0\0\1\0\0\0\0\0";

    check_thrown_out("GET / HTTP/1.1\r\n\r\n", 18);
    check_thrown_out(subscriber, sizeof(subscriber));
    check_thrown_out(no_kind, sizeof(no_kind) - 1);
    check_thrown_out(huge, sizeof(huge) - 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/peer", it_greets_first);
    SUITE_ADD("/peer", requests_are_whole_wherever_they_are_cut);
    SUITE_ADD("/peer", a_large_request_is_gathered);
    SUITE_ADD("/peer", while_the_executor_is_behind_nothing_is_taken_in);
    SUITE_ADD("/peer", more_requests_than_may_be_under_way_wait);
    SUITE_ADD("/peer", what_does_not_go_out_waits_and_goes_out_later);
    SUITE_ADD("/peer", who_reads_no_replies_is_not_read_from);
    SUITE_ADD("/peer", its_end_is_noticed_even_if_it_is_not_read_from);
    SUITE_ADD("/peer", who_is_thrown_out_holds_no_memory_any_more);
    SUITE_ADD("/peer", who_is_silent_stays_if_he_has_greeted);
    SUITE_ADD("/peer", what_is_not_sp_is_thrown_out);
    return g_test_run();
}
