/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/policy.h"

#include <string.h>

#include <glib.h>

#include "executor/policy_parse.h"
#include "support/suite.h"

/* --- Reading ------------------------------------------------------------- */

static void parse(const char *text, struct policy *policy)
{
    struct policy_mistake mistake;

    if (!policy_parse(text, strlen(text), policy, &mistake))
        g_error("%s\nline %u: %s", text, mistake.line, mistake.what);
}

static void check_wrong(const char *text, unsigned int line, const char *what)
{
    struct policy_mistake mistake;
    struct policy policy;

    g_assert_false(policy_parse(text, strlen(text), &policy, &mistake));
    if (!strstr(mistake.what, what))
        g_error("'%s' does not say '%s'", mistake.what, what);
    g_assert_cmpuint(mistake.line, ==, line);
    g_assert_null(policy.sections);
}

static void what_is_wrong_is_told_with_its_line(void)
{
    check_wrong("", 0, "no line 'for");
    check_wrong("# nothing\n\n", 0, "no line 'for");
    check_wrong("\nallow /bin/sh\n", 2, "must come first");
    check_wrong("for\n", 1, "for nobody");
    check_wrong("for uid:\n", 1, "a principal is");
    check_wrong("for uid:1 joe\n", 1, "a principal is");
    check_wrong("for *\n\n  permit /bin/sh\n", 3, "begins with");
    check_wrong("for *\nallow\n", 2, "absolute path");
    check_wrong("for *\nallow sh\n", 2, "absolute path");
    check_wrong("for *\ndeny /bin/\n", 2, "empty parts");
    check_wrong("for *\nallow /bin//sh\n", 2, "empty parts");
    check_wrong("for *\nallow /bin/../sh\n", 2, "'..'");
    check_wrong("for *\nallow /bin/. x\n", 2, "'.'");
    check_wrong("for *\nallow /bin/sh \"a b\n", 2, "quote");
    check_wrong("for *\nallow /bin/sh a\"b\"\n", 2, "whole word");
    check_wrong("for *\nallow /bin/sh \"b\"a\n", 2, "whole word");
    check_wrong("for *\nenv\n", 2, "env allow");
    check_wrong("for *\nenv allow\n", 2, "env allow");
    check_wrong("for *\nenv forbid A\n", 2, "env allow");
    check_wrong("for *\nenv deny A=b\n", 2, "no '='");
    check_wrong("for *\nlimit\n", 2, "limit NAME=VALUE");
    check_wrong("for *\nlimit processes=x\n", 2, "plain number");
    check_wrong("for *\nlimit processes_in_all=9\n", 2, "of the executor");
    check_wrong("for *\nuser\n", 2, "user USER");
    check_wrong("for *\nuser a b\n", 2, "user USER");
    check_wrong("for *\nuser a\nuser b\n", 3, "already");
}

static void what_is_no_text_or_too_much_is_refused(void)
{
    char *large = g_strnfill(POLICY_MAX_BYTES + 1, '\n');
    GString *words = g_string_new("for *\nallow /bin/sh");
    struct policy_mistake mistake;
    struct policy policy;

    check_wrong(large, 0, "256 KiB");
    g_assert_false(policy_parse("for *\n\0", 7, &policy, &mistake));
    g_assert_nonnull(strstr(mistake.what, "NUL"));
    for (unsigned int i = 0; i < 1023; i++)
        g_string_append(words, " x");
    check_wrong(words->str, 2, "1024 words");
    g_string_free(words, TRUE);
    g_free(large);
}

/* --- Deciding ------------------------------------------------------------ */

/* One file with a few names. */
struct file {
    const char *path;
    const char *link;
};

static bool is_at(void *user, const char *name)
{
    const struct file *file = user;

    return strcmp(name, file->path) == 0 ||
            (file->link && strcmp(name, file->link) == 0);
}

/* NULL: it may be run; else the kind of rule in its way. `command` are the
 * arguments, the name first. */
static char *decide(const struct policy *policy, const char *principal,
        const struct file *file, const char *command)
{
    const struct policy_section *section = policy_section_of(policy, principal);
    char **argv = g_strsplit(command, " ", 0);
    struct file copy = *file;
    struct policy_program program = { file->path, false, &copy, is_at };
    struct remex_error error;
    enum remex_status status = policy_decide(section, &program, argv, &error);

    g_strfreev(argv);
    if (status == REMEX_OK)
        return NULL;
    g_assert_cmpint(status, ==, REMEX_PERMISSION_DENIED);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_POLICY);
    return g_strdup(error.name);
}

