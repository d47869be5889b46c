/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The remex command: `remex VERB ...`.
 */

#include <malloc.h>
#include <signal.h>
#include <string.h>

#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/verbs.h"

/* More than the messages under way take at any time. */
#define KEPT_BYTES (4 * 1024 * 1024)

static int dispatch(const char *name, struct words words)
{
    const struct verb *verb;

    if (strcmp(name, "--help") == 0)
        verb = &help_verb;
    else if (strcmp(name, "--version") == 0)
        verb = &version_verb;
    else
        verb = help_find(name);
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
