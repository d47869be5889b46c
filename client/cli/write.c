/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex write: our stdin is written to a process, which goes on.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/input.h"
#include "client/cli/report.h"
#include "client/cli/target.h"
#include "client/cli/verbs.h"

struct write_options {
    struct connect_options connect; /* first, for connect_specs */
    bool eof;
};

static const struct option_spec specs[] = {
    OPTION_FLAG(
            0, "eof", "close its stdin behind that", struct write_options, eof),
    OPTIONS_END,
};

/* What a failed write or close makes our exit status. */
static int explain(const struct target *target, const struct remex_error *error)
{
    if (error->status != REMEX_FAILED_PRECONDITION)
        return target_explain(target, error);
    report("write: %s takes no input: it has exited, or its stdin is closed; "
           "'remex start --stdin pipe' leaves it open",
            target->id);
    return REPORT_EXIT_TOO_LATE;
}

static int copy(const struct target *target, bool eof)
{
    static char buffer[INPUT_BYTES];
    struct remex_error error;
    ssize_t size;

    while ((size = input_read(buffer)) > 0)
        if (remex_process_write(target->process, buffer, (size_t)size,
                    REMEX_FOREVER, NULL, &error) != REMEX_OK)
            return explain(target, &error);
    if (size < 0) {
        report("cannot read standard input: %s", strerror(errno));
        return REPORT_EXIT_FAILED;
    }
    if (eof && remex_process_close_stdin(target->process, &error) != REMEX_OK)
        return explain(target, &error);
    return 0;
}

static int run(const struct verb *verb, struct words words)
{
    struct write_options options = { .eof = false };
    struct target target;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    if (!target_init(&target, verb, &options.connect, words.at[0]))
        return REPORT_EXIT_FAILED;
    status = copy(&target, options.eof);
    target_deinit(&target);
    return status;
}

const struct verb write_verb = {
    .name = "write",
    .operands = "ID",
    .summary = "Write our stdin to that of a process.",
    .details = "It must have been started with --stdin pipe or a --pty, or by "
               "run.",
    .tables = { specs, connect_specs },
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