struct question {
    const char *principal;
    struct file file;
    const char *command;
    const char *refused; /* NULL: it is not */
};

static void check_answers(
        const char *text, const struct question *questions, size_t count)
{
    struct policy policy;

    parse(text, &policy);
    for (size_t i = 0; i < count; i++) {
        const struct question *question = &questions[i];
        char *refused = decide(&policy, question->principal, &question->file,
                question->command);

        if (g_strcmp0(refused, question->refused) != 0)
            g_error("%s, %s: %s: refused for %s", question->principal,
                    question->file.path, question->command,
                    refused ? refused : "nothing");
        g_free(refused);
    }
    policy_deinit(&policy);
}

static void principals_programs_and_arguments_are_a_matrix(void)
{
    static const char text[] = "# who may do what\n"
                               "for uid:1000 cert:build-*\n"
                               "  deny /usr/bin/cc ... -fplugin=* ...\n"
                               "  allow /usr/bin/cc -c *.c ...\n"
                               "  allow /bin/true\n"
                               "for token:*\n"
                               "\tdeny /usr/bin/sh\n"
                               "\tallow /usr/bin/* ... \"#1\" last # anything\n"
                               "for *\n"
                               "  allow /bin/echo \"a b\" [xy] ...\n";
    static const struct file cc = { "/usr/bin/gcc-12", "/usr/bin/cc" };
    static const struct file truth = { "/bin/true", NULL };
    static const struct file tool = { "/usr/bin/tool", NULL };
    static const struct file shell = { "/usr/bin/sh", NULL };
    static const struct file deep = { "/usr/bin/deep/tool", NULL };
    const struct question questions[] = {
        { "uid:1000", cc, "cc -c a.c", NULL },
        { "uid:1000", cc, "/usr/bin/cc -c a.c -O2 x", NULL },
        { "cert:build-7", cc, "cc -c a.c", NULL },
        { "uid:1000", cc, "cc -c a.c -fplugin=evil", "arguments" },
        { "uid:1000", cc, "cc -c", "arguments" },
        { "uid:1000", cc, "cc a.c -c", "arguments" },
        { "uid:1000", cc, "cc", "arguments" },
        /* A program that is there by another name may be another one. */
        { "uid:1000", cc, "gcc-12 -c a.c", "program" },
        { "uid:1000", cc, "/tmp/cc -c a.c", "program" },
        { "uid:1000", cc, "./cc -c a.c", "program" },
        { "uid:1000", truth, "true", NULL },
        { "uid:1000", truth, "true x", "arguments" },
        { "uid:1000", tool, "tool", "program" },
        /* The first section counts, and no other. */
        { "uid:10001", truth, "true", "program" },
        { "cert:other", cc, "cc -c a.c", "program" },
        { "token:build-7", cc, "gcc-12 what #1 last", NULL },
        { "token:joe", tool, "tool", "arguments" },
        { "token:joe", shell, "sh #1 last", "arguments" },
        { "token:joe", tool, "tool #1 last", NULL },
        { "token:joe", deep, "tool #1 last", "program" },
        { "token:joe", cc, "cc #1 last", "program" },
    };

    check_answers(text, questions, G_N_ELEMENTS(questions));
}

