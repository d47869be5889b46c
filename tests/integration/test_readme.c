/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The README's promises: its example is one that we build, and each of its
 * commands does what it says, on an installed remex.
 */

#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/page.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"

#define README REMEX_SOURCE_DIR "/README.md"
#define EXAMPLE REMEX_SOURCE_DIR "/client/examples/hello.c"
#define SCRATCH "/tmp/remex-try" /* what the README calls it */

static void replace(char **text, const char *old, const char *new)
{
    char **parts = g_strsplit(*text, old, 0);

    g_free(*text);
    *text = g_strjoinv(new, parts);
    g_strfreev(parts);
}

/* Runs it in bash, in that directory; yours to g_free is what it printed. */
static char *run_script(const char *directory, const char *script)
{
    char *whole = g_strdup_printf("set -eu; cd '%s'\n%s", directory, script);
    struct command_result result;
    char *out;

    command_run(REMOTE_ARGV("bash", "-c", whole), &result);
    if (result.status != 0)
        g_error("%s\nended with %d: %s", script, result.status,
                result.err_text);
    out = g_strdup(result.out_text);
    command_result_deinit(&result);
    g_free(whole);
    return out;
}

static char *make_directory(void)
{
    char *directory = g_dir_make_tmp("remex-readme-XXXXXX", NULL);

    g_assert_nonnull(directory);
    return directory;
}

static void remove_directory(char *directory)
{
    struct command_result result;

    command_run(REMOTE_ARGV("rm", "-rf", directory), &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(directory);
}

static void its_example_is_one_of_ours(void)
{
    char *shown = page_block_with(README, "c", "int main(void)");
    char *ours = page_read(EXAMPLE);

    g_assert_cmpstr(strchr(ours, '\n') + 1, ==, shown);
    g_free(ours);
    g_free(shown);
}

static void its_commands_do_what_it_says(void)
{
    char *directory = make_directory();
    char *block = page_block_with(README, "sh", "remexd --listen");
    char *script;
    char *out;

    replace(&block, SCRATCH, directory);
    script = g_strdup_printf(
            "set -m; PATH='%s':$PATH\n%s wait", REMEX_BIN_DIR, block);
    out = run_script(directory, script);
    if (!g_str_has_prefix(out, "HELLO\nout\nit was 3\nready\nID ") ||
            !strstr(out, "running") || !strstr(out, "sh -c echo ready;"))
        g_error("it is not what the page leads to expect: %s", out);
    g_free(out);
    g_free(script);
    g_free(block);
    remove_directory(directory);
}

/* Our own build directory must be the one that ./dev uses, or it would build
 * all over again. */
static void its_first_command_works(void)
{
    char *block;
    char *out;

    if (g_strcmp0(REMEX_BIN_DIR, REMEX_SOURCE_DIR "/build/dev/bin") != 0) {
        g_test_skip("not the build of ./dev");
        return;
    }
    block = page_block_with(README, "sh", "./dev run");
    out = run_script(REMEX_SOURCE_DIR, block);
    g_assert_true(g_str_has_prefix(out, "Linux "));
    g_free(out);
    g_free(block);
}

static void its_example_builds_on_an_installed_remex(void)
{
    char *directory;
    char *source;
    char *path;
    char *block;
    char *script;
    char *out;

    if (sanitizers_on()) {
        g_test_skip("the compiler needs the sanitizer's flags");
        return;
    }
    directory = make_directory();
    source = page_block_with(README, "c", "int main(void)");
    block = page_block_with(README, "sh", "pkg-config");
    path = g_build_filename(directory, "hello.c", NULL);
    g_assert_true(g_file_set_contents(path, source, -1, NULL));
    script = g_strdup_printf(
            "cmake --install '%s' --prefix '%s/i' >&2\n"
            "lib=$(dirname $(find '%s/i' -name remex.pc))\n"
            "export PKG_CONFIG_PATH=$lib LD_LIBRARY_PATH=$lib/..\n"
            "unset REMEX_REMEXD; PATH=$PWD/i/bin:$PATH\n"
            "%s./hello\nremex run -- echo installed\n"
            "test -s i/share/man/man1/remex.1\n"
            "test -s i/share/bash-completion/completions/remex\n"
            "test -s i/share/zsh/site-functions/_remex\n"
            "test -s i/share/man/man5/remexd-policy.5\n",
            REMEX_BUILD_DIR, directory, directory, block);
    out = run_script(directory, script);
    g_assert_true(g_str_has_prefix(out, "Linux "));
    g_assert_true(g_str_has_suffix(out, "\ninstalled\n"));
    g_free(out);
    g_free(script);
    g_free(block);
    g_free(path);
    g_free(source);
    remove_directory(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    SUITE_ADD("/readme", its_example_is_one_of_ours);
    SUITE_ADD("/readme", its_commands_do_what_it_says);
    SUITE_ADD("/readme", its_first_command_works);
    SUITE_ADD("/readme", its_example_builds_on_an_installed_remex);
    return g_test_run();
}
