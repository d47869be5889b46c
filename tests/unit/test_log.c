/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "support/suite.h"

/* A log that writes into a pipe, and the pipe's other end. */
struct reader {
    struct log log;
    int fd;
};

static void reader_init(struct reader *reader, enum log_level level)
{
    int ends[2];

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    reader->fd = ends[0];
    log_init(&reader->log, ends[1], level);
}

static void reader_deinit(struct reader *reader)
{
    close(reader->fd);
    if (reader->log.fd >= 0)
        close(reader->log.fd);
}

/* All that was written; no more can be from then on. Yours to g_free. */
static char *read_all(struct reader *reader)
{
    GString *text = g_string_new("");
    char data[4096];
    ssize_t size;

    close(reader->log.fd);
    reader->log.fd = -1;
    while ((size = read(reader->fd, data, sizeof(data))) > 0)
        g_string_append_len(text, data, size);
    g_assert_cmpint(size, ==, 0);
    return g_string_free(text, FALSE);
}

static unsigned int count_lines(const char *text)
{
    unsigned int count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* --- Lines ---------------------------------------------------------------- */

static void a_line_says_when_how_grave_and_who(void)
{
    struct reader reader;
    char *text;

    reader_init(&reader, LOG_LEVEL_INFO);
    log_info(&reader.log, "executor", "listening on %s", "here");
    text = read_all(&reader);
    g_assert_true(g_regex_match_simple(
            "^20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z "
            "info executor: listening on here\\n$",
            text, 0, 0));
    g_free(text);
    reader_deinit(&reader);
}

/* Checks that so many lines are written, the last of them so called. */
static void check_level(
        enum log_level level, unsigned int count, const char *last)
{
    struct reader reader;
    char *text;

    reader_init(&reader, level);
    log_error(&reader.log, "x", "x");
    log_warning(&reader.log, "x", "x");
    log_info(&reader.log, "x", "x");
    log_debug(&reader.log, "x", "x");
    text = read_all(&reader);
    g_assert_cmpuint(count_lines(text), ==, count);
    g_assert_nonnull(strstr(text, last));
    g_free(text);
    reader_deinit(&reader);
}

static void only_what_is_grave_enough_is_written(void)
{
    check_level(LOG_LEVEL_ERROR, 1, " error x");
    check_level(LOG_LEVEL_WARNING, 2, " warning x");
    check_level(LOG_LEVEL_INFO, 3, " info x");
    check_level(LOG_LEVEL_DEBUG, 4, " debug x");
}

static void a_journal_is_told_how_grave_it_is(void)
{
    struct reader reader;
    char *text;

    reader_init(&reader, LOG_LEVEL_DEBUG);
    reader.log.prioritised = true;
    log_error(&reader.log, "x", "x");
    log_warning(&reader.log, "x", "x");
    log_info(&reader.log, "x", "x");
    log_debug(&reader.log, "x", "x");
    text = read_all(&reader);
    g_assert_true(g_regex_match_simple("^<3>20[^\n]* error x: x\n"
                                       "<4>20[^\n]* warning x: x\n"
                                       "<6>20[^\n]* info x: x\n"
                                       "<7>20[^\n]* debug x: x\n$",
            text, 0, 0));
    g_free(text);
    reader_deinit(&reader);
}

static void without_a_log_there_is_silence(void)
{
    log_error(NULL, "x", "%s", "x");
}

static void errno_is_kept(void)
{
    struct reader reader;

    reader_init(&reader, LOG_LEVEL_INFO);
    close(reader.log.fd);
    reader.log.fd = -1;
    errno = ENOTTY;
    log_error(&reader.log, "x", "x");
    g_assert_cmpint(errno, ==, ENOTTY);
    log_debug(&reader.log, "x", "x");
    g_assert_cmpint(errno, ==, ENOTTY);
    reader_deinit(&reader);
}

/* Whatever gets in, it is one line of ASCII. */
static void a_line_stays_a_line(void)
{
    struct reader reader;
    char *text;

    reader_init(&reader, LOG_LEVEL_INFO);
    log_info(&reader.log, "x", "a%sb%sc", "\n2026 error x: ", "\x1b\xc3\xa4");
    text = read_all(&reader);
    g_assert_true(g_str_has_suffix(
            text, " x: a\\x0a2026 error x: b\\x1b\\xc3\\xa4c\n"));
    g_assert_cmpuint(count_lines(text), ==, 1);
    g_free(text);
    reader_deinit(&reader);
}

static void what_was_escaped_is_not_escaped_again(void)
{
    struct reader reader;
    char escaped[20];
    char *text;

    reader_init(&reader, LOG_LEVEL_INFO);
    log_info(&reader.log, "x", "%s",
            log_escape(escaped, sizeof(escaped), "\n\\", 2));
    text = read_all(&reader);
    g_assert_true(g_str_has_suffix(text, " x: \\x0a\\x5c\n"));
    g_free(text);
    reader_deinit(&reader);
}

/* Of a line whose text has `size` bytes. */
static size_t line_length(size_t size, bool *cut_out)
{
    char *message = g_strnfill(size, 'm');
    struct reader reader;
    size_t length;
    char *text;

    reader_init(&reader, LOG_LEVEL_INFO);
    log_info(&reader.log, "part", "%s", message);
    text = read_all(&reader);
    length = strlen(text);
    g_assert_cmpuint(count_lines(text), ==, 1);
    *cut_out = g_str_has_suffix(text, "m...\n");
    g_free(text);
    g_free(message);
    reader_deinit(&reader);
    return length;
}

static void a_long_line_is_cut_and_says_so(void)
{
    bool cut;
    size_t head = line_length(0, &cut);

    for (size_t size = 900; size < 1100; size++) {
        size_t whole = head + size;
        bool fits = whole < LOG_LINE_BYTES;

        g_assert_cmpuint(
                line_length(size, &cut), ==, fits ? whole : LOG_LINE_BYTES - 1);
        g_assert_cmpint(cut, ==, !fits);
    }
    g_assert_cmpuint(line_length(100000, &cut), ==, LOG_LINE_BYTES - 1);
}

static void a_long_part_is_cut(void)
{
    struct reader reader;
    char *text;

    reader_init(&reader, LOG_LEVEL_INFO);
    log_info(&reader.log, "a part with a name that is far too long for a line",
            "x");
    text = read_all(&reader);
    g_assert_true(
            g_str_has_suffix(text, " a part with a name that is far t: x\n"));
    g_free(text);
    reader_deinit(&reader);
}

/* --- Nobody reads --------------------------------------------------------- */

/* Writes until nothing more fits, and so many lines beyond that. */
static void overfill(struct reader *reader, unsigned int beyond)
{
    unsigned int lines = 0;

    while (atomic_load(&reader->log.lost) == 0) {
        log_info(&reader->log, "x", "%0900u", lines++);
        g_assert_cmpuint(lines, <, 10000);
    }
    while (atomic_load(&reader->log.lost) < beyond)
        log_info(&reader->log, "x", "one more");
}

static void a_full_pipe_is_not_waited_for(void)
{
    struct reader reader;

    reader_init(&reader, LOG_LEVEL_INFO);
    overfill(&reader, 100); /* comes back, or this test times out */
    g_assert_cmpuint(atomic_load(&reader.log.lost), ==, 100);
    reader_deinit(&reader);
}

static void what_was_lost_is_told_when_there_is_room(void)
{
    struct reader reader;
    char data[65536];
    char *text;

    reader_init(&reader, LOG_LEVEL_INFO);
    overfill(&reader, 3);
    g_assert_cmpint(read(reader.fd, data, sizeof(data)), >, 0);
    log_info(&reader.log, "x", "at last");
    g_assert_cmpuint(atomic_load(&reader.log.lost), ==, 0);
    text = read_all(&reader);
    g_assert_nonnull(strstr(text, " warning log: 3 lines were lost, "));
    g_assert_true(g_str_has_suffix(text, " x: at last\n"));
    g_free(text);
    reader_deinit(&reader);
}

static void a_reader_that_left_is_no_harm(void)
{
    struct reader reader;

    reader_init(&reader, LOG_LEVEL_INFO);
    close(reader.fd);
    log_info(&reader.log, "x", "x"); /* or SIGPIPE ends this program */
    g_assert_cmpuint(atomic_load(&reader.log.lost), ==, 1);
    close(reader.log.fd);
}

/* --- Escaping ------------------------------------------------------------- */

static void check_escape(
        size_t out_size, const char *data, size_t size, const char *expected)
{
    char *out = g_malloc(out_size);

    g_assert_true(log_escape(out, out_size, data, size) == out);
    g_assert_cmpstr(out, ==, expected);
    g_free(out);
}

static void only_printable_ascii_is_shown_as_it_is(void)
{
    check_escape(100, " ~az09\"'", 8, " ~az09\"'");
    check_escape(
            100, "\0\n\x1b\x7f\x80\xff", 6, "\\x00\\x0a\\x1b\\x7f\\x80\\xff");
    check_escape(100, "\\x0a", 4, "\\x5cx0a");
    check_escape(100, NULL, 0, "");
}

static void what_does_not_fit_is_cut_with_a_mark(void)
{
    check_escape(4, "abc", 3, "abc");
    check_escape(4, "abcd", 4, "...");
    check_escape(6, "abcde", 5, "abcde");
    check_escape(6, "abcdef", 6, "ab...");
    check_escape(5, "\n", 1, "\\x0a");
    check_escape(4, "\n", 1, "...");
    check_escape(9, "a\n\n", 3, "a\\x0a...");
    check_escape(8, "a\n\n", 3, "a...");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/log", a_line_says_when_how_grave_and_who);
    SUITE_ADD("/log", only_what_is_grave_enough_is_written);
    SUITE_ADD("/log", a_journal_is_told_how_grave_it_is);
    SUITE_ADD("/log", without_a_log_there_is_silence);
    SUITE_ADD("/log", errno_is_kept);
    SUITE_ADD("/log", a_line_stays_a_line);
    SUITE_ADD("/log", what_was_escaped_is_not_escaped_again);
    SUITE_ADD("/log", a_long_line_is_cut_and_says_so);
    SUITE_ADD("/log", a_long_part_is_cut);
    SUITE_ADD("/log", a_full_pipe_is_not_waited_for);
    SUITE_ADD("/log", what_was_lost_is_told_when_there_is_room);
    SUITE_ADD("/log", a_reader_that_left_is_no_harm);
    SUITE_ADD("/log", only_printable_ascii_is_shown_as_it_is);
    SUITE_ADD("/log", what_does_not_fit_is_cut_with_a_mark);
    return g_test_run();
}
