/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/samples.h"
#include "support/suite.h"
#include "support/tell.h"

enum { ARENA_BYTES = 1024 * 1024 };

/* A message as it came over the wire. */
struct received {
    struct remex_bytes bytes;
    struct arena arena;
    union {
        struct request request;
        struct reply reply;
        struct hint hint;
    };
};

static void receive_request(const struct request *sent, struct received *out)
{
    struct remex_error error;

    out->bytes = sample_encode_request(sent);
    arena_init(&out->arena, ARENA_BYTES);
    g_assert_cmpint(
            wire_decode_request(out->bytes, &out->arena, &out->request, &error),
            ==, REMEX_OK);
}

static void receive_reply(const struct reply *sent, struct received *out)
{
    struct remex_error error;

    out->bytes = sample_encode_reply(sent);
    arena_init(&out->arena, ARENA_BYTES);
    g_assert_cmpint(
            wire_decode_reply(out->bytes, &out->arena, &out->reply, &error), ==,
            REMEX_OK);
}

static void let_go(struct received *received)
{
    arena_deinit(&received->arena);
    sample_free(received->bytes);
}

/* Frees both. */
static void check_same(char *got, char *sent)
{
    g_assert_cmpstr(got, ==, sent);
    g_free(got);
    g_free(sent);
}

static void check_bytes(struct remex_bytes bytes, const char *expected)
{
    g_assert_cmpuint(bytes.size, ==, strlen(expected));
    g_assert_true(memcmp(bytes.data, expected, bytes.size) == 0);
}

/* --- Round trips ---------------------------------------------------------- */

static void check_request_returns(const struct request *request)
{
    struct received received;

    receive_request(request, &received);
    check_same(tell_request(&received.request), tell_request(request));
    let_go(&received);
}

static void check_reply_returns(const struct reply *reply)
{
    struct received received;

    receive_reply(reply, &received);
    check_same(tell_reply(&received.reply), tell_reply(reply));
    let_go(&received);
}

static void every_request_comes_back_as_it_was(void)
{
    for (int i = METHOD_OPEN; i <= METHOD_FORGET; i++) {
        struct request request = sample_request((enum method)i);

        check_request_returns(&request);
    }
}

static void every_reply_comes_back_as_it_was(void)
{
    for (int i = METHOD_OPEN; i <= METHOD_FORGET; i++) {
        struct reply reply = sample_reply((enum method)i);

        check_reply_returns(&reply);
    }
}

static void every_failure_comes_back_as_it_was(void)
{
    for (int i = REMEX_ERROR_PLAIN; i <= REMEX_ERROR_ANSWER_LOST; i++) {
        struct reply reply = sample_failure((enum remex_error_kind)i);

        check_reply_returns(&reply);
    }
}

static void the_largest_errno_comes_back_as_it_was(void)
{
    struct reply reply = sample_failure(REMEX_ERROR_LAUNCH_FAILED);

    reply.error.os_error = INT32_MAX;
    check_reply_returns(&reply);
}

static void every_code_comes_back_as_it_was(void)
{
    for (int i = REMEX_CANCELLED; i <= REMEX_UNAUTHENTICATED; i++) {
        struct reply reply = sample_failure(REMEX_ERROR_PLAIN);

        reply.error.status = (enum remex_status)i;
        check_reply_returns(&reply);
    }
}

static void a_start_with_a_terminal_comes_back_as_it_was(void)
{
    struct request request = sample_terminal();

    check_request_returns(&request);
}

/* As W3C has it: the request is as good as without. */
static void a_traceparent_that_is_none_is_ignored(void)
{
    struct request request = sample_request(METHOD_START);
    struct remex_bytes sent = sample_encode_request(&request);
    struct remex_bytes traceparent = request.start.process.traceparent;
    struct request received;
    struct arena arena;
    char *at = memmem(sent.data, sent.size, traceparent.data, traceparent.size);

    g_assert_nonnull(at);
    *at = 'X';
    arena_init(&arena, ARENA_BYTES);
    g_assert_cmpint(
            wire_decode_request(sent, &arena, &received, NULL), ==, REMEX_OK);
    request.start.process.traceparent.size = 0;
    check_same(tell_request(&received), tell_request(&request));
    arena_deinit(&arena);
    sample_free(sent);
}

