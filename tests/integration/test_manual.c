/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The man pages and --help tell of the same options, the pages are well formed,
 * and the examples in them work.
 */

#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"

#define PAGE(name) REMEX_SOURCE_DIR "/docs/man/" name

static int compare(const void *a, const void *b, void *data)
{
    (void)data;
    return strcmp(a, b);
}

/* All "--option" words in it, sorted, each once, a line each. */
static char *options_in(const char *text)
{
    GRegex *regex = g_regex_new("(?<![-\\w])--[a-z][-a-z]*",
            (GRegexCompileFlags)0, (GRegexMatchFlags)0, NULL);
    GTree *found = g_tree_new_full(compare, NULL, g_free, NULL);
    GString *list = g_string_new(NULL);
    GMatchInfo *match = NULL;

    for (g_regex_match(regex, text, (GRegexMatchFlags)0, &match);
            g_match_info_matches(match); g_match_info_next(match, NULL))
        g_tree_insert(found, g_match_info_fetch(match, 0), NULL);
    for (GTreeNode *node = g_tree_node_first(found); node;
            node = g_tree_node_next(node))
        g_string_append_printf(
                list, "%s\n", (const char *)g_tree_node_key(node));
    g_match_info_free(match);
    g_tree_unref(found);
    g_regex_unref(regex);
    return g_string_free(list, FALSE);
}

/* The page as source, with roff's escaped dashes as plain ones. */
static char *read_page(const char *path)
{
    char *text = NULL;
    char **parts;
    char *plain;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    parts = g_strsplit(text, "\\-", 0);
    plain = g_strjoinv("-", parts);
    g_strfreev(parts);
    g_free(text);
    return plain;
}

static char *read_help(const char *const *argv)
{
    struct command_result result;
    char *help;

    command_run(argv, &result);
    g_assert_cmpint(result.status, ==, 0);
    g_assert_cmpstr(result.err_text, ==, "");
    help = g_strdup(result.out_text);
    command_result_deinit(&result);
    return help;
}

/* `help` is ours to free. */
static void check_same_options(const char *page, char *help)
{
    char *text = read_page(page);
    char *told = options_in(text);
    char *taken = options_in(help);

    g_assert_cmpstr(told, ==, taken);
    g_free(taken);
    g_free(told);
    g_free(text);
    g_free(help);
}

/* What `remex help` lists, and what each verb of it says for itself. */
static char *read_all_help(void)
{
    char *all = read_help(REMOTE_ARGV(REMEX_BIN_DIR "/remex", "help"));
    GString *text = g_string_new(all);
    char **lines = g_strsplit(all, "\n", 0);

    for (char **line = lines; *line; line++) {
        char *verb;
        char *help;

        if (!g_str_has_prefix(*line, "  "))
            continue;
        verb = g_strndup(*line + 2, strcspn(*line + 2, " "));
        help = read_help(REMOTE_ARGV(REMEX_BIN_DIR "/remex", "help", verb));
        g_string_append(text, help);
        g_free(help);
        g_free(verb);
    }
    g_strfreev(lines);
    g_free(all);
    return g_string_free(text, FALSE);
}

static void remex_takes_what_its_page_tells(void)
{
    check_same_options(PAGE("remex.1"), read_all_help());
}

static void remexd_takes_what_its_page_tells(void)
{
    check_same_options(PAGE("remexd.8"),
            read_help(REMOTE_ARGV(REMEX_BIN_DIR "/remexd", "--help")));
}

static void the_pages_are_well_formed(void)
{
    struct command_result result;
    char *groff = g_find_program_in_path("groff");

    if (!groff) {
        g_test_skip("no groff here");
        return;
    }
    command_run(
            REMOTE_ARGV(groff, "-man", "-ww", "-z", "-Tutf8", PAGE("remex.1"),
                    PAGE("remexd.8"), PAGE("remexd-policy.5"),
                    PAGE("remexd.conf.5"), PAGE("remex-protocol.7")),
            &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(groff);
}

/* What an example finds where it is tried. */
static void furnish(const char *directory)
{
    static const struct {
        const char *name;
        const char *text;
    } files[] = {
        { "names", "b\na\n" },
        { "test", "#!/bin/sh\n" },
        { "server", "#!/bin/sh\necho listening\nexec sleep 1000\n" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *path = g_build_filename(directory, files[i].name, NULL);

        g_assert_true(g_file_set_contents(path, files[i].text, -1, NULL));
        g_assert_cmpint(g_chmod(path, 0700), ==, 0);
        g_free(path);
    }
}

static void try_example(const struct daemon *daemon, const char *example)
{
    char *script = g_strdup_printf("set -e\ncd '%s'\nPATH='%s':$PATH\n"
                                   "export REMEX_EXECUTOR='%s'\n%s",
            daemon->directory, REMEX_BIN_DIR, daemon->address, example);
    struct command_result result;

    command_run(REMOTE_ARGV("/bin/sh", "-c", script), &result);
    if (result.status != 0)
        g_error("this failed: %s%s", example, result.err_text);
    g_assert_cmpstr(result.err_text, ==, "");
    command_result_deinit(&result);
    g_free(script);
}

static void the_examples_work(void)
{
    char *text = read_page(PAGE("remex.1"));
    char **parts = g_strsplit(text, "\n.EX\n", 0);
    struct daemon daemon;
    unsigned int tried = 0;

    daemon_start(&daemon);
    furnish(daemon.directory);
    for (char **part = parts + 1; *part; part++, tried++) {
        char *end = strstr(*part, "\n.EE\n");

        g_assert_nonnull(end);
        *end = '\0';
        try_example(&daemon, *part);
    }
    g_assert_cmpuint(tried, >, 0);
    daemon_stop(&daemon);
    g_strfreev(parts);
    g_free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/manual", remex_takes_what_its_page_tells);
    SUITE_ADD("/manual", remexd_takes_what_its_page_tells);
    SUITE_ADD("/manual", the_pages_are_well_formed);
    SUITE_ADD("/manual", the_examples_work);
    return g_test_run();
}
