/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex ps: which processes an executor knows.
 */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/cli/colour.h"
#include "client/cli/json.h"
#include "client/cli/listing.h"
#include "client/cli/output.h"
#include "client/cli/status_json.h"
#include "client/cli/status_words.h"
#include "client/cli/text.h"
#include "client/cli/verbs.h"

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

static int show(const struct listing_options *options,
        const struct remex_process_list *list)
{
    if (options->answer.json)
        print_json(connect_address(&options->answer.connect), list);
    else
        print_table(list);
    return output_finish();
}

static int run(const struct verb *verb, struct words words)
{
    return listing_run(verb, words, show);
}

const struct verb ps_verb = {
    .name = "ps",
    .operands = "",
    .summary = "List the processes of an executor.",
    .tables = { listing_specs, answer_specs, connect_specs },
    .run = run,
};
