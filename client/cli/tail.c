/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/tail.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool tail_init(struct tail *tail, size_t lines)
{
    assert(lines <= TAIL_LINES_MAX);
    *tail = (struct tail){ .lines = lines };
    tail->marks = calloc(lines + 1, sizeof(*tail->marks));
    return tail->marks;
}

void tail_deinit(struct tail *tail)
{
    free(tail->marks);
}

static void add_mark(
        struct tail *tail, const struct remex_event *output, size_t offset)
{
    if (tail->lines > 0)
        tail->marks[tail->count % tail->lines] = (struct tail_mark){
            .seq = output->seq,
            .offset = offset,
            .stream = output->output.stream,
        };
    tail->count++;
}

void tail_count(struct tail *tail, const struct remex_event *output)
{
    const char *data = output->output.data.data;
    size_t size = output->output.data.size;
    bool *is_inside = &tail->is_inside[output->output.stream - 1];
    size_t at = 0;

    while (at < size) {
        const char *newline = memchr(data + at, '\n', size - at);

        if (!*is_inside)
            add_mark(tail, output, at);
        *is_inside = !newline;
        at = newline ? (size_t)(newline - data) + 1 : size;
    }
    tail->last_seq = output->seq;
}

static size_t mark_count(const struct tail *tail)
{
    return tail->count < tail->lines ? (size_t)tail->count : tail->lines;
}

/* The `index`th of those that are left, oldest first. */
static const struct tail_mark *mark_at(const struct tail *tail, size_t index)
{
    size_t oldest = tail->count > tail->lines ? tail->count % tail->lines : 0;

    return &tail->marks[(oldest + index) % tail->lines];
}

uint64_t tail_first_seq(const struct tail *tail)
{
    return mark_count(tail) > 0 ? mark_at(tail, 0)->seq : 0;
}

size_t tail_skip(const struct tail *tail, const struct remex_event *output)
{
    for (size_t i = 0; i < mark_count(tail); i++) {
        const struct tail_mark *mark = mark_at(tail, i);

        if (mark->stream != output->output.stream)
            continue;
        if (output->seq == mark->seq)
            return mark->offset;
        return output->seq < mark->seq ? output->output.data.size : 0;
    }
    return output->seq > tail->last_seq ? 0 : output->output.data.size;
}