static void arguments_fit_whole_and_in_order(void)
{
    static const struct file file = { "/x", NULL };
    static const char *const lines[][3] = {
        { "", "/x", "/x a" },
        { " a", "/x a", "/x" },
        { " ...", "/x", NULL },
        { " ...", "/x a b c", NULL },
        { " ... ...", "/x a", NULL },
        { " a ... b", "/x a b", "/x a" },
        { " a ... b", "/x a c c b b", "/x a b c" },
        { " ... b c ... d", "/x b b c c d", "/x b d" },
        { " ... b c ... d", "/x a b x b c d d", "/x b x c d" },
        { " *", "/x -a/b", "/x" },
        { " [!-]*", "/x a", "/x -a" },
        { " \\*", "/x *", "/x a" },
        { " \"\"", "/x ", "/x a" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        char *text = g_strdup_printf("for *\nallow /x%s\n", lines[i][0]);
        const struct question yes = { "uid:1", file, lines[i][1], NULL };
        const struct question no = { "uid:1", file, lines[i][2], "arguments" };

        check_answers(text, &yes, 1);
        if (lines[i][2])
            check_answers(text, &no, 1);
        g_free(text);
    }
}

/* With the patterns and the arguments that are the worst. */
static void patterns_do_not_take_for_ever(void)
{
    static const struct file file = { "/x", NULL };
    GString *text = g_string_new("for *\nallow /x *a*a*a*a*a*a*a*a*a*a*b\n");
    GString *command = g_string_new("/x ");
    struct question question = { "uid:1", file, NULL, "arguments" };
    gint64 start = g_get_monotonic_time();

    for (unsigned int i = 0; i < 256 * 1024; i++)
        g_string_append_c(command, 'a');
    question.command = command->str;
    check_answers(text->str, &question, 1);
    g_string_assign(text, "for *\nallow /x");
    g_string_assign(command, "/x");
    for (unsigned int i = 0; i < 500; i++)
        g_string_append(text, " ... a");
    g_string_append(text, " b\n");
    for (unsigned int i = 0; i < 1024; i++)
        g_string_append(command, " a");
    question.command = command->str;
    check_answers(text->str, &question, 1);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 20 * G_USEC_PER_SEC);
    g_string_free(command, TRUE);
    g_string_free(text, TRUE);
}

static void what_everybody_may_write_to_is_not_run(void)
{
    struct file file = { "/x", NULL };
    struct policy_program program = { "/x", true, &file, is_at };
    char name[] = "/x";
    char *argv[] = { name, NULL };
    struct remex_error error;
    struct policy policy;

    parse("for *\nallow /x ...\n", &policy);
    g_assert_cmpint(policy_decide(policy.sections, &program, argv, &error), ==,
            REMEX_PERMISSION_DENIED);
    g_assert_cmpstr(error.name, ==, "program");
    policy_deinit(&policy);
}

static void a_section_says_as_whom(void)
{
    const struct policy_section *section;
    struct policy policy;

    parse("for uid:1\nuser build:farm\nfor uid:2\nuser 1000\nfor *\n", &policy);
    section = policy_section_of(&policy, "uid:1");
    g_assert_cmpstr(section->user, ==, "build:farm");
    section = policy_section_of(&policy, "uid:2");
    g_assert_cmpstr(section->user, ==, "1000");
    g_assert_null(policy_section_of(&policy, "uid:3")->user);
    policy_deinit(&policy);
}

static void only_names_that_are_allowed_are_known(void)
{
    struct policy policy;
    const struct policy_section *nobody;

    parse("for uid:1\ndeny /a/secret\nallow /a/*\nallow /b\n", &policy);
    g_assert_true(policy_knows(policy.sections, "/a/x"));
    g_assert_true(policy_knows(policy.sections, "/b"));
    g_assert_false(policy_knows(policy.sections, "/a/x/y"));
    g_assert_false(policy_knows(policy.sections, "/c"));
    nobody = policy_section_of(&policy, "uid:2");
    g_assert_false(policy_knows(nobody, "/b"));
    policy_deinit(&policy);
}

/* --- The rest ------------------------------------------------------------ */

static void check_env(
        const struct policy *policy, const char *entry, bool allowed)
{
    struct remex_bytes env = { entry, strlen(entry) };
    struct process_spec spec = { .env = &env, .env_count = 1 };
    struct remex_error error;
    enum remex_status status =
            policy_check_environment(policy->sections, &spec, &error);

    if ((status == REMEX_OK) != allowed)
        g_error("%s is %sallowed", entry, allowed ? "not " : "");
    if (!allowed)
        g_assert_cmpstr(error.name, ==, "environment");
}

static void what_makes_programs_do_something_else_is_denied(void)
{
    char *name = g_strnfill(300, 'A');
    char *entry = g_strconcat(name, "=x", NULL);
    struct policy policy;

    parse("for *\nallow /x\n", &policy);
    check_env(&policy, "LD_PRELOAD=/tmp/evil.so", false);
    check_env(&policy, "BASH_ENV=x", false);
    check_env(&policy, "BASH_FUNC_ls%%=() { evil; }", false);
    check_env(&policy, "IFS=", false);
    check_env(&policy, "PYTHONPATH=/tmp", false);
    check_env(&policy, "GCC_COMPARE_DEBUG=-fplugin=/tmp/evil.so", false);
    check_env(&policy, "CCACHE_PREFIX=/tmp/evil", false);
    check_env(&policy, "MAKEFILES=/tmp/evil.mk", false);
    check_env(&policy, "TAR_OPTIONS=--to-command=/tmp/evil", false);
    check_env(&policy, "LESSOPEN=|/tmp/evil %s", false);
    check_env(&policy, "RUSTC_WRAPPER=/tmp/evil", false);
    check_env(&policy, "EDITOR=/tmp/evil", false);
    check_env(&policy, "LANG=C", true);
    check_env(&policy, "PATH=/usr/bin", true);
    check_env(&policy, entry, false);
    check_env(&policy, "HOME=/LD_PRELOAD=x", true);
    check_env(&policy, "MYLD_PRELOAD=x", true);
    check_env(&policy, "LD_PRELOAD", true); /* is taken away */
    policy_deinit(&policy);
    g_free(entry);
    g_free(name);
}

