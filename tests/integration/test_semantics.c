/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The promises of a handle, and where each is tested; those below had no other
 * place. Names are of test_<name>.c, u: in tests/unit, else in here.
 *
 * numbers   from 1 without holes, Closed the last     every support/transcript
 *           output after the exit                     streams, u:child
 *           sent in order, and sorted where two
 *           lanes overtake each other                 u:follows, u:engine
 * read      after a cursor, whole events, one at
 *           least; exited and closed as seen from it  semantics
 *           at once if there is news, else waits and
 *           misses nothing                            semantics,
 * u:requests_wait what has left is a Gap                    client_control,
 * delivery safe to repeat, until the retention ends  lost_messages, semantics
 *           an old connection's is answered no more   u:sessions, u:engine
 * followers replay then live without a seam, a Gap
 *           for who is late, the same for everybody   client_subscribe,
 *                                                     u:event_reader,
 * u:delivery Failed and the end reach the latest       client_failed, delivery
 * wake      the highest number, coalesced, never late
 *           by more than a beat                       client_attach, loss,
 *                                                     u:engine
 *           a flood does not delay others             streams, u:follows
 * order     twice is once, early waits within bounds,
 *           nothing behind the end                    u:event_queue
 *           for who was freed or is unknown: dropped  u:engine
 * Failed    once, its reason, not after Closed        outages, client_failed,
 *                                                     loss
 *           then reads from memory, and no call hangs loss, client_failed
 *           a failed connect is not held against an
 *           address                                   client_connect
 * start     at most once, by id and digest            lost_messages, raw,
 *                                                     semantics
 *           given up: killed, and not made again      lost_calls, u:engine
 *           a failed one leaves the id free           launch, u:requests_start
 *           ids are of a principal                    u:requests_roles
 * stdin     each byte once, in order, then its end    lost_messages, cuts,
 *                                                     stdin, u:feed
 *           full: holds its bound, delays nobody      stdin, one_connection
 *           closed, exited: told so                   stdin, u:stdin_queue
 * signals   any, to leader, group or tree, truthfully run, u:control
 * stop      step by step, then the whole tree; after
 *           the leader's end too; nothing leaks       client_options, run,
 *                                                     u:requests_sessions
 * exit      code or signal, never invented            run, pty, u:process
 * sessions  lease, resume, take-over, what ends then  loss, outages,
 *                                                     client_exclusive,
 *                                                     u:sessions
 * loss      of client, front, executor, supervisor    loss, client_recovery,
 *                                                     standstill, outages
 * child     environment, descriptors, signals, group  run, u:spawn
 *
 * What was measured as weak elsewhere, and where it is shown not to be so here:
 *
 * one request at a time; a full stdin, an unread
 * connection delays others; a burst wedges it        one_connection, streams
 * a third more on the wire, twice for short lines,
 * all of it told twice, pieces of 8 KiB              frugality
 * busy when idle, 100 KiB for a sleeper, memory that
 * stays                                              frugality, lives
 * order on the wire; silent gaps; repair left to
 * whoever reads                                      u:follows, delivery,
 *                                                    client_subscribe
 * closed told before all was read                    semantics
 * a gap in an outage kills; an outage overruns       noisy_outage
 * only a kill, none after the leader's end, entries
 * that leak                                          client_options, run,
 *                                                    u:requests_sessions
 * orphans                                            loss, u:hostile
 * no end of stdin, no size, one signal, silence      stdin, pty, u:control
 * death by signal told as an exit code               run, pty
 * one large message ends a connection                semantics, front
 * calls without a deadline, half-open links          outages
 * ids that are blocked, retention that is fixed      semantics, cli_look
 * a write after the exit as an internal error        stdin
 * one code for all that keeps a program from starting launch, u:spawn
 */

#include <remex/inspect.h>
#include <remex/process.h>

#include <string.h>

#include <glib.h>

