/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/top_model.h"
#include "client/cli/top_text.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

#define SECOND ((int64_t)1000 * 1000 * 1000)
#define START (100 * SECOND)

static const char *const words[] = { "sh", "-c", "a\nb", NULL };

/* Processes as an executor would list them. */
struct farm {
    struct remex_process_status processes[4];
    struct remex_stream_status streams[4];
    struct remex_process_list list;
};

static void farm_init(struct farm *farm, const char *const *ids)
{
    memset(farm, 0, sizeof(*farm));
    farm->list.processes = farm->processes;
    for (size_t i = 0; ids[i]; i++) {
        farm->streams[i].retained_bytes = 100 * (i + 1);
        farm->processes[i] = (struct remex_process_status){
            .id = ids[i],
            .principal = "uid:1",
            .state = REMEX_PROCESS_RUNNING,
            .started_ns = START - (int64_t)i * SECOND,
            .argv = words,
            .streams = &farm->streams[i],
            .stream_count = 1,
            .stdin_room = 10,
            .owned = true,
        };
        farm->list.count = i + 1;
    }
}

static const char *const ids[] = { "one", "two", "three", NULL };

static struct top_source source_of(const struct farm *farm, int64_t at_s)
{
    return (struct top_source){
        .address = "ipc:///x",
        .list = &farm->list,
        .at_ns = at_s * SECOND,
    };
}

static void update(struct top_model *model, const struct farm *farm, int64_t at)
{
    struct top_source source = source_of(farm, at);

    g_assert_true(top_model_update(model, &source, 1));
}

static double rate_of(const struct top_model *model, const char *id)
{
    for (size_t i = 0; i < model->count; i++)
        if (strcmp(model->rows[i].process->id, id) == 0)
            return model->rows[i].rate;
    g_error("no row of '%s'", id);
}

static void a_rate_takes_two_looks(void)
{
    struct top_model model = { .count = 0 };
    struct farm farm;

    farm_init(&farm, ids);
    update(&model, &farm, 10);
    g_assert_cmpfloat(rate_of(&model, "two"), ==, TOP_NO_RATE);
    farm.streams[1].bytes = 3000;
    update(&model, &farm, 12);
    g_assert_cmpfloat(rate_of(&model, "two"), ==, 1500);
    g_assert_cmpfloat(rate_of(&model, "one"), ==, 0);
    /* The same look again tells the same. */
    update(&model, &farm, 12);
    g_assert_cmpfloat(rate_of(&model, "two"), ==, 1500);
    update(&model, &farm, 13);
    g_assert_cmpfloat(rate_of(&model, "two"), ==, 0);
    top_model_deinit(&model);
}

static void another_process_of_that_name_is_another(void)
{
    struct top_model model = { .count = 0 };
    struct farm farm;
    struct farm other;
    struct top_source sources[2];

    farm_init(&farm, ids);
    update(&model, &farm, 10);
    farm.processes[0].started_ns += 5 * SECOND;
    farm.processes[1].principal = "uid:2";
    farm_init(&other, ids);
    sources[0] = source_of(&farm, 11);
    sources[1] = source_of(&other, 11);
    g_assert_true(top_model_update(&model, sources, 2));
    g_assert_cmpuint(model.count, ==, 6);
    for (size_t i = 0; i < model.count; i++) {
        bool known = i == 2; /* "three", of the first */

        g_assert_true((model.rows[i].rate == 0) == known);
    }
    top_model_deinit(&model);
}

static void check_order(struct top_model *model, enum top_key key,
        bool reversed, const char *all)
{
    GString *order = g_string_new(NULL);

    top_model_sort(model, key, reversed);
    for (size_t i = 0; i < model->count; i++)
        g_string_append_printf(order, "%s ", model->rows[i].process->id);
    g_assert_cmpstr(order->str, ==, all);
    g_string_free(order, TRUE);
}

static void rows_have_an_order(void)
{
    struct top_model model = { .count = 0 };
    struct farm farm;

    farm_init(&farm, ids);
    update(&model, &farm, 10);
    farm.streams[0].bytes = 5;
    farm.streams[2].bytes = 9;
    farm.processes[1].state = REMEX_PROCESS_CLOSED;
    update(&model, &farm, 11);
    check_order(&model, TOP_BY_RATE, false, "three one two ");
    check_order(&model, TOP_BY_RATE, true, "two one three ");
    check_order(&model, TOP_BY_AGE, false, "three two one ");
    check_order(&model, TOP_BY_KEPT, false, "three two one ");
    check_order(&model, TOP_BY_ID, false, "one three two ");
    check_order(&model, TOP_BY_ID, true, "two three one ");
    check_order(&model, TOP_BY_STATE, false, "one three two ");
    /* Equals stay in the order of their ids. */
    check_order(&model, TOP_BY_STATE, true, "two one three ");
    top_model_deinit(&model);
}

static void without_memory_there_is_nothing_to_show(void)
{
    struct farm farm;
    unsigned int nth = 0;
    bool made;

    farm_init(&farm, ids);
    do {
        struct top_model model = { .count = 0 };
        struct top_source source = source_of(&farm, 1);

        fault_fail_allocation(++nth);
        made = top_model_update(&model, &source, 1);
        g_assert_true(fault_happened() != made);
        g_assert_cmpuint(model.count, ==, made ? 3 : 0);
        top_model_deinit(&model);
    } while (!made);
    g_assert_cmpuint(nth, ==, 6);
}

