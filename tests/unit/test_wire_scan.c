/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire.h"

#include <malloc.h>
#include <string.h>
#include <time.h>

#include <glib.h>

#include "support/samples.h"
#include "support/suite.h"

/* Messages that no encoder makes, put together byte by byte. */

enum { ARENA_BYTES = 4 * 1024 * 1024, ABUSE_BYTES = 1024 * 1024 };

enum { VARINT = 0, FIXED64 = 1, LENGTH = 2, GROUP = 3, FIXED32 = 5 };

/* --- Putting together ----------------------------------------------------- */

static void put_varint(GByteArray *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        g_byte_array_append(out, &(uint8_t){ (uint8_t)(value | 0x80) }, 1);
    g_byte_array_append(out, &(uint8_t){ (uint8_t)value }, 1);
}

static void put_tag(GByteArray *out, unsigned int number, unsigned int type)
{
    put_varint(out, (uint64_t)number << 3 | type);
}

static void put_raw(GByteArray *out, const void *data, size_t size)
{
    g_byte_array_append(out, data, (guint)size);
}

static void put_number(GByteArray *out, unsigned int number, uint64_t value)
{
    put_tag(out, number, VARINT);
    put_varint(out, value);
}

static void put_text(GByteArray *out, unsigned int number, const char *text)
{
    put_tag(out, number, LENGTH);
    put_varint(out, strlen(text));
    put_raw(out, text, strlen(text));
}

/* Takes over `inner`. */
static void put_message(GByteArray *out, unsigned int number, GByteArray *inner)
{
    put_tag(out, number, LENGTH);
    put_varint(out, inner->len);
    put_raw(out, inner->data, inner->len);
    g_byte_array_unref(inner);
}

/* A Request with an empty call in it, for more to be added. */
static GByteArray *new_renew(void)
{
    GByteArray *out = g_byte_array_new();

    put_number(out, 1, 1);
    put_message(out, METHOD_RENEW, g_byte_array_new());
    return out;
}

static GByteArray *new_signal(uint64_t signal)
{
    GByteArray *out = g_byte_array_new();

    put_text(out, 1, "process-1");
    put_number(out, 2, signal);
    put_number(out, 3, SIGNAL_TREE);
    return out;
}

/* A Request with one call. Takes over `call`. */
static GByteArray *new_request(enum method method, GByteArray *call)
{
    GByteArray *out = g_byte_array_new();

    put_message(out, method, call);
    return out;
}

/* --- Decoding ------------------------------------------------------------- */

/* Frees the bytes. The request's pointers dangle then. */
static enum remex_status decode(
        GByteArray *bytes, struct request *out, struct remex_error *error)
{
    struct remex_bytes lent = { bytes->data, bytes->len };
    enum remex_status status;
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    status = wire_decode_request(lent, &arena, out, error);
    arena_deinit(&arena);
    g_byte_array_unref(bytes);
    return status;
}

static void check_accepted(GByteArray *bytes, enum method method)
{
    struct remex_error error = { 0 };
    struct request request;

    if (decode(bytes, &request, &error) != REMEX_OK)
        g_error("%s: %s", error.name, error.text);
    g_assert_cmpint(request.method, ==, method);
}

