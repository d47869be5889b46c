/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines of one stream: in cases, and against a model that has the whole stream
 * before it.
 */

#include "client/convenience/line_splitter.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

enum { MAX = 5 };

static void check_data(
        const struct remex_line *line, const void *wanted, size_t size)
{
    g_assert_cmpuint(line->data.size, ==, size);
    if (size > 0)
        g_assert_true(memcmp(line->data.data, wanted, size) == 0);
}

/* What a splitter told, a word per line: the data, then how it ended: "." LF,
 * "$" EOF, "+" split, "!" cut; "(n)" dropped, "<n>" lost before. */
struct teller {
    struct line_splitter splitter;
    GString *told;
};

static void teller_init(
        struct teller *teller, size_t max, enum remex_overflow overflow)
{
    line_splitter_init(&teller->splitter, REMEX_STDOUT, max, overflow);
    teller->told = g_string_new(NULL);
}

static void teller_deinit(struct teller *teller)
{
    line_splitter_deinit(&teller->splitter);
    g_string_free(teller->told, TRUE);
}

static void tell(struct teller *teller, const struct remex_line *line)
{
    GString *told = teller->told;

    if (line->after_gap)
        g_string_append_printf(
                told, "<%" G_GUINT64_FORMAT ">", line->lost_bytes);
    if (line->data.size > 0)
        g_string_append_len(told, line->data.data, (gssize)line->data.size);
    if (line->truncated)
        g_string_append_printf(
                told, "(%" G_GUINT64_FORMAT ")", line->dropped_bytes);
    g_string_append_c(told, " .$+!"[line->end]);
    g_string_append_c(told, ' ');
    g_assert_cmpint(line->stream, ==, REMEX_STDOUT);
    g_assert_cmpint(line->complete, ==,
            line->end == REMEX_LINE_LF || line->end == REMEX_LINE_EOF);
}

static void give_bytes(struct teller *teller, struct remex_bytes input)
{
    struct remex_line line;

    while (line_splitter_next(&teller->splitter, &input, &line) == REMEX_OK)
        tell(teller, &line);
    g_assert_cmpuint(input.size, ==, 0);
}

static void give(struct teller *teller, const char *text)
{
    give_bytes(teller, (struct remex_bytes){ text, strlen(text) });
}

static void gap(struct teller *teller, uint64_t lost)
{
    struct remex_line line;

    if (line_splitter_gap(&teller->splitter, teller->splitter.position + lost,
                lost, &line))
        tell(teller, &line);
}

static void finish(struct teller *teller, bool is_true_end)
{
    struct remex_line line;

    if (line_splitter_finish(&teller->splitter, is_true_end, &line))
        tell(teller, &line);
}

/* Checks what comes of `text`, whole and in pieces of every size. */
static void check(enum remex_overflow overflow, const char *text,
        bool is_true_end, const char *wanted)
{
    for (size_t piece = 1; piece <= strlen(text) + 1; piece++) {
        struct teller teller;

        teller_init(&teller, MAX, overflow);
        for (size_t at = 0; at < strlen(text); at += piece)
            give_bytes(&teller,
                    (struct remex_bytes){
                            text + at, MIN(piece, strlen(text) - at) });
        finish(&teller, is_true_end);
        finish(&teller, is_true_end);
        g_assert_cmpstr(teller.told->str, ==, wanted);
        teller_deinit(&teller);
    }
}

static void check_both(const char *text, const char *wanted)
{
    check(REMEX_OVERFLOW_DROP, text, true, wanted);
    check(REMEX_OVERFLOW_SPLIT, text, true, wanted);
}

static void lines_end_with_lf_and_nothing_else(void)
{
    check_both("", "");
    check_both("\n", ". ");
    check_both("a\nbc\n\nd\n", "a. bc. . d. ");
    check_both("a\r\n\rb\n", "a\r. \rb. ");
}

