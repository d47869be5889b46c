/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Followers of one process that come, go and take each other's place while it
 * writes: none of them has a hole, or anything twice. ctest-timeout: 120
 */

#include <remex/process.h>
#include <remex/subscription.h>

#include <string.h>

#include <glib.h>

#include "support/children/pattern.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

static struct remex_process *attach(struct remex_client *client, const char *id,
        const struct remex_attach_options *options)
{
    struct remex_process *process;
    struct remex_error error;

    if (remex_process_attach(client, id, options, &process, &error) != REMEX_OK)
        g_error("cannot attach: %s", error.text);
    return process;
}

static struct remex_event expect(struct remex_process *process)
{
    struct remex_event event;

    g_assert_cmpint(
            remex_process_next_event(process, 60000, &event), ==, REMEX_OK);
    return event;
}

/* --- H1: who takes another one's place ------------------------------------ */

#define BYTES 700000 /* less than the executor keeps of one stream */

/* One whose window is full stands still in the middle of what is being sent to
 * it; who comes in its place gets that from the log, and only from there. */
static void check_replaced(bool by_force)
{
    struct remex_client *client = remote_connect();
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_process_options spec = remote_with_stdin();
    struct remex_process *starter;
    struct remex_process *held;
    struct remex_process *next;
    char *id;

    options.window_bytes = 1;
    options.exclusive = by_force;
    spec.out.chunk_bytes = 1000;
    starter = remote_start(client,
            REMOTE_ARGV("sh", "-c", "read go; exec \"$0\" 700000",
                    REMOTE_CHILD("spew")),
            &spec);
    id = g_strdup(remex_process_id(starter));
    remex_process_detach(starter);
    remex_process_free(starter);
    held = attach(client, id, &options);
    g_assert_cmpint(remex_process_write(held, "go\n", 3, 60000, NULL, NULL), ==,
            REMEX_OK);
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(expect(held).kind, ==, REMEX_EVENT_OUTPUT);
    if (!by_force)
        remex_process_free(held);
    options.window_bytes = 0;
    options.take_over = by_force;
    next = attach(client, id, &options);
    transcript_follow_pattern(next, BYTES);
    remex_process_free(next);
    if (by_force)
        remex_process_free(held);
    remex_client_free(client);
    g_free(id);
}

static void h1_who_replaces_a_follower_gets_nothing_twice(void)
{
    check_replaced(false);
    check_replaced(true);
}

/* --- H2: who comes at any time -------------------------------------------- */

#define PIECES 200
#define PIECE 2000
#define COMERS 24

/* What they are fed comes back from cat. */
static void *feed(void *data)
{
    struct remex_process *process = data;
    uint8_t bytes[PIECE];

    for (uint64_t i = 0; i < PIECES; i++) {
        pattern_fill(bytes, sizeof(bytes), i * PIECE);
        g_assert_cmpint(remex_process_write(process, bytes, sizeof(bytes),
                                60000, NULL, NULL),
                ==, REMEX_OK);
    }
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    return NULL;
}

/* One who began behind event `after`, or behind a later one: the first that
 * comes is at some offset, and all is there from it on. */
static void check_rest(
        struct remex_process *process, uint64_t after, bool is_exact)
{
    struct remex_event event = expect(process);
    uint64_t at = event.kind == REMEX_EVENT_OUTPUT ? event.output.offset
                                                   : PIECES * PIECE;
    uint64_t seq = event.seq - 1;

    g_assert_cmpuint(seq, >=, after);
    g_assert_true(!is_exact || seq == after);
    for (;;) {
        g_assert_cmpint(event.kind, !=, REMEX_EVENT_GAP);
        g_assert_cmpuint(event.seq, ==, ++seq);
        if (event.kind == REMEX_EVENT_CLOSED)
            break;
        if (event.kind == REMEX_EVENT_OUTPUT) {
            g_assert_cmpuint(event.output.offset, ==, at);
            at += event.output.data.size;
        }
        event = expect(process);
    }
    g_assert_cmpuint(at, ==, PIECES * PIECE);
}