static void check_refused(GByteArray *bytes, const char *field)
{
    struct remex_error error = { 0 };
    struct request request;

    g_assert_cmpint(
            decode(bytes, &request, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.status, ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_BAD_FIELD);
    g_assert_cmpstr(error.name, ==, field);
    g_assert_cmpuint(strlen(error.text), >, 0);
}

/* --- Tags and numbers ----------------------------------------------------- */

static void what_is_unknown_is_ignored(void)
{
    GByteArray *bytes = new_renew();

    put_number(bytes, 7, UINT64_MAX);
    put_text(bytes, 34, "new");
    put_tag(bytes, 99, FIXED32);
    put_raw(bytes, "1234", 4);
    put_tag(bytes, 536870911, FIXED64);
    put_raw(bytes, "12345678", 8);
    check_accepted(bytes, METHOD_RENEW);
}

static void a_tag_is_written_short_and_names_a_field(void)
{
    static const struct {
        const char *bytes;
        size_t size;
    } tags[] = {
        { "\x00\x00", 2 },                     /* field 0 */
        { "\x80\x00\x00", 3 },                 /* field 0, long */
        { "\x88\x00\x01", 3 },                 /* field 1, long */
        { "\x88\x80\x80\x80\x80\x00\x01", 7 }, /* field 1, very long */
        { "\x80\x80\x80\x80\x10\x00", 6 },     /* beyond 29 bits */
        { "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02\x00", 11 }, /* and 64 */
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
        { "\x80", 1 }, /* cut off */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(tags); i++) {
        GByteArray *bytes = new_renew();

        put_raw(bytes, tags[i].bytes, tags[i].size);
        check_refused(bytes, "message");
    }
}

static void there_are_no_groups(void)
{
    static const unsigned int types[] = { 3, 4, 6, 7 };

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        GByteArray *known = new_renew();
        GByteArray *unknown = new_renew();

        put_tag(known, 4, types[i]);
        check_refused(known, "attachment");
        put_tag(unknown, 7, types[i]);
        check_refused(unknown, "message");
    }
}

static void a_number_is_written_short(void)
{
    static const struct {
        const char *bytes;
        size_t size;
    } numbers[] = {
        { "\x80\x00", 2 },
        { "\xff\x80\x00", 3 },
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 }, /* 65 bits */
        { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11 },
        { "\xff", 1 },
        { "", 0 },
    };
    GByteArray *largest = new_renew();

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        GByteArray *bytes = new_renew();

        put_tag(bytes, 4, VARINT);
        put_raw(bytes, numbers[i].bytes, numbers[i].size);
        check_refused(bytes, "attachment");
    }
    put_number(largest, 4, UINT64_MAX);
    check_accepted(largest, METHOD_RENEW);
}

static void a_number_must_fit_its_field(void)
{
    GByteArray *fits = new_renew();
    GByteArray *too_big = new_renew();
    GByteArray *signal = new_signal(UINT32_MAX + UINT64_C(2));
    GByteArray *eof = g_byte_array_new();
    GByteArray *target = g_byte_array_new();

    put_number(fits, 5, UINT32_MAX);
    check_accepted(fits, METHOD_RENEW);
    put_number(too_big, 5, UINT32_MAX + UINT64_C(1));
    check_refused(too_big, "deadline_ms");
    /* Cut to 32 bits this would be signal 1. */
    check_refused(new_request(METHOD_SIGNAL, signal), "signal.signal");
    put_number(eof, 3, 2);
    check_refused(new_request(METHOD_WRITE, eof), "write.eof");
    put_number(target, 3, UINT32_MAX + UINT64_C(4));
    check_refused(new_request(METHOD_SIGNAL, target), "signal.target");
}

static void a_negative_enum_is_no_choice(void)
{
    GByteArray *signal = g_byte_array_new();

    put_text(signal, 1, "process-1");
    put_number(signal, 2, 9);
    put_number(signal, 3, UINT64_MAX); /* -1 */
    check_refused(new_request(METHOD_SIGNAL, signal), "signal.target");
}

static void a_field_has_the_type_of_the_protocol(void)
{
    GByteArray *text = new_renew();
    GByteArray *number = g_byte_array_new();
    GByteArray *fixed = new_renew();

    put_text(text, 5, "soon");
    check_refused(text, "deadline_ms");
    put_number(number, METHOD_START, 1);
    check_refused(number, "start");
    put_tag(fixed, 4, FIXED64);
    put_raw(fixed, "12345678", 8);
    check_refused(fixed, "attachment");
}

static void packed_numbers_are_looked_at_too(void)
{
    GByteArray *fine = g_byte_array_new();
    GByteArray *cut = g_byte_array_new();

    put_text(fine, 1, "process-1");
    put_text(fine, 2, "\x01\x02");
    check_accepted(new_request(METHOD_SEAL, fine), METHOD_SEAL);
    put_text(cut, 2, "\x01\x82");
    check_refused(new_request(METHOD_SEAL, cut), "seal.streams");
}

