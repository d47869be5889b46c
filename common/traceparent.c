/* SPDX-License-Identifier: Apache-2.0 */
#include "common/traceparent.h"

#include <stddef.h>
#include <string.h>

/* Where each part begins, and how long it is. */
enum {
    TRACE_AT = 3,
    TRACE_DIGITS = 32,
    PARENT_AT = 36,
    PARENT_DIGITS = 16,
};

static const char shape[] =
        "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

_Static_assert(sizeof(shape) - 1 == TRACEPARENT_BYTES, "as W3C has it");

static bool is_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool is_zero(const char *digits, size_t count)
{
    return strspn(digits, "0") >= count;
}

bool traceparent_is_valid(struct remex_bytes text)
{
    char copy[TRACEPARENT_BYTES + 1];

    if (text.size != TRACEPARENT_BYTES)
        return false;
    memcpy(copy, text.data, TRACEPARENT_BYTES);
    copy[TRACEPARENT_BYTES] = '\0';
    for (size_t i = 0; i < TRACEPARENT_BYTES; i++)
        if (shape[i] == '-' ? copy[i] != '-' : !is_digit(copy[i]))
            return false;
    return strncmp(copy, "ff", 2) != 0 &&
            !is_zero(copy + TRACE_AT, TRACE_DIGITS) &&
            !is_zero(copy + PARENT_AT, PARENT_DIGITS);
}
