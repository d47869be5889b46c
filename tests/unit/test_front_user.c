/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front_user.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "executor/capabilities.h"
#include "executor/confine.h"
#include "support/suite.h"

static void each_front_is_another_unless_told(void)
{
    const struct credentials joe = { .uid = 54321, .gid = 12345 };
    struct front_user own = { true, false, 2013265920, 2013265920 };
    struct front_user given = front_user_choose(&joe);
    char text[FRONT_USER_BYTES];

    front_user_format(&own, 0, text);
    g_assert_cmpstr(text, ==, "2013265920:2013265920");
    front_user_format(&own, 15, text);
    g_assert_cmpstr(text, ==, "2013265935:2013265935");
    front_user_format(&given, 0, text);
    g_assert_cmpstr(text, ==, "54321:12345");
    front_user_format(&given, 15, text);
    g_assert_cmpstr(text, ==, "54321:12345");
}

static void a_front_understands_whom_to_become(void)
{
    struct front_user chosen = front_user_choose(NULL);
    struct confine_user understood;
    char text[FRONT_USER_BYTES];

    front_user_format(&chosen, 3, text);
    g_assert_true(confine_parse(text, &understood));
    g_assert_cmpint(understood.another, ==, chosen.another);
    if (chosen.another)
        g_assert_cmpuint(understood.uid, ==, chosen.uid + 3);
}

/* Executors of two pids have no user in common. */
static void a_neighbours_fronts_are_others(void)
{
    struct front_user ours = front_user_choose(NULL);
    struct front_user theirs;
    int ends[2];
    pid_t pid;

    g_assert_cmpint(pipe(ends), ==, 0);
    pid = fork();
    if (pid == 0) {
        theirs = front_user_choose(NULL);
        _exit(write(ends[1], &theirs, sizeof(theirs)) == sizeof(theirs) ? 0
                                                                        : 1);
    }
    g_assert_cmpint(read(ends[0], &theirs, sizeof(theirs)), ==, sizeof(theirs));
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    close(ends[0]);
    close(ends[1]);
    g_assert_cmpint(ours.another, ==, theirs.another);
    if (ours.another)
        g_assert_cmpuint(
                MAX(ours.uid, theirs.uid), >=, MIN(ours.uid, theirs.uid) + 16);
}

static void who_cannot_change_it_does_not(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(capabilities_keep(0) && !front_user_choose(NULL).another ? 0 : 1);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/front_user", each_front_is_another_unless_told);
    SUITE_ADD("/front_user", a_front_understands_whom_to_become);
    SUITE_ADD("/front_user", a_neighbours_fronts_are_others);
    SUITE_ADD("/front_user", who_cannot_change_it_does_not);
    return g_test_run();
}