static void a_length_ends_with_what_it_is_in(void)
{
    GByteArray *inner = g_byte_array_new();
    GByteArray *outer = new_renew();
    GByteArray *huge = new_renew();

    put_tag(inner, 1, LENGTH);
    put_varint(inner, 10); /* the next field's bytes would do */
    inner = new_request(METHOD_SIGNAL, inner);
    put_text(inner, 6, "0123456789");
    check_refused(inner, "signal.process_id");
    put_tag(outer, 2, LENGTH);
    put_varint(outer, 1);
    check_refused(outer, "session_id");
    put_tag(huge, 2, LENGTH);
    put_varint(huge, UINT64_MAX);
    check_refused(huge, "session_id");
}

static void text_is_utf8_without_nul(void)
{
    static const char *const texts[] = { "\xff", "\xc0\x80", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xe2\x82" };
    GByteArray *nul = new_renew();

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        GByteArray *bytes = new_renew();

        put_text(bytes, 6, texts[i]);
        check_refused(bytes, "traceparent");
    }
    put_tag(nul, 6, LENGTH);
    put_raw(nul,
            "\x03"
            "a\0b",
            4);
    check_refused(nul, "traceparent");
}

/* --- Twice ---------------------------------------------------------------- */

static void nothing_is_there_twice(void)
{
    GByteArray *number = new_renew();
    GByteArray *payload = new_request(METHOD_WRITE, g_byte_array_new());
    GByteArray *process = g_byte_array_new();

    put_number(number, 1, 1);
    check_refused(number, "version");
    put_text(payload, 100, "a");
    put_text(payload, 100, "a");
    check_refused(payload, "payload");
    put_message(process, 1, g_byte_array_new());
    put_message(process, 1, g_byte_array_new());
    check_refused(new_request(METHOD_START, process), "start.process");
}

static void only_one_method_is_called(void)
{
    GByteArray *other = new_renew();
    GByteArray *same = new_renew();

    put_message(other, METHOD_CLOSE, g_byte_array_new());
    check_refused(other, "close");
    put_message(same, METHOD_RENEW, g_byte_array_new());
    check_refused(same, "renew");
}

static void some_method_is_called(void)
{
    GByteArray *later = g_byte_array_new();

    check_refused(g_byte_array_new(), "call");
    put_message(later, 34, g_byte_array_new());
    check_refused(later, "call");
}

/* --- Ids and payloads ----------------------------------------------------- */

static void an_id_has_sixteen_bytes_or_none(void)
{
    GByteArray *none = new_renew();
    GByteArray *sixteen = new_renew();
    GByteArray *one = new_renew();
    GByteArray *fewer = new_renew();
    GByteArray *more = new_renew();

    put_text(none, 2, "");
    check_accepted(none, METHOD_RENEW);
    put_text(sixteen, 3, "0123456789abcdef");
    check_accepted(sixteen, METHOD_RENEW);
    put_text(one, 2, "0");
    check_refused(one, "session_id");
    put_text(fewer, 2, "0123456789abcde");
    check_refused(fewer, "session_id");
    put_text(more, 3, "0123456789abcdef0");
    check_refused(more, "boot_id");
}

/* A Write whose payload stands before its call, or first of all. */
static GByteArray *new_early_payload(bool first)
{
    GByteArray *out = g_byte_array_new();
    GByteArray *call = g_byte_array_new();

    if (!first)
        put_number(out, 4, 77);
    put_text(out, 100, "payload");
    put_text(call, 1, "process-1");
    put_number(call, 2, 5);
    put_message(out, METHOD_WRITE, call);
    return out;
}