static void nul_is_content(void)
{
    struct remex_bytes input = { "a\0b\n", 4 };
    struct line_splitter splitter;
    struct remex_line line;

    line_splitter_init(&splitter, REMEX_STDERR, MAX, REMEX_OVERFLOW_DROP);
    g_assert_cmpint(line_splitter_next(&splitter, &input, &line), ==, REMEX_OK);
    check_data(&line, "a\0b", 3);
    g_assert_cmpint(line.stream, ==, REMEX_STDERR);
    line_splitter_deinit(&splitter);
}

static void the_last_line_needs_no_lf_at_the_true_end(void)
{
    check_both("a\nb", "a. b$ ");
    check(REMEX_OVERFLOW_DROP, "a\nb", false, "a. b! ");
    check(REMEX_OVERFLOW_DROP, "a\n", false, "a. ");
}

static void what_is_as_long_as_the_maximum_is_whole(void)
{
    check_both("abcde\n", "abcde. ");
    check_both("abcde", "abcde$ ");
    check_both("abcde\n\nf\n", "abcde. . f. ");
}

static void the_rest_of_a_long_line_is_dropped(void)
{
    check(REMEX_OVERFLOW_DROP, "abcdef\ng\n", true, "abcde(1). g. ");
    check(REMEX_OVERFLOW_DROP, "abcdefghijklm\n\n", true, "abcde(8). . ");
    check(REMEX_OVERFLOW_DROP, "abcdefg", true, "abcde(2)$ ");
    check(REMEX_OVERFLOW_DROP, "abcdefg", false, "abcde(2)! ");
}

static void or_told_in_pieces(void)
{
    check(REMEX_OVERFLOW_SPLIT, "abcdef\ng\n", true, "abcde+ f. g. ");
    check(REMEX_OVERFLOW_SPLIT, "abcdefghij\n", true, "abcde+ fghij. ");
    check(REMEX_OVERFLOW_SPLIT, "abcdefghijk", true, "abcde+ fghij+ k$ ");
    check(REMEX_OVERFLOW_SPLIT, "abcdefg", false, "abcde+ fg! ");
}

static void a_gap_cuts_a_line_and_glues_nothing(void)
{
    struct teller teller;

    teller_init(&teller, MAX, REMEX_OVERFLOW_DROP);
    give(&teller, "a\nb");
    gap(&teller, 7);
    give(&teller, "c\nd\n");
    gap(&teller, 2);
    give(&teller, "e");
    finish(&teller, true);
    g_assert_cmpstr(teller.told->str, ==, "a. b! <7>c. d. <2>e$ ");
    teller_deinit(&teller);
}

static void gaps_in_a_row_are_one(void)
{
    struct teller teller;

    teller_init(&teller, MAX, REMEX_OVERFLOW_DROP);
    give(&teller, "a");
    gap(&teller, 7);
    gap(&teller, 2);
    gap(&teller, 1);
    give(&teller, "\n");
    g_assert_cmpstr(teller.told->str, ==, "a! <10>. ");
    teller_deinit(&teller);
}

static void a_gap_is_told_even_if_nothing_follows(void)
{
    struct teller teller;

    teller_init(&teller, MAX, REMEX_OVERFLOW_DROP);
    give(&teller, "a\n");
    gap(&teller, 7);
    finish(&teller, true);
    finish(&teller, true);
    g_assert_cmpstr(teller.told->str, ==, "a. <7>$ ");
    teller_deinit(&teller);
}

static void a_gap_in_a_line_that_is_being_dropped_ends_it(void)
{
    struct teller teller;

    teller_init(&teller, MAX, REMEX_OVERFLOW_DROP);
    give(&teller, "abcdefgh");
    gap(&teller, 2);
    give(&teller, "i\n");
    g_assert_cmpstr(teller.told->str, ==, "abcde(3)! <2>i. ");
    teller_deinit(&teller);
}

