/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The tutorials, followed word for word on an installed remex: files are as the
 * page shows them, each command runs, and prints what the page says.
 *
 * ctest-timeout: 180
 */

#include <string.h>

#include <glib.h>

#include "support/command.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"

#define TUTORIAL(name) REMEX_SOURCE_DIR "/docs/tutorial/" name
#define FARM REMEX_SOURCE_DIR "/client/examples/farm.c"

/* Stands before what each block prints. */
#define MARK "==== block"

struct block {
    char *kind; /* "sh", "c", "text" */
    char *text;
};

static char *read_text(const char *path)
{
    char *text = NULL;
    GError *error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error))
        g_error("%s", error->message);
    return text;
}

static void free_block(void *data)
{
    struct block *block = data;

    g_free(block->kind);
    g_free(block->text);
    g_free(block);
}

static GPtrArray *read_blocks(const char *path)
{
    GPtrArray *blocks = g_ptr_array_new_with_free_func(free_block);
    char *text = read_text(path);
    char **parts = g_strsplit(text, "\n```", 0);

    /* Every second part is the inside of a block, with its kind before it. */
    for (size_t i = 1; parts[i] && parts[i + 1]; i += 2) {
        char *end = strchr(parts[i], '\n');
        struct block *block = g_new0(struct block, 1);

        g_assert_nonnull(end);
        block->kind = g_strndup(parts[i], (gsize)(end - parts[i]));
        block->text = g_strconcat(end + 1, "\n", NULL);
        g_ptr_array_add(blocks, block);
    }
    g_assert_cmpuint(blocks->len, >, 0);
    g_strfreev(parts);
    g_free(text);
    return blocks;
}

/* A C block that begins with its name becomes that file. */
static void write_file(const char *directory, const char *text)
{
    char *end = strstr(text, ".c */\n");
    char *name;
    char *path;

    if (!g_str_has_prefix(text, "/* ") || !end)
        return;
    name = g_strndup(text + 3, (gsize)(end + 2 - text - 3));
    path = g_build_filename(directory, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_free(path);
    g_free(name);
}

/* All commands of the page in one shell, for they build on one another. */
static char *compose(GPtrArray *blocks, const char *directory)
{
    GString *script = g_string_new(
            "set -eum\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n");

    g_string_append_printf(script,
            "cd '%s'\ncmake --install '%s' --prefix \"$PWD/.i\" >/dev/null\n"
            "lib=$(dirname \"$(find .i -name remex.pc)\")\n"
            "export PKG_CONFIG_PATH=$PWD/$lib LD_LIBRARY_PATH=$PWD/$lib/..\n"
            "PATH=$PWD/.i/bin:'%s/examples':$PATH\n"
            "unset REMEX_REMEXD REMEX_EXECUTOR\n",
            directory, REMEX_BUILD_DIR, REMEX_BIN_DIR);
    for (guint i = 0; i < blocks->len; i++) {
        const struct block *block = blocks->pdata[i];

        if (strcmp(block->kind, "c") == 0)
            write_file(directory, block->text);
        if (strcmp(block->kind, "sh") == 0)
            g_string_append_printf(
                    script, "echo '" MARK " %u'\n%s", i, block->text);
    }
    return g_string_free(script, FALSE);
}

static char *told_by(const char *out, guint index)
{
    char *mark = g_strdup_printf(MARK " %u\n", index);
    const char *begin = strstr(out, mark);
    const char *end;
    char *told;

    if (!begin)
        g_error("block %u has not run: %s", index, out);
    begin += strlen(mark);
    end = strstr(begin, MARK);
    told = end ? g_strndup(begin, (gsize)(end - begin)) : g_strdup(begin);
    g_free(mark);
    return told;
}

/* "..." in what the page shows is anything. */
static void check_told(const char *shown, const char *told)
{
    char **parts = g_strsplit(shown, "...", 0);
    char *pattern = g_strjoinv("*", parts);

    if (!g_pattern_match_simple(pattern, told))
        g_error("the page shows\n%s\nand this came:\n%s", shown, told);
    g_free(pattern);
    g_strfreev(parts);
}

static void check_output(GPtrArray *blocks, const char *out)
{
    guint checked = 0;

    for (guint i = 1; i < blocks->len; i++) {
        const struct block *block = blocks->pdata[i];
        char *told;

        if (strcmp(block->kind, "text") != 0)
            continue;
        told = told_by(out, i - 1);
        check_told(block->text, told);
        g_free(told);
        checked++;
    }
    g_assert_cmpuint(checked, >, 0);
}

static void follow(const char *path)
{
    char *directory = g_dir_make_tmp("remex-docs-XXXXXX", NULL);
    GPtrArray *blocks = read_blocks(path);
    char *script = compose(blocks, directory);
    struct command_result result;

    command_run(REMOTE_ARGV("bash", "-c", script), &result);
    if (result.status != 0)
        g_error("%s: ended with %d: %s%s", path, result.status, result.out_text,
                result.err_text);
    check_output(blocks, result.out_text);
    command_result_deinit(&result);
    command_run(REMOTE_ARGV("rm", "-rf", directory), &result);
    command_result_deinit(&result);
    g_free(script);
    g_ptr_array_unref(blocks);
    g_free(directory);
}

static void a_c_programmer_gets_there(void)
{
    if (sanitizers_on())
        g_test_skip("the compiler needs the sanitizer's flags");
    else
        follow(TUTORIAL("c-programmer.md"));
}

static void an_operator_gets_there(void)
{
    follow(TUTORIAL("operator.md"));
}

static void a_farm_author_gets_there(void)
{
    follow(TUTORIAL("farm-author.md"));
}

static void what_is_shown_of_the_farm_is_in_it(void)
{
    GPtrArray *blocks = read_blocks(TUTORIAL("farm-author.md"));
    char *farm = read_text(FARM);

    for (guint i = 0; i < blocks->len; i++) {
        const struct block *block = blocks->pdata[i];

        if (strcmp(block->kind, "c") == 0 && !strstr(farm, block->text))
            g_error("farm.c has no such lines:\n%s", block->text);
    }
    g_free(farm);
    g_ptr_array_unref(blocks);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/docs", a_c_programmer_gets_there);
    SUITE_ADD("/docs", an_operator_gets_there);
    SUITE_ADD("/docs", a_farm_author_gets_there);
    SUITE_ADD("/docs", what_is_shown_of_the_farm_is_in_it);
    return g_test_run();
}
