/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Many requests on one connection, none of which has to wait for another: an
 * exec server that this one learnt from served them one at a time, and wedged
 * for good when a few hundred had been sent.
 */

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "support/daemon.h"
#include "support/raw.h"
#include "support/remote.h"
#include "support/suite.h"

enum { STARTS = 1000, WAIT_MS = 15000, PIECE_BYTES = 65536 };

/* Long before anything that waits is answered for lack of time. */
#define AT_ONCE (5 * (gint64)G_USEC_PER_SEC)

static struct request start_request(const char *id, const char *argv[])
{
    static struct remex_bytes words[4];
    size_t count = 0;

    for (; argv[count]; count++)
        words[count] = text_bytes(argv[count]);
    return raw_start_request(id, words, count);
}

static void start(
        struct raw *raw, const char *id, const char *argv[], bool has_stdin)
{
    struct request request = start_request(id, argv);

    if (has_stdin)
        request.start.process.stdin_kind = STDIN_PIPE;
    g_assert_cmpint(raw_call(raw, &request).error.status, ==, REMEX_OK);
}

static struct request terminate_request(const char *id)
{
    return (struct request){ .method = METHOD_TERMINATE,
        .terminate.process_id = text_bytes(id) };
}

/* It answers as ever. */
static void check_serves(struct raw *raw)
{
    struct request renew = { .method = METHOD_RENEW };

    g_assert_cmpint(raw_call(raw, &renew).error.status, ==, REMEX_OK);
}

static void expect(struct raw *raw, uint32_t number, enum method method)
{
    uint32_t answered;
    struct reply reply = raw_receive(raw, &answered);

    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    g_assert_cmpint(reply.method, ==, method);
    g_assert_cmpuint(answered, ==, number);
}

/* All are sent before the first answer is read. */
static void a_thousand_starts_in_a_row_are_all_answered(void)
{
    const char *argv[] = { REMOTE_CHILD("exit0"), NULL };
    bool seen[STARTS + 2] = { false };
    uint32_t first = 0;
    struct daemon daemon;
    struct raw raw;

    daemon_start_with(&daemon, NULL, REMOTE_ARGV("--limit", "processes=1000"));
    raw_init(&raw, daemon.address);
    raw_open(&raw);
    for (int i = 0; i < STARTS; i++) {
        char *id = g_strdup_printf("p%d", i);
        struct request request = start_request(id, argv);
        uint32_t number = raw_send(&raw, &request);

        first = i == 0 ? number : first;
        g_free(id);
    }
    for (int i = 0; i < STARTS; i++) {
        uint32_t number;
        struct reply reply = raw_receive(&raw, &number);

        g_assert_cmpint(reply.error.status, ==, REMEX_OK);
        g_assert_cmpint(reply.method, ==, METHOD_START);
        g_assert_cmpuint(number - first, <, STARTS);
        g_assert_false(seen[number - first]);
        seen[number - first] = true;
    }
    check_serves(&raw);
    raw_deinit(&raw);
    daemon_stop(&daemon);
}

/* A front bounds what is under way of each connection, at 8,192: what has been
 * answered is not any more. */
static void a_connection_may_be_used_as_often_as_one_likes(void)
{
    enum { REQUESTS = 10000, AT_A_TIME = 100 };
    struct request renew = { .method = METHOD_RENEW };
    struct daemon daemon;
    struct raw raw;

    daemon_start(&daemon);
    raw_init(&raw, daemon.address);
    raw_open(&raw);
    for (int i = 0; i < REQUESTS; i += AT_A_TIME) {
        uint32_t first = raw_send(&raw, &renew);

        for (int j = 1; j < AT_A_TIME; j++)
            raw_send(&raw, &renew);
        for (uint32_t j = 0; j < AT_A_TIME; j++)
            expect(&raw, first + j, METHOD_RENEW);
    }
    raw_deinit(&raw);
    daemon_stop(&daemon);
}

