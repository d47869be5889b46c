/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex help: what remex can do.
 */

#include <stdio.h>

#include "client/cli/nearest.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/verbs.h"

const struct verb *help_find(const char *name)
{
    const struct verb *found = verbs_find(name);
    struct nearest nearest = nearest_to(name);

    for (const struct verb *const *verb = verbs_all; *verb; verb++)
        nearest_try(&nearest, (*verb)->name);
    if (!found && nearest.name)
        report("%s: no such verb; did you mean '%s'? See 'remex help'", name,
                nearest.name);
    else if (!found)
        report("%s: no such verb; see 'remex help'", name);
    return found;
}

static int print_verbs(void)
{
    puts("usage: remex VERB [OPTION]... [OPERAND]...\n"
         "Run programs on remote executors.\n");
    for (const struct verb *const *verb = verbs_all; *verb; verb++)
        printf("  %-12s %s\n", (*verb)->name, (*verb)->summary);
    puts("\n'remex help VERB', or --help after a verb, tells its options;\n"
         "--help and --version without a verb are 'help' and 'version'.");
    return output_finish();
}

static int run(const struct verb *verb, struct words words)
{
    int status;

    if (!options_parse(verb, &words, NULL, &status))
        return status;
    if (words.count == 0)
        return print_verbs();
    verb = help_find(words.at[0]);
    return verb ? options_print_help(verb) : REPORT_EXIT_FAILED;
}

const struct verb help_verb = {
    .name = "help",
    .operands = "[VERB]",
    .summary = "Tell what remex can do, or the options of a verb.",
    .max_operands = 1,
    .run = run,
};