static void what_is_optional_may_be_missing(void)
{
    struct request start = sample_request(METHOD_START);
    struct request open = sample_request(METHOD_OPEN);
    struct request write = sample_request(METHOD_WRITE);
    struct reply pull = sample_reply(METHOD_PULL);

    start.start.follow = NULL;
    start.start.process.env_count = 0;
    start.start.process.rlimit_count = 0;
    start.start.process.stop_plan_count = 0;
    start.start.process.label_count = 0;
    start.start.process.has_eof_linger = false;
    start.start.process.eof_linger_ms = 0;
    check_request_returns(&start);
    open.open.resume = NULL;
    open.session_id = (struct message_id){ { 0 } };
    open.boot_id = (struct message_id){ { 0 } };
    check_request_returns(&open);
    write.payload = (struct remex_bytes){ 0 };
    check_request_returns(&write);
    pull.pull.batch.count = 0;
    pull.pull.state_count = 0;
    pull.payload = (struct remex_bytes){ 0 };
    check_reply_returns(&pull);
}

static void a_hint_comes_back_as_it_was(void)
{
    struct hint hint = sample_hint();
    struct received received;

    received.bytes = sample_encode_hint(&hint);
    arena_init(&received.arena, ARENA_BYTES);
    g_assert_cmpint(wire_decode_hint(received.bytes, &received.arena,
                            &received.hint, NULL),
            ==, REMEX_OK);
    check_same(tell_hint(&received.hint), tell_hint(&hint));
    let_go(&received);
}

/* --- Payloads ------------------------------------------------------------- */

/* Whether a payload of `size` bytes, the last of the message, begins at
 * `data`. */
static bool is_in_place(
        const struct received *received, const void *data, size_t size)
{
    const uint8_t *begin = received->bytes.data;

    return data == begin + received->bytes.size - size;
}

static void a_payload_is_decoded_in_place(void)
{
    struct request request = sample_request(METHOD_WRITE);
    struct received received;

    receive_request(&request, &received);
    g_assert_true(is_in_place(
            &received, received.request.payload.data, request.payload.size));
    let_go(&received);
}

static void outputs_are_decoded_in_place(void)
{
    struct reply reply = sample_reply(METHOD_READ);
    const struct remex_event *event;
    struct received received;

    receive_reply(&reply, &received);
    event = &received.reply.read.batch.events[1].event;
    g_assert_true(is_in_place(
            &received, event->output.data.data, reply.payload.size));
    let_go(&received);
}

static void each_output_has_its_part_of_the_payload(void)
{
    struct reply reply = sample_reply(METHOD_READ);
    struct batch_event events[3];
    struct received received;

    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        events[i] = reply.read.batch.events[1];
        events[i].event.output.data.size = 1;
    }
    reply.read.batch = (struct batch){ events, G_N_ELEMENTS(events) };
    reply.payload = (struct remex_bytes){ "abc", 3 };
    receive_reply(&reply, &received);
    for (size_t i = 0; i < G_N_ELEMENTS(events); i++) {
        const char *data =
                received.reply.read.batch.events[i].event.output.data.data;

        g_assert_cmpint(*data, ==, "abc"[i]);
    }
    let_go(&received);
}

/* The payload is not needed for that: it may be larger than memory. */
static void check_head_grows(size_t payload_size, size_t expected)
{
    struct request request = sample_request(METHOD_WRITE);
    struct wire_head empty, head;

    request.payload.size = 0;
    g_assert_cmpint(wire_encode_request(&request, &empty), ==, REMEX_OK);
    request.payload.size = payload_size;
    g_assert_cmpint(wire_encode_request(&request, &head), ==, REMEX_OK);
    g_assert_cmpuint(head.size - empty.size, ==, expected);
    wire_head_free(&empty);
    wire_head_free(&head);
}