static void h2_who_attaches_at_any_time_has_no_hole(void)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_process_options spec = remote_with_stdin();
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct remex_process *comers[COMERS];
    uint64_t after[COMERS];
    GThread *feeder;

    spec.out.chunk_bytes = PIECE / 2;
    process = remote_start(client, REMOTE_ARGV("cat"), &spec);
    feeder = g_thread_new("feeder", feed, process);
    for (size_t i = 0; i < COMERS; i++) {
        after[i] = remex_process_newest_seq(process);
        options.from = (enum remex_from)(i % 3);
        if (options.from == REMEX_FROM_AFTER)
            after[i] = after[i] * i / COMERS;
        options.after_seq = after[i];
        comers[i] = attach(client, remex_process_id(process), &options);
        g_assert_cmpint(expect(process).kind, ==, REMEX_EVENT_OUTPUT);
    }
    for (size_t i = 0; i < COMERS; i++) {
        if (i % 3 == REMEX_FROM_OLDEST)
            transcript_follow_pattern(comers[i], PIECES * PIECE);
        else
            check_rest(comers[i], after[i], i % 3 == REMEX_FROM_AFTER);
        remex_process_free(comers[i]);
    }
    g_thread_join(feeder);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- H4: who keeps up after a loss ---------------------------------------- */

/* Sends so many bytes through cat. */
static void send(struct remex_process *process, size_t size)
{
    char *bytes = g_malloc0(size);

    g_assert_cmpint(
            remex_process_write(process, bytes, size, 60000, NULL, NULL), ==,
            REMEX_OK);
    g_free(bytes);
}

/* With the smallest window there is: the mark of a loss takes no room in it. */
static void h4_who_keeps_up_after_a_loss_gets_data_again(void)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_process_options spec = remote_with_stdin();
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct remex_process *slow;
    struct remex_event event;
    uint64_t at = 4 << 20;

    spec.out.delivery = REMEX_DELIVERY_LOSSY;
    process = remote_start(client, REMOTE_ARGV("cat"), &spec);
    options.window_bytes = 1;
    slow = attach(client, remex_process_id(process), &options);
    send(process, at);
    do
        event = expect(process);
    while (event.kind != REMEX_EVENT_OUTPUT ||
            event.output.offset + event.output.data.size < at);
    while ((event = expect(slow)).kind != REMEX_EVENT_GAP)
        ;
    while (event.kind != REMEX_EVENT_OUTPUT ||
            event.output.offset + event.output.data.size < at)
        event = expect(slow);
    for (int i = 0; i < 20; i++) {
        send(process, 1);
        event = expect(slow);
        g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
        g_assert_cmpuint(event.output.offset, ==, at++);
        g_assert_cmpuint(event.output.data.size, ==, 1);
    }
    remex_process_free(slow);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- One who never stops -------------------------------------------------- */

#define PLENTY ((uint64_t)20 * 1024 * 1024)

struct taker {
    struct remex_process *process;
    gsize bytes; /* atomic */
};

static void *take_all(void *data)
{
    struct taker *taker = data;
    struct remex_event event;

    while (remex_process_next_event(taker->process, 60000, &event) ==
            REMEX_OK) {
        g_assert_cmpint(event.kind, !=, REMEX_EVENT_GAP);
        if (event.kind == REMEX_EVENT_OUTPUT)
            g_atomic_pointer_add(&taker->bytes, event.output.data.size);
    }
    return NULL;
}

static bool has_plenty(struct taker *taker)
{
    return (gsize)g_atomic_pointer_get(&taker->bytes) >= PLENTY;
}

static void echo(struct remex_process *process, uint64_t *at)
{
    struct remex_event event;

    g_assert_cmpint(remex_process_write(process, "x", 1, 60000, NULL, NULL), ==,
            REMEX_OK);
    event = expect(process);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(event.output.offset, ==, (*at)++);
}

/* Neither its own followers nor who follows another process beside it. */
static void a_chatty_child_starves_nobody(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_client *client = remote_connect();
    struct taker takers[2] = {
        { .process = remote_start(client,
                  REMOTE_ARGV(REMOTE_CHILD("spew"), "1000000000000"), NULL) }
    };
    struct remex_process *quiet =
            remote_start(client, REMOTE_ARGV("cat"), &options);
    GThread *threads[2];
    uint64_t at = 0;

    takers[1].process =
            attach(client, remex_process_id(takers[0].process), NULL);
    for (int i = 0; i < 2; i++)
        threads[i] = g_thread_new("taker", take_all, &takers[i]);
    while (at < 50 || !has_plenty(&takers[0]) || !has_plenty(&takers[1]))
        echo(quiet, &at);
    g_assert_cmpint(remex_process_terminate(takers[0].process, NULL, NULL), ==,
            REMEX_OK);
    for (int i = 2; i-- > 0;) {
        g_thread_join(threads[i]);
        remex_process_free(takers[i].process);
    }
    remex_process_free(quiet);
    remex_client_free(client);
}