static void the_first_line_about_a_variable_decides(void)
{
    struct policy policy;

    parse("for *\nenv allow LD_LIBRARY_PATH LC_*\nenv deny LC_ALL *\n",
            &policy);
    check_env(&policy, "LD_LIBRARY_PATH=/opt", true);
    check_env(&policy, "LD_PRELOAD=/opt", false);
    check_env(&policy, "LC_ALL=C", true);
    check_env(&policy, "HOME=/", false);
    policy_deinit(&policy);
}

static void a_refusal_tells_nothing_of_the_policy(void)
{
    struct remex_bytes env = { "LD_PRELOAD\n\x1b=secret", 19 };
    struct process_spec spec = { .env = &env, .env_count = 1 };
    struct remex_error error;
    struct policy policy;

    parse("for *\nallow /x\n", &policy);
    g_assert_cmpint(policy_check_environment(policy.sections, &spec, &error),
            ==, REMEX_PERMISSION_DENIED);
    g_assert_cmpstr(error.text, ==,
            "The policy does not let you set the variable LD_PRELOAD??.");
    policy_deinit(&policy);
}

static void limits_are_a_sections_own(void)
{
    struct message_limits limits;
    struct policy policy;

    parse("for uid:1\nlimit processes=7 wall_time_ms=1000\nlimit sessions=3\n",
            &policy);
    limits_default(&limits);
    policy_set_limits(policy_section_of(&policy, "uid:1"), &limits);
    g_assert_cmpuint(limits.processes, ==, 7);
    g_assert_cmpuint(limits.wall_time_ms, ==, 1000);
    g_assert_cmpuint(limits.sessions, ==, 3);
    g_assert_cmpuint(limits.parked, ==, 64);
    limits_default(&limits);
    policy_set_limits(policy_section_of(&policy, "uid:2"), &limits);
    g_assert_cmpuint(limits.processes, ==, 512);
    policy_deinit(&policy);
}

static void what_is_denied_is_denied_by_all_of_its_names(void)
{
    static const struct question questions[] = {
        { "uid:1", { "/usr/bin/dash", "/bin/sh" }, "sh", "program" },
        { "uid:1", { "/usr/bin/dash", "/bin/sh" }, "dash", "arguments" },
        { "uid:1", { "/usr/bin/dash", "/bin/sh" }, "/usr/bin/dash",
                "arguments" },
        { "uid:1", { "/usr/bin/dash", NULL }, "dash", NULL },
    };

    check_answers("for *\ndeny /bin/sh ...\nallow /usr/bin/* ...\n", questions,
            G_N_ELEMENTS(questions));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/policy", what_is_wrong_is_told_with_its_line);
    SUITE_ADD("/policy", what_is_no_text_or_too_much_is_refused);
    SUITE_ADD("/policy", principals_programs_and_arguments_are_a_matrix);
    SUITE_ADD("/policy", arguments_fit_whole_and_in_order);
    SUITE_ADD("/policy", patterns_do_not_take_for_ever);
    SUITE_ADD("/policy", what_everybody_may_write_to_is_not_run);
    SUITE_ADD("/policy", a_section_says_as_whom);
    SUITE_ADD("/policy", only_names_that_are_allowed_are_known);
    SUITE_ADD("/policy", what_makes_programs_do_something_else_is_denied);
    SUITE_ADD("/policy", the_first_line_about_a_variable_decides);
    SUITE_ADD("/policy", a_refusal_tells_nothing_of_the_policy);
    SUITE_ADD("/policy", limits_are_a_sections_own);
    SUITE_ADD("/policy", what_is_denied_is_denied_by_all_of_its_names);
    return g_test_run();
}
