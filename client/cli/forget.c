/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex forget: a process that has ended, and its output, before its time.
 */

#include <remex/inspect.h>

#include "client/cli/report.h"
#include "client/cli/target.h"
#include "client/cli/verbs.h"

static int explain(const struct target *target, const struct remex_error *error)
{
    if (error->status != REMEX_FAILED_PRECONDITION)
        return target_explain(target, error);
    report("forget: %s has not ended; 'remex stop' ends it", target->id);
    return REPORT_EXIT_FAILED;
}

static int run(const struct verb *verb, struct words words)
{
    struct connect_options options = { .address = NULL };
    struct target target = { .verb = verb->name };
    struct remex_error error;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    target.client = connect_to_lasting(&options);
    target.address = connect_address(&options);
    target.id = words.at[0];
    if (!target.client)
        return REPORT_EXIT_FAILED;
    if (remex_client_forget(target.client, target.id, &error) != REMEX_OK)
        status = explain(&target, &error);
    else
        status = 0;
    remex_client_free(target.client);
    return status;
}

const struct verb forget_verb = {
    .name = "forget",
    .operands = "ID",
    .summary = "Forget a process that has ended, and its output.",
    .details = "One that is not known is forgotten already.",
    .tables = { connect_specs },
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