static void a_head_ends_with_the_length_of_its_payload(void)
{
    check_head_grows(0, 0);
    check_head_grows(1, 3);
    check_head_grows(127, 3);
    check_head_grows(128, 4);
    check_head_grows(16383, 4);
    check_head_grows(16384, 5);
    check_head_grows((size_t)1 << 40, 8);
}

/* --- The bytes of a ProcessSpec ------------------------------------------- */

static void the_encoded_process_is_that_of_the_message(void)
{
    struct request request = sample_request(METHOD_START);
    struct remex_bytes process;
    struct received received;

    receive_request(&request, &received);
    process = received.request.start.process.encoded;
    g_assert_cmpuint(process.size, >, 100);
    g_assert_true(memmem(received.bytes.data, received.bytes.size, process.data,
                          process.size) == process.data);
    /* It begins with its first field, the process id. */
    process.size = 11;
    check_bytes(process, "\x0a\x09process-1");
    let_go(&received);
}

static void the_encoded_process_is_told_of_a_run_too(void)
{
    struct request request = sample_request(METHOD_RUN);
    struct remex_bytes process;
    struct received received;

    receive_request(&request, &received);
    process = received.request.run.process.encoded;
    g_assert_cmpuint(process.size, >, 50);
    process.size = 11;
    check_bytes(process, "\x0a\x09process-r");
    let_go(&received);
}

static GBytes *encoded_process(const struct request *request)
{
    struct remex_bytes process;
    struct received received;
    GBytes *copy;

    receive_request(request, &received);
    process = received.request.start.process.encoded;
    copy = g_bytes_new(process.data, process.size);
    let_go(&received);
    return copy;
}

static void the_encoded_process_tells_specs_apart_and_nothing_else(void)
{
    struct request one = sample_request(METHOD_START);
    struct request follow_less = one;
    struct request other = one;
    GBytes *a, *b, *c;

    follow_less.start.follow = NULL;
    follow_less.deadline_ms = 99;
    other.start.process.keep_ms++;
    a = encoded_process(&one);
    b = encoded_process(&follow_less);
    c = encoded_process(&other);
    g_assert_true(g_bytes_equal(a, b));
    g_assert_false(g_bytes_equal(a, c));
    g_bytes_unref(a);
    g_bytes_unref(b);
    g_bytes_unref(c);
}

static void a_follow_without_a_process_id_follows_the_process_started(void)
{
    struct request request = sample_request(METHOD_START);
    struct follow_spec follow = {
        .process_id = request.start.process.process_id,
        .follow_id = 1,
    };
    static const char with_id[] = "\x12\x0d\x0a\x09process-1\x10\x01";
    struct received received;
    uint8_t *end;

    /* Encoding insists on the id, so it is taken out of the bytes, where the
     * follow comes last: an unknown field takes its place. */
    request.start.follow = &follow;
    receive_request(&request, &received);
    end = sample_data(received.bytes) + received.bytes.size - 15;
    check_bytes((struct remex_bytes){ end, 15 }, with_id);
    end[2] = 0xfa;
    end[3] = 0x01;
    end[4] = 8;
    g_assert_cmpint(wire_decode_request(received.bytes, &received.arena,
                            &received.request, NULL),
            ==, REMEX_OK);
    check_bytes(received.request.start.follow->process_id, "process-1");
    let_go(&received);
}

/* --- Errors --------------------------------------------------------------- */

static struct remex_error error_received(const struct reply *reply)
{
    struct received received;

    receive_reply(reply, &received);
    let_go(&received);
    return received.reply.error;
}

static void an_error_is_made_fit_to_be_sent(void)
{
    struct reply reply = sample_failure(REMEX_ERROR_BAD_FIELD);
    struct remex_error error;

    g_strlcpy(reply.error.text, "a\nb\xff", sizeof(reply.error.text));
    memset(reply.error.name, 'x', sizeof(reply.error.name)); /* no end */
    error = error_received(&reply);
    g_assert_cmpstr(error.text, ==, "a?b?");
    g_assert_cmpuint(strlen(error.name), ==, sizeof(error.name) - 1);
}

