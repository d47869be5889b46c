/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an executor tells a client of itself, and whether it is there at all.
 */

#include <remex/info.h>

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"

static const struct remex_client_info *ask(struct remex_client *client)
{
    const struct remex_client_info *info = NULL;

    g_assert_cmpint(remex_client_info(client, &info, NULL), ==, REMEX_OK);
    return info;
}

static bool can(const struct remex_client_info *info, const char *what)
{
    for (const char *const *name = info->capabilities; *name; name++)
        if (strcmp(*name, what) == 0)
            return true;
    return false;
}

static uint64_t limit(const struct remex_client_info *info, const char *name)
{
    for (size_t i = 0; i < info->limit_count; i++)
        if (strcmp(info->limits[i].name, name) == 0)
            return info->limits[i].value;
    g_error("no limit '%s'", name);
}

static void it_tells_what_it_was_told_to_be(void)
{
    struct daemon daemon;
    struct remex_client *client;
    const struct remex_client_info *info;

    daemon_start_with(&daemon, NULL,
            REMOTE_ARGV("--limit", "processes=17", "--limit",
                    "retained_bytes=2097152"));
    client = remote_connect_to(daemon.address);
    info = ask(client);
    remex_client_free(client);
    daemon_stop(&daemon);
    /* It outlives both. */
    g_assert_cmpstr(info->executor_version, ==, REMEX_VERSION);
    g_assert_cmpuint(info->protocol_version, ==, remex_protocol_version());
    g_assert_cmpuint(strlen(info->boot_id), ==, 32);
    g_assert_true(g_str_has_prefix(info->principal, "uid:"));
    g_assert_cmpint(info->role, ==, REMEX_ROLE_RUN);
    g_assert_cmpuint(info->lease_ms, >, 0);
    g_assert_true(g_str_has_suffix(info->hint_address, ".hints"));
    g_assert_true(can(info, "list"));
    g_assert_false(can(info, "fly"));
    g_assert_cmpuint(limit(info, "processes"), ==, 17);
    g_assert_cmpuint(limit(info, "retained_bytes"), ==, 2 * 1024 * 1024);
    remex_client_info_free(info);
}

static void each_start_has_an_id_of_its_own(void)
{
    struct daemon daemon;
    struct remex_client *client;
    const struct remex_client_info *before;
    const struct remex_client_info *after;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    before = ask(client);
    remex_client_free(client);
    daemon_kill(&daemon);
    daemon_restart(&daemon);
    client = remote_connect_to(daemon.address);
    after = ask(client);
    g_assert_cmpstr(before->boot_id, !=, after->boot_id);
    remex_client_free(client);
    remex_client_info_free(before);
    remex_client_info_free(after);
    daemon_stop(&daemon);
}

static void a_ping_tells_whether_it_answers(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_error error;
    pid_t executor;

    daemon_start(&daemon);
    executor = daemon_executor(&daemon);
    client = remote_connect_to(daemon.address);
    g_assert_cmpint(remex_client_ping(client, 5000, &error), ==, REMEX_OK);
    g_assert_cmpint(kill(executor, SIGSTOP), ==, 0);
    g_assert_cmpint(remex_client_ping(client, 100, &error), ==,
            REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpint(error.status, ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpint(kill(executor, SIGCONT), ==, 0);
    g_assert_cmpint(remex_client_ping(client, 5000, &error), ==, REMEX_OK);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void the_library_tells_what_it_is(void)
{
    g_assert_cmpstr(remex_version(), ==, REMEX_VERSION);
    g_assert_cmpuint(remex_protocol_version(), >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_info", it_tells_what_it_was_told_to_be);
    SUITE_ADD("/client_info", each_start_has_an_id_of_its_own);
    SUITE_ADD("/client_info", a_ping_tells_whether_it_answers);
    SUITE_ADD("/client_info", the_library_tells_what_it_is);
    return g_test_run();
}
