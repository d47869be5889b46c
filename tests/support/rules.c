/* SPDX-License-Identifier: Apache-2.0 */
#include "support/rules.h"

#include <string.h>

#include <glib.h>

#include "common/check.h"

void rules_fine(const struct request *request)
{
    struct remex_error error = { 0 };

    if (check_request(request, &error) != REMEX_OK)
        g_error("%s: %s", error.name, error.text);
}

void rules_refused(const struct request *request, const char *field)
{
    struct remex_error error = { 0 };

    g_assert_cmpint(check_request(request, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(check_request(request, NULL), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_BAD_FIELD);
    g_assert_cmpstr(error.name, ==, field);
    g_assert_true(g_ascii_isupper(error.text[0]));
    g_assert_true(g_str_has_suffix(error.text, "."));
}

void rules_reply_fine(const struct reply *reply)
{
    struct remex_error error = { 0 };

    if (check_reply(reply, reply->payload.size, &error) != REMEX_OK)
        g_error("%s: %s", error.name, error.text);
}

void rules_reply_refused(const struct reply *reply, const char *field)
{
    struct remex_error error = { 0 };

    g_assert_cmpint(check_reply(reply, reply->payload.size, &error), ==,
            REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(error.name, ==, field);
}

struct remex_bytes rules_many(size_t size)
{
    static char bytes[4096];

    g_assert_cmpuint(size, <=, sizeof(bytes));
    memset(bytes, 'x', sizeof(bytes));
    return (struct remex_bytes){ bytes, size };
}