static void check_early_payload(bool first)
{
    GByteArray *bytes = new_early_payload(first);
    struct remex_bytes lent = { bytes->data, bytes->len };
    struct request request;
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    g_assert_cmpint(
            wire_decode_request(lent, &arena, &request, NULL), ==, REMEX_OK);
    g_assert_cmpuint(request.attachment, ==, first ? 0 : 77);
    g_assert_cmpuint(request.write.offset, ==, 5);
    g_assert_cmpuint(request.payload.size, ==, 7);
    g_assert_true(memcmp(request.payload.data, "payload", 7) == 0);
    arena_deinit(&arena);
    g_byte_array_unref(bytes);
}

static void a_payload_may_stand_anywhere(void)
{
    check_early_payload(true);
    check_early_payload(false);
}

/* --- Rules reach what is decoded ------------------------------------------ */

static void a_request_that_breaks_a_rule_is_refused(void)
{
    check_refused(new_request(METHOD_SIGNAL, new_signal(65)), "signal.signal");
    check_refused(
            new_request(METHOD_START, g_byte_array_new()), "start.process");
    check_refused(new_request(METHOD_RUN, g_byte_array_new()), "run.process");
    check_refused(new_request(METHOD_FOLLOW, g_byte_array_new()),
            "follow.process_id");
}

static enum remex_status decode_reply(
        GByteArray *bytes, struct remex_error *error)
{
    struct remex_bytes lent = { bytes->data, bytes->len };
    enum remex_status status;
    struct arena arena;
    struct reply reply;

    arena_init(&arena, ARENA_BYTES);
    status = wire_decode_reply(lent, &arena, &reply, error);
    arena_deinit(&arena);
    g_byte_array_unref(bytes);
    return status;
}

