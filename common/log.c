/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char cut[] = "...";

static bool is_printable(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f;
}

/* Puts a byte as it is or as \xNN. Returns how many characters that took. */
static size_t put_byte(char out[4], uint8_t byte, bool as_it_is)
{
    static const char digits[] = "0123456789abcdef";

    if (as_it_is) {
        out[0] = (char)byte;
        return 1;
    }
    out[0] = '\\';
    out[1] = 'x';
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 15];
    return 4;
}

/* Shows the bytes of `data` and, if not all fit, the cut mark. `kept` is shown
 * as it is although it is a backslash. Returns the length without the NUL. */
static size_t escape(
        char *out, size_t out_size, const void *data, size_t size, char kept)
{
    const uint8_t *bytes = data;
    size_t used = 0;
    size_t whole = 0; /* as much as can stand before the mark */

    assert(out_size >= sizeof(cut));
    for (size_t i = 0; i < size; i++) {
        bool as_it_is =
                is_printable(bytes[i]) && (bytes[i] != '\\' || kept == '\\');
        char put[4];
        size_t length = put_byte(put, bytes[i], as_it_is);

        if (length >= out_size - used) {
            memcpy(out + whole, cut, sizeof(cut));
            return whole + sizeof(cut) - 1;
        }
        memcpy(out + used, put, length);
        used += length;
        if (used + sizeof(cut) <= out_size)
            whole = used;
    }
    out[used] = '\0';
    return used;
}

const char *log_escape(
        char *out, size_t out_size, const void *data, size_t size)
{
    escape(out, out_size, data, size, '\0');
    return out;
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "?";
}

/* As syslog(3) numbers them. */
const char *log_priority(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "<3>";
    case LOG_LEVEL_WARNING:
        return "<4>";
    case LOG_LEVEL_INFO:
        return "<6>";
    case LOG_LEVEL_DEBUG:
        return "<7>";
    }
    return "";
}

/* "2026-11-21T02:44:10.123Z info executor: "; returns its length. */
static size_t put_head(const struct log *log, char line[LOG_LINE_BYTES],
        enum log_level level, const char *part)
{
    struct timespec now = { 0 };
    struct tm date;
    char time[24];
    int length;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &date);
    strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%S", &date);
    length = snprintf(line, LOG_LINE_BYTES, "%s%s.%03ldZ %s %.32s: ",
            log->prioritised ? log_priority(level) : "", time,
            now.tv_nsec / 1000000, level_name(level), part);
    assert(length > 0 && length < LOG_LINE_BYTES / 2);
    return (size_t)length;
}

/* Whether a write of a line would not wait. A pipe says so while it has room
 * for a page, which is more than a line. */
static bool has_room(int fd)
{
    struct pollfd asked = { .fd = fd, .events = POLLOUT };
    int count;

    do
        count = poll(&asked, 1, 0);
    while (count < 0 && errno == EINTR);
    return count == 1 && asked.revents == POLLOUT;
}

static bool put_line(int fd, const char *line, size_t size)
{
    ssize_t put;

    if (!has_room(fd))
        return false;
    do
        put = write(fd, line, size);
    while (put < 0 && errno == EINTR);
    return put == (ssize_t)size;
}

/* Says how many lines did not get through, if any did not. */
static void put_lost(struct log *log)
{
    unsigned int lost = atomic_exchange(&log->lost, 0);
    char line[LOG_LINE_BYTES];
    size_t used;

    if (lost == 0)
        return;
    used = put_head(log, line, LOG_LEVEL_WARNING, "log");
    used += (size_t)snprintf(line + used, sizeof(line) - used,
            "%u lines were lost, for nobody read them\n", lost);
    if (!put_line(log->fd, line, used))
        atomic_fetch_add(&log->lost, lost);
}

void log_init(struct log *log, int fd, enum log_level level)
{
    log->fd = fd;
    log->level = level;
    log->prioritised = false;
    atomic_init(&log->lost, 0);
}

void log_write(struct log *log, enum log_level level, const char *part,
        const char *format, ...)
{
    int saved_errno = errno;
    char text[LOG_LINE_BYTES];
    char line[LOG_LINE_BYTES];
    va_list arguments;
    int length;
    size_t used;

    if (!log || level > log->level)
        return;
    va_start(arguments, format);
    length = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (length < 0)
        text[0] = '\0';
    put_lost(log);
    used = put_head(log, line, level, part);
    /* What vsnprintf cut is too long for the line as well, and gets its mark
     * here. */
    used += escape(
            line + used, sizeof(line) - used - 1, text, strlen(text), '\\');
    line[used++] = '\n';
    if (!put_line(log->fd, line, used))
        atomic_fetch_add(&log->lost, 1);
    errno = saved_errno;
}
