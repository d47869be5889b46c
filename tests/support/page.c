/* SPDX-License-Identifier: Apache-2.0 */
#include "support/page.h"

#include <string.h>

#include <glib.h>

#define FENCE "\n```"

char *page_read(const char *path)
{
    char *text = NULL;
    GError *error = NULL;

    if (!g_file_get_contents(path, &text, NULL, &error))
        g_error("%s", error->message);
    return text;
}

char **page_blocks(const char *path, const char *kind)
{
    char *text = page_read(path);
    char *start = g_strconcat(kind, "\n", NULL);
    char **parts = g_strsplit(text, FENCE, 0);
    GPtrArray *found = g_ptr_array_new();

    /* Every second part is the inside of a block, with its kind before it. */
    for (size_t i = 1; parts[i] && parts[i + 1]; i += 2)
        if (g_str_has_prefix(parts[i], start))
            g_ptr_array_add(
                    found, g_strconcat(parts[i] + strlen(start), "\n", NULL));
    if (found->len == 0)
        g_error("%s has no %s block", path, kind);
    g_ptr_array_add(found, NULL);
    g_strfreev(parts);
    g_free(start);
    g_free(text);
    return (char **)g_ptr_array_free(found, FALSE);
}

char *page_block_with(const char *path, const char *kind, const char *words)
{
    char **all = page_blocks(path, kind);
    char *found = NULL;

    for (char **block = all; *block; block++) {
        if (!strstr(*block, words))
            continue;
        g_assert_null(found);
        found = g_strdup(*block);
    }
    if (!found)
        g_error("%s has no %s block with '%s'", path, kind, words);
    g_strfreev(all);
    return found;
}
