/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/launch.h"

#include <string.h>

#include <glib.h>

#include "common/text.h"
#include "executor/credentials.h"
#include "support/suite.h"

/* A child may be on its way for as long as its program takes to come, and a
 * reload does not wait for that. */
static void what_a_launch_is_made_of_may_go(void)
{
    struct credentials *user = g_new0(struct credentials, 1);
    char *name = g_strdup("program");
    struct remex_bytes argv = text_bytes(name);
    struct process_spec spec = {
        .argv = &argv, .argv_count = 1, .env_base = ENV_EMPTY
    };
    struct remex_error error = { 0 };
    struct launch launch;

    user->uid = 1234;
    user->groups[0] = 5678;
    user->group_count = 1;
    g_strlcpy(user->home, "/home", sizeof(user->home));
    g_assert_cmpint(launch_init(&launch, &spec, user, &error), ==, REMEX_OK);
    memset(user, 0xff, sizeof(*user));
    g_free(user);
    memset(name, 'x', strlen(name));
    g_free(name);
    g_assert_cmpuint(launch.user->uid, ==, 1234);
    g_assert_cmpuint(launch.user->groups[0], ==, 5678);
    g_assert_cmpuint(launch.user->group_count, ==, 1);
    g_assert_cmpstr(launch.user->home, ==, "/home");
    g_assert_cmpstr(launch.argv[0], ==, "program");
    launch_deinit(&launch);
}

static void whoever_names_no_user_gets_none(void)
{
    struct remex_bytes argv = text_bytes("program");
    struct process_spec spec = {
        .argv = &argv, .argv_count = 1, .env_base = ENV_EMPTY
    };
    struct remex_error error = { 0 };
    struct launch launch;

    g_assert_cmpint(launch_init(&launch, &spec, NULL, &error), ==, REMEX_OK);
    g_assert_null(launch.user);
    launch_deinit(&launch);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/launch", what_a_launch_is_made_of_may_go);
    SUITE_ADD("/launch", whoever_names_no_user_gets_none);
    return g_test_run();
}
