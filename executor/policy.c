/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/policy.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/error.h"

/* Longer names of variables are nobody's. */
enum { NAME_BYTES = 256 };

/* Variables that make programs load, run or believe something else than they
 * would: of libraries, of shells, of languages, of those who run others, and of
 * compilers. They are denied where no line of the section is about them. None
 * begins with a wildcard. */
static const char *const denied_variables[] = { "LD_*", "_RLD*", "MALLOC_*",
    "GLIBC_TUNABLES", "GCONV_PATH", "GETCONF_DIR", "LOCPATH", "NLSPATH",
    "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS", "RESOLV_*", "TERMCAP",
    "TERMINFO*", "TERMPATH", "OPENSSL_*", "SSL_CERT_*", "SSLKEYLOGFILE",
    "GTK_*", "QT_*", "GIO_*", "GST_*", "REMEX_*",

    "IFS", "ENV", "BASH*", "SHELLOPTS", "PS4", "CDPATH", "GLOBIGNORE",
    "PROMPT_COMMAND", "ZDOTDIR", "FPATH",

    "PERL*", "PYTHON*", "RUBY*", "GEM_*", "BUNDLE_*", "NODE_*", "NPM_*",
    "npm_*", "LUA_*", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS",
    "CLASSPATH", "PHPRC", "PHP_INI_SCAN_DIR", "TCLLIBPATH", "AWKPATH",
    "AWKLIBPATH", "GUILE_*", "EMACSLOADPATH", "VIMINIT", "EXINIT",

    "SHELL", "EDITOR", "VISUAL", "PAGER", "MANPAGER", "BROWSER", "LESS*",
    "SSH_ASKPASS", "SUDO_ASKPASS", "TAR_OPTIONS", "RSYNC_*", "CVS_RSH", "SVN_*",
    "GIT_*",

    "GCC_*", "COLLECT_*", "COMPILER_PATH", "CCACHE_*", "DISTCC_*", "ICECC*",
    "SCCACHE_*", "MAKE*", "GNUMAKEFLAGS", "MFLAGS", "CMAKE_*", "CARGO_*",
    "RUSTC*", "RUSTFLAGS", "GOFLAGS" };

void policy_deinit(struct policy *policy)
{
    arena_deinit(&policy->arena);
    *policy = (struct policy){ .sections = NULL };
}

static bool is_for(const struct policy_section *section, const char *principal)
{
    for (size_t i = 0; i < section->principals.count; i++)
        if (fnmatch(section->principals.words[i], principal, 0) == 0)
            return true;
    return false;
}

const struct policy_section *policy_section_of(
        const struct policy *policy, const char *principal)
{
    static const struct policy_section nothing = { .line = 0 };
    const struct policy_section *section = policy->sections;

    while (section && !is_for(section, principal))
        section = section->next;
    return section ? section : &nothing;
}

void policy_set_limits(
        const struct policy_section *section, struct message_limits *limits)
{
    const struct policy_limit *limit = section->limits;

    for (; limit; limit = limit->next)
        limits_set(limits, &limit->word);
}

/* --- Programs ------------------------------------------------------------ */

static bool fits_path(const struct policy_rule *rule, const char *path)
{
    return rule->is_pattern ? fnmatch(rule->program, path, FNM_PATHNAME) == 0
                            : strcmp(rule->program, path) == 0;
}

static bool fits_program(
        const struct policy_rule *rule, const struct policy_program *program)
{
    return fits_path(rule, program->path) ||
            (!rule->is_pattern && program->is_at(program->user, rule->program));
}

/* A program may do another thing by another name, or look beside the place that
 * its name tells. So an allowed one goes by the name that is in the rule, or
 * by what fits the pattern: all of it, or its last part. */
static bool fits_name(const struct policy_rule *rule,
        const struct policy_program *program, const char *name)
{
    const char *path = rule->is_pattern ? program->path : rule->program;

    return strcmp(name, path) == 0 || strcmp(name, strrchr(path, '/') + 1) == 0;
}

/* As with '*' in a string of characters: what the last "..." takes grows by one
 * argument at a time, and what an earlier one took needs no second look. */
