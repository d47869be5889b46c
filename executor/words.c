/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/words.h"

#include <stdbool.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

const char *words_line_end(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));

    return newline ? newline : end;
}

const char *words_next(const char **at, const char *end, struct word *out)
{
    const char *start;

    *out = (struct word){ 0 };
    while (*at < end && is_blank(**at))
        ++*at;
    start = *at;
    if (start == end || *start == '#')
        return NULL;
    if (*start == '"') {
        const char *quote = memchr(start + 1, '"', (size_t)(end - start) - 1);

        if (!quote)
            return "a quote is not closed";
        *out = (struct word){ start + 1, (size_t)(quote - start) - 1 };
        *at = quote + 1;
    } else {
        while (*at < end && !is_blank(**at) && **at != '"')
            ++*at;
        *out = (struct word){ start, (size_t)(*at - start) };
    }
    if (*at < end && !is_blank(**at))
        return "quotes go around a whole word";
    return NULL;
}