static void a_long_poll_delays_nothing(void)
{
    const char *argv[] = { "sleep", "1000", NULL };
    struct request read = { .method = METHOD_READ,
        .read = { .process_id = text_bytes("p"), .wait_ms = WAIT_MS } };
    struct request inspect = { .method = METHOD_INSPECT,
        .inspect.process_id = text_bytes("p") };
    struct request terminate = terminate_request("p");
    struct daemon daemon;
    struct raw raw;
    uint32_t polled;
    gint64 before;

    daemon_start(&daemon);
    raw_init(&raw, daemon.address);
    raw_open(&raw);
    start(&raw, "p", argv, false);
    before = g_get_monotonic_time();
    polled = raw_send(&raw, &read);
    expect(&raw, raw_send(&raw, &inspect), METHOD_INSPECT);
    expect(&raw, raw_send(&raw, &terminate), METHOD_TERMINATE);
    expect(&raw, polled, METHOD_READ);
    g_assert_cmpint(g_get_monotonic_time() - before, <, AT_ONCE);
    raw_deinit(&raw);
    daemon_stop(&daemon);
}

/* The executor holds its bound of it, the child's pipe its own; then a write
 * waits, for as long as it was told to. */
static void a_full_stdin_delays_nothing(void)
{
    static const uint8_t piece[PIECE_BYTES];
    const char *argv[] = { "sleep", "1000", NULL };
    struct request terminate = terminate_request("p");
    struct request write = { .method = METHOD_WRITE,
        .write.process_id = text_bytes("p"),
        .payload = { piece, PIECE_BYTES } };
    struct reply reply;
    struct daemon daemon;
    struct raw raw;
    uint32_t waiting;
    gint64 before;

    daemon_start(&daemon);
    raw_init(&raw, daemon.address);
    raw_open(&raw);
    start(&raw, "p", argv, true);
    do {
        reply = raw_call(&raw, &write);
        g_assert_cmpint(reply.error.status, ==, REMEX_OK);
        write.write.offset = reply.write.next_offset;
    } while (reply.write.room > 0);
    g_assert_cmpuint(write.write.offset, <, 4 * 1024 * 1024);
    before = g_get_monotonic_time();
    write.write.wait_ms = WAIT_MS;
    waiting = raw_send(&raw, &write);
    expect(&raw, raw_send(&raw, &terminate), METHOD_TERMINATE);
    expect(&raw, waiting, METHOD_WRITE);
    g_assert_cmpint(g_get_monotonic_time() - before, <, AT_ONCE);
    raw_deinit(&raw);
    daemon_stop(&daemon);
}

/* One that lets its answers pile up harms neither its session's other
 * connections nor anybody else. */
static void who_reads_no_answers_delays_nobody_else(void)
{
    const char *argv[] = { REMOTE_CHILD("spew"), "50000000", NULL };
    struct follow_spec follow = { .process_id = text_bytes("p"),
        .follow_id = 1,
        .until_position = (uint64_t)16 * 1024 * 1024 };
    struct request pull = { .method = METHOD_PULL,
        .pull = { .wait_ms = WAIT_MS, .max_bytes = 192 * 1024 } };
    struct request request = start_request("p", argv);
    struct daemon daemon;
    struct raw deaf;
    struct raw other;
    gint64 before;

    daemon_start(&daemon);
    raw_init(&deaf, daemon.address);
    raw_open(&deaf);
    request.start.follow = &follow;
    g_assert_cmpint(raw_call(&deaf, &request).error.status, ==, REMEX_OK);
    for (int i = 0; i < 60; i++)
        raw_send(&deaf, &pull);
    raw_init(&other, daemon.address);
    other.session_id = deaf.session_id;
    other.boot_id = deaf.boot_id;
    other.attachment = deaf.attachment;
    before = g_get_monotonic_time();
    start(&other, "q", argv, false);
    request = terminate_request("p");
    g_assert_cmpint(raw_call(&other, &request).error.status, ==, REMEX_OK);
    g_assert_cmpint(g_get_monotonic_time() - before, <, AT_ONCE);
    raw_deinit(&other);
    raw_deinit(&deaf);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/one_connection", a_thousand_starts_in_a_row_are_all_answered);
    SUITE_ADD(
            "/one_connection", a_connection_may_be_used_as_often_as_one_likes);
    SUITE_ADD("/one_connection", a_long_poll_delays_nothing);
    SUITE_ADD("/one_connection", a_full_stdin_delays_nothing);
    SUITE_ADD("/one_connection", who_reads_no_answers_delays_nobody_else);
    return g_test_run();
}
