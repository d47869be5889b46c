/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

/*
 * Lines for whoever runs this:
 *
 *     2026-11-21T02:44:10.123Z warning executor: the front died, status 9
 *
 * Where a journal reads them, "<4>" stands before it: the priority, as
 * sd-daemon(3) has it.
 *
 * One line is one write, so that several threads and processes can share a
 * descriptor. Nobody ever waits for a reader: lines that do not fit are counted
 * and the next one that does says so. Whatever is formatted, it stays one line
 * of printable ASCII; text from a peer goes through log_escape all the same, so
 * that it can be told from ours.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum log_level {
    LOG_LEVEL_ERROR = 1,
    LOG_LEVEL_WARNING = 2,
    LOG_LEVEL_INFO = 3,
    LOG_LEVEL_DEBUG = 4,
};

enum { LOG_LINE_BYTES = 1024 }; /* at most; what is longer is cut */

struct log {
    int fd; /* the owner's to close */
    enum log_level level;
    bool prioritised; /* false after log_init */
    atomic_uint lost; /* lines, since the last one written */
};

/* `level` is the least important to be written. */
void log_init(struct log *log, int fd, enum log_level level);

/* The same for a line of somebody else's: "<4>". */
const char *log_priority(enum log_level level);

/* `part` says who speaks, such as "executor". NULL for `log`: silence. Keeps
 * errno. */
__attribute__((format(printf, 4, 5))) void log_write(struct log *log,
        enum log_level level, const char *part, const char *format, ...);

/* Called as functions are, so they are named as functions are.
 * NOLINTBEGIN(readability-identifier-naming) */
#define log_error(log, ...) log_write(log, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(log, ...) log_write(log, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(log, ...) log_write(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_write(log, LOG_LEVEL_DEBUG, __VA_ARGS__)
/* NOLINTEND(readability-identifier-naming) */

/* Makes `size` bytes of a peer's fit to be shown: what is not printable ASCII,
 * and the backslash, becomes \xNN. Cut with "..." if it does not fit whole;
 * `out_size` is at least 4. Returns `out`. */
const char *log_escape(
        char *out, size_t out_size, const void *data, size_t size);

#endif
