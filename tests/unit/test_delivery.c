/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What followers are owed: several of one process, at their own pace, alone or
 * not, early or late, with every delivery and retention. By requests, as a
 * client makes them.
 */

#include <string.h>

#include <glib.h>

#include "executor/follows.h"
#include "support/desk.h"
#include "support/suite.h"

enum { WINDOW = 1024 * 1024, LOG_BYTES = 256 * 1024 };

#define ID(text) ((struct remex_bytes){ text, sizeof(text) - 1 })

static void begin(struct desk *desk)
{
    desk_init(desk);
    desk->settings.limits.retained_bytes = LOG_BYTES;
    desk_start(desk);
    desk_open(desk);
}

/* --- Several clients ------------------------------------------------------ */

struct seat {
    struct message_id session_id;
    uint64_t attachment;
};

static struct seat seat_of(const struct desk *desk)
{
    return (struct seat){ desk->session_id, desk->attachment };
}

static struct seat another(struct desk *desk)
{
    desk_open(desk);
    return seat_of(desk);
}

static void sit(struct desk *desk, struct seat seat)
{
    desk->session_id = seat.session_id;
    desk->attachment = seat.attachment;
}

/* --- Starting and following ----------------------------------------------- */

static struct stream_spec stream_of(
        enum delivery delivery, enum retention retention, uint64_t amount)
{
    return (struct stream_spec){
        .capture = CAPTURE_PIPE,
        .delivery = delivery,
        .no_follower = NO_FOLLOWER_DRAIN,
        .retention = retention,
        .retention_amount = amount,
    };
}

/* Starts "one", not followed, both streams alike. */
static struct puppet *start(struct desk *desk, struct stream_spec stream)
{
    struct follow_spec none = { .follow_id = 0 };
    struct request request = desk_start_request("one", &none, 0);
    struct reply reply;

    request.start.process.out = stream;
    request.start.process.err = stream;
    request.start.process.owner_loss = OWNER_LOSS_KEEP;
    request.start.process.keep_ms = 1000000;
    reply = desk_call(desk, &request);
    if (reply.error.status != REMEX_OK)
        g_error("start: %s", reply.error.text);
    return desk->puppets.newest;
}

static struct reply try_follow(struct desk *desk, struct follow_spec spec)
{
    struct request request = { .method = METHOD_FOLLOW };

    spec.process_id = ID("one");
    if (spec.follow_id == 0)
        spec.follow_id = 1;
    if (spec.until_position == 0)
        spec.until_position = WINDOW;
    request.follow.follow = spec;
    return desk_call(desk, &request);
}

static void follow(struct desk *desk, struct follow_spec spec)
{
    struct reply reply = try_follow(desk, spec);

    if (reply.error.status != REMEX_OK)
        g_error("follow: %s", reply.error.text);
    g_assert_true(reply.follow.state.known);
}

static void unfollow(struct desk *desk)
{
    struct request request = { .method = METHOD_UNFOLLOW,
        .unfollow = { .follow_id = 1 } };

    desk_call(desk, &request);
}

static struct reply seal(
        struct desk *desk, struct remex_bytes id, enum remex_stream stream)
{
    struct request request = { .method = METHOD_SEAL,
        .seal = { .process_id = id,
                .streams = { stream },
                .stream_count = stream != 0 } };

    return desk_call(desk, &request);
}

static size_t out(struct puppet *puppet, const char *text)
{
    return puppet_output(puppet, REMEX_STDOUT, text, strlen(text));
}

/* No stream is named: all are meant. */
#define EVERY ((enum remex_stream)0)

/* How much of it was taken. */
static size_t out_bulk(struct puppet *puppet, size_t size)
{
    static const char bytes[LOG_BYTES];

    return puppet_output(puppet, REMEX_STDOUT, bytes, size);
}

/* --- What comes ----------------------------------------------------------- */

/* In words: "hello ", "gap1-3:15 ", "exit ", "closed "; long output by its
 * size.
 */
static void tell(GString *story, const struct remex_event *event)
{
    const struct remex_bytes *data = &event->output.data;

    if (event->kind == REMEX_EVENT_EXITED)
        g_string_append(story, "exit ");
    else if (event->kind == REMEX_EVENT_CLOSED)
        g_string_append(story, "closed ");
    else if (event->kind == REMEX_EVENT_GAP)
        g_string_append_printf(story,
                "gap%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
                ":%" G_GUINT64_FORMAT " ",
                event->gap.first_seq, event->seq, event->gap.bytes);
    else if (data->size > 20)
        g_string_append_printf(story, "%zu ", data->size);
    else
        g_string_append_printf(
                story, "%.*s ", (int)data->size, (const char *)data->data);
}