static void a_status_of_our_own_is_sent_as_the_nearest_code(void)
{
    struct reply reply = sample_failure(REMEX_ERROR_PLAIN);
    struct remex_error error;

    reply.error.status = REMEX_NO_MEMORY;
    error = error_received(&reply);
    g_assert_cmpint(error.status, ==, REMEX_RESOURCE_EXHAUSTED);
    reply.error.status = REMEX_ENDED;
    error = error_received(&reply);
    g_assert_cmpint(error.status, ==, REMEX_INTERNAL);
}

/* --- Memory --------------------------------------------------------------- */

/* Either of them. */
struct sent {
    const struct request *request;
    const struct reply *reply;
};

static enum remex_status encode(const struct sent *sent, struct wire_head *out)
{
    if (sent->request)
        return wire_encode_request(sent->request, out);
    return wire_encode_reply(sent->reply, sent->reply->payload.size, out);
}

/* Encodes with the nth allocation failing; false: it needs no so many. */
static bool encoding_fails(const struct sent *sent, unsigned int nth)
{
    struct wire_head head = { NULL, 99 };
    enum remex_status status;
    bool failed;

    fault_fail_allocation(nth);
    status = encode(sent, &head);
    failed = fault_happened();
    g_assert_cmpint(status, ==, failed ? REMEX_NO_MEMORY : REMEX_OK);
    g_assert_cmpint(head.data == NULL, ==, failed);
    wire_head_free(&head);
    return failed;
}

static void check_encoding_survives(struct sent sent)
{
    unsigned int nth = 1;

    while (encoding_fails(&sent, nth))
        nth++;
    g_assert_cmpuint(nth, >, 2); /* or this would prove nothing */
}

static void a_request_is_encoded_or_there_is_no_memory(void)
{
    for (int i = METHOD_OPEN; i <= METHOD_FORGET; i++) {
        struct request request = sample_request((enum method)i);

        check_encoding_survives((struct sent){ .request = &request });
    }
}

static void a_reply_is_encoded_or_there_is_no_memory(void)
{
    for (int i = METHOD_OPEN; i <= METHOD_FORGET; i++) {
        struct reply reply = sample_reply((enum method)i);

        check_encoding_survives((struct sent){ .reply = &reply });
    }
    for (int i = REMEX_ERROR_PLAIN; i <= REMEX_ERROR_ANSWER_LOST; i++) {
        struct reply reply = sample_failure((enum remex_error_kind)i);

        check_encoding_survives((struct sent){ .reply = &reply });
    }
}

/* The sample's events over and over, from the nth on, so that the arena's
 * blocks end in the midst of each of them. */
static struct reply long_pull(
        struct batch_event *events, size_t count, size_t first)
{
    struct reply reply = sample_reply(METHOD_PULL);
    struct batch batch = reply.pull.batch;

    reply.payload.size = 0;
    for (size_t i = 0; i < count; i++) {
        events[i] = batch.events[(first + i) % batch.count];
        if (events[i].event.kind == REMEX_EVENT_OUTPUT)
            reply.payload.size += events[i].event.output.data.size;
    }
    reply.pull.batch = (struct batch){ events, count };
    return reply;
}

static void a_long_reply_is_encoded_or_there_is_no_memory(void)
{
    struct batch_event events[600];

    for (size_t first = 0; first < 7; first++) {
        struct reply reply = long_pull(events, G_N_ELEMENTS(events), first);

        check_encoding_survives((struct sent){ .reply = &reply });
    }
}

/* Many arguments, so that one block of the arena is not enough. */
static struct request long_start(struct remex_bytes *argv, size_t count)
{
    struct request request = sample_request(METHOD_START);

    for (size_t i = 0; i < count; i++)
        argv[i] = (struct remex_bytes){ "an argument of some length", 26 };
    request.start.process.argv = argv;
    request.start.process.argv_count = count;
    return request;
}

