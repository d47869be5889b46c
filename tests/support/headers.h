/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_HEADERS_H
#define SUPPORT_HEADERS_H

/*
 * The public headers as text: what libremex promises, for tests that hold other
 * things against it.
 */

#include <glib.h>

struct header_function {
    char *name;
    char *prototype; /* between single blanks, from its type to its semicolon */
};

/* The paths of all <remex/...>, char *; g_ptr_array_unref it. */
GPtrArray *headers_list(void);

/* All functions that they declare, struct header_function *, by name. */
GPtrArray *headers_functions(void);

/* The definition of a "struct NAME" or "enum NAME", between single blanks, or
 * NULL. Yours to g_free. */
char *headers_definition(const char *kind_and_name);

/* `text` with every run of blanks and newlines made one blank. */
char *headers_flatten(const char *text);

#endif