static void keys_have_names(void)
{
    enum top_key key = TOP_BY_RATE;

    for (int i = 0; i < TOP_KEYS; i++) {
        g_assert_true(
                top_model_parse_key(top_model_key_name((enum top_key)i), &key));
        g_assert_cmpint(key, ==, i);
    }
    g_assert_false(top_model_parse_key("size", &key));
}

/* --- Text ---------------------------------------------------------------- */

static void check_bytes(double bytes, const char *expected)
{
    char text[TOP_WORD_BYTES];

    top_text_bytes(bytes, text);
    g_assert_cmpstr(text, ==, expected);
    g_assert_cmpuint(strlen(text), <=, 5);
}

static void sizes_are_short(void)
{
    check_bytes(0, "0");
    check_bytes(999, "999");
    check_bytes(1000, "1.0K");
    check_bytes(1536, "1.5K");
    check_bytes(10 * 1024, "10K");
    check_bytes(768 * 1024, "768K");
    check_bytes(1024.0 * 1024 * 999, "999M");
    check_bytes(3.2 * 1024 * 1024 * 1024 * 1024, "3.2T");
}

static void check_waiting(
        const struct remex_process_status *process, const char *expected)
{
    char text[TOP_WORD_BYTES];

    top_text_waiting(process, START, text);
    g_assert_cmpstr(text, ==, expected);
}

static void what_it_waits_for_is_told(void)
{
    struct farm farm;
    struct remex_process_status *process = farm.processes;

    farm_init(&farm, ids);
    check_waiting(process, "");
    process->owned = false;
    process->expires_ns = START + 90 * SECOND;
    check_waiting(process, "ends in 90s");
    process->stdin_offset = 5;
    process->stdin_room = 0;
    check_waiting(process, "its stdin is full");
    process->state = REMEX_PROCESS_EXITED;
    check_waiting(process, "output held open");
    farm.streams[0].held = true;
    check_waiting(process, "for a reader");
    process->followers = 1;
    check_waiting(process, "for a slow reader");
    process->state = REMEX_PROCESS_CLOSED;
    check_waiting(process, "forgotten in 90s");
    process->expires_ns = 0;
    check_waiting(process, "");
}

static void a_row_fits_a_small_terminal(void)
{
    struct farm farm;
    struct top_row row = { .source = 1, .rate = 2048, .kept = 300 };
    char line[TOP_LINE_BYTES];

    farm_init(&farm, ids);
    row.process = farm.processes;
    farm.processes[0].id = "a-name-that-is-long";
    top_text_row(&row, true, START + 5 * SECOND, line);
    g_assert_cmpstr(line, ==,
            " 2 running        5s   2.0K   300   0 a-name-tha               "
            "      sh -c a?b");
    top_text_heading(true, line);
    g_assert_cmpuint(strlen(line), <=, 80);
    top_text_cut(line, 10);
    g_assert_cmpstr(line, ==, " E STATE  ");
}

static void characters_are_cut_whole(void)
{
    char line[TOP_LINE_BYTES] = "a\xc3\xa4\xe2\x82\xac"
                                "b";

    top_text_cut(line, 4);
    g_assert_cmpstr(line, ==,
            "a\xc3\xa4\xe2\x82\xac"
            "b");
    top_text_cut(line, 3);
    g_assert_cmpstr(line, ==, "a\xc3\xa4\xe2\x82\xac");
    top_text_cut(line, 2);
    g_assert_cmpstr(line, ==, "a\xc3\xa4");
}

static void an_executor_is_a_line(void)
{
    struct top_model model = { .count = 0 };
    struct farm farm;
    struct top_source source;
    char line[TOP_LINE_BYTES];

    farm_init(&farm, ids);
    update(&model, &farm, 10);
    farm.streams[0].bytes = 4096;
    farm.processes[2].state = REMEX_PROCESS_CLOSED;
    update(&model, &farm, 12);
    source = source_of(&farm, 12);
    top_text_source(&model, &source, 0, line);
    g_assert_cmpstr(line, ==, "1 ipc:///x: 2 running of 3, 2.0K/s");
    source.list = NULL;
    source.error = "gone\033";
    top_text_source(&model, &source, 1, line);
    g_assert_cmpstr(line, ==, "2 ipc:///x: gone?");
    top_model_deinit(&model);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/top", a_rate_takes_two_looks);
    SUITE_ADD("/top", another_process_of_that_name_is_another);
    SUITE_ADD("/top", rows_have_an_order);
    SUITE_ADD("/top", without_memory_there_is_nothing_to_show);
    SUITE_ADD("/top", keys_have_names);
    SUITE_ADD("/top", sizes_are_short);
    SUITE_ADD("/top", what_it_waits_for_is_told);
    SUITE_ADD("/top", a_row_fits_a_small_terminal);
    SUITE_ADD("/top", characters_are_cut_whole);
    SUITE_ADD("/top", an_executor_is_a_line);
    return g_test_run();
}
