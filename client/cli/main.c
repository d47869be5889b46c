/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The remex command: `remex VERB ...`, each verb in a file of its own.
 */

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/options.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/run.h"

static const struct verb *const verbs[] = {
    &run_verb,
};

/* More than the messages under way take at any time. */
#define KEPT_BYTES (4 * 1024 * 1024)

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static int print_help(void)
{
    puts("usage: remex VERB [OPTION]...\n"
         "Run programs on remote executors.\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        printf("  remex %s [OPTION]... %s\n", verbs[i]->name,
                verbs[i]->operands);
    puts("\n"
         "  --help              show this and exit; after a verb, its options\n"
         "  --version           show the version and exit");
    return options_flush() ? 0 : REPORT_EXIT_FAILED;
}

static int print_version(void)
{
    puts("remex " REMEX_VERSION);
    return options_flush() ? 0 : REPORT_EXIT_FAILED;
}

static int dispatch(int argc, char **argv)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i]->name, argv[1]) == 0)
            return verbs[i]->run(verbs[i], argc - 1, argv + 1);
    report("%s: no such verb; see 'remex --help'", argv[1]);
    return REPORT_EXIT_FAILED;
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
               "'remex --help'");
        return REPORT_EXIT_FAILED;
    }
    if (strcmp(argv[1], "--help") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0)
        return print_version();
    return dispatch(argc, argv);
}
