/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The remex command: `remex VERB ...`.
 */

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/options.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/verbs.h"

static const struct verb help_verb;
static const struct verb version_verb;

static const struct verb *const verbs[] = {
    &run_verb,
    &start_verb,
    &attach_verb,
    &ps_verb,
    &inspect_verb,
    &logs_verb,
    &wait_verb,
    &wait_line_verb,
    &write_verb,
    &signal_verb,
    &stop_verb,
    &forget_verb,
    &keygen_verb,
    &help_verb,
    &version_verb,
};

/* More than the messages under way take at any time. */
#define KEPT_BYTES (4 * 1024 * 1024)

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

/* NULL, and a report, if there is none. */
static const struct verb *find(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    report("%s: no such verb; see 'remex help'", name);
    return NULL;
}

static int print_verbs(void)
{
    puts("usage: remex VERB [OPTION]... [OPERAND]...\n"
         "Run programs on remote executors.\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        printf("  %-12s %s\n", verbs[i]->name, verbs[i]->summary);
    puts("\n'remex help VERB', or --help after a verb, tells its options;\n"
         "--help and --version without a verb are 'help' and 'version'.");
    return output_finish();
}

static int help(const struct verb *verb, struct words words)
{
    int status;

    if (!options_parse(verb, &words, NULL, &status))
        return status;
    if (words.count == 0)
        return print_verbs();
    verb = find(words.at[0]);
    return verb ? options_print_help(verb) : REPORT_EXIT_FAILED;
}

static const struct verb help_verb = {
    .name = "help",
    .operands = "[VERB]",
    .summary = "Tell what remex can do, or the options of a verb.",
    .max_operands = 1,
    .run = help,
};

static int version(const struct verb *verb, struct words words)
{
    int status;

    if (!options_parse(verb, &words, NULL, &status))
        return status;
    puts("remex " REMEX_VERSION);
    return output_finish();
}

static const struct verb version_verb = {
    .name = "version",
    .operands = "",
    .summary = "Tell the version of remex.",
    .run = version,
};

static int dispatch(const char *name, struct words words)
{
    const struct verb *verb;

    if (strcmp(name, "--help") == 0)
        verb = &help_verb;
    else if (strcmp(name, "--version") == 0)
        verb = &version_verb;
    else
        verb = find(name);
    return verb ? verb->run(verb, words) : REPORT_EXIT_FAILED;
}

/* Bulk output comes in messages that malloc would map and unmap one by one,
 * page by page. A program of one's own may do the same, a library may not. */
static void keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
}

int main(int argc, char **argv)
{
    keep_memory();
    output_guard();
    /* Writes tell it, one by one. */
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        report("no verb given; usage: remex run -- CMD [ARG]..., or see "
               "'remex help'");
        return REPORT_EXIT_FAILED;
    }
    return dispatch(argv[1], (struct words){ argv + 2, argc - 2 });
}
