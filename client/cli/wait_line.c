/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex wait-line: for a line of a process's output.
 */

#include <regex.h>
#include <string.h>

#include <remex/lines.h>

#include "client/cli/deadline.h"
#include "client/cli/ending.h"
#include "client/cli/leave.h"
#include "client/cli/output.h"
#include "client/cli/quantity.h"
#include "client/cli/report.h"
#include "client/cli/target.h"
#include "client/cli/verbs.h"

/* Of a longer line the beginning is looked at. */
#define LINE_BYTES ((size_t)16 * 1024)

struct wait_line_options {
    struct connect_options connect; /* first, for connect_specs */
    struct target_from from;
    enum remex_stream stream; /* 0: all */
    int64_t timeout_ms;
};

/* What makes a line the one. */
struct pattern {
    regex_t regex;
    enum remex_stream stream;
    const struct parting *parting;
    /* A line, with the NUL behind it that some implementations of regexec look
     * for even where they are told the end. */
    char text[LINE_BYTES + 1];
};

static bool take_from(void *data, const char *value)
{
    struct wait_line_options *options = data;

    return target_parse_from(value, &options->from);
}

static bool take_stream(void *data, const char *value)
{
    struct wait_line_options *options = data;

    return target_parse_stream(value, &options->stream);
}

static bool take_timeout(void *data, const char *value)
{
    struct wait_line_options *options = data;

    return quantity_parse_duration(value, &options->timeout_ms);
}

static const struct option_spec specs[] = {
    OPTION(0, "timeout", "DURATION", "give up after that; the process goes on",
            "a duration such as 10s", take_timeout),
    OPTION(0, "from", "oldest|live|SEQ", "where to begin; default oldest",
            "oldest, live or the number of an event", take_from),
    OPTION(0, "stream", "stdout|stderr", "this one only; default both",
            "stdout or stderr", take_stream),
    OPTIONS_END,
};

static bool compile(const char *text, regex_t *out)
{
    char why[128];
    int failure = regcomp(out, text, REG_EXTENDED | REG_NOSUB);

    if (failure == 0)
        return true;
    (void)regerror(failure, out, why, sizeof(why));
    report("wait-line: '%s' is no extended regular expression: %s", text, why);
    return false;
}

static bool matches(const struct remex_line *line, void *user)
{
    struct pattern *pattern = user;
    size_t size = line->data.size; /* at most LINE_BYTES */
    /* It may have NULs inside. */
    regmatch_t whole = { 0, (regoff_t)size };

    if (parting_is_due(pattern->parting))
        return true; /* for somebody to see that */
    if (!target_is_asked(pattern->stream, line->stream))
        return false;
    if (size > 0)
        memcpy(pattern->text, line->data.data, size);
    pattern->text[size] = '\0';
    return regexec(&pattern->regex, pattern->text, 1, &whole, REG_STARTEND) ==
            0;
}

static int print_line(const struct remex_line *line)
{
    struct remex_bytes newline = { "\n", 1 };
    int status = output_pass(REMEX_STDOUT, line->data);

    return status ? status : output_pass(REMEX_STDOUT, newline);
}

/* Why there will be no line; our exit status. */
static int explain(const struct target *target, const struct remex_lines *lines)
{
    struct remex_ending ending;

    remex_lines_ending(lines, &ending);
    if (ending.failure)
        report("lost the executor %s: %s", target->address,
                ending_failure(ending.failure));
    else
        report("cannot read the output of %s", target->id);
    return REPORT_EXIT_FAILED;
}

static bool is_failed(const struct remex_lines *lines)
{
    struct remex_ending ending;

    remex_lines_ending(lines, &ending);
    return ending.failure != 0;
}

static int wait_for(const struct target *target, struct remex_lines *lines,
        struct pattern *pattern, int64_t timeout_ms)
{
    struct deadline deadline = deadline_in(timeout_ms);
    struct remex_line line;

    while (!parting_is_due(pattern->parting)) {
        switch (remex_lines_wait(lines, matches, pattern, 0, &line)) {
        case REMEX_LINE_MATCH:
            if (parting_is_due(pattern->parting))
                continue;
            return print_line(&line);
        case REMEX_LINE_CLOSED:
            report("wait-line: %s has ended without such a line", target->id);
            return REPORT_EXIT_TOO_LATE;
        case REMEX_LINE_TIMEOUT:
            parting_wait(pattern->parting, target->client,
                    deadline_left_ms(&deadline));
            if (!deadline_is_over(&deadline))
                continue;
            report("wait-line: no such line within --timeout");
            return REPORT_EXIT_TIMED_OUT;
        case REMEX_LINE_ERROR:
            return explain(target, lines);
        case REMEX_LINE_LOST:
            if (is_failed(lines))
                return explain(target, lines);
            report("wait-line: some output is lost; the line may have been in "
                   "it");
            continue;
        }
        return explain(target, lines);
    }
    return REPORT_EXIT_FAILED;
}

static int wait_in(const struct target *target,
        const struct wait_line_options *options, struct pattern *pattern)
{
    struct remex_lines_options lines_options =
            REMEX_DEFAULTS(remex_lines_options);
    struct remex_lines *lines;
    struct remex_error error;
    int status;

    lines_options.max_line_bytes = LINE_BYTES;
    if (remex_lines_new(target->process, &lines_options, &lines, &error) !=
            REMEX_OK)
        return target_explain(target, &error);
    status = wait_for(target, lines, pattern, options->timeout_ms);
    remex_lines_free(lines);
    return status;
}

static int run(const struct verb *verb, struct words words)
{
    struct wait_line_options options = { .timeout_ms = REMEX_FOREVER };
    struct target_claim none = { .exclusive = false };
    struct pattern pattern;
    struct leave leave;
    struct target target;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    if (!compile(words.at[1], &pattern.regex))
        return REPORT_EXIT_FAILED;
    pattern.stream = options.stream;
    pattern.parting = &leave.parting;
    status = REPORT_EXIT_FAILED;
    if (leave_init(&leave, NULL)) {
        if (target_follow(&target, verb, &options.connect, words.at[0],
                    options.from, none)) {
            status = wait_in(&target, &options, &pattern);
            target_deinit(&target);
        }
        leave_deinit(&leave);
    }
    regfree(&pattern.regex);
    return status;
}

const struct verb wait_line_verb = {
    .name = "wait-line",
    .operands = "ID PATTERN",
    .summary = "Wait until a process writes a line that matches, and print it.",
    .details = "PATTERN is an extended regular expression, as for grep -E.",
    .tables = { specs, connect_specs },
    .min_operands = 2,
    .max_operands = 2,
    .run = run,
};
