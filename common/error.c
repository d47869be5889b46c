/* SPDX-License-Identifier: Apache-2.0 */
#include "common/error.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/text.h"

__attribute__((format(printf, 2, 0))) static void set_text(
        struct remex_error *error, const char *format, va_list arguments)
{
    char text[2 * sizeof(error->text)]; /* the cut is text_copy's to make */

    vsnprintf(text, sizeof(text), format, arguments);
    text_copy(error->text, sizeof(error->text), text_bytes(text));
}

enum remex_status error_set(struct remex_error *error, enum remex_status status,
        const char *format, ...)
{
    va_list arguments;

    if (!error)
        return status;
    *error = (struct remex_error){ .status = status };
    va_start(arguments, format);
    set_text(error, format, arguments);
    va_end(arguments);
    return status;
}

enum remex_status error_bad_field(
        struct remex_error *error, const char *field, const char *format, ...)
{
    va_list arguments;

    if (!error)
        return REMEX_INVALID_ARGUMENT;
    *error = (struct remex_error){ .status = REMEX_INVALID_ARGUMENT,
        .kind = REMEX_ERROR_BAD_FIELD };
    text_copy(error->name, sizeof(error->name), text_bytes(field));
    va_start(arguments, format);
    set_text(error, format, arguments);
    va_end(arguments);
    return REMEX_INVALID_ARGUMENT;
}

enum remex_status error_limit_hit(struct remex_error *error, const char *limit,
        uint64_t allowed, uint64_t asked)
{
    error_set(error, REMEX_RESOURCE_EXHAUSTED,
            "The limit %s is %" PRIu64 ", but %" PRIu64 " would be needed.",
            limit, allowed, asked);
    if (!error)
        return REMEX_RESOURCE_EXHAUSTED;
    error->kind = REMEX_ERROR_LIMIT_HIT;
    error->allowed = allowed;
    error->asked = asked;
    text_copy(error->name, sizeof(error->name), text_bytes(limit));
    return REMEX_RESOURCE_EXHAUSTED;
}