static void a_whole_line_is_lent_from_the_input(void)
{
    struct remex_bytes input = { "abc\n", 4 };
    const void *data = input.data;
    struct line_splitter splitter;
    struct remex_line line;

    line_splitter_init(&splitter, REMEX_STDOUT, MAX, REMEX_OVERFLOW_DROP);
    g_assert_cmpint(line_splitter_next(&splitter, &input, &line), ==, REMEX_OK);
    g_assert_true(line.data.data == data);
    g_assert_null(splitter.held);
    line_splitter_deinit(&splitter);
}

static void what_is_held_is_bounded_by_the_maximum(void)
{
    const size_t max = 1000;
    char *text = g_strnfill(100000, 'x');
    struct teller teller;

    teller_init(&teller, max, REMEX_OVERFLOW_DROP);
    for (int i = 0; i < 100; i++)
        give(&teller, text);
    g_assert_cmpuint(teller.splitter.capacity, <=, max);
    g_assert_cmpuint(teller.splitter.held_size, ==, max);
    g_assert_cmpuint(teller.splitter.dropped, ==, 100 * 100000 - max);
    teller_deinit(&teller);
    g_free(text);
}

static void a_failed_allocation_changes_nothing(void)
{
    struct remex_bytes input = { "abc", 3 };
    struct line_splitter splitter;
    struct remex_line line;

    line_splitter_init(&splitter, REMEX_STDOUT, MAX, REMEX_OVERFLOW_DROP);
    fault_fail_allocation(1);
    g_assert_cmpint(
            line_splitter_next(&splitter, &input, &line), ==, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    g_assert_cmpuint(input.size, ==, 3);
    g_assert_cmpint(
            line_splitter_next(&splitter, &input, &line), ==, REMEX_AGAIN);
    g_assert_true(line_splitter_finish(&splitter, true, &line));
    check_data(&line, "abc", 3);
    line_splitter_deinit(&splitter);
}

/* --- The model ----------------------------------------------------------- */

/* A stream as it was written, each byte lost or not, and what a line of the
 * splitter has to be, judged by nothing but that. */
struct model {
    GByteArray *stream;
    GByteArray *lost; /* a byte each: 0 or 1 */
    uint64_t at;      /* told so far */
    size_t max;
    enum remex_overflow overflow;
};

static guint pick(guint bound)
{
    return (guint)g_test_rand_int_range(0, (gint)bound);
}

static void model_write(struct model *model, bool lost)
{
    guint size = pick(12) + 1;

    for (guint i = 0; i < size; i++) {
        guint8 byte = pick(4) ? (guint8)('a' + pick(26)) : '\n';
        guint8 is_lost = lost;

        g_byte_array_append(model->stream, &byte, 1);
        g_byte_array_append(model->lost, &is_lost, 1);
    }
}

static uint64_t take_lost(struct model *model)
{
    uint64_t from = model->at;

    while (model->at < model->stream->len && model->lost->data[model->at])
        model->at++;
    return model->at - from;
}

/* Where the text of the line that begins here ends: at an LF, a lost byte, or
 * where the stream is over. */
static uint64_t text_end(const struct model *model)
{
    uint64_t at = model->at;

    while (at < model->stream->len && !model->lost->data[at] &&
            model->stream->data[at] != '\n')
        at++;
    return at;
}

static enum remex_line_end end_at(
        const struct model *model, uint64_t at, bool is_true_end)
{
    if (at == model->stream->len)
        return is_true_end ? REMEX_LINE_EOF : REMEX_LINE_CUT;
    return model->lost->data[at] ? REMEX_LINE_CUT : REMEX_LINE_LF;
}

static void model_check(
        struct model *model, const struct remex_line *line, bool is_true_end)
{
    uint64_t lost = take_lost(model);
    uint64_t end = text_end(model);
    uint64_t size = end - model->at;
    enum remex_line_end kind = end_at(model, end, is_true_end);

    if (size > model->max && model->overflow == REMEX_OVERFLOW_SPLIT) {
        end = model->at + model->max;
        kind = REMEX_LINE_SPLIT;
    }
    size = MIN(size, model->max);
    g_assert_cmpuint(line->lost_bytes, ==, lost);
    g_assert_cmpint(line->after_gap, ==, lost > 0);
    g_assert_cmpuint(line->offset, ==, model->at);
    check_data(line, model->stream->data + model->at, size);
    g_assert_cmpuint(line->dropped_bytes, ==, end - model->at - size);
    g_assert_cmpint(line->end, ==, kind);
    model->at = end + (kind == REMEX_LINE_LF);
}

/* What was written since `from`, in pieces, as it was lost or not. */
static void model_give(struct model *model, struct line_splitter *splitter)
{
    struct remex_line line;

    while (splitter->position < model->stream->len) {
        uint64_t from = splitter->position;
        uint64_t to = from;
        uint64_t most = pick(20) + 1;
        bool lost = model->lost->data[from];
        struct remex_bytes input;

        while (to < model->stream->len && model->lost->data[to] == lost)
            to++;
        if (lost) {
            if (line_splitter_gap(splitter, to, to - from, &line))
                model_check(model, &line, false);
            continue;
        }
        to = MIN(to, from + most);
        input = (struct remex_bytes){ model->stream->data + from, to - from };
        while (line_splitter_next(splitter, &input, &line) == REMEX_OK)
            model_check(model, &line, false);
    }
}

static void run_model(void)
{
    struct model model = {
        .stream = g_byte_array_new(),
        .lost = g_byte_array_new(),
        .max = pick(8) + 1,
        .overflow = pick(2) ? REMEX_OVERFLOW_DROP : REMEX_OVERFLOW_SPLIT,
    };
    bool is_true_end = pick(2);
    guint steps = pick(60);
    struct line_splitter splitter;
    struct remex_line line;

    line_splitter_init(&splitter, REMEX_STDOUT, model.max, model.overflow);
    for (guint i = 0; i < steps; i++)
        model_write(&model, pick(5) == 0);
    model_give(&model, &splitter);
    if (line_splitter_finish(&splitter, is_true_end, &line))
        model_check(&model, &line, is_true_end);
    g_assert_cmpuint(model.at, ==, model.stream->len);
    line_splitter_deinit(&splitter);
    g_byte_array_unref(model.stream);
    g_byte_array_unref(model.lost);
}

static void it_does_what_the_model_does(void)
{
    for (int i = 0; i < 20000; i++)
        run_model();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/line_splitter", lines_end_with_lf_and_nothing_else);
    SUITE_ADD("/line_splitter", nul_is_content);
    SUITE_ADD("/line_splitter", the_last_line_needs_no_lf_at_the_true_end);
    SUITE_ADD("/line_splitter", what_is_as_long_as_the_maximum_is_whole);
    SUITE_ADD("/line_splitter", the_rest_of_a_long_line_is_dropped);
    SUITE_ADD("/line_splitter", or_told_in_pieces);
    SUITE_ADD("/line_splitter", a_gap_cuts_a_line_and_glues_nothing);
    SUITE_ADD("/line_splitter", gaps_in_a_row_are_one);
    SUITE_ADD("/line_splitter", a_gap_is_told_even_if_nothing_follows);
    SUITE_ADD("/line_splitter", a_gap_in_a_line_that_is_being_dropped_ends_it);
    SUITE_ADD("/line_splitter", a_whole_line_is_lent_from_the_input);
    SUITE_ADD("/line_splitter", what_is_held_is_bounded_by_the_maximum);
    SUITE_ADD("/line_splitter", a_failed_allocation_changes_nothing);
    SUITE_ADD("/line_splitter", it_does_what_the_model_does);
    return g_test_run();
}