/* Everything that is there for the follows of this session. */
static char *pull_all(struct desk *desk)
{
    struct request pull = desk_pull_request(0);
    GString *story = g_string_new(NULL);
    struct reply reply;

    desk_settle(desk);
    do {
        reply = desk_call(desk, &pull);
        g_assert_cmpint(reply.error.status, ==, REMEX_OK);
        for (size_t i = 0; i < reply.pull.batch.count; i++)
            tell(story, &reply.pull.batch.events[i].event);
        for (size_t i = 0; i < reply.pull.state_count; i++)
            g_string_append(story,
                    reply.pull.states[i].displaced ? "displaced " : "state ");
    } while (reply.pull.batch.count > 0 || reply.pull.state_count > 0);
    return g_string_free(story, FALSE);
}

static void check_pulled(struct desk *desk, const char *expected)
{
    char *story = pull_all(desk);

    g_assert_cmpstr(story, ==, expected);
    g_free(story);
}

static void acknowledge(struct desk *desk, uint64_t seq)
{
    struct pull_ack ack = { .follow_id = 1, .consumed_seq = seq };
    struct request pull = desk_pull_request(0);

    pull.pull.acks = &ack;
    pull.pull.ack_count = 1;
    g_assert_cmpint(desk_call(desk, &pull).error.status, ==, REMEX_OK);
}

static struct stream_status status_of(struct desk *desk)
{
    struct request request = { .method = METHOD_INSPECT,
        .inspect = { .process_id = ID("one") } };
    struct reply reply = desk_call(desk, &request);

    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    return reply.inspect.process.streams[0];
}

/* --- Alone ---------------------------------------------------------------- */

#define ALL stream_of(DELIVERY_RELIABLE, RETENTION_ALL, 0)

static void an_exclusive_follow_lets_nobody_else_in(void)
{
    struct desk desk;
    struct seat first, second;

    begin(&desk);
    first = seat_of(&desk);
    start(&desk, ALL);
    follow(&desk, (struct follow_spec){ .exclusive = true });
    second = another(&desk);
    g_assert_cmpint(try_follow(&desk, (struct follow_spec){ 0 }).error.status,
            ==, REMEX_FAILED_PRECONDITION);
    g_assert_cmpint(try_follow(&desk, (struct follow_spec){ .exclusive = true })
                            .error.status,
            ==, REMEX_FAILED_PRECONDITION);
    sit(&desk, first);
    follow(&desk, (struct follow_spec){ .exclusive = true }); /* itself */
    unfollow(&desk);
    sit(&desk, second);
    follow(&desk, (struct follow_spec){ 0 });
    sit(&desk, first);
    g_assert_cmpint(try_follow(&desk, (struct follow_spec){ .exclusive = true })
                            .error.status,
            ==, REMEX_FAILED_PRECONDITION);
    follow(&desk, (struct follow_spec){ 0 });
    desk_deinit(&desk);
}

static void who_takes_over_goes_on_and_who_had_it_is_told_once(void)
{
    struct request pull = desk_pull_request(10000);
    struct puppet *puppet;
    struct desk desk;
    struct seat first;
    struct reply reply;
    uint64_t waiting;

    begin(&desk);
    first = seat_of(&desk);
    puppet = start(&desk, ALL);
    follow(&desk, (struct follow_spec){ .exclusive = true });
    waiting = desk_ask(&desk, &pull);
    another(&desk);
    follow(&desk, (struct follow_spec){ .exclusive = true, .take_over = true });
    g_assert_true(desk_take(&desk, waiting, &reply));
    g_assert_cmpuint(reply.pull.state_count, ==, 1);
    g_assert_true(reply.pull.states[0].displaced);
    g_assert_cmpuint(reply.pull.states[0].follow_id, ==, 1);
    out(puppet, "hello");
    check_pulled(&desk, "hello ");
    sit(&desk, first);
    check_pulled(&desk, "");
    follow(&desk, (struct follow_spec){ .take_over = true });
    check_pulled(&desk, "hello ");
    desk_deinit(&desk);
}

/* What has been told and acknowledged since is not told again. */
static void a_repeated_follow_goes_on_where_it_is(void)
{
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = start(&desk, ALL);
    out(puppet, "one");
    follow(&desk, (struct follow_spec){ 0 });
    check_pulled(&desk, "one ");
    follow(&desk, (struct follow_spec){ 0 });
    check_pulled(&desk, "");
    out(puppet, "two");
    check_pulled(&desk, "two ");
    follow(&desk, (struct follow_spec){ .from = FOLLOW_FROM_SEQ });
    check_pulled(&desk, "one two "); /* it has yet to learn its place */
    desk_deinit(&desk);
}

