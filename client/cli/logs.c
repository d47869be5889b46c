/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex logs: what a process has written, and goes on to write.
 *
 * The log is read, not followed: a reader of it holds no process, however slow
 * it is.
 */

#include <remex/inspect.h>

#include "client/cli/follow.h"
#include "client/cli/output.h"
#include "client/cli/quantity.h"
#include "client/cli/report.h"
#include "client/cli/tail.h"
#include "client/cli/target.h"
#include "client/cli/verbs.h"

struct logs_options {
    struct connect_options connect; /* first, for connect_specs */
    struct target_from from;
    bool follow;
    enum remex_stream stream; /* 0: all */
    bool has_lines;
    uint64_t lines;
};

/* A pass through the log. */
struct pass {
    const struct target *target;
    const struct logs_options *options;
    uint64_t after_seq; /* read so far */
    uint64_t until_seq; /* the last event of it; 0: there is none */
    struct tail *tail;  /* NULL: all lines */
    bool counts;        /* lines, rather than write them */
};

static bool take_from(void *data, const char *value)
{
    struct logs_options *options = data;

    return target_parse_from(value, &options->from);
}

static bool take_stream(void *data, const char *value)
{
    struct logs_options *options = data;

    return target_parse_stream(value, &options->stream);
}

static bool take_lines(void *data, const char *value)
{
    struct logs_options *options = data;

    options->has_lines = true;
    return quantity_parse_count(value, &options->lines) &&
            options->lines <= TAIL_LINES_MAX;
}

static const struct option_spec specs[] = {
    OPTION_FLAG('f', "follow", "go on until the process has ended",
            struct logs_options, follow),
    OPTION(0, "from", "oldest|live|SEQ", "where to begin; default oldest",
            "oldest, live or the number of an event", take_from),
    OPTION(0, "stream", "stdout|stderr", "this one only; default both",
            "stdout or stderr", take_stream),
    OPTION('n', "lines", "COUNT", "begin with so many last lines",
            "a number up to 100000", take_lines),
    OPTIONS_END,
};

/* 0, or our exit status if output cannot be passed on. */
static int take_output(const struct pass *pass, const struct remex_event *event)
{
    struct remex_bytes data = event->output.data;
    size_t skip;

    if (!target_is_asked(pass->options->stream, event->output.stream))
        return 0;
    if (pass->counts) {
        tail_count(pass->tail, event);
        return 0;
    }
    skip = pass->tail ? tail_skip(pass->tail, event) : 0;
    data.data = (const char *)data.data + skip;
    data.size -= skip;
    return output_pass(event->output.stream, data);
}

static int take_log(struct pass *pass, const struct remex_log *log)
{
    int status = 0;

    for (size_t i = 0; i < log->count && status == 0; i++) {
        const struct remex_event *event = &log->events[i];

        pass->after_seq = event->seq;
        if (event->kind == REMEX_EVENT_OUTPUT)
            status = take_output(pass, event);
        else if (event->kind == REMEX_EVENT_GAP && !pass->counts)
            follow_report_gap(event);
    }
    return status;
}

/* Reads to the end of the pass; our exit status. */
static int run_pass(struct pass *pass)
{
    struct remex_error error;
    struct remex_log *log;
    enum remex_status got = REMEX_OK;
    int status = 0;

    while (status == 0 &&
            (!pass->until_seq || pass->after_seq < pass->until_seq)) {
        got = remex_process_read(pass->target->process, pass->after_seq, 0,
                pass->until_seq ? 0 : REMEX_FOREVER, &log, &error);
        if (got == REMEX_OK) {
            status = take_log(pass, log);
            remex_log_free(log);
        } else if (got == REMEX_ENDED ||
                (got == REMEX_AGAIN && pass->until_seq)) {
            return 0;
        } else if (got != REMEX_AGAIN) {
            return target_explain(pass->target, &error);
        }
    }
    return status;
}

/* Finds where the last lines begin, and begins there. */
static int count_lines(struct pass *pass, uint64_t newest_seq)
{
    struct pass count = *pass;
    uint64_t first_seq;
    int status;

    if (!tail_init(pass->tail, (size_t)pass->options->lines)) {
        report("out of memory");
        return REPORT_EXIT_FAILED;
    }
    count.counts = true;
    count.until_seq = newest_seq;
    status = newest_seq > 0 ? run_pass(&count) : 0;
    first_seq = tail_first_seq(pass->tail);
    pass->after_seq = first_seq > 0 ? first_seq - 1 : newest_seq;
    return status;
}

static int run_passes(struct pass *pass, uint64_t newest_seq)
{
    struct tail tail;
    int status = 0;

    if (pass->options->has_lines) {
        pass->tail = &tail;
        status = count_lines(pass, newest_seq);
    }
    if (!pass->options->follow)
        pass->until_seq = newest_seq;
    if (status == 0 && (pass->options->follow || newest_seq > 0))
        status = run_pass(pass);
    if (pass->tail)
        tail_deinit(pass->tail);
    return status;
}

static int show(const struct target *target, const struct logs_options *options)
{
    struct pass pass = { .target = target, .options = options };
    struct remex_process_status *now;
    struct remex_error error;
    uint64_t newest_seq;

    if (remex_process_inspect(target->process, &now, &error) != REMEX_OK)
        return target_explain(target, &error);
    newest_seq = now->next_seq - 1;
    remex_process_status_free(now);
    pass.after_seq = options->from.from == REMEX_FROM_LIVE
            ? newest_seq
            : options->from.after_seq;
    return run_passes(&pass, newest_seq);
}

static int run(const struct verb *verb, struct words words)
{
    struct logs_options options = { .follow = false };
    struct target target;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    if (!target_init(&target, verb, &options.connect, words.at[0]))
        return REPORT_EXIT_FAILED;
    status = show(&target, &options);
    target_deinit(&target);
    return status;
}

const struct verb logs_verb = {
    .name = "logs",
    .operands = "ID",
    .summary = "Show what a process has written that its executor keeps.",
    .details =
            "Its stdout goes to ours, its stderr to ours. Unlike attach, this "
            "never holds\nthe process: what comes too fast is told as lost.",
    .tables = { specs, connect_specs },
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
