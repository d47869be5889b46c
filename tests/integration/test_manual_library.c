/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Section 3 of the manual: every function of <remex/...> has a page, and what
 * the pages show of the headers is what the headers say.
 */

#include <string.h>

#include <glib.h>

#include "support/command.h"
#include "support/headers.h"
#include "support/remote.h"
#include "support/suite.h"

#define PAGES REMEX_SOURCE_DIR "/docs/man"

struct page {
    char *name; /* of the file, without its .3 */
    char *text; /* as source, with roff's escaped dashes as plain ones */
    char *flat; /* the same between single blanks */
    char **names;
};

static void replace(char **text, const char *old, const char *new)
{
    char **parts = g_strsplit(*text, old, 0);

    g_free(*text);
    *text = g_strjoinv(new, parts);
    g_strfreev(parts);
}

/* The words before the dash in its NAME line. */
static char **names_of(const char *text)
{
    const char *start = strstr(text, ".SH NAME\n");
    char *line;
    char **names;

    g_assert_nonnull(start);
    start += strlen(".SH NAME\n");
    line = g_strndup(start, strcspn(start, "\n"));
    g_assert_nonnull(strstr(line, " - "));
    *strstr(line, " - ") = '\0';
    names = g_strsplit(line, ", ", 0);
    g_free(line);
    return names;
}

static void free_page(void *data)
{
    struct page *page = data;

    g_free(page->name);
    g_free(page->text);
    g_free(page->flat);
    g_strfreev(page->names);
    g_free(page);
}

static struct page *read_page(const char *file)
{
    struct page *page = g_new0(struct page, 1);
    char *path = g_build_filename(PAGES, file, NULL);

    g_assert_true(g_file_get_contents(path, &page->text, NULL, NULL));
    page->name = g_strndup(file, strlen(file) - strlen(".3"));
    replace(&page->text, "\\-", "-");
    page->flat = headers_flatten(page->text);
    page->names = names_of(page->text);
    g_free(path);
    return page;
}

static GPtrArray *read_pages(void)
{
    GPtrArray *pages = g_ptr_array_new_with_free_func(free_page);
    GDir *directory = g_dir_open(PAGES, 0, NULL);
    const char *file;

    g_assert_nonnull(directory);
    while ((file = g_dir_read_name(directory)))
        if (g_str_has_suffix(file, ".3"))
            g_ptr_array_add(pages, read_page(file));
    g_dir_close(directory);
    g_assert_cmpuint(pages->len, >, 0);
    return pages;
}

/* The page that has it in its NAME line. */
static const struct page *page_of(const GPtrArray *pages, const char *name)
{
    const struct page *found = NULL;

    for (guint i = 0; i < pages->len; i++) {
        const struct page *page = pages->pdata[i];

        if (!g_strv_contains((const char *const *)page->names, name))
            continue;
        if (found)
            g_error("%s is in %s.3 and in %s.3", name, found->name, page->name);
        found = page;
    }
    return found;
}

static void every_function_has_a_page(void)
{
    GPtrArray *pages = read_pages();
    GPtrArray *functions = headers_functions();

    for (guint i = 0; i < functions->len; i++) {
        const struct header_function *function = functions->pdata[i];
        const struct page *page = page_of(pages, function->name);

        if (!page)
            g_error("no page of docs/man has %s in its NAME", function->name);
        if (!strstr(page->flat, function->prototype))
            g_error("%s.3 does not show '%s'", page->name, function->prototype);
    }
    g_ptr_array_unref(functions);
    g_ptr_array_unref(pages);
}

static bool is_function(const GPtrArray *functions, const char *name)
{
    for (guint i = 0; i < functions->len; i++) {
        const struct header_function *function = functions->pdata[i];

        if (strcmp(function->name, name) == 0)
            return true;
    }
    return false;
}

static void no_page_tells_of_what_is_not_there(void)
{
    GPtrArray *pages = read_pages();
    GPtrArray *functions = headers_functions();

    for (guint i = 0; i < pages->len; i++) {
        const struct page *page = pages->pdata[i];

        g_assert_cmpstr(page->names[0], ==, page->name);
        for (char **name = page->names + 1; *name; name++)
            if (!is_function(functions, *name))
                g_error("%s.3 tells of %s, which no header has", page->name,
                        *name);
    }
    g_ptr_array_unref(functions);
    g_ptr_array_unref(pages);
}

static void check_definition(const struct page *page, const char *what)
{
    char *definition = headers_definition(what);

    if (!definition)
        g_error("%s.3 shows %s, which no header has", page->name, what);
    if (!strstr(page->flat, definition))
        g_error("%s.3 shows another %s than the header", page->name, what);
    g_free(definition);
}

static void what_is_shown_is_the_headers(void)
{
    GPtrArray *pages = read_pages();
    GRegex *regex = g_regex_new("^((?:struct|enum) remex_\\w+) \\{$",
            G_REGEX_MULTILINE, (GRegexMatchFlags)0, NULL);
    unsigned int checked = 0;

    for (guint i = 0; i < pages->len; i++) {
        const struct page *page = pages->pdata[i];
        GMatchInfo *match = NULL;

        for (g_regex_match(regex, page->text, (GRegexMatchFlags)0, &match);
                g_match_info_matches(match); g_match_info_next(match, NULL)) {
            char *what = g_match_info_fetch(match, 1);

            check_definition(page, what);
            g_free(what);
            checked++;
        }
        g_match_info_free(match);
    }
    g_assert_cmpuint(checked, >, 30);
    g_regex_unref(regex);
    g_ptr_array_unref(pages);
}

static void the_pages_are_well_formed(void)
{
    char *groff = g_find_program_in_path("groff");
    struct command_result result;

    if (!groff) {
        g_test_skip("no groff here");
        return;
    }
    command_run(REMOTE_ARGV("/bin/sh", "-c",
                        "exec groff -man -ww -z -Tutf8 '" PAGES "'/*.3"),
            &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(groff);
}

/* The example of remex(3) is the one of the README. */
static void the_example_is_one_of_ours(void)
{
    struct page *page = read_page("remex.3");
    char *start = strstr(page->text, "\n.EX\n");
    char *end = strstr(page->text, "\n.EE\n");
    char *ours = NULL;

    g_assert_true(g_file_get_contents(
            REMEX_SOURCE_DIR "/client/examples/hello.c", &ours, NULL, NULL));
    g_assert_nonnull(start);
    g_assert_nonnull(end);
    end[1] = '\0';
    g_assert_cmpstr(start + strlen("\n.EX\n"), ==, strchr(ours, '\n') + 1);
    g_free(ours);
    free_page(page);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/manual_library", every_function_has_a_page);
    SUITE_ADD("/manual_library", no_page_tells_of_what_is_not_there);
    SUITE_ADD("/manual_library", what_is_shown_is_the_headers);
    SUITE_ADD("/manual_library", the_pages_are_well_formed);
    SUITE_ADD("/manual_library", the_example_is_one_of_ours);
    return g_test_run();
}