static void who_shares_displaces_only_who_does_not(void)
{
    struct desk desk;
    struct seat first, second;

    begin(&desk);
    first = seat_of(&desk);
    start(&desk, ALL);
    follow(&desk, (struct follow_spec){ 0 });
    second = another(&desk);
    follow(&desk, (struct follow_spec){ .take_over = true });
    sit(&desk, first);
    check_pulled(&desk, ""); /* still there */
    another(&desk);
    follow(&desk, (struct follow_spec){ .exclusive = true, .take_over = true });
    sit(&desk, first);
    check_pulled(&desk, "displaced ");
    sit(&desk, second);
    check_pulled(&desk, "displaced ");
    desk_deinit(&desk);
}

static void one_who_was_displaced_holds_nothing_and_acks_in_vain(void)
{
    struct puppet *puppet;
    struct desk desk;
    struct seat first;

    begin(&desk);
    first = seat_of(&desk);
    puppet = start(&desk, ALL);
    follow(&desk, (struct follow_spec){ 0 });
    out_bulk(puppet, LOG_BYTES);
    g_assert_cmpuint(out_bulk(puppet, 1), ==, 0);
    another(&desk);
    follow(&desk,
            (struct follow_spec){ .from = FOLLOW_FROM_LIVE,
                    .exclusive = true,
                    .take_over = true });
    g_assert_cmpuint(out_bulk(puppet, 1), ==, 1);
    sit(&desk, first);
    acknowledge(&desk, 1);
    unfollow(&desk);
    check_pulled(&desk, "");
    desk_deinit(&desk);
}

/* The answer that told it may come later than the one to the ack. */
static void one_who_was_displaced_is_never_unknown(void)
{
    struct pull_ack ack = { .follow_id = 1, .until_position = 1 };
    struct request pull = desk_pull_request(0);
    struct desk desk;
    struct reply reply;
    struct seat first;

    begin(&desk);
    first = seat_of(&desk);
    start(&desk, ALL);
    follow(&desk, (struct follow_spec){ 0 });
    another(&desk);
    follow(&desk, (struct follow_spec){ .exclusive = true, .take_over = true });
    sit(&desk, first);
    check_pulled(&desk, "displaced ");
    check_pulled(&desk, "");
    pull.pull.acks = &ack;
    pull.pull.ack_count = 1;
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.state_count, ==, 1);
    g_assert_true(reply.pull.states[0].known);
    g_assert_true(reply.pull.states[0].displaced);
    check_pulled(&desk, "");
    desk_deinit(&desk);
}

/* A new one may have its id, and is followed by that. */
static void the_id_of_one_who_was_displaced_is_taken_by_a_start(void)
{
    struct desk desk;
    struct seat first;
    struct puppet *two;

    begin(&desk);
    first = seat_of(&desk);
    start(&desk, ALL);
    follow(&desk, (struct follow_spec){ 0 });
    another(&desk);
    follow(&desk, (struct follow_spec){ .exclusive = true, .take_over = true });
    sit(&desk, first);
    check_pulled(&desk, "displaced ");
    two = desk_start_process(&desk, "two", 1, 1000);
    out(two, "hers");
    desk_settle(&desk);
    check_pulled(&desk, "hers ");
    desk_deinit(&desk);
}

/* Its client takes the answer for that of a follow which begins. */
static void a_start_that_is_repeated_follows_again_who_was_displaced(void)
{
    struct follow_spec spec = { .follow_id = 1 };
    struct request again = desk_start_request("one", &spec, 1000);
    struct puppet *one;
    struct desk desk;
    struct reply reply;
    struct seat first;

    begin(&desk);
    first = seat_of(&desk);
    one = desk_start_process(&desk, "one", 1, 1000);
    another(&desk);
    follow(&desk, (struct follow_spec){ .exclusive = true, .take_over = true });
    unfollow(&desk);
    sit(&desk, first);
    check_pulled(&desk, "displaced ");
    out(one, "hers");
    check_pulled(&desk, "");
    reply = desk_call(&desk, &again);
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    check_pulled(&desk, "hers ");
    desk_deinit(&desk);
}

static void a_resume_is_told_that_it_was_displaced(void)
{
    struct desk desk;
    struct seat first;
    struct reply reply;

    begin(&desk);
    first = seat_of(&desk);
    start(&desk, ALL);
    follow(&desk, (struct follow_spec){ 0 });
    another(&desk);
    follow(&desk, (struct follow_spec){ .exclusive = true, .take_over = true });
    sit(&desk, first);
    reply = desk_resume(&desk, (struct follow_spec){ .follow_id = 1 });
    g_assert_true(reply.open.follows[0].known);
    g_assert_true(reply.open.follows[0].displaced);
    desk_deinit(&desk);
}

