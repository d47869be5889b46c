/* SPDX-License-Identifier: Apache-2.0 */
#include "client/convenience/line_splitter.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)

void line_splitter_init(struct line_splitter *splitter,
        enum remex_stream stream, size_t max_bytes,
        enum remex_overflow overflow)
{
    *splitter = (struct line_splitter){
        .stream = stream,
        .max_bytes = max_bytes,
        .overflow = overflow,
    };
}

void line_splitter_deinit(struct line_splitter *splitter)
{
    free(splitter->held);
    *splitter = (struct line_splitter){ .held = NULL };
}

/* If the last line was told, the next one begins here. */
static void begin(struct line_splitter *splitter)
{
    if (!splitter->is_told)
        return;
    splitter->is_told = false;
    splitter->start = splitter->position;
    splitter->held_size = 0;
    splitter->dropped = 0;
    splitter->after_gap = splitter->gap_follows;
    splitter->lost = splitter->gap_lost;
    splitter->gap_follows = false;
    splitter->gap_lost = 0;
}

/* --- What is held -------------------------------------------------------- */

static size_t room(const struct line_splitter *splitter)
{
    return splitter->max_bytes - splitter->held_size;
}

static enum remex_status reserve(struct line_splitter *splitter, size_t size)
{
    size_t capacity = splitter->capacity;
    char *held;

    if (size <= capacity)
        return REMEX_OK;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    while (capacity < size)
        capacity = capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2;
    if (capacity > splitter->max_bytes)
        capacity = splitter->max_bytes;
    held = realloc(splitter->held, capacity);
    if (!held)
        return REMEX_NO_MEMORY;
    splitter->held = held;
    splitter->capacity = capacity;
    return REMEX_OK;
}

/* At most what there is room for. */
static enum remex_status hold(
        struct line_splitter *splitter, const char *data, size_t size)
{
    enum remex_status status;

    if (size == 0)
        return REMEX_OK;
    status = reserve(splitter, splitter->held_size + size);
    if (status != REMEX_OK)
        return status;
    memcpy(splitter->held + splitter->held_size, data, size);
    splitter->held_size += size;
    return REMEX_OK;
}

/* --- Telling ------------------------------------------------------------- */

/* What there is of the line; `data` is given if it is not what is held. */
static void tell(struct line_splitter *splitter, struct remex_bytes data,
        enum remex_line_end end, struct remex_line *out)
{
    if (!data.data)
        data = (struct remex_bytes){ splitter->held, splitter->held_size };
    *out = (struct remex_line){
        .stream = splitter->stream,
        .data = data,
        .offset = splitter->start,
        .end = end,
        .complete = end == REMEX_LINE_LF || end == REMEX_LINE_EOF,
        .truncated = splitter->dropped > 0,
        .after_gap = splitter->after_gap,
        .dropped_bytes = splitter->dropped,
        .lost_bytes = splitter->lost,
    };
    splitter->is_told = true;
}

/* How the front of the input belongs to the line. */
struct cut {
    size_t kept;
    size_t dropped;
    enum remex_line_end end; /* 0: none in sight */
};

static struct cut find_cut(
        const struct line_splitter *splitter, const char *data, size_t size)
{
    size_t left = room(splitter);
    struct cut cut = { .kept = 0 };
    const char *lf;

    /* One more than fits tells whether the line is too long. No need to look
     * further, and to do so for each piece would take for ever. */
    if (splitter->overflow == REMEX_OVERFLOW_SPLIT && size > left)
        size = left + 1;
    lf = memchr(data, '\n', size);
    if (lf) {
        cut.end = REMEX_LINE_LF;
        size = (size_t)(lf - data);
    }
    cut.kept = size < left ? size : left;
    if (splitter->overflow == REMEX_OVERFLOW_DROP)
        cut.dropped = size - cut.kept;
    else if (size > left)
        cut.end = REMEX_LINE_SPLIT;
    return cut;
}

enum remex_status line_splitter_next(struct line_splitter *splitter,
        struct remex_bytes *input, struct remex_line *out)
{
    const char *data = input->data;
    struct remex_bytes whole = { NULL, 0 };
    enum remex_status status = REMEX_OK;
    struct cut cut;
    size_t used;

    begin(splitter);
    if (input->size == 0)
        return REMEX_AGAIN;
    cut = find_cut(splitter, data, input->size);
    if (cut.end && splitter->held_size == 0)
        whole = (struct remex_bytes){ data, cut.kept };
    else
        status = hold(splitter, data, cut.kept);
    if (status != REMEX_OK)
        return status;

    used = cut.kept + cut.dropped + (cut.end == REMEX_LINE_LF);
    splitter->dropped += cut.dropped;
    splitter->position += used;
    *input = (struct remex_bytes){ data + used, input->size - used };
    if (!cut.end)
        return REMEX_AGAIN;
    tell(splitter, whole, cut.end, out);
    return REMEX_OK;
}

/* Nothing came since the line's first byte was to come. */
static bool is_empty(const struct line_splitter *splitter)
{
    return splitter->position == splitter->start;
}

bool line_splitter_gap(struct line_splitter *splitter, uint64_t position,
        uint64_t lost, struct remex_line *out)
{
    bool cuts;

    begin(splitter);
    cuts = !is_empty(splitter);
    if (cuts) {
        tell(splitter, (struct remex_bytes){ NULL, 0 }, REMEX_LINE_CUT, out);
        splitter->gap_follows = true;
        splitter->gap_lost = lost;
    } else {
        splitter->after_gap = true;
        splitter->lost += lost;
        splitter->start = position;
    }
    splitter->position = position;
    return cuts;
}

bool line_splitter_finish(struct line_splitter *splitter, bool is_true_end,
        struct remex_line *out)
{
    begin(splitter);
    if (is_empty(splitter) && !splitter->after_gap)
        return false;
    tell(splitter, (struct remex_bytes){ NULL, 0 },
            is_true_end ? REMEX_LINE_EOF : REMEX_LINE_CUT, out);
    return true;
}