#include "support/children/pattern.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define PATIENCE_MS 60000
#define LARGE ((size_t)20 * 1024 * 1024)

/* Both streams, so that there are several outputs whatever the pace. */
#define TALK "echo one; echo two >&2; echo three; exit 3"

/* --- Reading ---------------------------------------------------------------
 */

/* A page has one event; asked for twice it is the same. */
static struct remex_log *read_page(
        struct remex_process *process, uint64_t after_seq)
{
    struct remex_log *again;
    struct remex_log *log;

    g_assert_cmpint(
            remex_process_read(process, after_seq, 1, PATIENCE_MS, &log, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(remex_process_read(
                            process, after_seq, 1, PATIENCE_MS, &again, NULL),
            ==, REMEX_OK);
    g_assert_cmpuint(log->count, >=, 1);
    g_assert_cmpuint(log->events[0].seq, ==, after_seq + 1);
    g_assert_cmpuint(again->count, ==, log->count);
    g_assert_cmpint(again->events[0].kind, ==, log->events[0].kind);
    remex_log_free(again);
    return log;
}

/* Who stops at `closed` misses no page. */
static void exit_and_end_are_told_as_seen_from_the_cursor(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, TALK);
    struct transcript live;
    struct transcript pages;
    struct remex_log *log;
    bool closed;

    transcript_init(&live);
    transcript_follow(&live, process);
    transcript_init(&pages);
    do {
        log = read_page(process, pages.last_seq);
        for (size_t i = 0; i < log->count; i++)
            transcript_take(&pages, &log->events[i]);
        closed = log->closed;
        g_assert_true(log->exited == !!strchr(pages.order->str, 'X'));
        g_assert_true(closed == !!strchr(pages.order->str, 'C'));
        g_assert_cmpuint(log->next_seq, ==, live.last_seq + 1);
        remex_log_free(log);
    } while (!closed);
    g_assert_cmpstr(pages.order->str, ==, live.order->str);
    transcript_check_text(&pages, REMEX_STDOUT, "one\nthree\n");
    transcript_check_text(&pages, REMEX_STDERR, "two\n");
    g_assert_cmpint(remex_process_read(process, pages.last_seq, 1, PATIENCE_MS,
                            &log, NULL),
            ==, REMEX_ENDED);
    transcript_deinit(&pages);
    transcript_deinit(&live);
    remex_process_free(process);
    remex_client_free(client);
}

/* Somebody holds the output open: there is nothing new, and no answer. */
static void behind_the_exit_a_read_waits_for_what_is_to_come(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct remex_event event;
    struct remex_log *log;
    gint64 before;

    options.eof_linger_ms = REMEX_FOREVER;
    process = remote_start(client,
            REMOTE_ARGV("/bin/sh", "-c", "sleep 1000 & exit 3"), &options);
    g_assert_cmpint(remex_process_next_event(process, PATIENCE_MS, &event), ==,
            REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_EXITED);
    before = g_get_monotonic_time();
    g_assert_cmpint(remex_process_read(process, event.seq, 0, 300, &log, NULL),
            ==, REMEX_AGAIN);
    g_assert_cmpint(g_get_monotonic_time() - before, >=, 299000);
    g_assert_cmpint(remex_process_terminate(process, NULL, NULL), ==, REMEX_OK);
    g_assert_cmpint(
            remex_process_read(process, event.seq, 0, PATIENCE_MS, &log, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(log->events[0].kind, ==, REMEX_EVENT_CLOSED);
    remex_log_free(log);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- Names -----------------------------------------------------------------
 */

static struct remex_process *start_one(
        struct remex_client *client, const char *const *argv)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.id = "one";
    return remote_start(client, argv, &options);
}

/* The time that is kept is an option; until then the end can be read again,
 * afterwards the id names another. */
static void what_has_ended_is_known_for_its_time(void)
{
    struct remex_process *process;
    struct remex_process *sleeper;
    enum remex_status status;
    struct remex_client *client;
    struct remex_event event;
    struct transcript story;
    struct daemon daemon;
    struct remex_log *log;

    daemon_start_with(&daemon, NULL, REMOTE_ARGV("--retention", "1"));
    client = remote_connect_to(daemon.address);
    sleeper = remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    process = start_one(client, REMOTE_ARGV("true"));
    transcript_init(&story);
    transcript_follow(&story, process);
    while ((status = remex_process_read(
                    process, 0, 0, PATIENCE_MS, &log, NULL)) == REMEX_OK) {
        remex_log_free(log);
        g_assert_cmpint(
                remex_process_next_event(sleeper, 20, &event), ==, REMEX_AGAIN);
    }
    g_assert_cmpint(status, ==, REMEX_NOT_FOUND);
    remex_process_free(process);
    process = start_one(client, REMOTE_ARGV("false"));
    transcript_deinit(&story);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 1);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_process_free(sleeper);
    remex_client_free(client);
    daemon_stop(&daemon);
}

struct rival {
    struct remex_client *client;
    const char *number;
    enum remex_status status;
    struct remex_process *process;
};

static void *start_as_one(void *data)
{
    struct rival *rival = data;
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);

    options.id = "one";
    rival->status = remex_process_start(rival->client,
            REMOTE_ARGV("sleep", rival->number), &options, &rival->process,
            NULL);
    return NULL;
}

static void of_many_starts_of_one_id_one_is_made(void)
{
    struct remex_client *client = remote_connect();
    struct rival rivals[8];
    GThread *threads[8];
    char numbers[8][8];
    int made = 0;

    for (int i = 0; i < 8; i++) {
        g_snprintf(numbers[i], sizeof(numbers[i]), "%d", 1000 + i);
        rivals[i] = (struct rival){ .client = client, .number = numbers[i] };
        threads[i] = g_thread_new("start", start_as_one, &rivals[i]);
    }
    for (int i = 0; i < 8; i++)
        g_thread_join(threads[i]);
    for (int i = 0; i < 8; i++) {
        if (rivals[i].status == REMEX_OK)
            made++;
        else
            g_assert_cmpint(rivals[i].status, ==, REMEX_ALREADY_EXISTS);
        remex_process_free(rivals[i].process);
    }
    g_assert_cmpint(made, ==, 1);
    remex_client_free(client);
}

/* --- Sizes -----------------------------------------------------------------
 */

static void *write_large(void *data)
{
    uint8_t *large = g_malloc(LARGE);
    size_t written;

    pattern_fill(large, LARGE, 0);
    g_assert_cmpint(remex_process_write(
                            data, large, LARGE, PATIENCE_MS, &written, NULL),
            ==, REMEX_OK);
    g_assert_cmpuint(written, ==, LARGE);
    g_assert_cmpint(remex_process_close_stdin(data, NULL), ==, REMEX_OK);
    g_free(large);
    return NULL;
}

static void one_write_may_be_of_any_size(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_client *client = remote_connect();
    struct remex_process *cat =
            remote_start(client, REMOTE_ARGV("cat"), &options);
    GThread *writing = g_thread_new("write", write_large, cat);
    struct transcript story;

    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, cat);
    g_thread_join(writing);
    transcript_check_exit(&story, 0);
    g_assert_cmpuint(story.bytes[0], ==, LARGE);
    transcript_deinit(&story);
    remex_process_free(cat);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/semantics", exit_and_end_are_told_as_seen_from_the_cursor);
    SUITE_ADD("/semantics", behind_the_exit_a_read_waits_for_what_is_to_come);
    SUITE_ADD("/semantics", what_has_ended_is_known_for_its_time);
    SUITE_ADD("/semantics", of_many_starts_of_one_id_one_is_made);
    SUITE_ADD("/semantics", one_write_may_be_of_any_size);
    return g_test_run();
}
