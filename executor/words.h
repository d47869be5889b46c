/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_WORDS_H
#define EXECUTOR_WORDS_H

/*
 * The lines of our files: words between blanks, one with blanks in it between
 * double quotes; # begins a comment, up to the end of the line. No I/O.
 */

#include <stddef.h>

/* Lent by the text. */
struct word {
    const char *text; /* NULL: there is none */
    size_t size;
};

/* The end of the line that begins at `at`, which is before `end`; the next one
 * begins behind it. */
const char *words_line_end(const char *at, const char *end);

/* The next word of a line; *at moves behind it. NULL, or what is wrong,
 * static. */
const char *words_next(const char **at, const char *end, struct word *out);

#endif
