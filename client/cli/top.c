/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex top: executors and their processes, as they are from moment to moment.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/connect.h"
#include "client/cli/json.h"
#include "client/cli/output.h"
#include "client/cli/quantity.h"
#include "client/cli/report.h"
#include "client/cli/status_json.h"
#include "client/cli/top_model.h"
#include "client/cli/top_screen.h"
#include "client/cli/top_text.h"
#include "client/cli/top_watch.h"
#include "client/cli/verbs.h"

#define USUAL_INTERVAL_MS 1000
#define LEAST_INTERVAL_MS 100
#define CONNECT_MS 3000
/* How often it is looked whether an executor has told something new. */
#define GLANCE_MS 200

struct top_options {
    struct connect_options connect; /* first, for connect_specs */
    enum top_key key;
    bool reversed;
    bool once;
    bool everybody;
    bool json;
    int interval_ms;
};

struct top {
    struct top_options options;
    struct top_watch watches[TOP_SOURCES];
    struct remex_process_list *lists[TOP_SOURCES]; /* being shown */
    struct top_source sources[TOP_SOURCES];
    size_t count;
    struct top_model model;
    size_t scrolled; /* processes above the first one shown */
};

/* --- Options ------------------------------------------------------------- */

static bool take_sort(void *data, const char *value)
{
    struct top_options *options = data;

    return top_model_parse_key(value, &options->key);
}

static bool take_json(void *data, const char *value)
{
    struct top_options *options = data;

    (void)value;
    options->once = true;
    options->json = true;
    return true;
}

static bool take_interval(void *data, const char *value)
{
    struct top_options *options = data;

    return quantity_parse_wait(value, &options->interval_ms) &&
            options->interval_ms >= LEAST_INTERVAL_MS;
}

static const struct option_spec specs[] = {
    OPTION(0, "sort", "rate|age|kept|state|id", "by what; default rate",
            "rate, age, kept, state or id", take_sort),
    OPTION_FLAG(
            0, "reverse", "the other way round", struct top_options, reversed),
    OPTION(0, "interval", "DURATION", "between looks; default 1s",
            "a duration of 100ms or more", take_interval),
    OPTION_FLAG(0, "once", "print it once, when there are rates",
            struct top_options, once),
    OPTION_FLAG(0, "everybody", "other people's as well, for an admin",
            struct top_options, everybody),
    OPTION(0, "json", NULL, "once, as one JSON object", NULL, take_json),
    OPTIONS_END,
};

/* --- What is shown ------------------------------------------------------- */

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool take(struct top *top)
{
    for (size_t i = 0; i < top->count; i++)
        top->sources[i] = top_watch_take(&top->watches[i], &top->lists[i]);
    if (!top_model_update(&top->model, top->sources, top->count))
        return false;
    top_model_sort(&top->model, top->options.key, top->options.reversed);
    return true;
}

static void print(const struct top *top)
{
    char line[TOP_LINE_BYTES];

    for (size_t i = 0; i < top->count; i++) {
        top_text_source(&top->model, &top->sources[i], i, line);
        puts(line);
    }
    top_text_heading(top->count > 1, line);
    puts(line);
    for (size_t i = 0; i < top->model.count; i++) {
        top_text_row(&top->model.rows[i], top->count > 1, now_ns(), line);
        puts(line);
    }
}

static void write_row(struct json *json, const struct top_row *row)
{
    char waiting[TOP_WORD_BYTES];

    top_text_waiting(row->process, now_ns(), waiting);
    json_open_object(json, NULL);
    if (row->rate >= 0)
        json_unsigned(json, "rate", (uint64_t)row->rate);
    else
        json_null(json, "rate");
    json_text(json, "waiting", waiting);
    status_json_write(json, "process", row->process);
    json_close(json);
}