/* --- Sealed --------------------------------------------------------------- */

static void after_a_seal_who_is_there_gets_the_rest_and_who_comes_is_live(void)
{
    struct puppet *puppet;
    struct desk desk;
    struct seat first;

    begin(&desk);
    first = seat_of(&desk);
    puppet = start(&desk, ALL);
    follow(&desk, (struct follow_spec){ 0 });
    out(puppet, "one");
    out(puppet, "two");
    g_assert_cmpint(seal(&desk, ID("one"), EVERY).error.status, ==, REMEX_OK);
    g_assert_cmpint(seal(&desk, ID("one"), EVERY).error.status, ==, REMEX_OK);
    g_assert_true(status_of(&desk).sealed);
    another(&desk);
    follow(&desk, (struct follow_spec){ 0 });
    out(puppet, "three");
    check_pulled(&desk, "gap1-2:6 three ");
    acknowledge(&desk, 3);
    sit(&desk, first);
    check_pulled(&desk, "one two three ");
    acknowledge(&desk, 2);
    g_assert_cmpuint(status_of(&desk).retained_events, ==, 1);
    puppet_exit(puppet, 0);
    puppet_end(puppet);
    another(&desk);
    follow(&desk, (struct follow_spec){ 0 });
    check_pulled(&desk, "gap1-3:11 exit closed ");
    desk_deinit(&desk);
}

