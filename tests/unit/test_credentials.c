/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/credentials.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "executor/capabilities.h"
#include "executor/powers.h"
#include "support/stage.h"
#include "support/suite.h"

enum { STOPPED_STARTS = 10 };

static void check_refused(const char *text, const char *words)
{
    struct credentials user;
    struct remex_error error;

    g_assert_cmpint(credentials_find(text, &user, &error), !=, REMEX_OK);
    if (!strstr(error.text, words))
        g_error("'%s' does not say '%s'", error.text, words);
}

static struct credentials find(const char *text)
{
    struct credentials user;
    struct remex_error error;

    if (credentials_find(text, &user, &error) != REMEX_OK)
        g_error("%s: %s", text, error.text);
    return user;
}

static void a_user_is_found_by_name_and_by_number(void)
{
    struct credentials by_name = find("root");
    struct credentials by_number = find("0");

    g_assert_cmpuint(by_name.uid, ==, 0);
    g_assert_cmpuint(by_name.gid, ==, 0);
    g_assert_cmpstr(by_name.name, ==, "root");
    g_assert_cmpstr(by_name.home, ==, "/root");
    g_assert_cmpuint(by_name.group_count, >=, 1);
    g_assert_cmpuint(by_name.groups[0], ==, 0);
    g_assert_cmpuint(by_number.uid, ==, 0);
    g_assert_cmpstr(by_number.name, ==, "root");
    g_assert_cmpstr(by_number.home, ==, "/root");
}

static void a_group_may_be_given(void)
{
    struct credentials user = find("root:54321");

    g_assert_cmpuint(user.uid, ==, 0);
    g_assert_cmpuint(user.gid, ==, 54321);
    g_assert_cmpuint(user.groups[0], ==, 54321);
    g_assert_cmpuint(find("54321:root").gid, ==, 0);
}

static void who_is_only_a_number_has_no_home_and_one_group(void)
{
    struct credentials user = find("1234567890:4294967294");

    g_assert_cmpuint(user.uid, ==, 1234567890);
    g_assert_cmpuint(user.gid, ==, 4294967294);
    g_assert_cmpuint(user.group_count, ==, 1);
    g_assert_cmpuint(user.groups[0], ==, 4294967294);
    g_assert_cmpstr(user.name, ==, "1234567890");
    g_assert_cmpstr(user.home, ==, "/");
}

static void who_is_unknown_is_refused_by_name(void)
{
    check_refused("no-such-user", "there is no user 'no-such-user'");
    check_refused("root:no-such-group", "there is no group 'no-such-group'");
    check_refused("1234567890", "give a group as well: 1234567890:GROUP");
    check_refused("4294967295:1", "there is no user '4294967295'");
    check_refused("1:4294967295", "there is no group '4294967295'");
    check_refused("99999999999999999999:1", "there is no user");
    check_refused("-1:1", "there is no user '-1'");
    check_refused("", "neither USER nor USER:GROUP");
    check_refused(":1", "neither USER nor USER:GROUP");
    check_refused("root:", "neither USER nor USER:GROUP");
    check_refused("root:root:root", "there is no group 'root:root'");
}

/* Runs it where nothing is left of being root; true if it says so. */
static bool without_powers(bool (*function)(void))
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        if (!capabilities_keep(0))
            _exit(99);
        _exit(function() ? 0 : 1);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool means_are_missed(void)
{
    struct remex_error error;

    return !capabilities_has(CAP_SETUID) &&
            credentials_check_means(&error) == REMEX_PERMISSION_DENIED &&
            strstr(error.text, "only root");
}

static void it_takes_capabilities_to_change_the_user(void)
{
    g_assert_true(without_powers(means_are_missed));
}

static bool start_fails(void)
{
    const char *const argv[] = { "true", NULL };
    struct credentials user = find("54321:54321");
    struct process_spec spec = stage_spec(argv);
    struct remex_error error = { 0 };
    struct stage stage;
    bool failed;

    stage_open_as(&stage, &user);
    failed = !stage_start(&stage, &spec, &error) &&
            error.stage == REMEX_STAGE_USER && error.os_error == EPERM &&
            strstr(error.text, "cannot become another user for 'true'");
    stage_close(&stage);
    stage_spec_free(&spec);
    return failed;
}

static void a_start_that_cannot_change_the_user_says_so(void)
{
    g_assert_true(without_powers(start_fails));
}

