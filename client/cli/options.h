/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

/*
 * Verbs of the command line and their options, as tables: what is accepted and
 * what --help tells come from the same place.
 *
 * An option is "--name", "--name value" or "--name=value". Options end at "--"
 * or at the first word that is none, so that a command's own are left alone.
 */

#include <stdbool.h>

struct option_spec {
    const char *name;     /* without the dashes; NULL ends a table */
    const char *value;    /* what the help calls its value; NULL: has none */
    const char *help;     /* one line */
    const char *expected; /* what a good value is, for whoever gave a bad one */
    /* Stores the value in `options`, the verb's own struct; lent for the life
     * of the program. False: it is not what is expected. */
    bool (*take)(void *options, const char *value);
};

struct verb {
    const char *name;
    const char *operands;             /* "-- CMD [ARG]..." */
    const char *summary;              /* one line */
    const struct option_spec *specs;  /* its own */
    const struct option_spec *shared; /* with other verbs */
    /* Its main(): `argv[0]` is the verb. Returns the exit status. */
    int (*run)(const struct verb *verb, int argc, char **argv);
};

enum options_outcome {
    OPTIONS_TAKEN = 1,
    OPTIONS_HELP = 2,  /* was asked for and has been printed */
    OPTIONS_WRONG = 3, /* and a report has said what */
};

/* Stores the options after `argv[0]`; `*rest_out` is the index of the first
 * operand, `argc` if there is none. */
enum options_outcome options_parse(const struct verb *verb, int argc,
        char *const *argv, void *options, int *rest_out);

/* Ends what was printed to stdout. False, and a report, if it could not be
 * written. */
bool options_flush(void);

#endif
