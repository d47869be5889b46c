/* SPDX-License-Identifier: Apache-2.0 */
#include "support/transcript.h"

#include <string.h>

#include "support/children/pattern.h"

#define PATIENCE_MS (60 * 1000)
#define PIECE_BYTES 65536

void transcript_init(struct transcript *transcript)
{
    *transcript = (struct transcript){ .order = g_string_new(NULL) };
    for (int i = 0; i < REMEX_STREAMS; i++)
        transcript->streams[i] = g_byte_array_new();
}

void transcript_deinit(struct transcript *transcript)
{
    g_string_free(transcript->order, TRUE);
    for (int i = 0; i < REMEX_STREAMS; i++)
        g_byte_array_unref(transcript->streams[i]);
}

static void check_pattern(struct remex_bytes bytes, uint64_t offset)
{
    uint8_t wanted[PIECE_BYTES]; /* readers may be threads */
    const uint8_t *at = bytes.data;
    size_t left = bytes.size;

    while (left > 0) {
        size_t count = MIN(left, PIECE_BYTES);

        pattern_fill(wanted, count, offset);
        if (memcmp(at, wanted, count) != 0)
            g_error("wrong bytes at or after offset %" G_GUINT64_FORMAT,
                    offset);
        at += count;
        offset += count;
        left -= count;
    }
}

static void take_output(
        struct transcript *transcript, const struct remex_event *event)
{
    const struct remex_bytes data = event->output.data;
    int index = (int)event->output.stream - 1;

    g_assert_cmpint(index, >=, 0);
    g_assert_cmpint(index, <, REMEX_STREAMS);
    g_assert_cmpuint(data.size, >, 0);
    g_assert_cmpuint(event->output.offset, ==, transcript->bytes[index]);
    if (transcript->verify)
        check_pattern(data, transcript->bytes[index]);
    else
        g_byte_array_append(
                transcript->streams[index], data.data, (guint)data.size);
    transcript->bytes[index] += data.size;
}

static void check_number(
        const struct transcript *transcript, const struct remex_event *event)
{
    if (event->kind == REMEX_EVENT_FAILED) {
        g_assert_cmpuint(event->seq, ==, 0);
    } else if (event->kind == REMEX_EVENT_GAP) {
        g_assert_cmpuint(event->gap.first_seq, ==, transcript->last_seq + 1);
        g_assert_cmpuint(event->seq, >=, event->gap.first_seq);
    } else {
        g_assert_cmpuint(event->seq, ==, transcript->last_seq + 1);
    }
}

static void check_closed(
        const struct transcript *transcript, const struct remex_event *event)
{
    g_assert_nonnull(strchr(transcript->order->str, 'X'));
    for (size_t i = 0; i < event->closed.count; i++) {
        const struct remex_stream_end *end = &event->closed.ends[i];

        g_assert_cmpuint(
                end->bytes, ==, transcript->bytes[(int)end->stream - 1]);
    }
}

static void note(struct transcript *transcript, char letter)
{
    const GString *order = transcript->order;

    if (letter != 'O' || order->len == 0 || order->str[order->len - 1] != 'O')
        g_string_append_c(transcript->order, letter);
}

void transcript_take(
        struct transcript *transcript, const struct remex_event *event)
{
    g_assert_null(strpbrk(transcript->order->str, "CF"));
    check_number(transcript, event);
    if (event->seq > 0)
        transcript->last_seq = event->seq;
    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        take_output(transcript, event);
        note(transcript, 'O');
        break;
    case REMEX_EVENT_EXITED:
        g_assert_null(strchr(transcript->order->str, 'X'));
        transcript->exit = event->exited;
        note(transcript, 'X');
        break;
    case REMEX_EVENT_GAP:
        for (int i = 0; i < REMEX_STREAMS; i++)
            transcript->bytes[i] = event->gap.offsets[i];
        note(transcript, 'G');
        break;
    case REMEX_EVENT_CLOSED:
        check_closed(transcript, event);
        transcript->ending = *event;
        note(transcript, 'C');
        break;
    case REMEX_EVENT_FAILED:
        transcript->ending = *event;
        note(transcript, 'F');
        break;
    }
}

void transcript_follow(
        struct transcript *transcript, struct remex_process *process)
{
    struct remex_event event;
    enum remex_status status;

    while ((status = remex_process_next_event(process, PATIENCE_MS, &event)) ==
            REMEX_OK)
        transcript_take(transcript, &event);
    g_assert_cmpstr(
            remex_status_name(status), ==, remex_status_name(REMEX_ENDED));
    g_assert_nonnull(strpbrk(transcript->order->str, "CF"));
}

void transcript_follow_pattern(struct remex_process *process, uint64_t bytes)
{
    struct transcript story;

    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, process);
    g_assert_cmpuint(story.bytes[0], ==, bytes);
    g_assert_null(strpbrk(story.order->str, "GF"));
    transcript_deinit(&story);
}

void transcript_follow_until(struct transcript *transcript,
        struct remex_process *process, enum remex_stream stream, uint64_t bytes)
{
    struct remex_event event;

    while (transcript->bytes[(int)stream - 1] < bytes) {
        g_assert_cmpint(remex_process_next_event(process, PATIENCE_MS, &event),
                ==, REMEX_OK);
        transcript_take(transcript, &event);
    }
}

void transcript_check_text(const struct transcript *transcript,
        enum remex_stream stream, const char *text)
{
    const GByteArray *said = transcript->streams[(int)stream - 1];
    char *copy = said->len > 0 ? g_strndup((const char *)said->data, said->len)
                               : g_strdup("");

    g_assert_cmpstr(copy, ==, text);
    g_assert_cmpuint(said->len, ==, strlen(text));
    g_free(copy);
}

void transcript_check_exit(const struct transcript *transcript, int code)
{
    g_assert_cmpint(transcript->ending.kind, ==, REMEX_EVENT_CLOSED);
    g_assert_false(transcript->exit.by_signal);
    g_assert_cmpint(transcript->exit.code, ==, code);
    g_assert_cmpint(transcript->exit.reason, ==, REMEX_EXIT_OWN);
}
