/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/options.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/report.h"

#define HELP_COLUMN 22

bool options_flush(void)
{
    if (fflush(stdout) == 0)
        return true;
    report("cannot write standard output: %s", strerror(errno));
    return false;
}

static void print_option(const char *name, const char *value, const char *help)
{
    int width =
            printf("  --%s%s%s", name, value ? " " : "", value ? value : "");

    printf("%*s%s\n", width < HELP_COLUMN ? HELP_COLUMN - width : 2, "", help);
}

static void print_options(const struct option_spec *spec)
{
    for (; spec->name; spec++)
        print_option(spec->name, spec->value, spec->help);
}

static void print_help(const struct verb *verb)
{
    printf("usage: remex %s [OPTION]... %s\n%s\n\n", verb->name, verb->operands,
            verb->summary);
    print_options(verb->specs);
    print_options(verb->shared);
    print_option("help", NULL, "show this and exit");
}

/* The option that `word`, without its dashes, names, up to '=' or its end. */
static const struct option_spec *find(
        const struct option_spec *spec, const char *word)
{
    size_t length = strcspn(word, "=");

    for (; spec->name; spec++)
        if (strlen(spec->name) == length &&
                strncmp(spec->name, word, length) == 0)
            return spec;
    return NULL;
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
    if (spec->take(options, value))
        return true;
    assert(value); /* one that takes none is never wrong */
    report("%s: --%s wants %s, not '%s'", verb->name, spec->name,
            spec->expected, value);
    return false;
}

/* Takes the option at `argv[*at]` and moves `*at` behind it. */
static bool parse_one(
        const struct verb *verb, char *const *argv, void *options, int *at)
{
    const char *word = argv[*at];
    const struct option_spec *spec = NULL;
    const char *inside = strchr(word, '=');

    if (strncmp(word, "--", 2) == 0)
        spec = find(verb->specs, word + 2);
    if (!spec && strncmp(word, "--", 2) == 0)
        spec = find(verb->shared, word + 2);
    *at += 1;
    if (!spec)
        return wrong(verb, word, "no such option");
    if (!spec->value)
        return inside ? wrong(verb, word, "takes no value")
                      : take(verb, spec, options, NULL);
    if (inside)
        return take(verb, spec, options, inside + 1);
    if (!argv[*at])
        return wrong(verb, word, "a value is missing");
    *at += 1;
    return take(verb, spec, options, argv[*at - 1]);
}

enum options_outcome options_parse(const struct verb *verb, int argc,
        char *const *argv, void *options, int *rest_out)
{
    int at = 1;

    while (at < argc && argv[at][0] == '-' && argv[at][1] != '\0') {
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        if (strcmp(argv[at], "--help") == 0) {
            print_help(verb);
            return options_flush() ? OPTIONS_HELP : OPTIONS_WRONG;
        }
        if (!parse_one(verb, argv, options, &at))
            return OPTIONS_WRONG;
    }
    *rest_out = at;
    return OPTIONS_TAKEN;
}
