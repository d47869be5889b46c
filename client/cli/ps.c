/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex ps: which processes an executor knows.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <remex/inspect.h>

#include "client/cli/colour.h"
#include "client/cli/connect.h"
#include "client/cli/json.h"
#include "client/cli/label.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/status_json.h"
#include "client/cli/status_words.h"
#include "client/cli/text.h"
#include "client/cli/verbs.h"

struct ps_options {
    struct connect_options connect; /* first, for connect_specs */
    struct labels labels;
    bool everybody;
    bool json;
};

static bool take_label(void *data, const char *value)
{
    struct ps_options *options = data;

    return label_add(&options->labels, value);
}

static bool take_everybody(void *data, const char *value)
{
    struct ps_options *options = data;

    (void)value;
    options->everybody = true;
    return true;
}

static bool take_json(void *data, const char *value)
{
    struct ps_options *options = data;

    (void)value;
    options->json = true;
    return true;
}

static const struct option_spec specs[] = {
    { 0, "label", "NAME=VALUE", "only those that have it; repeatable",
            "NAME=VALUE, 32 of them at most", take_label },
    { 0, "everybody", NULL, "other people's as well, for an admin", NULL,
            take_everybody },
    { 0, "json", NULL, "as one JSON object", NULL, take_json },
    OPTIONS_END,
};

static void print_json(
        const char *address, const struct remex_process_list *list)
{
    struct json json;

    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "executor", address);
    json_open_array(&json, "processes");
    for (size_t i = 0; i < list->count; i++)
        status_json_write(&json, NULL, &list->processes[i]);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int longest_id(const struct remex_process_list *list)
{
    size_t longest = strlen("ID");

    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->processes[i].id) > longest)
            longest = strlen(list->processes[i].id);
    return (int)longest;
}

static enum colour colour_of(const struct remex_process_status *status)
{
    if (!status->has_exit)
        return COLOUR_GOOD;
    return status->exit.by_signal || status->exit.code != 0 ? COLOUR_BAD
                                                            : COLOUR_NONE;
}

static void print_process(const struct remex_process_status *status, int width)
{
    bool coloured = colour_is_wanted(stdout);
    char summary[STATUS_WORDS_BYTES];
    char age[TEXT_AGE_BYTES];

    status_words_summary(status, summary);
    text_age(now_ns() - status->started_ns, age);
    printf("%-*s  %s%-12s%s %7lld %5s ", width, status->id,
            colour_begin(colour_of(status), coloured), summary,
            colour_end(colour_of(status), coloured), (long long)status->pid,
            age);
    for (size_t i = 0; status->argv[i]; i++) {
        putchar(' ');
        text_print(stdout, status->argv[i]);
    }
    puts(status->argv_cut ? " ..." : "");
}

static void print_table(const struct remex_process_list *list)
{
    int width = longest_id(list);

    printf("%-*s  %-12s %7s %5s  %s\n", width, "ID", "STATE", "PID", "AGE",
            "COMMAND");
    for (size_t i = 0; i < list->count; i++)
        print_process(&list->processes[i], width);
}

static int list_on(
        struct remex_client *client, const struct ps_options *options)
{
    struct remex_list_options list_options = REMEX_DEFAULTS(remex_list_options);
    struct remex_process_list *list;
    struct remex_error error;

    list_options.labels = options->labels.items;
    list_options.label_count = options->labels.count;
    list_options.everybody = options->everybody;
    if (remex_client_list(client, &list_options, &list, &error) != REMEX_OK) {
        report("ps: %s%s", options->everybody ? "--everybody: " : "",
                error.text);
        return REPORT_EXIT_FAILED;
    }
    if (options->json)
        print_json(connect_address(&options->connect), list);
    else
        print_table(list);
    remex_process_list_free(list);
    return output_finish();
}

static int run(const struct verb *verb, struct words words)
{
    struct ps_options options = { .json = false };
    struct remex_client *client;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    client = connect_to_lasting(&options.connect);
    status = client ? list_on(client, &options) : REPORT_EXIT_FAILED;
    remex_client_free(client);
    return status;
}

const struct verb ps_verb = {
    .name = "ps",
    .operands = "",
    .summary = "List the processes of an executor.",
    .tables = { specs, connect_specs },
    .run = run,
};
