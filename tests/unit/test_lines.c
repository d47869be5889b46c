/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The reader of lines, on events that a real process would seldom make: gaps,
 * read errors and lost links where they hurt.
 */

#include <remex/lines.h>

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

/* Stands in for a handle: tells these events, then AGAIN for ever. */
struct remex_process {
    const struct remex_event *events;
    size_t count;
    size_t next;
    unsigned int asked;
    int last_timeout_ms;
};

enum remex_status remex_process_next_event(
        struct remex_process *process, int timeout_ms, struct remex_event *out)
{
    process->asked++;
    process->last_timeout_ms = timeout_ms;
    if (process->next == process->count)
        return REMEX_AGAIN;
    *out = process->events[process->next++];
    return REMEX_OK;
}

/* Nobody asks; but it is defined beside the one above. */
enum remex_status remex_process_wait(
        struct remex_process *process, int timeout_ms, struct remex_exit *out)
{
    (void)process;
    (void)timeout_ms;
    (void)out;
    return REMEX_DISCONNECTED;
}

#define OUTPUT(which, from, text) \
    { \
        .kind = REMEX_EVENT_OUTPUT, .output = { \
            .stream = (which), \
            .offset = (from), \
            .data = { (text), sizeof(text) - 1 } \
        } \
    }

#define GAP(lost, out_offset, err_offset) \
    { \
        .kind = REMEX_EVENT_GAP, .seq = 9, .gap = { \
            .first_seq = 8, \
            .bytes = (lost), \
            .offsets = { (out_offset), (err_offset), 0 } \
        } \
    }

#define CLOSED(out_end, err_end) \
    { \
        .kind = REMEX_EVENT_CLOSED, .closed = { \
            .count = 2, \
            .ends = { { .stream = REMEX_STDOUT, .kind = (out_end) }, \
                    { .stream = REMEX_STDERR, .kind = (err_end) } } \
        } \
    }

#define FAILED \
    { \
        .kind = REMEX_EVENT_FAILED, .failure = REMEX_FAILURE_LINK_LOST \
    }

#define STORY(...) \
    static const struct remex_event events[] = { __VA_ARGS__ }; \
    struct remex_process process = { .events = events, \
        .count = G_N_ELEMENTS(events) }

static struct remex_lines *new_lines(struct remex_process *process)
{
    struct remex_lines *lines = NULL;

    g_assert_cmpint(remex_lines_new(process, NULL, &lines, NULL), ==, REMEX_OK);
    return lines;
}

/* A line as text: stream, "<lost>", data, and how it ended. */
static char *text_of(const struct remex_line *line)
{
    char *data =
            g_strndup(line->data.data ? line->data.data : "", line->data.size);
    char *lost = line->after_gap
            ? g_strdup_printf("<%" G_GUINT64_FORMAT ">", line->lost_bytes)
            : g_strdup("");
    char *text = g_strdup_printf(
            "%d%s%s%c", line->stream, lost, data, " .$+!"[line->end]);

    g_free(data);
    g_free(lost);
    return text;
}

static void check_line(const struct remex_line *line, const char *wanted)
{
    char *text = text_of(line);

    g_assert_cmpstr(text, ==, wanted);
    g_free(text);
}

static void check_next(struct remex_lines *lines, const char *wanted)
{
    struct remex_line line;

    g_assert_cmpint(remex_lines_next(lines, 0, &line), ==, REMEX_OK);
    check_line(&line, wanted);
}

static void check_status(struct remex_lines *lines, enum remex_status wanted)
{
    struct remex_line line;

    for (int i = 0; i < 3; i++) /* it stays */
        g_assert_cmpint(remex_lines_next(lines, 0, &line), ==, wanted);
}

static void streams_never_mix(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "ab"), OUTPUT(REMEX_STDERR, 0, "12\n3"),
            OUTPUT(REMEX_STDOUT, 2, "c\nd"), OUTPUT(REMEX_STDERR, 4, "4\n"),
            CLOSED(REMEX_END_EOF, REMEX_END_EOF));
    struct remex_lines *lines = new_lines(&process);

    check_next(lines, "212.");
    check_next(lines, "1abc.");
    check_next(lines, "234.");
    check_next(lines, "1d$");
    check_status(lines, REMEX_ENDED);
    remex_lines_free(lines);
}

