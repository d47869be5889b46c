/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PAGE_H
#define SUPPORT_PAGE_H

/*
 * What stands in a page of the docs.
 */

/* A whole file. Yours to g_free. */
char *page_read(const char *path);

/* Its code blocks of that kind ("sh", "c", "": none is told), at least one.
 * Yours to g_strfreev. */
char **page_blocks(const char *path, const char *kind);

/* The only block of that kind that holds `words`. Yours to g_free. */
char *page_block_with(const char *path, const char *kind, const char *words);

#endif
