/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <remex/lines.h>

#include "client/convenience/ending.h"
#include "client/convenience/line_splitter.h"
#include "client/convenience/mistake.h"
#include "client/convenience/patience.h"

#define DEFAULT_LINE_BYTES ((size_t)16 * 1024)

/* So many events are taken without a line in them after the time is over: who
 * writes for ever without an LF must not keep a caller that does not wait. */
#define EVENTS_PAST_TIME 64

struct remex_lines {
    struct remex_process *process; /* the caller's */
    struct line_splitter streams[REMEX_STREAMS];
    struct ending ending;

    /* What the last event brought and was not told yet: output of one stream,
     * lent by the handle until its next event; or what a Gap or the ending
     * means for each stream, from the one numbered `settled` on. */
    struct line_splitter *source;
    struct remex_bytes input;
    uint64_t gap_positions[REMEX_STREAMS];
    uint64_t gap_lost[REMEX_STREAMS];
    int settled;
    bool is_gap;

    bool loss_untold; /* to a wait */
};

static enum remex_status take_options(const struct remex_lines_options *given,
        struct remex_lines_options *out, struct remex_error *error)
{
    enum remex_status status =
            mistake_in_options(given, out, sizeof(*out), error);

    if (status != REMEX_OK)
        return status;
    if (out->overflow != REMEX_OVERFLOW_DROP &&
            out->overflow != REMEX_OVERFLOW_SPLIT)
        return mistake_in(error, "options.overflow", "there is no such policy");
    if (out->max_line_bytes == 0)
        out->max_line_bytes = DEFAULT_LINE_BYTES;
    return REMEX_OK;
}

enum remex_status remex_lines_new(struct remex_process *process,
        const struct remex_lines_options *options, struct remex_lines **out,
        struct remex_error *error)
{
    struct remex_lines_options taken;
    struct remex_lines *lines;
    enum remex_status status = take_options(options, &taken, error);

    if (status != REMEX_OK)
        return status;
    lines = calloc(1, sizeof(*lines));
    if (!lines)
        return mistake(error, REMEX_NO_MEMORY, "there is no memory");
    lines->process = process;
    lines->settled = REMEX_STREAMS;
    ending_init(&lines->ending);
    for (int i = 0; i < REMEX_STREAMS; i++)
        line_splitter_init(&lines->streams[i], (enum remex_stream)(i + 1),
                taken.max_line_bytes, taken.overflow);
    *out = lines;
    return REMEX_OK;
}

void remex_lines_free(struct remex_lines *lines)
{
    if (!lines)
        return;
    for (int i = 0; i < REMEX_STREAMS; i++)
        line_splitter_deinit(&lines->streams[i]);
    free(lines);
}

void remex_lines_ending(
        const struct remex_lines *lines, struct remex_ending *out)
{
    *out = lines->ending.told;
}

/* --- Events -------------------------------------------------------------- */

static void take_output(
        struct remex_lines *lines, const struct remex_event *event)
{
    struct line_splitter *source = &lines->streams[event->output.stream - 1];

    lines->source = source;
    lines->input = event->output.data;
    /* Without a Gap this is where its beginning was not followed. */
    if (event->output.offset != source->position) {
        struct remex_line none;

        (void)line_splitter_gap(source, event->output.offset, 0, &none);
    }
}

static void take_gap(struct remex_lines *lines, const struct remex_event *event)
{
    lines->is_gap = true;
    lines->settled = 0;
    for (int i = 0; i < REMEX_STREAMS; i++) {
        lines->gap_positions[i] = event->gap.offsets[i];
        lines->gap_lost[i] =
                ending_lost(&lines->ending, event, (enum remex_stream)(i + 1));
        if (lines->gap_lost[i] > 0)
            lines->loss_untold = true;
    }
}

static void take_event(
        struct remex_lines *lines, const struct remex_event *event)
{
    if (event->kind == REMEX_EVENT_OUTPUT) {
        take_output(lines, event);
    } else if (event->kind == REMEX_EVENT_GAP) {
        take_gap(lines, event);
    } else if (event->kind != REMEX_EVENT_EXITED) {
        lines->is_gap = false;
        lines->settled = 0;
    }
    ending_take(&lines->ending, event);
}

/* --- Lines --------------------------------------------------------------- */

