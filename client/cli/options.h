/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

/*
 * Verbs of the command line and their options, as tables: what is accepted and
 * what --help tells come from the same place.
 *
 * An option is "--name", "--name value" or "--name=value", and "-n" or
 * "-n value" if it has a letter. "--" ends the options; so does the first word
 * that is none, if what follows is a command with options of its own.
 */

#include <stdbool.h>
#include <stddef.h>

struct option_spec {
    char letter;          /* 0: has none */
    const char *name;     /* without the dashes; NULL ends a table */
    const char *value;    /* what the help calls its value; NULL: has none */
    const char *help;     /* one line */
    const char *expected; /* what a good value is, for whoever gave a bad one */
    /* Stores the value in `options`, the verb's own struct; lent for the life
     * of the program. False: it is not what is expected. NULL: there is nothing
     * to it but to set a bool, so far into that struct. */
    bool (*take)(void *options, const char *value);
    size_t flag;
};

#define OPTION(letter, name, value, help, expected, take) \
    { \
        letter, name, value, help, expected, take, 0 \
    }

/* Sets a bool of the verb's options, a struct of this type. */
#define OPTION_FLAG(letter, name, help, type, member) \
    { \
        letter, name, NULL, help, NULL, NULL, offsetof(type, member) \
    }

/* Ends a table. */
#define OPTIONS_END \
    { \
        0, NULL, NULL, NULL, NULL, NULL, 0 \
    }

/* A piece of the command line; `at[count]` is NULL. */
struct words {
    char **at;
    int count;
};

#define VERB_TABLES 3

struct verb {
    const char *name;
    const char *operands; /* "ID SIGNAL" */
    const char *summary;  /* one line */
    const char *details;  /* lines for --help; NULL: none */
    const struct option_spec *tables[VERB_TABLES]; /* NULL: no more */
    int min_operands;
    int max_operands;
    bool takes_command; /* the operands: then there is no maximum */
    /* Its main(), of the words after the verb. Returns the exit status. */
    int (*run)(const struct verb *verb, struct words words);
};

/* Stores the options in `options` and leaves the operands in `words`. False: it
 * is over, with the exit status in `*status_out`; help was asked for and has
 * been printed, or a report has said what is wrong. */
bool options_parse(const struct verb *verb, struct words *words, void *options,
        int *status_out);

/* The one that `word`, dashes and all, names up to '=' or its end; or NULL. */
const struct option_spec *options_find(
        const struct verb *verb, const char *word);

/* Prints what --help prints; returns the exit status. */
int options_print_help(const struct verb *verb);

#endif
