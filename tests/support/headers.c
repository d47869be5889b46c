/* SPDX-License-Identifier: Apache-2.0 */
#include "support/headers.h"

#include <string.h>

/* None of ours has a parenthesis within its parameters but lines_wait, whose
 * callback has. */
#define FUNCTION \
    "^(?:(?:REMEX_API|REMEX_CHECKED)\\s+)+([^;{]*?\\b(remex_\\w+)\\([^;]*\\);" \
    ")"

static void add_headers_of(GPtrArray *list, const char *directory)
{
    GDir *dir = g_dir_open(directory, 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".h"))
            g_ptr_array_add(list, g_build_filename(directory, name, NULL));
    g_dir_close(dir);
}

GPtrArray *headers_list(void)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

    add_headers_of(list, REMEX_SOURCE_DIR "/client/include/remex");
    add_headers_of(list, REMEX_SOURCE_DIR "/common/include/remex");
    g_assert_cmpuint(list->len, >, 0);
    return list;
}

static char *all_text(void)
{
    GPtrArray *list = headers_list();
    GString *all = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        char *text = NULL;

        g_assert_true(g_file_get_contents(list->pdata[i], &text, NULL, NULL));
        g_string_append(all, text);
        g_free(text);
    }
    g_ptr_array_unref(list);
    return g_string_free(all, FALSE);
}

char *headers_flatten(const char *text)
{
    GRegex *blanks = g_regex_new(
            "\\s+", (GRegexCompileFlags)0, (GRegexMatchFlags)0, NULL);
    char *flat = g_regex_replace_literal(
            blanks, text, -1, 0, " ", (GRegexMatchFlags)0, NULL);

    g_regex_unref(blanks);
    return flat;
}

static void free_function(void *data)
{
    struct header_function *function = data;

    g_free(function->name);
    g_free(function->prototype);
    g_free(function);
}

static int compare_names(const void *a, const void *b)
{
    const struct header_function *const *one = a;
    const struct header_function *const *other = b;

    return strcmp((*one)->name, (*other)->name);
}

GPtrArray *headers_functions(void)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(free_function);
    GRegex *regex =
            g_regex_new(FUNCTION, G_REGEX_MULTILINE, (GRegexMatchFlags)0, NULL);
    GMatchInfo *match = NULL;
    char *text = all_text();

    for (g_regex_match(regex, text, (GRegexMatchFlags)0, &match);
            g_match_info_matches(match); g_match_info_next(match, NULL)) {
        struct header_function *function = g_new(struct header_function, 1);
        char *prototype = g_match_info_fetch(match, 1);

        function->prototype = headers_flatten(prototype);
        function->name = g_match_info_fetch(match, 2);
        g_ptr_array_add(list, function);
        g_free(prototype);
    }
    g_ptr_array_sort(list, compare_names);
    g_match_info_free(match);
    g_regex_unref(regex);
    g_free(text);
    g_assert_cmpuint(list->len, >, 40);
    return list;
}

char *headers_definition(const char *kind_and_name)
{
    char *start = g_strdup_printf("\n%s {\n", kind_and_name);
    char *text = all_text();
    char *found = strstr(text, start);
    char *definition = NULL;

    if (found) {
        char *end = strstr(found, "\n};");

        g_assert_nonnull(end);
        end[strlen("\n};")] = '\0';
        definition = headers_flatten(found + 1);
    }
    g_free(text);
    g_free(start);
    return definition;
}
