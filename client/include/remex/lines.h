/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_LINES_H
#define REMEX_LINES_H

/*
 * The output of a process, line by line.
 *
 * Lines end with LF and nothing else: CR and NUL are content. Each stream has
 * lines of its own; those of stdout and stderr never mix. No byte vanishes
 * untold: in each stream the lines told follow each other without a hole, where
 * a line takes
 *
 *     lost_bytes, then data.size, then dropped_bytes, then 1 if it has an LF.
 *
 * A reader of lines takes the events of its handle (see
 * remex_process_next_event): take none of them beside it. It lends the handle
 * and belongs to one thread at a time. As with the handle, a loop of one's own
 * waits for remex_client_fd and then asks, with a timeout of 0, until the
 * answer is REMEX_AGAIN.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/ending.h>
#include <remex/process.h>

#ifdef __cplusplus
extern "C" {
#endif

struct remex_lines;

/* What becomes of a line longer than the maximum. */
enum remex_overflow {
    REMEX_OVERFLOW_DROP = 0,  /* its beginning is told, the rest dropped */
    REMEX_OVERFLOW_SPLIT = 1, /* it is told in pieces, all of it */
};

struct remex_lines_options {
    size_t size;           /* of this struct, as the caller compiled it */
    size_t max_line_bytes; /* without the LF; default 16384. Each stream may
                            * hold so much memory */
    enum remex_overflow overflow;
};

/* Behind the data of a line there was... */
enum remex_line_end {
    REMEX_LINE_LF = 1,
    REMEX_LINE_EOF = 2,   /* the true end of its stream, and no LF */
    REMEX_LINE_SPLIT = 3, /* the maximum; the stream's next line is the rest */
    REMEX_LINE_CUT = 4,   /* what cannot be had: a Gap, or its stream ended by
                           * a read error, was abandoned, or the link failed */
};

struct remex_line {
    enum remex_stream stream;
    struct remex_bytes data; /* without the LF; may be empty */
    uint64_t offset;         /* of its first byte within its stream */
    enum remex_line_end end;
    bool complete;  /* `end` is LF or EOF */
    bool truncated; /* it was too long: `dropped_bytes` follow the data */
    bool after_gap; /* its beginning may be missing: `lost_bytes` before it are
                     * (0: the stream was not followed from its beginning) */
    uint64_t dropped_bytes;
    uint64_t lost_bytes;
};

/* `options` may be NULL. */
REMEX_API REMEX_CHECKED enum remex_status remex_lines_new(
        struct remex_process *process,
        const struct remex_lines_options *options, struct remex_lines **out,
        struct remex_error *error);

/* Free it before its handle, which it leaves alone. NULL is allowed. */
REMEX_API void remex_lines_free(struct remex_lines *lines);

/*
 * Takes the next line; its data is lent until the next call on these lines.
 * REMEX_AGAIN: none within `timeout_ms`, and what there is of it is kept;
 * REMEX_ENDED: all streams have ended and all was told; REMEX_DATA_LOSS: the
 * same, but a stream ended by a read error; REMEX_DISCONNECTED: the executor
 * can no longer be asked, and all that had come was told. Those three stay.
 *
 * An unfinished last line is told when the process is closed, or lost. If
 * nothing comes after a Gap, the last line of its stream is empty, `after_gap`.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_lines_next(
        struct remex_lines *lines, int timeout_ms, struct remex_line *out);

enum remex_line_outcome {
    REMEX_LINE_MATCH = 1,
    REMEX_LINE_CLOSED = 2,  /* all streams have ended */
    REMEX_LINE_TIMEOUT = 3, /* a later call goes on */
    REMEX_LINE_ERROR = 4,   /* a stream ended by a read error, or there is no
                             * memory */
    REMEX_LINE_LOST = 5,    /* a Gap, which the line may have been in (a later
                             * call goes on behind it); or the link failed */
};

/*
 * Takes lines, as remex_lines_next does, up to the first one that `matches`,
 * which is told in `out` (any other outcome leaves that alone). What comes
 * behind it is for the next call. `matches` is given each line, whole or not,
 * and must not use these lines.
 */
REMEX_API REMEX_CHECKED enum remex_line_outcome remex_lines_wait(
        struct remex_lines *lines,
        bool (*matches)(const struct remex_line *line, void *user), void *user,
        int timeout_ms, struct remex_line *out);

/* The same for the first line, of any stream, with `text` in it. */
REMEX_API REMEX_CHECKED enum remex_line_outcome remex_lines_wait_text(
        struct remex_lines *lines, const char *text, int timeout_ms,
        struct remex_line *out);

/* What is known of the process's end so far; never REMEX_DEADLINE_EXCEEDED. */
REMEX_API void remex_lines_ending(
        const struct remex_lines *lines, struct remex_ending *out);

#ifdef __cplusplus
}
#endif

#endif