/* --- A crowd ---------------------------------------------------------------
 */

enum { CROWD = 12, FRONTS_KILLED = 5 };

#define CROWD_BYTES UINT64_C(30000000)

struct member {
    struct remex_client *client;
    struct remex_process *process;
    struct transcript story;
};

static void *follow(void *data)
{
    struct member *member = data;

    transcript_follow(&member->story, member->process);
    return NULL;
}

static void member_init(struct member *member, const char *address,
        const struct member *first, unsigned int number)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_process_options spec = remote_with_stdin();

    *member = (struct member){ .client = remote_connect_to(address) };
    transcript_init(&member->story);
    member->story.verify = true;
    options.window_bytes = (size_t)20000 << number % 8;
    member->process = first
            ? attach(member->client, remex_process_id(first->process), &options)
            : remote_start(member->client,
                      REMOTE_ARGV("sh", "-c", "read go; exec \"$0\" 30000000",
                              REMOTE_CHILD("spew")),
                      &spec);
}

static void member_deinit(struct member *member)
{
    transcript_check_exit(&member->story, 0);
    g_assert_null(strpbrk(member->story.order->str, "GF"));
    g_assert_cmpuint(member->story.bytes[0], ==, CROWD_BYTES);
    transcript_deinit(&member->story);
    remex_process_free(member->process);
    remex_client_free(member->client);
}

/* What goes to their front once is there for each of them, wherever he is; also
 * for one who has fallen behind, and behind a new front, which knows nothing.
 */
static void a_crowd_gets_every_byte(void)
{
    struct member members[CROWD];
    GThread *threads[CROWD];
    struct daemon daemon;

    daemon_start(&daemon);
    for (unsigned int i = 0; i < CROWD; i++)
        member_init(&members[i], daemon.address, i > 0 ? members : NULL, i);
    for (size_t i = 1; i < CROWD; i++)
        threads[i] = g_thread_new("member", follow, &members[i]);
    g_assert_cmpint(remex_process_write(
                            members[0].process, "go\n", 3, 60000, NULL, NULL),
            ==, REMEX_OK);
    for (uint64_t i = 1; i <= FRONTS_KILLED; i++) {
        transcript_follow_until(&members[0].story, members[0].process,
                REMEX_STDOUT, i * (CROWD_BYTES / (FRONTS_KILLED + 1)));
        daemon_kill_front(&daemon);
    }
    follow(&members[0]);
    for (size_t i = 1; i < CROWD; i++)
        g_thread_join(threads[i]);
    for (size_t i = CROWD; i-- > 0;)
        member_deinit(&members[i]);
    daemon_stop(&daemon);
}

/* --- H5: who asks after the end ------------------------------------------- */

static void h5_after_the_end_every_call_says_so_at_once(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "echo hello");
    struct remex_subscription *subscription;
    struct remex_event event;
    struct remex_exit ended;
    struct remex_log *log;
    struct transcript story;

    g_assert_cmpint(remex_process_subscribe(
                            process, REMEX_FROM_OLDEST, 0, &subscription, NULL),
            ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, process);
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(
                remex_subscription_next(subscription, REMEX_FOREVER, &event),
                ==, REMEX_OK);
    for (int i = 0; i < 3; i++) {
        g_assert_cmpint(
                remex_process_next_event(process, REMEX_FOREVER, &event), ==,
                REMEX_ENDED);
        g_assert_cmpint(
                remex_subscription_next(subscription, REMEX_FOREVER, &event),
                ==, REMEX_ENDED);
        g_assert_cmpint(remex_process_read(process, story.last_seq, 0,
                                REMEX_FOREVER, &log, NULL),
                ==, REMEX_ENDED);
        g_assert_cmpint(remex_process_wake(
                                process, story.last_seq, REMEX_FOREVER, NULL),
                ==, REMEX_ENDED);
        g_assert_cmpint(remex_process_wait(process, REMEX_FOREVER, &ended), ==,
                REMEX_OK);
    }
    transcript_deinit(&story);
    remex_subscription_free(subscription);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/followers", h1_who_replaces_a_follower_gets_nothing_twice);
    SUITE_ADD("/followers", h2_who_attaches_at_any_time_has_no_hole);
    SUITE_ADD("/followers", h4_who_keeps_up_after_a_loss_gets_data_again);
    SUITE_ADD("/followers", a_chatty_child_starves_nobody);
    SUITE_ADD("/followers", a_crowd_gets_every_byte);
    SUITE_ADD("/followers", h5_after_the_end_every_call_says_so_at_once);
    return g_test_run();
}
