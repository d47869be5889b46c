/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex signal: a signal to a process, its group or its whole tree.
 */

#include <string.h>

#include "client/cli/report.h"
#include "client/cli/signal_name.h"
#include "client/cli/target.h"
#include "client/cli/verbs.h"

struct signal_options {
    struct connect_options connect; /* first, for connect_specs */
    enum remex_signal_target to;
};

static bool take_to(void *data, const char *value)
{
    struct signal_options *options = data;

    if (strcmp(value, "leader") == 0)
        options->to = REMEX_SIGNAL_LEADER;
    else if (strcmp(value, "group") == 0)
        options->to = REMEX_SIGNAL_GROUP;
    else if (strcmp(value, "tree") == 0)
        options->to = REMEX_SIGNAL_TREE;
    else
        return false;
    return true;
}

static const struct option_spec specs[] = {
    OPTION(0, "to", "leader|group|tree", "who gets it; default group",
            "leader, group or tree", take_to),
    OPTIONS_END,
};

static int send_signal(
        const struct target *target, int number, enum remex_signal_target to)
{
    struct remex_error error;
    bool delivered = false;

    if (remex_process_signal(target->process, number, to, &delivered, &error) !=
            REMEX_OK)
        return target_explain(target, &error);
    if (delivered)
        return 0;
    report("signal: %s has exited: nothing was sent", target->id);
    return REPORT_EXIT_TOO_LATE;
}

static int run(const struct verb *verb, struct words words)
{
    struct signal_options options = { .to = REMEX_SIGNAL_GROUP };
    struct target target;
    int number;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    if (!signal_name_parse(words.at[1], &number)) {
        report("signal: '%s' is no signal; give a name such as TERM, or a "
               "number",
                words.at[1]);
        return REPORT_EXIT_FAILED;
    }
    if (!target_init(&target, verb, &options.connect, words.at[0]))
        return REPORT_EXIT_FAILED;
    status = send_signal(&target, number, options.to);
    target_deinit(&target);
    return status;
}

const struct verb signal_verb = {
    .name = "signal",
    .operands = "ID SIGNAL",
    .summary = "Send a signal to a process.",
    .tables = { specs, connect_specs },
    .min_operands = 2,
    .max_operands = 2,
    .run = run,
};
