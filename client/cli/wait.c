/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex wait: for the end of a process, as if it had been run.
 */

#include <stdio.h>

#include "client/cli/answer.h"
#include "client/cli/ending.h"
#include "client/cli/output.h"
#include "client/cli/quantity.h"
#include "client/cli/report.h"
#include "client/cli/status_json.h"
#include "client/cli/target.h"
#include "client/cli/verbs.h"
#include "client/cli/waiting.h"

struct wait_options {
    struct answer_options answer; /* first, for answer_specs */
    int64_t timeout_ms;
};

static bool take_timeout(void *data, const char *value)
{
    struct wait_options *options = data;

    return quantity_parse_duration(value, &options->timeout_ms);
}

static const struct option_spec specs[] = {
    OPTION(0, "timeout", "DURATION", "give up after that; the process goes on",
            "a duration such as 10s", take_timeout),
    OPTIONS_END,
};

/* Returns our exit status. */
static int tell(const struct target *target, const struct remex_exit *ended,
        bool as_json)
{
    struct json json;
    int status;

    if (!as_json)
        return ending_status(ended);
    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "id", target->id);
    status_json_write_exit(&json, ended);
    json_close(&json);
    json_end(&json);
    status = output_finish();
    return status ? status : ending_status(ended);
}

static int run(const struct verb *verb, struct words words)
{
    struct wait_options options = { .timeout_ms = REMEX_FOREVER };
    struct remex_exit ended;
    struct target target;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    if (!target_init(&target, verb, &options.answer.connect, words.at[0]))
        return REPORT_EXIT_FAILED;
    status = waiting_for_exit(&target, options.timeout_ms, &ended);
    if (status == 0)
        status = tell(&target, &ended, options.answer.json);
    else if (status == REPORT_EXIT_TIMED_OUT)
        report("wait: %s has not exited within --timeout", words.at[0]);
    target_deinit(&target);
    return status;
}

const struct verb wait_verb = {
    .name = "wait",
    .operands = "ID",
    .summary = "Wait until a process has exited, and exit as it did.",
    .tables = { specs, answer_specs, connect_specs },
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
