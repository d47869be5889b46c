/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/nearest.h"
#include "client/cli/output.h"
#include "client/cli/report.h"

#define HELP_COLUMN 26

static void print_option(const struct option_spec *spec)
{
    char name[HELP_COLUMN * 2];
    int width;

    if (spec->letter)
        (void)snprintf(
                name, sizeof(name), "-%c, --%s", spec->letter, spec->name);
    else
        (void)snprintf(name, sizeof(name), "--%s", spec->name);
    width = printf("  %s%s%s", name, spec->value ? " " : "",
            spec->value ? spec->value : "");
    if (width < HELP_COLUMN)
        printf("%*s%s\n", HELP_COLUMN - width, "", spec->help);
    else
        printf("\n%*s%s\n", HELP_COLUMN, "", spec->help);
}

static void print_usage(const struct verb *verb)
{
    printf("usage: remex %s [OPTION]...%s%s\n%s\n", verb->name,
            verb->operands[0] ? " " : "", verb->operands, verb->summary);
}

int options_print_help(const struct verb *verb)
{
    static const struct option_spec help = { 0, "help", NULL,
        "show this and exit", NULL, NULL, 0 };

    print_usage(verb);
    if (verb->details)
        printf("%s\n", verb->details);
    putchar('\n');
    for (int i = 0; i < VERB_TABLES && verb->tables[i]; i++)
        for (const struct option_spec *spec = verb->tables[i]; spec->name;
                spec++)
            print_option(spec);
    print_option(&help);
    return output_finish();
}

static bool is_named(const struct option_spec *spec, const char *word)
{
    size_t length = strcspn(word, "=");

    if (word[1] != '-')
        return spec->letter && word[1] == spec->letter && word[2] == '\0';
    return strlen(spec->name) == length - 2 &&
            strncmp(spec->name, word + 2, length - 2) == 0;
}

const struct option_spec *options_find(
        const struct verb *verb, const char *word)
{
    for (int i = 0; i < VERB_TABLES && verb->tables[i]; i++)
        for (const struct option_spec *spec = verb->tables[i]; spec->name;
                spec++)
            if (is_named(spec, word))
                return spec;
    return NULL;
}

/* No such option; what may have been meant, if it is anything near. */
static bool unknown(const struct verb *verb, const char *word)
{
    char name[HELP_COLUMN * 2];
    struct nearest nearest;

    (void)snprintf(name, sizeof(name), "%s", word + strspn(word, "-"));
    name[strcspn(name, "=")] = '\0';
    nearest = nearest_to(name);
    for (int i = 0; i < VERB_TABLES && verb->tables[i]; i++)
        for (const struct option_spec *spec = verb->tables[i]; spec->name;
                spec++)
            nearest_try(&nearest, spec->name);
    if (nearest.name)
        report("%s: %s: no such option; did you mean --%s? See 'remex %s "
               "--help'",
                verb->name, word, nearest.name, verb->name);
    else
        report("%s: %s: no such option; see 'remex %s --help'", verb->name,
                word, verb->name);
    return false;
}

static bool wrong(const struct verb *verb, const char *word, const char *what)
{
    report("%s: %s: %s; see 'remex %s --help'", verb->name, word, what,
            verb->name);
    return false;
}

static bool take(const struct verb *verb, const struct option_spec *spec,
        void *options, const char *value)
{
    if (!spec->take) {
        *(bool *)((char *)options + spec->flag) = true;
        return true;
    }
    if (spec->take(options, value))
        return true;
    assert(value); /* one that takes none is never wrong */
    report("%s: --%s wants %s, not '%s'", verb->name, spec->name,
            spec->expected, value);
    return false;
}

/* Takes the option at `words[*at]` and moves `*at` behind it. */
static bool parse_one(
        const struct verb *verb, char **words, void *options, int *at)
{
    char *word = words[*at];
    const struct option_spec *spec = options_find(verb, word);
    char *inside = word[1] == '-' ? strchr(word, '=') : NULL;

    *at += 1;
    if (!spec)
        return unknown(verb, word);
    if (!spec->value)
        return inside ? wrong(verb, word, "takes no value")
                      : take(verb, spec, options, NULL);
    if (inside)
        return take(verb, spec, options, inside + 1);
    if (!words[*at])
        return wrong(verb, word, "a value is missing");
    *at += 1;
    return take(verb, spec, options, words[*at - 1]);
}

static bool check_count(const struct verb *verb, const struct words *words)
{
    const char *missing = verb->takes_command ? "no command given"
            : words->count == 0               ? "no ID given"
                                              : "an operand is missing";

    if (words->count < verb->min_operands) {
        report("%s: %s; usage: remex %s [OPTION]... %s", verb->name, missing,
                verb->name, verb->operands);
        return false;
    }
    if (!verb->takes_command && words->count > verb->max_operands)
        return wrong(
                verb, words->at[verb->max_operands], "an operand too many");
    return true;
}

/* What is behind the options, where nothing is to be told apart any more. */
static void take_rest(struct words *words, int from, struct words *operands)
{
    while (from < words->count)
        operands->at[operands->count++] = words->at[from++];
    operands->at[operands->count] = NULL;
    *words = *operands;
}

bool options_parse(const struct verb *verb, struct words *words, void *options,
        int *status_out)
{
    struct words operands = { words->at, 0 }; /* never ahead of what is read */
    int at = 0;

    *status_out = REPORT_EXIT_FAILED;
    while (at < words->count) {
        char *word = words->at[at];

        if (word[0] != '-' || word[1] == '\0') {
            if (verb->takes_command)
                break;
            operands.at[operands.count++] = word;
            at++;
        } else if (strcmp(word, "--") == 0) {
            at++;
            break;
        } else if (strcmp(word, "--help") == 0) {
            *status_out = options_print_help(verb);
            return false;
        } else if (!parse_one(verb, words->at, options, &at)) {
            return false;
        }
    }
    take_rest(words, at, &operands);
    return check_count(verb, words);
}
