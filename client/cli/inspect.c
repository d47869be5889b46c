/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex inspect: all that is known of a process.
 */

#include <inttypes.h>
#include <stdio.h>

#include <remex/inspect.h>

#include "client/cli/answer.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/status_json.h"
#include "client/cli/status_words.h"
#include "client/cli/target.h"
#include "client/cli/text.h"
#include "client/cli/verbs.h"

#define NAME_COLUMN 12

static void print_text(const char *name, const char *value)
{
    printf("%-*s", NAME_COLUMN, name);
    text_print(stdout, value);
    putchar('\n');
}

static void print_time(const char *name, int64_t time_ns)
{
    char text[TEXT_TIME_BYTES];

    text_time(time_ns, text);
    if (time_ns != 0)
        print_text(name, text);
}

static void print_command(const struct remex_process_status *status)
{
    printf("%-*s", NAME_COLUMN - 1, "command");
    for (size_t i = 0; status->argv[i]; i++) {
        putchar(' ');
        text_print(stdout, status->argv[i]);
    }
    puts(status->argv_cut ? " ..." : "");
    if (status->cwd[0])
        print_text("cwd", status->cwd);
    for (size_t i = 0; i < status->label_count; i++) {
        printf("%-*s", NAME_COLUMN, "label");
        text_print(stdout, status->labels[i].name);
        putchar('=');
        text_print(stdout, status->labels[i].value);
        putchar('\n');
    }
}

static void print_stream(const struct remex_stream_status *stream)
{
    printf("%-*s%" PRIu64 " bytes, %" PRIu64 " kept in %" PRIu64
           " outputs, %" PRIu64 " dropped, %s",
            NAME_COLUMN, status_words_stream(stream->stream), stream->bytes,
            stream->retained_bytes, stream->retained_events,
            stream->dropped_bytes,
            status_words_delivery(stream->options.delivery));
    if (stream->sealed)
        fputs(", sealed", stdout);
    if (stream->held)
        fputs(", held", stdout);
    printf(", %s\n",
            stream->ended ? status_words_end(stream->end.kind) : "open");
}

static void print_followers(const struct remex_process_status *status)
{
    printf("%-*s%" PRIu32 "\n", NAME_COLUMN, "followers", status->followers);
    for (size_t i = 0; i < status->follower_count; i++) {
        const struct remex_follower_status *follower =
                &status->follower_list[i];
        uint64_t lost = 0;

        for (size_t j = 0; j < REMEX_STREAMS; j++)
            lost += follower->lost_bytes[j];
        printf("%-*s", NAME_COLUMN, "follower");
        text_print(stdout, follower->client);
        printf(", taken to event %" PRIu64 ", %" PRIu64 " bytes lost%s%s\n",
                follower->taken_seq, lost, follower->exclusive ? ", alone" : "",
                follower->connected ? "" : ", gone");
    }
}

static void print_limits(const struct remex_tree_limits *limits)
{
    char memory[STATUS_WORDS_BYTES];

    status_words_size(limits->memory_bytes, memory);
    if (limits->memory_bytes > 0)
        printf("%-*s%s of memory\n", NAME_COLUMN, "limit", memory);
    if (limits->pids > 0)
        printf("%-*s%" PRIu64 " processes and threads\n", NAME_COLUMN, "limit",
                limits->pids);
    if (limits->cpu_millis > 0)
        printf("%-*s%" PRIu64 ".%03" PRIu64 " processors\n", NAME_COLUMN,
                "limit", limits->cpu_millis / 1000, limits->cpu_millis % 1000);
}

static void print_exit(const struct remex_exit *ended)
{
    printf("%-*s%s%s%s\n", NAME_COLUMN, "reason",
            status_words_reason(ended->reason),
            ended->core ? ", core dumped" : "",
            ended->out_of_memory ? ", out of memory" : "");
    printf("%-*s%.3f s, user %.3f s, system %.3f s, %" PRIu64 " KiB\n",
            NAME_COLUMN, "used", (double)ended->wall_us / 1e6,
            (double)ended->user_us / 1e6, (double)ended->system_us / 1e6,
            ended->max_rss_kib);
}

static void print_status(const struct remex_process_status *status)
{
    char summary[STATUS_WORDS_BYTES];

    status_words_summary(status, summary);
    print_text("id", status->id);
    print_text("principal", status->principal);
    printf("%-*s%s%s\n", NAME_COLUMN, "state", summary,
            status->state == REMEX_PROCESS_EXITED ? ", output open" : "");
    printf("%-*s%" PRId64 "\n", NAME_COLUMN, "pid", status->pid);
    print_time("started", status->started_ns);
    print_command(status);
    printf("%-*s%" PRIu64 " to %" PRIu64 "\n", NAME_COLUMN, "events",
            status->first_seq, status->next_seq - 1);
    for (size_t i = 0; i < status->stream_count; i++)
        print_stream(&status->streams[i]);
    printf("%-*s%" PRIu64 " bytes taken, room for %" PRIu64 "\n", NAME_COLUMN,
            "stdin", status->stdin_offset, status->stdin_room);
    print_followers(status);
    printf("%-*s%s, %s without\n", NAME_COLUMN, "owner",
            status->owned ? "there" : "gone",
            status_words_owner_loss(status->owner_loss));
    print_limits(&status->tree_limits);
    print_time("expires", status->expires_ns);
    if (status->has_exit)
        print_exit(&status->exit);
}

static int inspect(const struct target *target, bool as_json)
{
    struct remex_process_status *status;
    struct remex_error error;
    struct json json;

    if (remex_client_inspect(target->client, target->id, &status, &error) !=
            REMEX_OK)
        return target_explain(target, &error);
    if (as_json) {
        json_init(&json, stdout);
        status_json_write(&json, NULL, status);
        json_end(&json);
    } else {
        print_status(status);
    }
    remex_process_status_free(status);
    return output_finish();
}

static int run(const struct verb *verb, struct words words)
{
    struct answer_options options = { .json = false };
    struct target target = { .verb = verb->name };
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    target.client = connect_to_lasting(&options.connect);
    target.address = connect_address(&options.connect);
    target.id = words.at[0];
    status =
            target.client ? inspect(&target, options.json) : REPORT_EXIT_FAILED;
    remex_client_free(target.client);
    return status;
}

const struct verb inspect_verb = {
    .name = "inspect",
    .operands = "ID",
    .summary = "Tell all that is known of a process.",
    .tables = { answer_specs, connect_specs },
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
