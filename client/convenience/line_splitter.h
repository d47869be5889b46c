/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONVENIENCE_LINE_SPLITTER_H
#define CLIENT_CONVENIENCE_LINE_SPLITTER_H

/*
 * Cuts one stream into lines: bytes in, lines out, without I/O. The rules are
 * those of <remex/lines.h>.
 *
 * A line that lies whole in the input is lent from there; only what is left
 * unfinished is copied, at most `max_bytes`.
 */

#include <remex/lines.h>

struct line_splitter {
    enum remex_stream stream;
    size_t max_bytes; /* at least 1 */
    enum remex_overflow overflow;

    uint64_t position; /* in the stream: all before it was taken or lost */

    /* The line that is being made. */
    uint64_t start;
    uint64_t dropped;
    uint64_t lost;
    bool after_gap;
    char *held; /* its beginning */
    size_t held_size;
    size_t capacity; /* of `held`; at most max_bytes */

    /* It has been told; and a gap came between it and the next one. */
    bool is_told;
    bool gap_follows;
    uint64_t gap_lost;
};

void line_splitter_init(struct line_splitter *splitter,
        enum remex_stream stream, size_t max_bytes,
        enum remex_overflow overflow);

/* Safe on a zeroed splitter. */
void line_splitter_deinit(struct line_splitter *splitter);

/*
 * Takes bytes off the front of `input` until they complete a line. It is lent
 * until the next call, and as long as the input is there. REMEX_AGAIN: the
 * input is used up, and kept; REMEX_NO_MEMORY: nothing has changed.
 */
REMEX_CHECKED enum remex_status line_splitter_next(
        struct line_splitter *splitter, struct remex_bytes *input,
        struct remex_line *out);

/* The stream goes on at `position`, and `lost` bytes before it were lost. True:
 * that cuts a line, and `out` is it. */
bool line_splitter_gap(struct line_splitter *splitter, uint64_t position,
        uint64_t lost, struct remex_line *out);

/* The stream is over: by its true end, or what was to come is not known. True:
 * there is a last line to tell. */
bool line_splitter_finish(struct line_splitter *splitter, bool is_true_end,
        struct remex_line *out);

#endif