/* What the Gap, or the ending, means for one stream. */
static bool settle(struct remex_lines *lines, int index, struct remex_line *out)
{
    struct line_splitter *stream = &lines->streams[index];

    if (!lines->is_gap)
        return line_splitter_finish(stream,
                ending_has(&lines->ending, stream->stream, REMEX_END_EOF), out);
    if (lines->gap_positions[index] == stream->position)
        return false;
    return line_splitter_gap(
            stream, lines->gap_positions[index], lines->gap_lost[index], out);
}

static enum remex_status final_status(const struct remex_lines *lines)
{
    const struct ending *ending = &lines->ending;

    if (ending->told.status != REMEX_OK)
        return ending->told.status; /* REMEX_AGAIN, too */
    for (int i = 0; i < REMEX_STREAMS; i++)
        if (ending_has(
                    ending, (enum remex_stream)(i + 1), REMEX_END_READ_ERROR))
            return REMEX_DATA_LOSS;
    return REMEX_ENDED;
}

/* From what has come already. */
static enum remex_status next_here(
        struct remex_lines *lines, struct remex_line *out)
{
    enum remex_status status = REMEX_AGAIN;

    if (lines->input.size > 0)
        status = line_splitter_next(lines->source, &lines->input, out);
    if (status != REMEX_AGAIN)
        return status;
    while (lines->settled < REMEX_STREAMS)
        if (settle(lines, lines->settled++, out))
            return REMEX_OK;
    return final_status(lines);
}

/* Once next_here has said REMEX_AGAIN. */
static enum remex_status take_more(
        struct remex_lines *lines, const struct patience *patience, int *late)
{
    struct remex_event event;
    int left_ms = patience_left_ms(patience);
    enum remex_status status;

    if (left_ms == 0 && ++*late > EVENTS_PAST_TIME)
        return REMEX_AGAIN;
    status = remex_process_next_event(lines->process, left_ms, &event);
    if (status == REMEX_OK)
        take_event(lines, &event);
    return status;
}

enum remex_status remex_lines_next(
        struct remex_lines *lines, int timeout_ms, struct remex_line *out)
{
    struct patience patience = patience_start(timeout_ms);
    enum remex_status status;
    int late = 0;

    while ((status = next_here(lines, out)) == REMEX_AGAIN) {
        status = take_more(lines, &patience, &late);
        if (status != REMEX_OK)
            return status;
    }
    if (status == REMEX_OK && out->after_gap)
        lines->loss_untold = false;
    return status;
}

/* --- Waiting for a line -------------------------------------------------- */

static enum remex_line_outcome outcome_of(enum remex_status status)
{
    switch ((int)status) {
    case REMEX_AGAIN:
        return REMEX_LINE_TIMEOUT;
    case REMEX_ENDED:
        return REMEX_LINE_CLOSED;
    case REMEX_DISCONNECTED:
        return REMEX_LINE_LOST;
    default:
        return REMEX_LINE_ERROR;
    }
}

enum remex_line_outcome remex_lines_wait(struct remex_lines *lines,
        bool (*matches)(const struct remex_line *line, void *user), void *user,
        int timeout_ms, struct remex_line *out)
{
    struct patience patience = patience_start(timeout_ms);
    struct remex_line line;
    enum remex_status status;
    int late = 0;

    for (;;) {
        while ((status = next_here(lines, &line)) == REMEX_OK) {
            if (!matches(&line, user))
                continue;
            *out = line;
            return REMEX_LINE_MATCH;
        }
        if (lines->loss_untold) {
            lines->loss_untold = false;
            return REMEX_LINE_LOST;
        }
        if (status == REMEX_AGAIN)
            status = take_more(lines, &patience, &late);
        if (status != REMEX_OK)
            return outcome_of(status);
    }
}

static bool has_text(const struct remex_line *line, void *user)
{
    const struct remex_bytes *text = user;

    return text->size == 0 ||
            (line->data.size > 0 &&
                    memmem(line->data.data, line->data.size, text->data,
                            text->size));
}

enum remex_line_outcome remex_lines_wait_text(struct remex_lines *lines,
        const char *text, int timeout_ms, struct remex_line *out)
{
    struct remex_bytes bytes = { text, strlen(text) };

    return remex_lines_wait(lines, has_text, &bytes, timeout_ms, out);
}