static bool fits_arguments(
        const struct policy_words *patterns, char *const *arguments)
{
    size_t at = 0;
    size_t after_rest = 0; /* 0: there was none */
    char *const *retry = NULL;

    while (*arguments) {
        if (at < patterns->count &&
                strcmp(patterns->words[at], POLICY_REST) == 0) {
            after_rest = ++at;
            retry = arguments;
        } else if (at < patterns->count &&
                fnmatch(patterns->words[at], *arguments, 0) == 0) {
            at++;
            arguments++;
        } else if (after_rest > 0) {
            at = after_rest;
            arguments = ++retry;
        } else {
            return false;
        }
    }
    while (at < patterns->count &&
            strcmp(patterns->words[at], POLICY_REST) == 0)
        at++;
    return at == patterns->count;
}

bool policy_knows(const struct policy_section *section, const char *name)
{
    const struct policy_rule *rule = section->rules;

    for (; rule; rule = rule->next)
        if (rule->allows && fits_path(rule, name))
            return true;
    return false;
}

static enum remex_status refuse(
        struct remex_error *error, const char *rule, const char *text)
{
    error_set(error, REMEX_PERMISSION_DENIED, "The policy %s.", text);
    error->kind = REMEX_ERROR_POLICY;
    memcpy(error->name, rule, strlen(rule) + 1);
    return error->status;
}

enum remex_status policy_refuse_program(struct remex_error *error)
{
    return refuse(error, "program",
            "does not let you run this program, or not by this name");
}

/* A line that allows is for one name of the program, one that denies is for all
 * of them. */
static bool is_about(const struct policy_rule *rule,
        const struct policy_program *program, const char *name)
{
    return fits_program(rule, program) &&
            (!rule->allows || fits_name(rule, program, name));
}

/* Who may not run the program whatever its arguments learns no more than that.
 */
static enum remex_status refuse_run(const struct policy_section *section,
        const struct policy_program *program, const char *name,
        struct remex_error *error)
{
    const struct policy_rule *rule = section->rules;

    for (; rule; rule = rule->next)
        if (rule->allows && is_about(rule, program, name))
            return refuse(error, "arguments",
                    "does not let you run this program with these arguments");
    return policy_refuse_program(error);
}

enum remex_status policy_decide(const struct policy_section *section,
        const struct policy_program *program, char *const *argv,
        struct remex_error *error)
{
    const struct policy_rule *rule = section->rules;

    if (program->is_everybodys)
        return refuse(error, "program",
                "lets nobody run what everybody may write to");
    while (rule &&
            !(is_about(rule, program, argv[0]) &&
                    fits_arguments(&rule->arguments, argv + 1)))
        rule = rule->next;
    if (!rule || !rule->allows)
        return refuse_run(section, program, argv[0], error);
    return REMEX_OK;
}

/* --- Environment --------------------------------------------------------- */

static bool may_set(const struct policy_section *section, const char *name)
{
    const struct policy_variable *variable = section->variables;

    for (; variable; variable = variable->next)
        if (fnmatch(variable->name, name, 0) == 0)
            return variable->allows;
    for (size_t i = 0;
            i < sizeof(denied_variables) / sizeof(denied_variables[0]); i++)
        if (denied_variables[i][0] == name[0] &&
                fnmatch(denied_variables[i], name, 0) == 0)
            return false;
    return true;
}

static enum remex_status check_variable(const struct policy_section *section,
        struct remex_bytes entry, struct remex_error *error)
{
    const char *equals =
            entry.size > 0 ? memchr(entry.data, '=', entry.size) : NULL;
    char text[NAME_BYTES + 64];
    char name[NAME_BYTES];
    size_t size;

    if (!equals)
        return REMEX_OK; /* takes one away */
    size = (size_t)(equals - (const char *)entry.data);
    if (size >= sizeof(name))
        return refuse(error, "environment",
                "does not let you set a variable of so long a name");
    memcpy(name, entry.data, size);
    name[size] = '\0';
    if (may_set(section, name))
        return REMEX_OK;
    snprintf(text, sizeof(text), "does not let you set the variable %s", name);
    return refuse(error, "environment", text);
}

enum remex_status policy_check_environment(const struct policy_section *section,
        const struct process_spec *spec, struct remex_error *error)
{
    for (size_t i = 0; i < spec->env_count; i++) {
        enum remex_status status = check_variable(section, spec->env[i], error);

        if (status != REMEX_OK)
            return status;
    }
    return REMEX_OK;
}
