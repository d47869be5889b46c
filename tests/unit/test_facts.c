/* SPDX-License-Identifier: Apache-2.0 */
#include "client/facts.h"

#include <string.h>

#include <glib.h>

#include "support/fault.h"
#include "support/suite.h"

#define TEXT(string) \
    { \
        string, sizeof(string) - 1 \
    }

static const struct remex_bytes capabilities[] = { TEXT("list"), TEXT("pty") };

static const struct open_reply reply = {
    .version = 1,
    .lease_ms = 5000,
    .principal = TEXT("uid:7"),
    .role = ROLE_OBSERVE,
    .limits = { .request_bytes = 11, .retained_bytes_in_all = 22 },
    .capabilities = capabilities,
    .capability_count = 2,
    .hint_address = TEXT("ipc:///x.hints"),
    .heartbeat_ms = 1000,
    .executor_version = TEXT("9.8\n7"),
};
static const struct message_id boot = { { 0xab, 0, 0x12 } };

static uint64_t limit(const struct remex_client_info *info, const char *name)
{
    for (size_t i = 0; i < info->limit_count; i++)
        if (strcmp(info->limits[i].name, name) == 0)
            return info->limits[i].value;
    g_error("no limit '%s'", name);
}

static void check(const struct remex_client_info *info)
{
    g_assert_cmpstr(info->principal, ==, "uid:7");
    g_assert_cmpint(info->role, ==, REMEX_ROLE_OBSERVE);
    g_assert_cmpuint(info->lease_ms, ==, 5000);
    g_assert_cmpuint(info->heartbeat_ms, ==, 1000);
    g_assert_cmpuint(info->protocol_version, ==, 1);
    g_assert_cmpstr(info->hint_address, ==, "ipc:///x.hints");
    g_assert_cmpstr(info->executor_version, ==, "9.8?7");
    g_assert_cmpstr(info->boot_id, ==, "ab001200000000000000000000000000");
    g_assert_cmpstr(info->capabilities[0], ==, "list");
    g_assert_cmpstr(info->capabilities[1], ==, "pty");
    g_assert_null(info->capabilities[2]);
    g_assert_true(facts_tell(info, "pty"));
    g_assert_false(facts_tell(info, "pt"));
    g_assert_cmpuint(limit(info, "request_bytes"), ==, 11);
    g_assert_cmpuint(limit(info, "processes"), ==, 0);
    g_assert_cmpuint(limit(info, "retained_bytes_in_all"), ==, 22);
}

static void they_are_what_open_told(void)
{
    const struct remex_client_info *info = facts_new(&reply, &boot);

    check(info);
    facts_drop(info);
    facts_drop(NULL);
}

static void the_last_holder_ends_them(void)
{
    const struct remex_client_info *info = facts_new(&reply, &boot);
    const struct remex_client_info *other = facts_hold(info);

    facts_drop(info);
    check(other);
    facts_drop(other);
}

static void an_executor_may_tell_nothing(void)
{
    const struct open_reply empty = { .version = 1 };
    const struct remex_client_info *info = facts_new(&empty, &boot);

    g_assert_cmpstr(info->principal, ==, "");
    g_assert_cmpstr(info->executor_version, ==, "");
    g_assert_null(info->capabilities[0]);
    facts_drop(info);
}

static void without_memory_there_are_none(void)
{
    fault_fail_allocation(1);
    g_assert_null(facts_new(&reply, &boot));
    g_assert_true(fault_happened());
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/facts", they_are_what_open_told);
    SUITE_ADD("/facts", the_last_holder_ends_them);
    SUITE_ADD("/facts", an_executor_may_tell_nothing);
    SUITE_ADD("/facts", without_memory_there_are_none);
    return g_test_run();
}