static void a_request_is_decoded_or_there_is_no_memory(void)
{
    struct remex_bytes argv[1000];
    struct request request = long_start(argv, G_N_ELEMENTS(argv));
    struct remex_bytes bytes = sample_encode_request(&request);
    struct remex_error error;
    unsigned int nth = 1;

    for (bool failed = true; failed; nth++) {
        struct arena arena;
        enum remex_status status;

        arena_init(&arena, ARENA_BYTES);
        fault_fail_allocation(nth);
        status = wire_decode_request(bytes, &arena, &request, &error);
        failed = fault_happened();
        g_assert_cmpint(
                status, ==, failed ? REMEX_RESOURCE_EXHAUSTED : REMEX_OK);
        arena_deinit(&arena);
    }
    g_assert_cmpuint(nth, >, 4);
    sample_free(bytes);
}

/* Whether a limit is enough to decode a request. */
static bool is_enough(size_t limit, struct remex_bytes bytes)
{
    struct remex_error error = { 0 };
    enum remex_status status;
    struct request request;
    struct arena arena;

    arena_init(&arena, limit);
    status = wire_decode_request(bytes, &arena, &request, &error);
    g_assert_cmpuint(arena.used, <=, limit);
    arena_deinit(&arena);
    if (status == REMEX_OK)
        return true;
    g_assert_cmpint(status, ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpint(error.status, ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpuint(strlen(error.text), >, 0);
    return false;
}

static void a_request_is_decoded_within_any_limit_or_refused(void)
{
    struct request request = sample_request(METHOD_START);
    struct remex_bytes bytes = sample_encode_request(&request);
    size_t limit = 0;

    while (!is_enough(limit, bytes))
        limit += 16;
    g_assert_cmpuint(limit, >, 1000);
    g_assert_cmpuint(limit, <, 20 * bytes.size);
    sample_free(bytes);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/wire", every_request_comes_back_as_it_was);
    SUITE_ADD("/wire", every_reply_comes_back_as_it_was);
    SUITE_ADD("/wire", every_failure_comes_back_as_it_was);
    SUITE_ADD("/wire", the_largest_errno_comes_back_as_it_was);
    SUITE_ADD("/wire", every_code_comes_back_as_it_was);
    SUITE_ADD("/wire", a_start_with_a_terminal_comes_back_as_it_was);
    SUITE_ADD("/wire", a_traceparent_that_is_none_is_ignored);
    SUITE_ADD("/wire", what_is_optional_may_be_missing);
    SUITE_ADD("/wire", a_hint_comes_back_as_it_was);
    SUITE_ADD("/wire", a_payload_is_decoded_in_place);
    SUITE_ADD("/wire", outputs_are_decoded_in_place);
    SUITE_ADD("/wire", each_output_has_its_part_of_the_payload);
    SUITE_ADD("/wire", a_head_ends_with_the_length_of_its_payload);
    SUITE_ADD("/wire", the_encoded_process_is_that_of_the_message);
    SUITE_ADD("/wire", the_encoded_process_is_told_of_a_run_too);
    SUITE_ADD("/wire", the_encoded_process_tells_specs_apart_and_nothing_else);
    SUITE_ADD(
            "/wire", a_follow_without_a_process_id_follows_the_process_started);
    SUITE_ADD("/wire", an_error_is_made_fit_to_be_sent);
    SUITE_ADD("/wire", a_status_of_our_own_is_sent_as_the_nearest_code);
    SUITE_ADD("/wire", a_request_is_encoded_or_there_is_no_memory);
    SUITE_ADD("/wire", a_reply_is_encoded_or_there_is_no_memory);
    SUITE_ADD("/wire", a_long_reply_is_encoded_or_there_is_no_memory);
    SUITE_ADD("/wire", a_request_is_decoded_or_there_is_no_memory);
    SUITE_ADD("/wire", a_request_is_decoded_within_any_limit_or_refused);
    return g_test_run();
}