static void a_seal_names_what_there_is(void)
{
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = start(&desk, ALL);
    out(puppet, "one");
    reply = seal(&desk, ID("one"), REMEX_TERMINAL);
    g_assert_cmpint(reply.error.status, ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(reply.error.name, ==, "seal.streams");
    reply = seal(&desk, ID("two"), EVERY);
    g_assert_cmpint(reply.error.status, ==, REMEX_NOT_FOUND);
    seal(&desk, ID("one"), REMEX_STDERR);
    g_assert_false(status_of(&desk).sealed);
    g_assert_cmpuint(status_of(&desk).retained_events, ==, 1);
    seal(&desk, ID("one"), REMEX_STDOUT);
    g_assert_cmpuint(status_of(&desk).retained_events, ==, 0);
    desk_deinit(&desk);
}

/* --- Late ----------------------------------------------------------------- */

static void check_late(struct stream_spec stream, const char *expected)
{
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = start(&desk, stream);
    for (int i = 0; i < 4; i++)
        out(puppet, "12345");
    puppet_exit(puppet, 0);
    puppet_end(puppet);
    for (int i = 0; i < 2; i++) { /* the same to everybody */
        follow(&desk, (struct follow_spec){ 0 });
        check_pulled(&desk, expected);
        unfollow(&desk);
        another(&desk);
    }
    desk_deinit(&desk);
}

static void the_end_reaches_late_followers_under_every_retention(void)
{
    for (int i = 0; i < 2; i++) {
        enum delivery delivery = i ? DELIVERY_LOSSY : DELIVERY_RELIABLE;

        check_late(stream_of(delivery, RETENTION_NONE, 0),
                "gap1-4:20 exit closed ");
        check_late(stream_of(delivery, RETENTION_CHUNKS, 1),
                "gap1-3:15 12345 exit closed ");
        check_late(stream_of(delivery, RETENTION_BYTES, 6),
                "gap1-2:10 12345 12345 exit closed ");
        check_late(stream_of(delivery, RETENTION_ALL, 0),
                "12345 12345 12345 12345 exit closed ");
    }
}

static void a_follower_who_is_there_gets_all_whatever_is_retained(void)
{
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = start(&desk, stream_of(DELIVERY_LOSSY, RETENTION_NONE, 0));
    follow(&desk, (struct follow_spec){ 0 });
    for (int i = 0; i < 4; i++)
        out(puppet, "12345");
    g_assert_cmpuint(status_of(&desk).retained_events, ==, 4);
    check_pulled(&desk, "12345 12345 12345 12345 ");
    acknowledge(&desk, 4);
    g_assert_cmpuint(status_of(&desk).retained_events, ==, 0);
    desk_deinit(&desk);
}

static void who_follows_live_gets_nothing_of_before_and_no_gap(void)
{
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = start(&desk, ALL);
    out(puppet, "before");
    follow(&desk, (struct follow_spec){ .from = FOLLOW_FROM_LIVE });
    out(puppet, "after");
    check_pulled(&desk, "after ");
    desk_deinit(&desk);
}

/* --- Slow and dead -------------------------------------------------------- */

static void a_lossy_child_is_never_held_and_the_fast_are_left_alone(void)
{
    struct puppet *puppet;
    struct desk desk;
    struct seat slow, fast;
    uint64_t written = 0;

    begin(&desk);
    slow = seat_of(&desk);
    puppet = start(&desk, stream_of(DELIVERY_LOSSY, RETENTION_NONE, 0));
    follow(&desk, (struct follow_spec){ 0 });
    fast = another(&desk);
    follow(&desk, (struct follow_spec){ .until_position = UINT64_C(1) << 20 });
    for (uint64_t i = 1; i <= 1000; i++) {
        struct pull_ack ack = { 1, i, (i << 10) + WINDOW - 1024, false };
        struct request pull = desk_pull_request(0);

        g_assert_cmpuint(out_bulk(puppet, 1024), ==, 1024);
        written += 1024;
        check_pulled(&desk, "1024 ");
        pull.pull.acks = &ack;
        pull.pull.ack_count = 1;
        g_assert_cmpint(desk_call(&desk, &pull).error.status, ==, REMEX_OK);
    }
    g_assert_cmpuint(status_of(&desk).retained_bytes, <=, LOG_BYTES);
    g_assert_cmpuint(status_of(&desk).dropped_bytes, >, 0);
    puppet_exit(puppet, 0);
    puppet_end(puppet);
    check_pulled(&desk, "exit closed ");
    sit(&desk, slow);
    {
        char *story = pull_all(&desk);
        uint64_t kept = LOG_BYTES / 4 * 3;
        char *gap = g_strdup_printf("gap1-%" G_GUINT64_FORMAT
                                    ":%" G_GUINT64_FORMAT " 1024 ",
                (guint64)(written - kept) / 1024, (guint64)(written - kept));

        g_assert_true(g_str_has_prefix(story, gap));
        g_assert_true(g_str_has_suffix(story, "1024 exit closed "));
        g_assert_null(strstr(story + 3, "gap"));
        g_free(gap);
        g_free(story);
    }
    sit(&desk, fast);
    desk_deinit(&desk);
}

static void check_lease(enum no_follower no_follower, size_t taken)
{
    struct stream_spec stream = ALL;
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    stream.no_follower = no_follower;
    puppet = start(&desk, stream);
    follow(&desk, (struct follow_spec){ 0 });
    out_bulk(puppet, LOG_BYTES);
    desk_pass(&desk, 60000); /* dead, but its lease lives: it counts */
    g_assert_cmpuint(out_bulk(puppet, 10), ==, 0);
    desk_pass(&desk, 30000);
    g_assert_cmpuint(out_bulk(puppet, 10), ==, taken);
    desk_deinit(&desk);
}

static void the_lease_decides_when_a_dead_follower_stops_counting(void)
{
    check_lease(NO_FOLLOWER_DRAIN, 10);
    check_lease(NO_FOLLOWER_HOLD, 0);
}

static void what_is_held_waits_for_who_comes(void)
{
    struct stream_spec stream = stream_of(DELIVERY_RELIABLE, RETENTION_NONE, 0);
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    stream.no_follower = NO_FOLLOWER_HOLD;
    puppet = start(&desk, stream);
    out(puppet, "one");
    follow(&desk, (struct follow_spec){ 0 });
    check_pulled(&desk, "one ");
    out(puppet, "two");
    unfollow(&desk); /* it acknowledged nothing */
    out(puppet, "three");
    another(&desk);
    follow(&desk, (struct follow_spec){ 0 });
    check_pulled(&desk, "one two three ");
    acknowledge(&desk, 3);
    g_assert_cmpuint(status_of(&desk).retained_events, ==, 0);
    desk_deinit(&desk);
}

/* A child can be ahead of its slowest follower by its share, and no more. */
static void the_bound_of_a_held_child_is_its_share(void)
{
    struct puppet *puppet;
    struct desk desk;
    size_t ahead = 0;

    begin(&desk);
    puppet = start(&desk, stream_of(DELIVERY_RELIABLE, RETENTION_CHUNKS, 1));
    follow(&desk, (struct follow_spec){ 0 });
    for (size_t got = 1; got > 0; ahead += got)
        got = out_bulk(puppet, 1000);
    g_assert_cmpuint(ahead, <=, LOG_BYTES / 4 * 3);
    g_assert_cmpuint(ahead, >, LOG_BYTES / 4 * 3 - 4096);
    for (size_t i = 0, got = 1; got > 0 && i < 10; i++)
        got = puppet_output(puppet, REMEX_STDERR, "e", 1);
    g_assert_cmpuint(status_of(&desk).retained_bytes, ==, ahead);
    desk_deinit(&desk);
}

/* --- Who they are --------------------------------------------------------- */

static struct reply inspect(struct desk *desk)
{
    struct request request = { .method = METHOD_INSPECT,
        .inspect = { .process_id = ID("one") } };
    struct reply reply = desk_call(desk, &request);

    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    return reply;
}

/* Told or not yet, it is lost as soon as it has left the log. */
static void check_losses(
        struct desk *desk, uint64_t sent, uint64_t events, uint64_t bytes)
{
    const struct reply reply = inspect(desk);
    const struct follower_status *slow = &reply.inspect.followers[0];
    const struct follower_status *fast = &reply.inspect.followers[1];

    g_assert_cmpuint(reply.inspect.process.followers, ==, 2);
    g_assert_cmpuint(reply.inspect.follower_count, ==, 2);
    g_assert_cmpuint(slow->sent_seq, ==, sent);
    g_assert_cmpuint(slow->acknowledged_seq, ==, 0);
    g_assert_cmpuint(slow->lost_events, ==, events);
    g_assert_cmpuint(slow->lost_bytes[0], ==, bytes);
    g_assert_cmpuint(slow->lost_bytes[1], ==, 0);
    g_assert_false(slow->exclusive);
    g_assert_cmpuint(fast->lost_events, ==, 0);
    g_assert_cmpuint(fast->lost_bytes[0], ==, 0);
}

/* A Gap and one output fit. */
static void grant(struct desk *desk, uint64_t until_position)
{
    struct pull_ack ack = { .follow_id = 1, .until_position = until_position };
    struct request pull = desk_pull_request(0);
    struct reply reply;

    pull.pull.acks = &ack;
    pull.pull.ack_count = 1;
    reply = desk_call(desk, &pull);
    g_assert_cmpuint(reply.pull.batch.count, ==, 2);
}

static void each_follower_has_counts_of_its_own(void)
{
    struct puppet *puppet;
    struct desk desk;
    struct seat slow, fast;

    desk_init(&desk);
    desk.settings.limits.retained_events = 4; /* three of one stream */
    desk_start(&desk);
    desk_open(&desk);
    slow = seat_of(&desk);
    puppet = start(&desk, stream_of(DELIVERY_LOSSY, RETENTION_NONE, 0));
    follow(&desk, (struct follow_spec){ .until_position = 5 });
    fast = another(&desk);
    follow(&desk, (struct follow_spec){ 0 });
    out(puppet, "12345");
    sit(&desk, slow);
    check_pulled(&desk, "12345 ");
    g_assert_cmpuint(inspect(&desk).inspect.followers[0].window_bytes, ==, 0);
    sit(&desk, fast);
    for (int i = 0; i < 5; i++) {
        out(puppet, "12345");
        g_free(pull_all(&desk));
    }
    check_losses(&desk, 1, 2, 10);
    acknowledge(&desk, 6);
    g_assert_cmpuint(
            inspect(&desk).inspect.followers[1].acknowledged_seq, ==, 6);
    sit(&desk, slow);
    grant(&desk, 6);
    check_losses(&desk, 4, 2, 10); /* told now, and counted once */
    sit(&desk, fast);
    for (int i = 0; i < 6; i++) {
        out(puppet, "12345");
        g_free(pull_all(&desk));
    }
    check_losses(&desk, 4, 2 + 5, 10 + 25);
    unfollow(&desk);
    g_assert_cmpuint(inspect(&desk).inspect.follower_count, ==, 1);
    desk_deinit(&desk);
}

static void check_lost(struct desk *desk, uint64_t events, uint64_t bytes)
{
    struct reply reply = inspect(desk);

    g_assert_cmpuint(reply.inspect.followers[0].lost_events, ==, events);
    g_assert_cmpuint(reply.inspect.followers[0].lost_bytes[0], ==, bytes);
}

/* What is lost while the link is down is lost to a follower that comes back,
 * and nothing is to one that begins live. */
static void the_counts_begin_where_a_follower_does(void)
{
    struct puppet *puppet;
    struct desk desk;

    desk_init(&desk);
    desk.settings.limits.retained_events = 4;
    desk_start(&desk);
    desk_open(&desk);
    puppet = start(&desk, stream_of(DELIVERY_LOSSY, RETENTION_NONE, 0));
    out(puppet, "12345");
    follow(&desk, (struct follow_spec){ .from = FOLLOW_FROM_LIVE });
    check_lost(&desk, 0, 0);
    out(puppet, "12345");
    check_pulled(&desk, "12345 ");
    for (int i = 0; i < 10; i++)
        out(puppet, "12345");
    desk_resume(&desk,
            (struct follow_spec){ .follow_id = 1,
                    .after_seq = 2,
                    .after_position = 10,
                    .until_position = WINDOW });
    check_lost(&desk, 7, 35);
    check_pulled(&desk, "gap3-9:35 12345 12345 12345 ");
    check_lost(&desk, 7, 35);
    desk_resume(&desk, (struct follow_spec){ .follow_id = 1 });
    check_lost(&desk, 7 + 9, 35 + 45);
    desk_deinit(&desk);
}

/* --- Defects of others -----------------------------------------------------
 */

/* A chunk on its way to one follower came twice to the one who replaced him. */
static void h1_who_replaces_a_follower_gets_nothing_twice(void)
{
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = start(&desk, ALL);
    follow(&desk, (struct follow_spec){ .until_position = 1 });
    out(puppet, "a");
    out(puppet, "b"); /* behind the window */
    check_pulled(&desk, "a ");
    unfollow(&desk);
    follow(&desk, (struct follow_spec){ 0 });
    out(puppet, "c");
    check_pulled(&desk, "a b c ");
    desk_deinit(&desk);
}

/* A chunk that came while somebody attached was lost to him without a word. */
static void h2_who_attaches_at_any_time_has_no_hole(void)
{
    static const char *const all[] = { "a ", "b ", "c ", "d " };

    for (size_t when = 0; when <= 4; when++) {
        struct puppet *puppet;
        struct desk desk;

        begin(&desk);
        puppet = start(&desk, ALL);
        for (size_t i = 0; i < 4; i++) {
            if (i == when)
                follow(&desk, (struct follow_spec){ 0 });
            puppet_output(puppet, REMEX_STDOUT, all[i], 1);
        }
        if (when == 4)
            follow(&desk, (struct follow_spec){ 0 });
        check_pulled(&desk, "a b c d ");
        desk_deinit(&desk);
    }
}

/* What was dropped for one follower was a hole without a mark for the next. */
static void h3_a_hole_in_what_is_retained_is_told_to_everybody(void)
{
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = start(&desk, stream_of(DELIVERY_LOSSY, RETENTION_CHUNKS, 2));
    out(puppet, "a");
    puppet_output(puppet, REMEX_STDERR, "x", 1);
    for (const char *text = "bcdefg"; *text; text++)
        puppet_output(puppet, REMEX_STDOUT, text, 1);
    for (int i = 0; i < 3; i++) {
        follow(&desk, (struct follow_spec){ 0 });
        check_pulled(&desk, "gap1-1:1 x gap3-6:4 f g ");
        unfollow(&desk);
    }
    desk_deinit(&desk);
}

/* The same, with a window that is smaller than what is lost meanwhile: what is
 * lost takes no room in it, and is told once there is room. */
static void h4_a_gap_leaves_room_for_what_comes_behind_it(void)
{
    struct puppet *puppet;
    struct desk desk;

    begin(&desk);
    puppet = start(&desk, stream_of(DELIVERY_LOSSY, RETENTION_NONE, 0));
    follow(&desk, (struct follow_spec){ .until_position = 10 });
    out(puppet, "0123456789");
    check_pulled(&desk, "0123456789 ");
    for (int i = 0; i < 50; i++) {
        out_bulk(puppet, LOG_BYTES / 4);
        check_pulled(&desk, ""); /* not each by itself */
    }
    {
        struct pull_ack ack = { 1, 1, 30, false };
        struct request pull = desk_pull_request(0);
        struct reply reply;

        pull.pull.acks = &ack;
        pull.pull.ack_count = 1;
        reply = desk_call(&desk, &pull);
        g_assert_cmpuint(reply.pull.batch.count, ==, 2);
        g_assert_cmpint(
                reply.pull.batch.events[0].event.kind, ==, REMEX_EVENT_GAP);
        g_assert_cmpint(
                reply.pull.batch.events[1].event.kind, ==, REMEX_EVENT_OUTPUT);
    }
    check_pulled(&desk, "");
    desk_deinit(&desk);
}

/* With the smallest queue the mark of a loss took the place of the data. */
static void h4_who_keeps_up_after_a_loss_gets_data_again(void)
{
    struct puppet *puppet;
    struct desk desk;

    desk_init(&desk);
    desk.settings.limits.retained_bytes = LOG_BYTES;
    desk.settings.limits.retained_events = 4;
    desk_start(&desk);
    desk_open(&desk);
    puppet = start(&desk, stream_of(DELIVERY_LOSSY, RETENTION_NONE, 0));
    follow(&desk, (struct follow_spec){ 0 });
    for (int i = 0; i < 10; i++)
        out(puppet, "x");
    check_pulled(&desk, "gap1-7:7 x x x ");
    for (int i = 0; i < 10; i++) {
        out(puppet, "y");
        check_pulled(&desk, "y ");
    }
    desk_deinit(&desk);
}

/* A read after the end hung. */
static void h5_after_the_end_every_read_says_so_at_once(void)
{
    struct request request = { .method = METHOD_READ,
        .read = { .process_id = ID("one"), .wait_ms = 10000 } };
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = start(&desk, ALL);
    puppet_exit(puppet, 0);
    puppet_end(puppet);
    for (uint64_t seq = 0; seq <= 2; seq++) {
        request.read.after_seq = seq;
        reply = desk_call(&desk, &request);
        g_assert_cmpint(reply.error.status, ==, REMEX_OK);
        g_assert_true(reply.read.closed);
        g_assert_cmpuint(reply.read.batch.count, ==, 2 - seq);
    }
    desk_deinit(&desk);
}

/* A gap said nothing of how much it was. */
static void h6_a_gap_counts_and_says_where_each_stream_goes_on(void)
{
    struct request pull = desk_pull_request(0);
    struct puppet *puppet;
    struct desk desk;
    struct reply reply;

    begin(&desk);
    puppet = start(&desk, stream_of(DELIVERY_LOSSY, RETENTION_NONE, 0));
    out(puppet, "12345");
    puppet_output(puppet, REMEX_STDERR, "123", 3);
    follow(&desk, (struct follow_spec){ 0 });
    desk_settle(&desk);
    reply = desk_call(&desk, &pull);
    g_assert_cmpuint(reply.pull.batch.count, ==, 1);
    g_assert_cmpint(reply.pull.batch.events[0].event.kind, ==, REMEX_EVENT_GAP);
    g_assert_cmpuint(reply.pull.batch.events[0].event.gap.bytes, ==, 8);
    g_assert_cmpuint(reply.pull.batch.events[0].event.gap.offsets[0], ==, 5);
    g_assert_cmpuint(reply.pull.batch.events[0].event.gap.offsets[1], ==, 3);
    desk_deinit(&desk);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/delivery", an_exclusive_follow_lets_nobody_else_in);
    SUITE_ADD("/delivery", who_takes_over_goes_on_and_who_had_it_is_told_once);
    SUITE_ADD("/delivery", a_repeated_follow_goes_on_where_it_is);
    SUITE_ADD("/delivery", who_shares_displaces_only_who_does_not);
    SUITE_ADD(
            "/delivery", one_who_was_displaced_holds_nothing_and_acks_in_vain);
    SUITE_ADD("/delivery", one_who_was_displaced_is_never_unknown);
    SUITE_ADD("/delivery", the_id_of_one_who_was_displaced_is_taken_by_a_start);
    SUITE_ADD("/delivery",
            a_start_that_is_repeated_follows_again_who_was_displaced);
    SUITE_ADD("/delivery", a_resume_is_told_that_it_was_displaced);
    SUITE_ADD("/delivery",
            after_a_seal_who_is_there_gets_the_rest_and_who_comes_is_live);
    SUITE_ADD("/delivery", a_seal_names_what_there_is);
    SUITE_ADD(
            "/delivery", the_end_reaches_late_followers_under_every_retention);
    SUITE_ADD(
            "/delivery", a_follower_who_is_there_gets_all_whatever_is_retained);
    SUITE_ADD("/delivery", who_follows_live_gets_nothing_of_before_and_no_gap);
    SUITE_ADD("/delivery",
            a_lossy_child_is_never_held_and_the_fast_are_left_alone);
    SUITE_ADD(
            "/delivery", the_lease_decides_when_a_dead_follower_stops_counting);
    SUITE_ADD("/delivery", what_is_held_waits_for_who_comes);
    SUITE_ADD("/delivery", the_bound_of_a_held_child_is_its_share);
    SUITE_ADD("/delivery", each_follower_has_counts_of_its_own);
    SUITE_ADD("/delivery", the_counts_begin_where_a_follower_does);
    SUITE_ADD("/delivery", h1_who_replaces_a_follower_gets_nothing_twice);
    SUITE_ADD("/delivery", h2_who_attaches_at_any_time_has_no_hole);
    SUITE_ADD("/delivery", h3_a_hole_in_what_is_retained_is_told_to_everybody);
    SUITE_ADD("/delivery", h4_who_keeps_up_after_a_loss_gets_data_again);
    SUITE_ADD("/delivery", h4_a_gap_leaves_room_for_what_comes_behind_it);
    SUITE_ADD("/delivery", h5_after_the_end_every_read_says_so_at_once);
    SUITE_ADD("/delivery", h6_a_gap_counts_and_says_where_each_stream_goes_on);
    return g_test_run();
}