/* Without a control group, by the mark of its tree alone. */
static void a_kill_finds_those_of_that_user(void)
{
    struct credentials user = find("54321:54321");
    struct stage stage;
    struct actor *actor;

    if (!capabilities_has(CAP_SETUID)) {
        g_test_skip("only root can become another user");
        return;
    }
    stage_open_as(&stage, &user);
    actor = stage_sh(&stage,
            "setsid sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' "
            "&\n"
            "exec sleep 1000");
    stage_until_said(actor, "\n");
    process_terminate(actor->process, NULL, 0, REMEX_EXIT_TERMINATED,
            loop_now(stage.loop));
    stage_until_dead(&stage, stage_pid_said(actor));
    stage_close(&stage);
}

/* Stops all of its user at every moment. */
static pid_t start_stopper(const struct credentials *user)
{
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid > 0)
        return pid;
    if (setresuid(user->uid, user->uid, user->uid) == 0 &&
            prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
        for (;;)
            kill(-1, SIGSTOP);
    _exit(1);
}

static void nobody_of_that_user_can_hold_a_start_up(void)
{
    struct credentials user = find("54321:54321");
    struct stage stage;
    pid_t stopper;

    if (!capabilities_has(CAP_SETUID)) {
        g_test_skip("only root can become another user");
        return;
    }
    stopper = start_stopper(&user);
    stage_open_as(&stage, &user);
    for (int i = 0; i < STOPPED_STARTS; i++)
        stage_sh(&stage, "exec sleep 1000");
    g_assert_cmpint(kill(stopper, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(stopper, NULL, 0), ==, stopper);
    stage_close(&stage);
}

/* --- Powers --------------------------------------------------------------- */

static bool keeps_two(void)
{
    capabilities_keep(CAPABILITY(CAP_KILL) | CAPABILITY(CAP_CHOWN));
    return capabilities_has(CAP_KILL) && capabilities_has(CAP_CHOWN) &&
            !capabilities_has(CAP_SETUID) && !capabilities_has(CAP_SYS_ADMIN) &&
            prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0 &&
            prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0) == 1;
}

static void what_is_not_kept_is_gone(void)
{
    pid_t pid;
    int status;

    if (!capabilities_has(CAP_KILL) || !capabilities_has(CAP_SETPCAP)) {
        g_test_skip("only root has any");
        return;
    }
    pid = fork();
    if (pid == 0)
        _exit(keeps_two() ? 0 : 1);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

static void what_is_needed_depends_on_the_configuration(void)
{
    struct config config = { .address_count = 1 };
    uint64_t needed;

    g_assert_cmphex(powers_needed(&config), ==, UINT64_MAX);
    config.changes_user = true;
    config.addresses[0].kind = ADDRESS_IPC;
    needed = powers_needed(&config);
    g_assert_cmphex(needed, ==,
            CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_DAC_OVERRIDE) |
                    CAPABILITY(CAP_KILL) | CAPABILITY(CAP_SETGID) |
                    CAPABILITY(CAP_SETUID));
    config.addresses[0].kind = ADDRESS_TLS;
    config.addresses[0].port = 0;
    g_assert_cmphex(powers_needed(&config), ==, needed);
    config.addresses[0].port = 1024;
    g_assert_cmphex(powers_needed(&config), ==, needed);
    config.addresses[0].port = 443;
    g_assert_cmphex(powers_needed(&config), ==,
            needed | CAPABILITY(CAP_NET_BIND_SERVICE));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/credentials", a_user_is_found_by_name_and_by_number);
    SUITE_ADD("/credentials", a_group_may_be_given);
    SUITE_ADD("/credentials", who_is_only_a_number_has_no_home_and_one_group);
    SUITE_ADD("/credentials", who_is_unknown_is_refused_by_name);
    SUITE_ADD("/credentials", it_takes_capabilities_to_change_the_user);
    SUITE_ADD("/credentials", a_start_that_cannot_change_the_user_says_so);
    SUITE_ADD("/credentials", a_kill_finds_those_of_that_user);
    SUITE_ADD("/credentials", nobody_of_that_user_can_hold_a_start_up);
    SUITE_ADD("/credentials", what_is_not_kept_is_gone);
    SUITE_ADD("/credentials", what_is_needed_depends_on_the_configuration);
    return g_test_run();
}