static void print_json(const struct top *top)
{
    struct json json;

    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_open_array(&json, "executors");
    for (size_t i = 0; i < top->count; i++) {
        json_open_object(&json, NULL);
        json_text(&json, "executor", top->sources[i].address);
        if (top->sources[i].error)
            json_text(&json, "error", top->sources[i].error);
        else
            json_null(&json, "error");
        json_open_array(&json, "processes");
        for (size_t j = 0; j < top->model.count; j++)
            if (top->model.rows[j].source == i)
                write_row(&json, &top->model.rows[j]);
        json_close(&json);
        json_close(&json);
    }
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

/* --- The screen ---------------------------------------------------------- */

static void draw_line(
        size_t row, char *line, size_t columns, enum top_style style)
{
    top_text_cut(line, columns);
    top_screen_line(row, line, style);
}

static void draw(const struct top *top)
{
    char line[TOP_LINE_BYTES];
    size_t rows;
    size_t columns;
    size_t row = 0;

    top_screen_size(&rows, &columns);
    top_screen_begin();
    (void)snprintf(line, sizeof(line),
            "remex top, by %s%s, every %.3g s   q quits, s sorts, r reverses",
            top_model_key_name(top->options.key),
            top->options.reversed ? " reversed" : "",
            top->options.interval_ms / 1e3);
    draw_line(row++, line, columns, TOP_TITLE);
    for (size_t i = 0; i < top->count && row < rows; i++) {
        top_text_source(&top->model, &top->sources[i], i, line);
        draw_line(row++, line, columns, TOP_PLAIN);
    }
    top_text_heading(top->count > 1, line);
    draw_line(row++, line, columns, TOP_HEADING);
    for (size_t i = top->scrolled; i < top->model.count && row < rows; i++) {
        top_text_row(&top->model.rows[i], top->count > 1, now_ns(), line);
        draw_line(row++, line, columns, TOP_PLAIN);
    }
    top_screen_show();
}

static void scroll_by(struct top *top, int rows)
{
    if (rows < 0 && top->scrolled > 0)
        top->scrolled--;
    if (rows > 0 && top->scrolled + 1 < top->model.count)
        top->scrolled++;
}

/* False: it is over. */
static bool obey(struct top *top, int key)
{
    if (key == 's')
        top->options.key =
                (enum top_key)(((int)top->options.key + 1) % TOP_KEYS);
    if (key == 'r')
        top->options.reversed = !top->options.reversed;
    return key != 'q';
}

static int show(struct top *top)
{
    bool goes_on = true;
    int key;

    if (!top_screen_open())
        return REPORT_EXIT_FAILED;
    while (goes_on && take(top)) {
        draw(top);
        switch (top_screen_wait(GLANCE_MS, &key)) {
        case TOP_KEY:
            goes_on = obey(top, key);
            break;
        case TOP_UP:
            scroll_by(top, -1);
            break;
        case TOP_DOWN:
            scroll_by(top, 1);
            break;
        case TOP_NOTHING:
        case TOP_RESIZED:
            break;
        }
    }
    top_screen_close();
    if (goes_on)
        report("top: out of memory");
    return goes_on ? REPORT_EXIT_FAILED : 0;
}

/* After two looks, for it takes two to tell a rate. Fails if no executor could
 * be looked at. */
static int print_once(struct top *top)
{
    bool any = false;
    int status;

    for (size_t i = 0; i < top->count; i++)
        top_watch_wait(&top->watches[i], 1);
    if (!take(top))
        return REPORT_EXIT_FAILED;
    for (size_t i = 0; i < top->count; i++)
        top_watch_wait(&top->watches[i], 2);
    if (!take(top))
        return REPORT_EXIT_FAILED;
    if (top->options.json)
        print_json(top);
    else
        print(top);
    for (size_t i = 0; i < top->count; i++)
        any = any || top->sources[i].list;
    status = output_finish();
    return status || any ? status : REPORT_EXIT_FAILED;
}

/* --- Around it ----------------------------------------------------------- */

/* Those named, or the one that all verbs take. */
static bool start(struct top *top, const struct words *words)
{
    size_t wanted = words->count > 0 ? (size_t)words->count : 1;

    for (size_t i = 0; i < wanted; i++) {
        struct top_watch *watch = &top->watches[i];

        watch->connect = top->options.connect;
        watch->connect.timeout_ms = CONNECT_MS;
        if (words->count > 0)
            watch->connect.address = words->at[i];
        watch->everybody = top->options.everybody;
        watch->interval_ms = top->options.interval_ms;
        if (!top_watch_start(watch))
            return false;
        top->count++;
    }
    return true;
}

static void end(struct top *top)
{
    for (size_t i = 0; i < top->count; i++) {
        top_watch_stop(&top->watches[i]);
        remex_process_list_free(top->lists[i]);
    }
    top_model_deinit(&top->model);
}

static bool is_for_a_terminal(const struct top_options *options)
{
    return !options->once && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int run(const struct verb *verb, struct words words)
{
    struct top *top;
    struct top_options options = { .interval_ms = USUAL_INTERVAL_MS };
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    top = calloc(1, sizeof(*top));
    if (!top) {
        report("top: out of memory");
        return REPORT_EXIT_FAILED;
    }
    top->options = options;
    status = REPORT_EXIT_FAILED;
    if (start(top, &words))
        status = is_for_a_terminal(&options) ? show(top) : print_once(top);
    end(top);
    free(top);
    return status;
}

const struct verb top_verb = {
    .name = "top",
    .operands = "[ADDR]...",
    .summary = "Show executors and their processes, as they are now.",
    .details =
            "On a terminal until q is pressed; elsewhere once, as by --once.",
    .tables = { specs, connect_specs },
    .max_operands = TOP_SOURCES,
    .run = run,
};