static void check_reply_refused(GByteArray *bytes, const char *field)
{
    struct remex_error error = { 0 };

    g_assert_cmpint(decode_reply(bytes, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(error.name, ==, field);
}

static GByteArray *new_output(unsigned int size)
{
    GByteArray *told = g_byte_array_new();
    GByteArray *event = g_byte_array_new();

    put_number(told, 1, REMEX_STDOUT);
    put_number(told, 3, size);
    put_number(event, 2, 1);
    put_message(event, 4, told);
    return event;
}

/* A ReadReply in a Reply. Takes over `event`. */
static GByteArray *new_read_reply(GByteArray *event)
{
    GByteArray *batch = g_byte_array_new();
    GByteArray *read = g_byte_array_new();
    GByteArray *reply = g_byte_array_new();

    put_message(batch, 1, event);
    put_message(read, 1, batch);
    put_message(reply, METHOD_READ, read);
    return reply;
}

static void outputs_and_payload_have_the_same_size(void)
{
    GByteArray *fits = new_read_reply(new_output(3));
    GByteArray *short_by_one = new_read_reply(new_output(3));
    GByteArray *long_by_one = new_read_reply(new_output(3));
    GByteArray *missing = new_read_reply(new_output(UINT32_MAX));

    put_text(fits, 100, "abc");
    g_assert_cmpint(decode_reply(fits, NULL), ==, REMEX_OK);
    put_text(short_by_one, 100, "ab");
    check_reply_refused(short_by_one, "payload");
    put_text(long_by_one, 100, "abcd");
    check_reply_refused(long_by_one, "payload");
    check_reply_refused(missing, "payload");
}

static void an_event_has_a_kind_that_we_know(void)
{
    GByteArray *none = g_byte_array_new();
    GByteArray *later = g_byte_array_new();

    put_number(none, 2, 1);
    check_reply_refused(new_read_reply(none), "read.events.kind");
    put_number(later, 2, 1);
    put_message(later, 8, g_byte_array_new());
    check_reply_refused(new_read_reply(later), "read.events.kind");
}

static void a_process_has_three_streams_at_most(void)
{
    GByteArray *closed = g_byte_array_new();
    GByteArray *event = g_byte_array_new();

    for (unsigned int i = 0; i < 4; i++) {
        GByteArray *end = g_byte_array_new();

        put_number(end, 1, 1 + i % 3);
        put_number(end, 2, REMEX_END_EOF);
        put_message(closed, 1, end);
    }
    put_number(event, 2, 1);
    put_message(event, 6, closed);
    check_reply_refused(new_read_reply(event), "read.events.closed.ends");
}

/* An InspectReply of a process with so many streams. */
static GByteArray *new_inspect_reply(unsigned int streams)
{
    GByteArray *process = g_byte_array_new();
    GByteArray *inspect = g_byte_array_new();
    GByteArray *reply = g_byte_array_new();

    put_text(process, 1, "process-1");
    put_number(process, 3, PROCESS_RUNNING);
    put_number(process, 16, OWNER_LOSS_KILL);
    for (unsigned int i = 0; i < streams; i++) {
        GByteArray *stream = g_byte_array_new();
        GByteArray *spec = g_byte_array_new();

        put_number(spec, 1, CAPTURE_PIPE);
        put_number(spec, 2, DELIVERY_LOSSY);
        put_number(spec, 4, RETENTION_ALL);
        put_number(stream, 1, 1 + i % 3);
        put_message(stream, 2, spec);
        put_message(process, 11, stream);
    }
    put_message(inspect, 1, process);
    put_message(reply, METHOD_INSPECT, inspect);
    return reply;
}

static void a_status_has_three_streams_at_most(void)
{
    g_assert_cmpint(decode_reply(new_inspect_reply(3), NULL), ==, REMEX_OK);
    check_reply_refused(new_inspect_reply(4), "inspect.process.streams");
    check_reply_refused(new_inspect_reply(1000), "inspect.process.streams");
}

/* A Seal of these streams, packed into one field. */
static GByteArray *new_seal(const char *streams)
{
    GByteArray *seal = g_byte_array_new();

    put_text(seal, 1, "process-1");
    put_text(seal, 2, streams);
    return new_request(METHOD_SEAL, seal);
}

static void a_seal_names_three_streams_at_most(void)
{
    check_accepted(new_seal(""), METHOD_SEAL);
    check_accepted(new_seal("\x01\x02\x03"), METHOD_SEAL);
    check_refused(new_seal("\x01\x02\x03\x01"), "seal.streams");
    check_refused(new_seal("\x04"), "seal.streams");
    check_refused(new_seal("\x81"), "seal.streams");
}

/* A Reply to Open with a hint topic of so many bytes, and a session id. */
static GByteArray *new_open_reply(size_t topic_size)
{
    GByteArray *open = g_byte_array_new();
    GByteArray *reply = g_byte_array_new();
    char topic[10] = "123456789";

    topic[topic_size] = '\0';
    put_number(open, 1, 1);
    put_text(open, 2, "session-16-bytes");
    put_number(open, 6, ROLE_RUN);
    put_text(open, 10, topic);
    put_message(reply, METHOD_OPEN, open);
    return reply;
}

static void a_topic_has_eight_bytes_or_none(void)
{
    for (size_t size = 0; size < 10; size++)
        if (size == 0 || size == MESSAGE_TOPIC_BYTES)
            g_assert_cmpint(
                    decode_reply(new_open_reply(size), NULL), ==, REMEX_OK);
        else
            check_reply_refused(new_open_reply(size), "open.hint_topic");
}

static void a_code_is_one_of_sixteen(void)
{
    GByteArray *code = g_byte_array_new();
    GByteArray *both = g_byte_array_new();

    put_number(code, 3, 17);
    check_reply_refused(code, "code");
    put_number(both, 3, 5);
    put_message(both, METHOD_RENEW, g_byte_array_new());
    check_reply_refused(both, "result");
    check_reply_refused(g_byte_array_new(), "result");
}

static void a_detail_that_we_do_not_know_is_plain(void)
{
    GByteArray *detail = g_byte_array_new();
    GByteArray *bytes = g_byte_array_new();

    put_message(detail, 8, g_byte_array_new());
    put_number(bytes, 3, 5);
    put_message(bytes, 5, detail);
    g_assert_cmpint(decode_reply(bytes, NULL), ==, REMEX_OK);
}

static void a_hint_begins_with_its_topic(void)
{
    struct remex_error error;
    struct arena arena;
    struct hint hint;

    arena_init(&arena, ARENA_BYTES);
    for (size_t size = 0; size < MESSAGE_TOPIC_BYTES; size++) {
        g_assert_cmpint(
                wire_decode_hint((struct remex_bytes){ "7 bytes", size },
                        &arena, &hint, &error),
                ==, REMEX_INVALID_ARGUMENT);
        g_assert_cmpstr(error.name, ==, "topic");
    }
    g_assert_cmpint(wire_decode_hint((struct remex_bytes){ "7 bytes", 8 },
                            &arena, &hint, &error),
            ==, REMEX_OK);
    arena_deinit(&arena);
}

/* --- Damage --------------------------------------------------------------- */

/* All samples, encoded. */
static GPtrArray *new_samples(void)
{
    GPtrArray *samples = g_ptr_array_new();

    for (int i = METHOD_OPEN; i <= METHOD_FORGET; i++) {
        struct request request = sample_request((enum method)i);
        struct reply reply = sample_reply((enum method)i);
        struct remex_bytes bytes = sample_encode_request(&request);

        g_ptr_array_add(
                samples, g_bytes_new_take(sample_data(bytes), bytes.size));
        bytes = sample_encode_reply(&reply);
        g_ptr_array_add(
                samples, g_bytes_new_take(sample_data(bytes), bytes.size));
    }
    return samples;
}

/* What matters is that it ends, with a status that may be. */
static void check_survives(const void *data, size_t size)
{
    /* In memory of its own, so that reading past the end is noticed. */
    uint8_t *copy = g_memdup2(data, size);
    struct remex_bytes bytes = { copy, size };
    enum remex_status status;
    struct request request;
    struct arena arena;
    struct reply reply;
    struct hint hint;

    arena_init(&arena, ARENA_BYTES);
    status = wire_decode_request(bytes, &arena, &request, NULL);
    g_assert_true(status == REMEX_OK || status == REMEX_INVALID_ARGUMENT);
    arena_reset(&arena);
    status = wire_decode_reply(bytes, &arena, &reply, NULL);
    g_assert_true(status == REMEX_OK || status == REMEX_INVALID_ARGUMENT);
    arena_reset(&arena);
    status = wire_decode_hint(bytes, &arena, &hint, NULL);
    g_assert_true(status == REMEX_OK || status == REMEX_INVALID_ARGUMENT);
    arena_deinit(&arena);
    g_free(copy);
}

static void a_message_cut_anywhere_does_no_harm(void)
{
    GPtrArray *samples = new_samples();

    for (guint i = 0; i < samples->len; i++) {
        size_t size;
        const uint8_t *data = g_bytes_get_data(samples->pdata[i], &size);

        for (size_t cut = 0; cut < size; cut++)
            check_survives(data, cut);
        g_bytes_unref(samples->pdata[i]);
    }
    g_ptr_array_free(samples, TRUE);
}

static void a_flipped_bit_does_no_harm(void)
{
    GPtrArray *samples = new_samples();

    for (guint i = 0; i < samples->len; i++) {
        size_t size;
        uint8_t *data = g_bytes_unref_to_data(samples->pdata[i], &size);

        for (size_t bit = 0; bit < size * 8; bit++) {
            data[bit / 8] ^= (uint8_t)(1U << bit % 8);
            check_survives(data, size);
            data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        g_free(data);
    }
    g_ptr_array_free(samples, TRUE);
}

/* --- Amplification -------------------------------------------------------- */

/* A megabyte of `piece` in field `number` of a Pull, either side's. */
static GByteArray *new_flood(const char *piece, size_t size)
{
    GByteArray *call = g_byte_array_sized_new(ABUSE_BYTES);

    while (call->len + size <= ABUSE_BYTES)
        put_raw(call, piece, size);
    return new_request(METHOD_PULL, call);
}

/* Of this process, as its allocator counts it; a sanitizer's counts nothing. */
static size_t heap_in_use(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

/* What it takes of the heap is within the arena's limit and a little. */
static void check_exhausts(GByteArray *bytes)
{
    struct remex_bytes lent = { bytes->data, bytes->len };
    clock_t begin = clock();
    size_t before = heap_in_use();
    struct remex_error error;
    struct request request;
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    g_assert_cmpint(wire_decode_request(lent, &arena, &request, &error), ==,
            REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpint(error.status, ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpuint(heap_in_use(), <=, before + ARENA_BYTES + ARENA_BYTES / 8);
    arena_deinit(&arena);
    g_byte_array_unref(bytes);
    /* Of our own time: far more than it takes, but far less than without a
     * cap. */
    g_assert_cmpint(clock() - begin, <, 2L * CLOCKS_PER_SEC);
}

static void a_flood_of_empty_messages_is_refused(void)
{
    check_exhausts(new_flood("\x0a\x00", 2));
}

static void a_flood_of_unknown_fields_is_refused(void)
{
    check_exhausts(new_flood("\x78\x00", 2));
}

static void a_flood_of_events_is_refused(void)
{
    GByteArray *bytes = g_byte_array_new();
    GByteArray *batch = g_byte_array_sized_new(ABUSE_BYTES);
    GByteArray *pull = g_byte_array_new();
    struct remex_error error;

    for (int i = 0; i < ABUSE_BYTES / 2; i++)
        put_raw(batch, "\x0a\x00", 2);
    put_message(pull, 1, batch);
    put_message(bytes, METHOD_PULL, pull);
    g_assert_cmpint(decode_reply(bytes, &error), ==, REMEX_RESOURCE_EXHAUSTED);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/wire_scan", what_is_unknown_is_ignored);
    SUITE_ADD("/wire_scan", a_tag_is_written_short_and_names_a_field);
    SUITE_ADD("/wire_scan", there_are_no_groups);
    SUITE_ADD("/wire_scan", a_number_is_written_short);
    SUITE_ADD("/wire_scan", a_number_must_fit_its_field);
    SUITE_ADD("/wire_scan", a_negative_enum_is_no_choice);
    SUITE_ADD("/wire_scan", a_field_has_the_type_of_the_protocol);
    SUITE_ADD("/wire_scan", packed_numbers_are_looked_at_too);
    SUITE_ADD("/wire_scan", a_length_ends_with_what_it_is_in);
    SUITE_ADD("/wire_scan", text_is_utf8_without_nul);
    SUITE_ADD("/wire_scan", nothing_is_there_twice);
    SUITE_ADD("/wire_scan", only_one_method_is_called);
    SUITE_ADD("/wire_scan", some_method_is_called);
    SUITE_ADD("/wire_scan", an_id_has_sixteen_bytes_or_none);
    SUITE_ADD("/wire_scan", a_payload_may_stand_anywhere);
    SUITE_ADD("/wire_scan", a_request_that_breaks_a_rule_is_refused);
    SUITE_ADD("/wire_scan", outputs_and_payload_have_the_same_size);
    SUITE_ADD("/wire_scan", an_event_has_a_kind_that_we_know);
    SUITE_ADD("/wire_scan", a_process_has_three_streams_at_most);
    SUITE_ADD("/wire_scan", a_status_has_three_streams_at_most);
    SUITE_ADD("/wire_scan", a_seal_names_three_streams_at_most);
    SUITE_ADD("/wire_scan", a_topic_has_eight_bytes_or_none);
    SUITE_ADD("/wire_scan", a_code_is_one_of_sixteen);
    SUITE_ADD("/wire_scan", a_detail_that_we_do_not_know_is_plain);
    SUITE_ADD("/wire_scan", a_hint_begins_with_its_topic);
    SUITE_ADD("/wire_scan", a_message_cut_anywhere_does_no_harm);
    SUITE_ADD("/wire_scan", a_flipped_bit_does_no_harm);
    SUITE_ADD("/wire_scan", a_flood_of_empty_messages_is_refused);
    SUITE_ADD("/wire_scan", a_flood_of_unknown_fields_is_refused);
    SUITE_ADD("/wire_scan", a_flood_of_events_is_refused);
    return g_test_run();
}