static void h6_a_gap_is_told_in_its_place(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "a\nb"), OUTPUT(REMEX_STDERR, 0, "e"),
            GAP(7, 10, 1), OUTPUT(REMEX_STDOUT, 10, "c\nd\n"),
            OUTPUT(REMEX_STDERR, 1, "f\n"),
            CLOSED(REMEX_END_EOF, REMEX_END_EOF));
    struct remex_lines *lines = new_lines(&process);
    struct remex_ending ending;

    check_next(lines, "1a.");
    check_next(lines, "1b!");
    check_next(lines, "1<7>c.");
    check_next(lines, "1d.");
    check_next(lines, "2ef."); /* which has lost nothing */
    check_status(lines, REMEX_ENDED);
    remex_lines_ending(lines, &ending);
    g_assert_cmpint(ending.status, ==, REMEX_OK);
    g_assert_cmpuint(ending.lost_bytes[REMEX_STDOUT - 1], ==, 7);
    g_assert_cmpuint(ending.lost_bytes[REMEX_STDERR - 1], ==, 0);
    g_assert_cmpuint(ending.lost_events, ==, 2);
    g_assert_cmpuint(ending.end_count, ==, 2);
    remex_lines_free(lines);
}

static void a_gap_at_the_end_is_told_as_well(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "a\n"), GAP(7, 5, 4),
            CLOSED(REMEX_END_EOF, REMEX_END_EOF));
    struct remex_lines *lines = new_lines(&process);

    check_next(lines, "1a.");
    check_next(lines, "1<3>$");
    check_next(lines, "2<4>$");
    check_status(lines, REMEX_ENDED);
    remex_lines_free(lines);
}

/* Its position says nothing then; the Gap says how much it is at most. */
static void a_gap_before_the_first_byte_loses_what_it_says(void)
{
    STORY(GAP(3, 100, 0), OUTPUT(REMEX_STDOUT, 100, "a\n"));
    struct remex_lines *lines = new_lines(&process);

    check_next(lines, "1<3>a.");
    remex_lines_free(lines);
}

static void only_the_true_end_completes_a_line(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "a"), OUTPUT(REMEX_STDERR, 0, "b"),
            CLOSED(REMEX_END_ABANDONED, REMEX_END_EOF));
    struct remex_lines *lines = new_lines(&process);

    check_next(lines, "1a!");
    check_next(lines, "2b$");
    check_status(lines, REMEX_ENDED);
    remex_lines_free(lines);
}

static void a_read_error_is_not_an_end(void)
{
    STORY(OUTPUT(REMEX_STDERR, 0, "b"),
            CLOSED(REMEX_END_EOF, REMEX_END_READ_ERROR));
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line;

    check_next(lines, "2b!");
    check_status(lines, REMEX_DATA_LOSS);
    g_assert_cmpint(
            remex_lines_wait_text(lines, "b", 0, &line), ==, REMEX_LINE_ERROR);
    remex_lines_free(lines);
}

static void a_lost_link_is_not_an_end_either(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "a\nb"), FAILED);
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line;

    g_assert_cmpint(
            remex_lines_wait_text(lines, "c", 0, &line), ==, REMEX_LINE_LOST);
    check_status(lines, REMEX_DISCONNECTED);
    g_assert_cmpint(
            remex_lines_wait_text(lines, "c", 0, &line), ==, REMEX_LINE_LOST);
    remex_lines_free(lines);
}

static void what_was_not_followed_from_its_beginning_is_marked(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 100, "a\nb\n"));
    struct remex_lines *lines = new_lines(&process);

    check_next(lines, "1<0>a.");
    check_next(lines, "1b.");
    check_status(lines, REMEX_AGAIN);
    remex_lines_free(lines);
}

