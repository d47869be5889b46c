/* SPDX-License-Identifier: Apache-2.0 */
#include "client/convenience/mistake.h"

#include <stdio.h>
#include <string.h>

enum remex_status mistake(
        struct remex_error *error, enum remex_status status, const char *text)
{
    if (!error)
        return status;
    *error = (struct remex_error){ .status = status };
    snprintf(error->text, sizeof(error->text), "%s", text);
    return status;
}

enum remex_status mistake_in(
        struct remex_error *error, const char *name, const char *text)
{
    mistake(error, REMEX_INVALID_ARGUMENT, text);
    if (error) {
        error->kind = REMEX_ERROR_BAD_FIELD;
        snprintf(error->name, sizeof(error->name), "%s", name);
    }
    return REMEX_INVALID_ARGUMENT;
}

enum remex_status mistake_in_options(
        const void *options, void *out, size_t size, struct remex_error *error)
{
    size_t given;

    memset(out, 0, size);
    if (options) {
        memcpy(&given, options, sizeof(given));
        if (given < sizeof(given))
            return mistake_in(error, "options.size",
                    "options start with REMEX_DEFAULTS(...)");
        memcpy(out, options, given < size ? given : size);
    }
    memcpy(out, &size, sizeof(size));
    return REMEX_OK;
}
