/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The example of remexd-policy(5), which operators copy: it is understood, and
 * those whom it lets compile cannot get it to run what they like.
 */

#include "executor/policy_parse.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

static void parse_example(struct policy *out)
{
    struct policy_mistake mistake;
    char *page = NULL;
    char **parts;
    char *example;
    char *end;

    g_assert_true(g_file_get_contents(
            REMEX_SOURCE_DIR "/docs/man/remexd-policy.5", &page, NULL, NULL));
    parts = g_strsplit(page, "\\-", 0);
    g_free(page);
    page = g_strjoinv("-", parts);
    example = strstr(page, "\n.EX\n") + 5;
    end = strstr(example, "\n.EE\n");
    *end = '\0';
    if (!policy_parse(example, strlen(example), out, &mistake))
        g_error("line %u: %s", mistake.line, mistake.what);
    g_strfreev(parts);
    g_free(page);
}

static bool is_at(void *user, const char *name)
{
    return strcmp(name, user) == 0;
}

/* NULL: it may be run; else the kind of rule in its way. */
static const char *refusal(const struct policy *policy, const char *principal,
        const char *path, const char *command)
{
    static struct remex_error error;
    char **argv = g_strsplit(command, " ", 0);
    char *file = g_strdup(path);
    struct policy_program program = { path, false, file, is_at };
    enum remex_status status = policy_decide(
            policy_section_of(policy, principal), &program, argv, &error);

    g_free(file);
    g_strfreev(argv);
    return status == REMEX_OK ? NULL : error.name;
}

static void it_is_understood(void)
{
    struct policy policy;

    parse_example(&policy);
    g_assert_null(refusal(
            &policy, "cert:build-7", "/usr/bin/cc", "cc -c a/b.c -o b.o"));
    g_assert_null(
            refusal(&policy, "token:ci", "/usr/bin/ar", "ar rcs a.a b.o c.o"));
    g_assert_null(refusal(&policy, "uid:0", "/bin/sh", "sh -c anything"));
    g_assert_cmpstr(refusal(&policy, "token:ci", "/bin/sh", "sh -c anything"),
            ==, "program");
    g_assert_cmpstr(refusal(&policy, "token:x", "/usr/bin/cc", "cc -c a.c"), ==,
            "program");
    policy_deinit(&policy);
}

/* Whoever gets one of these to a compiler, or to ar, gets it to run, load, read
 * or overwrite what is his own; many end as the names of files do. */
static const char *const tricks[] = { "-fplugin=/tmp/evil.so",
    "-fplugin=/tmp/evil.c", "-fplugin=/tmp/evil.o", "-fplugin-arg-x-y=z.c",
    "-wrapper", "-wrapper=/tmp/evil,x.c", "-B/tmp/evil.c", "-B", "-B/tmp/",
    "-specs=/tmp/evil.c", "-specs=/tmp/evil.o", "--specs=/tmp/evil.c",
    "-no-integrated-cpp", "-iplugindir=/tmp/evil.c", "-iplugindir=/tmp",
    "-fuse-ld=/tmp/evil.c", "-Xassembler", "-Wa,-I/tmp.c", "-Wp,-MD,/x.c",
    "-Wl,-plugin,/tmp/evil.o", "-MF", "-MD", "-MF/etc/evil.c", "-MMD",
    "-save-temps=cwd", "-dumpdir/x.c", "-dumpbase", "-fdump-tree-all=/x.c",
    "-ftest-coverage", "-include/etc/passwd.c", "-imacros", "-I/tmp.c", "-E",
    "-S", "-x", "-xc", "-pipe", "-###", "-v", "-c", "-o", "-o/x.o", "--",
    "@/tmp/args", "@/tmp/args.c", "@/tmp/args.o", "@args.a", "@", "-",
    "--plugin", "--plugin=/tmp/evil.so", "--plugin=/tmp/evil.a",
    "--target=/x.a", "-X", "--output=/etc", "-M", "--version", "--help" };

/* `%s` in the command is where each of them is put. */
static void check_tricks(
        const struct policy *policy, const char *path, const char *command)
{
    char **parts = g_strsplit(command, "%s", 2);

    for (size_t i = 0; i < G_N_ELEMENTS(tricks); i++) {
        char *whole = g_strconcat(parts[0], tricks[i], parts[1], NULL);

        if (g_strcmp0(refusal(policy, "cert:build-7", path, whole),
                    "arguments") != 0)
            g_error("'%s' is let through", whole);
        g_free(whole);
    }
    g_strfreev(parts);
}

static void it_is_not_got_around(void)
{
    static const char *const ways_to_compile[] = { "cc -c %s -o a.o",
        "cc -c a.c -o %s", "cc %s -c a.c -o a.o", "cc -c %s a.c -o a.o",
        "cc -c a.c %s -o a.o", "cc -c a.c -o %s a.o", "cc -c a.c -o a.o %s" };
    static const char *const ways_to_pack[] = { "ar %s rcs a.a b.o",
        "ar rcs %s b.o", "ar rcs %s a.a b.o", "ar rcs a.a %s",
        "ar rcs a.a b.o %s", "ar rcs a.a %s b.o" };
    struct policy policy;

    parse_example(&policy);
    for (size_t i = 0; i < G_N_ELEMENTS(ways_to_compile); i++)
        check_tricks(&policy, "/usr/bin/cc", ways_to_compile[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(ways_to_pack); i++)
        check_tricks(&policy, "/usr/bin/ar", ways_to_pack[i]);
    policy_deinit(&policy);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/policy_example", it_is_understood);
    SUITE_ADD("/policy_example", it_is_not_got_around);
    return g_test_run();
}