static void h5_the_end_stays_and_asks_nobody(void)
{
    STORY(CLOSED(REMEX_END_EOF, REMEX_END_EOF));
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line;

    check_status(lines, REMEX_ENDED);
    g_assert_cmpint(remex_lines_wait_text(lines, "a", REMEX_FOREVER, &line), ==,
            REMEX_LINE_CLOSED);
    g_assert_cmpint(
            remex_lines_next(lines, REMEX_FOREVER, &line), ==, REMEX_ENDED);
    g_assert_cmpuint(process.asked, ==, 1);
    remex_lines_free(lines);
}

static void x7_nothing_is_lost_behind_a_match(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "a\nready\nb\nc"),
            OUTPUT(REMEX_STDOUT, 11, "d\n"));
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line;

    g_assert_cmpint(remex_lines_wait_text(lines, "eady", 0, &line), ==,
            REMEX_LINE_MATCH);
    check_line(&line, "1ready.");
    g_assert_cmpint(
            remex_lines_wait_text(lines, "b", 0, &line), ==, REMEX_LINE_MATCH);
    check_next(lines, "1cd.");
    remex_lines_free(lines);
}

static void a_wait_that_timed_out_goes_on(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "rea"), OUTPUT(REMEX_STDOUT, 3, "dy\n"));
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line = { .offset = 77 };

    process.count = 1;
    g_assert_cmpint(remex_lines_wait_text(lines, "ready", 0, &line), ==,
            REMEX_LINE_TIMEOUT);
    g_assert_cmpuint(line.offset, ==, 77); /* left alone */
    process.count = 2;
    g_assert_cmpint(remex_lines_wait_text(lines, "ready", 0, &line), ==,
            REMEX_LINE_MATCH);
    remex_lines_free(lines);
}

/* The line may have been in it, and then nothing more may ever come. */
static void a_gap_ends_a_wait_at_once(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "a\nb"), GAP(7, 10, 0),
            OUTPUT(REMEX_STDOUT, 10, "c ready\n"));
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line;

    process.count = 2;
    g_assert_cmpint(remex_lines_wait_text(lines, "ready", REMEX_FOREVER, &line),
            ==, REMEX_LINE_LOST);
    g_assert_cmpuint(process.asked, ==, 2);
    g_assert_cmpint(remex_lines_wait_text(lines, "ready", 0, &line), ==,
            REMEX_LINE_TIMEOUT);
    process.count = 3;
    g_assert_cmpint(remex_lines_wait_text(lines, "ready", 0, &line), ==,
            REMEX_LINE_MATCH);
    check_line(&line, "1<7>c ready.");
    remex_lines_free(lines);
}

static void a_line_cut_by_a_gap_may_match(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "is ready"), GAP(7, 15, 0));
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line;

    g_assert_cmpint(remex_lines_wait_text(lines, "ready", 0, &line), ==,
            REMEX_LINE_MATCH);
    check_line(&line, "1is ready!");
    g_assert_cmpint(remex_lines_wait_text(lines, "ready", 0, &line), ==,
            REMEX_LINE_LOST);
    remex_lines_free(lines);
}

static bool is_stderr(const struct remex_line *line, void *user)
{
    unsigned int *asked = user;

    ++*asked;
    return line->stream == REMEX_STDERR;
}

static void a_predicate_sees_each_line_once(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "a\nb\n"), OUTPUT(REMEX_STDERR, 0, "c\nd\n"));
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line;
    unsigned int asked = 0;

    g_assert_cmpint(remex_lines_wait(lines, is_stderr, &asked, 0, &line), ==,
            REMEX_LINE_MATCH);
    check_line(&line, "2c.");
    g_assert_cmpuint(asked, ==, 3);
    check_next(lines, "2d.");
    remex_lines_free(lines);
}

/* Or whoever does not wait would be kept by one who never writes an LF. */
static void a_line_without_end_keeps_nobody(void)
{
    static const struct remex_event piece[] = { OUTPUT(REMEX_STDOUT, 0, "a") };
    struct remex_event events[1000];
    struct remex_process process = { .events = events, .count = 1000 };
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line;
    unsigned int calls = 1;

    for (unsigned int i = 0; i < 1000; i++) {
        events[i] = piece[0];
        events[i].output.offset = i;
    }
    while (remex_lines_next(lines, 0, &line) == REMEX_AGAIN &&
            process.next < process.count)
        calls++;
    g_assert_cmpuint(calls, >, 5);
    g_assert_cmpuint(calls, <, 100);
    g_assert_cmpint(process.last_timeout_ms, ==, 0);
    remex_lines_free(lines);
}

