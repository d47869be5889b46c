/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex doctor, of executors that are well, ill, dead and not there.
 */

#include <signal.h>
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/seat.h"
#include "support/secret.h"
#include "support/suite.h"
#include "support/tree.h"

#define DAY_S (24L * 60 * 60)

/* What it says, by which status; yours to g_free. */
static char *ask(const char *const *argv, int status)
{
    struct command_result result;
    char *text;

    command_run(argv, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    if (result.status != status)
        g_error("%d, not %d: %s", result.status, status, result.out_text);
    text = g_strdup(result.out_text);
    command_result_deinit(&result);
    return text;
}

/* One of its lines is that verdict about that, and holds `words`; with a hint
 * behind it, unless all is well. */
static void check_finding(const char *text, const char *verdict,
        const char *check, const char *words)
{
    char *begin = g_strdup_printf("\n%-4s  %-13s", verdict, check);
    const char *line = strstr(text, begin);
    char *whole;

    if (!line)
        g_error("no '%s' in: %s", begin + 1, text);
    line += strlen(begin);
    whole = g_strndup(line, strcspn(line, "\n"));
    if (!strstr(whole, words))
        g_error("no '%s' in: %s", words, whole);
    if (strcmp(verdict, "ok") != 0)
        g_assert_true(g_str_has_prefix(
                line + strlen(whole), "\n                 > "));
    g_free(whole);
    g_free(begin);
}

static void an_executor_that_is_well(void)
{
    struct daemon daemon;
    char *text;

    daemon_start(&daemon);
    text = ask(CLI("doctor", daemon.address), 0);
    g_assert_true(g_str_has_prefix(text, "executor ipc://"));
    check_finding(text, "ok", "directory", "mode 0700, of user ");
    check_finding(text, "ok", "socket", "mode 0600");
    check_finding(text, "ok", "lock", "held by process ");
    check_finding(text, "ok", "session", "opened in ");
    check_finding(text, "ok", "versions",
            "executor " REMEX_VERSION ", library " REMEX_VERSION
            ", protocol 1");
    check_finding(text, "ok", "principal", "we are uid:");
    check_finding(text, "ok", "limits", "0 of 512 processes");
    check_finding(text, "ok", "clock", "like ours");
    check_finding(text, "ok", "throughput", " MB/s");
    g_assert_nonnull(strstr(text, "round trip   p50 "));
    g_assert_nonnull(strstr(text, "containment  "));
    g_free(text);
    daemon_stop(&daemon);
}

static void it_can_be_told_to_programs(void)
{
    char *text = ask(CLI("doctor", "--at", "local:", "--json"), 0);

    g_assert_nonnull(strstr(text, "\"executor\": \"local:\""));
    g_assert_nonnull(strstr(text, "\"verdict\": \""));
    g_assert_nonnull(strstr(text, "\"check\": \"throughput\""));
    g_assert_nonnull(strstr(text, "\"hint\": null"));
    g_assert_null(strchr(text, '\033'));
    g_free(text);
    text = ask(CLI("doctor", "ipc:///no/such", "--json"), 1);
    g_assert_nonnull(strstr(text, "\"verdict\": \"fail\""));
    g_assert_nonnull(strstr(text, "\"hint\": \""));
    g_free(text);
    cli_check_told(CLI("doctor", "a", "b"), 125, "an operand too many");
}

static char *path_in(const struct daemon *daemon, const char *name)
{
    return g_build_filename(daemon->directory, name, NULL);
}

static void what_is_not_there_is_named(void)
{
    struct daemon daemon;
    char *path;
    char *address;
    char *text = ask(CLI("doctor", "ipc:///no/such"), 1);

    check_finding(text, "fail", "directory", "/no: No such file");
    check_finding(text, "fail", "session", "/no/such");
    g_free(text);
    daemon_start(&daemon);
    path = path_in(&daemon, "other");
    address = g_strconcat("ipc://", path, NULL);
    text = ask(CLI("doctor", address), 1);
    check_finding(text, "ok", "directory", daemon.directory);
    check_finding(text, "fail", "socket", "No such file");
    check_finding(text, "fail", "lock", "nobody listens");
    g_free(text);
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    text = ask(CLI("doctor", address), 1);
    check_finding(text, "fail", "socket", "is no socket");
    g_free(text);
    g_unlink(path);
    g_free(address);
    g_free(path);
    daemon_stop(&daemon);
}

/* Killed both, so that it leaves its socket and the file of its lock. */
static void an_executor_that_is_dead(void)
{
    struct daemon daemon;
    pid_t executor;
    char *text;

    daemon_start(&daemon);
    executor = daemon_executor(&daemon);
    g_assert_cmpint(kill(daemon.pid, SIGSTOP), ==, 0);
    g_assert_cmpint(kill(executor, SIGKILL), ==, 0);
    g_assert_cmpint(kill(daemon.pid, SIGKILL), ==, 0);
    daemon_kill(&daemon);
    g_assert_true(tree_wait_gone(executor, 20000)); /* it has the lock */
    text = ask(CLI("doctor", daemon.address), 1);
    check_finding(text, "fail", "lock", "the executor is dead");
    check_finding(text, "fail", "session", "");
    g_free(text);
    daemon_stop(&daemon);
}

static void a_directory_for_everybody(void)
{
    struct daemon daemon;
    char *text;

    daemon_start(&daemon);
    g_assert_cmpint(g_chmod(daemon.directory, 0777), ==, 0);
    text = ask(CLI("doctor", daemon.address), 0);
    check_finding(text, "warn", "directory", "everybody may write");
    g_assert_nonnull(strstr(text, "\nit can be used; see the warnings\n"));
    g_free(text);
    g_assert_cmpint(g_chmod(daemon.directory, 0700), ==, 0);
    daemon_stop(&daemon);
}

static void who_shows_nothing_is_told_what_to_show(void)
{
    struct daemon daemon;
    char *text;

    daemon_start_tcp(&daemon, "an open secret");
    text = ask(CLI("doctor", daemon.address), 1);
    check_finding(text, "fail", "session", "token");
    g_assert_nonnull(strstr(text, "--token-file"));
    g_free(text);
    daemon_stop(&daemon);
}

/* It starts a program to measure: where it may not, the rest is told still. */
static void a_policy_may_keep_it_from_measuring(void)
{
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *policy = g_build_filename(directory, "policy", NULL);
    struct daemon daemon;
    char *text;

    g_assert_true(g_file_set_contents(
            policy, "for *\n allow /usr/bin/true\n", -1, NULL));
    daemon_start_with(&daemon, NULL, REMOTE_ARGV("--policy", policy));
    text = ask(CLI("doctor", daemon.address), 0);
    check_finding(text, "ok", "session", "opened in ");
    check_finding(text, "ok", "principal", "in the role run");
    g_assert_nonnull(strstr(text, "round trip   p50 "));
    check_finding(text, "warn", "clock", "not measured, for /bin/sh");
    check_finding(text, "warn", "throughput", "policy");
    g_assert_nonnull(strstr(text, "\nit can be used; see the warnings\n"));
    g_free(text);
    daemon_stop(&daemon);
    g_unlink(policy);
    g_rmdir(directory);
    g_free(policy);
    g_free(directory);
}

/* --- Certificates -------------------------------------------------------- */

static void show_as(const char *pki, const char *name)
{
    char *authority = g_build_filename(pki, "authority.pem", NULL);
    char *certificate = g_strdup_printf("%s/%s.pem", pki, name);
    char *key = g_strdup_printf("%s/%s.key", pki, name);

    g_setenv("REMEX_TLS_AUTHORITY", authority, TRUE);
    g_setenv("REMEX_TLS_CERTIFICATE", certificate, TRUE);
    g_setenv("REMEX_TLS_KEY", key, TRUE);
    g_free(authority);
    g_free(certificate);
    g_free(key);
}

static void show_nothing(void)
{
    g_unsetenv("REMEX_TLS_AUTHORITY");
    g_unsetenv("REMEX_TLS_CERTIFICATE");
    g_unsetenv("REMEX_TLS_KEY");
    g_unsetenv("REMEX_TLS_NAME");
}

static void certificates_are_looked_at(void)
{
    char *pki = secret_pki();
    struct daemon daemon;
    char *text;

    daemon_start_tls(&daemon, pki);
    show_as(pki, "alice");
    text = ask(CLI("doctor", daemon.address), 0);
    check_finding(text, "ok", "ours", "alice, signed by authority, valid for");
    check_finding(text, "ok", "host", "127.0.0.1 takes connections at port ");
    check_finding(text, "ok", "tls", "TLSv1.3, ");
    check_finding(text, "ok", "certificate", "executor, signed by authority");
    check_finding(text, "ok", "identity", "it proves to be 127.0.0.1");
    check_finding(text, "ok", "principal", "we are cert:alice");
    g_free(text);
    g_setenv("REMEX_TLS_NAME", "another.example", TRUE);
    text = ask(CLI("doctor", daemon.address), 1);
    check_finding(text, "fail", "identity", "hostname mismatch");
    g_free(text);
    show_nothing();
    daemon_stop(&daemon);
    secret_free(pki);
}

static void old_certificates_are_told(void)
{
    char *pki = secret_pki();
    struct daemon daemon;
    char *text;

    daemon_start_tls(&daemon, pki);
    secret_spoil(pki, "alice", -20 * DAY_S, 5 * DAY_S + 60, false);
    show_as(pki, "alice");
    text = ask(CLI("doctor", daemon.address), 0);
    check_finding(text, "warn", "ours", "valid for another 5 days");
    g_free(text);
    secret_spoil(pki, "alice", -20 * DAY_S, -3 * DAY_S + 60, false);
    text = ask(CLI("doctor", daemon.address), 1);
    check_finding(text, "fail", "ours", "expired for 3 days");
    g_free(text);
    show_nothing();
    daemon_stop(&daemon);
    secret_free(pki);
}

static void nobody_at_a_port_is_told(void)
{
    char *text = ask(CLI("doctor", "tls://127.0.0.1:1"), 1);

    check_finding(text, "fail", "host", "nobody takes connections");
    g_free(text);
    text = ask(CLI("doctor", "nonsense"), 1);
    check_finding(text, "fail", "session", "An address begins with");
    g_free(text);
}

/* Its progress is wiped out, and it has colours. */
static void a_terminal_sees_it_at_work(void)
{
    struct seat seat;

    seat_init(&seat, 24, 100, "TERM=vt220 \"$@\"; echo \"[$?]\"",
            CLI("doctor", "local:"));
    seat_expect(&seat, "round trips: ");
    seat_expect(&seat, "throughput: ");
    seat_expect(&seat, "\033[K");
    seat_expect(&seat, "\033[32mok  \033[0m  session");
    seat_expect(&seat, "[0]");
    seat_deinit(&seat);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    g_unsetenv("NO_COLOR");
    show_nothing();
    SUITE_ADD("/cli_doctor", an_executor_that_is_well);
    SUITE_ADD("/cli_doctor", it_can_be_told_to_programs);
    SUITE_ADD("/cli_doctor", what_is_not_there_is_named);
    SUITE_ADD("/cli_doctor", an_executor_that_is_dead);
    SUITE_ADD("/cli_doctor", a_directory_for_everybody);
    SUITE_ADD("/cli_doctor", who_shows_nothing_is_told_what_to_show);
    SUITE_ADD("/cli_doctor", a_policy_may_keep_it_from_measuring);
    SUITE_ADD("/cli_doctor", certificates_are_looked_at);
    SUITE_ADD("/cli_doctor", old_certificates_are_told);
    SUITE_ADD("/cli_doctor", nobody_at_a_port_is_told);
    SUITE_ADD("/cli_doctor", a_terminal_sees_it_at_work);
    return g_test_run();
}
