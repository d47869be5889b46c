/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/quantity.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DURATION_MS 1e12
#define MAX_SIDE 65535

struct unit {
    const char *name;
    uint64_t size;
};

static const struct unit durations[] = {
    { "", 1000 },
    { "ms", 1 },
    { "s", 1000 },
    { "m", (uint64_t)60 * 1000 },
    { "h", (uint64_t)60 * 60 * 1000 },
    { "d", (uint64_t)24 * 60 * 60 * 1000 },
    { NULL, 0 },
};

static const struct unit sizes[] = {
    { "", 1 },
    { "K", (uint64_t)1 << 10 },
    { "M", (uint64_t)1 << 20 },
    { "G", (uint64_t)1 << 30 },
    { "T", (uint64_t)1 << 40 },
    { NULL, 0 },
};

/* 0: there is no such unit. */
static uint64_t unit_size(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units->size;
    return 0;
}

/* Only digits and points: strtod knows more kinds of numbers than people
 * expect of an option. */
bool quantity_parse_duration(const char *text, int64_t *ms_out)
{
    size_t length = strspn(text, "0123456789.");
    uint64_t unit = unit_size(durations, text + length);
    char *end = NULL;
    double ms = strtod(text, &end) * (double)unit;

    if (length == 0 || unit == 0 || end != text + length ||
            ms > MAX_DURATION_MS)
        return false;
    *ms_out = (int64_t)ceil(ms);
    return true;
}

bool quantity_parse_wait(const char *text, int *ms_out)
{
    int64_t ms;

    if (!quantity_parse_duration(text, &ms) || ms > INT_MAX)
        return false;
    *ms_out = (int)ms;
    return true;
}

/* The number that `text` begins with; `*end_out` is what follows. */
static bool parse_digits(const char *text, uint64_t *out, const char **end_out)
{
    size_t length = strspn(text, "0123456789");

    errno = 0;
    *out = strtoull(text, NULL, 10);
    *end_out = text + length;
    return length > 0 && errno == 0;
}

bool quantity_parse_bytes(const char *text, uint64_t *out)
{
    const char *end;
    uint64_t number;
    uint64_t unit;

    if (!parse_digits(text, &number, &end))
        return false;
    unit = unit_size(sizes, end);
    if (unit == 0 || number > UINT64_MAX / unit)
        return false;
    *out = number * unit;
    return true;
}

bool quantity_parse_processors(const char *text, uint64_t *millis_out)
{
    const char *end;
    uint64_t whole;
    uint64_t part = 0;
    size_t digits = 0;

    if (!parse_digits(text, &whole, &end) || whole > UINT32_MAX)
        return false;
    if (*end == '.') {
        digits = strspn(end + 1, "0123456789");
        if (digits < 1 || digits > 3 || !parse_digits(end + 1, &part, &end))
            return false;
    }
    for (; digits < 3; digits++)
        part *= 10;
    *millis_out = whole * 1000 + part;
    return *end == '\0';
}

bool quantity_parse_count(const char *text, uint64_t *out)
{
    const char *end;
    uint64_t number;

    if (!parse_digits(text, &number, &end) || *end != '\0')
        return false;
    *out = number;
    return true;
}

bool quantity_parse_area(
        const char *text, unsigned int *rows_out, unsigned int *columns_out)
{
    const char *end;
    uint64_t rows;
    uint64_t columns;

    if (!parse_digits(text, &rows, &end) || *end != 'x' ||
            !quantity_parse_count(end + 1, &columns) || rows < 1 ||
            rows > MAX_SIDE || columns < 1 || columns > MAX_SIDE)
        return false;
    *rows_out = (unsigned int)rows;
    *columns_out = (unsigned int)columns;
    return true;
}