static void memory_may_come_back(void)
{
    STORY(OUTPUT(REMEX_STDOUT, 0, "a"), OUTPUT(REMEX_STDOUT, 1, "b\n"));
    struct remex_lines *lines = new_lines(&process);
    struct remex_line line;

    fault_fail_allocation(1);
    g_assert_cmpint(remex_lines_next(lines, 0, &line), ==, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    check_next(lines, "1ab.");
    remex_lines_free(lines);

    process.next = 0;
    lines = new_lines(&process);
    fault_fail_allocation(1);
    g_assert_cmpint(
            remex_lines_wait_text(lines, "ab", 0, &line), ==, REMEX_LINE_ERROR);
    g_assert_cmpint(
            remex_lines_wait_text(lines, "ab", 0, &line), ==, REMEX_LINE_MATCH);
    remex_lines_free(lines);
}

static void wrong_options_are_refused_by_name(void)
{
    struct remex_lines_options options = { .overflow = REMEX_OVERFLOW_DROP };
    struct remex_lines *lines = NULL;
    struct remex_error error;

    g_assert_cmpint(remex_lines_new(NULL, &options, &lines, &error), ==,
            REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(error.name, ==, "options.size");
    options.size = sizeof(options);
    options.overflow = (enum remex_overflow)2;
    g_assert_cmpint(remex_lines_new(NULL, &options, &lines, &error), ==,
            REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(error.name, ==, "options.overflow");
    options.overflow = REMEX_OVERFLOW_SPLIT;
    fault_fail_allocation(1);
    g_assert_cmpint(remex_lines_new(NULL, &options, &lines, &error), ==,
            REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    g_assert_null(lines);
    remex_lines_free(NULL);
}

/* Of a program that was compiled when there was only `size`. */
static void shorter_options_have_the_defaults(void)
{
    struct remex_lines_options options = { .size = sizeof(size_t),
        .max_line_bytes = 1,
        .overflow = REMEX_OVERFLOW_SPLIT };
    struct remex_lines *lines = NULL;
    STORY(OUTPUT(REMEX_STDOUT, 0, "abc\n"));

    g_assert_cmpint(
            remex_lines_new(&process, &options, &lines, NULL), ==, REMEX_OK);
    check_next(lines, "1abc.");
    remex_lines_free(lines);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/lines", streams_never_mix);
    SUITE_ADD("/lines", h6_a_gap_is_told_in_its_place);
    SUITE_ADD("/lines", a_gap_at_the_end_is_told_as_well);
    SUITE_ADD("/lines", a_gap_before_the_first_byte_loses_what_it_says);
    SUITE_ADD("/lines", only_the_true_end_completes_a_line);
    SUITE_ADD("/lines", a_read_error_is_not_an_end);
    SUITE_ADD("/lines", a_lost_link_is_not_an_end_either);
    SUITE_ADD("/lines", what_was_not_followed_from_its_beginning_is_marked);
    SUITE_ADD("/lines", h5_the_end_stays_and_asks_nobody);
    SUITE_ADD("/lines", x7_nothing_is_lost_behind_a_match);
    SUITE_ADD("/lines", a_wait_that_timed_out_goes_on);
    SUITE_ADD("/lines", a_gap_ends_a_wait_at_once);
    SUITE_ADD("/lines", a_line_cut_by_a_gap_may_match);
    SUITE_ADD("/lines", a_predicate_sees_each_line_once);
    SUITE_ADD("/lines", a_line_without_end_keeps_nobody);
    SUITE_ADD("/lines", memory_may_come_back);
    SUITE_ADD("/lines", wrong_options_are_refused_by_name);
    SUITE_ADD("/lines", shorter_options_have_the_defaults);
    return g_test_run();
}
