/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_tree_limits.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/secret.h"
#include "support/suite.h"

#define MAX_ARGUMENTS 50

/* Parses "remexd", then these. */
static enum remex_status parse(struct config *config,
        const char *const *arguments, struct remex_error *error)
{
    char *argv[MAX_ARGUMENTS];
    int count = 0;
    enum remex_status status;

    argv[count++] = g_strdup("remexd");
    for (; *arguments; arguments++)
        argv[count++] = g_strdup(*arguments);
    argv[count] = NULL;
    status = config_parse(config, count, argv, error);
    for (int i = 0; i < count; i++)
        g_free(argv[i]);
    return status;
}

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void check_refused(const char *const *arguments, const char *reason)
{
    struct remex_error error;
    struct config config;

    g_assert_cmpint(parse(&config, arguments, &error), !=, REMEX_OK);
    if (!strstr(error.text, reason))
        g_error("'%s' does not say '%s'", error.text, reason);
    config_deinit(&config);
}

/* A file with this text and mode; yours to remove and free. */
static char *make_file(const char *text, int mode)
{
    char *path;
    int fd = g_file_open_tmp("remex-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    g_assert_cmpint(fchmod(fd, (mode_t)mode), ==, 0);
    close(fd);
    return path;
}

static void remove_file(char *path)
{
    g_unlink(path);
    g_free(path);
}

static void options_are_understood_in_both_forms(void)
{
    char *line = secret_token_line("joe", "observe", "whatever it is");
    char *tokens = make_file(line, 0600);
    char *option = g_strconcat("--tokens=", tokens, NULL);
    struct remex_error error;
    struct config config;

    g_assert_cmpint(parse(&config,
                            ARGUMENTS("--listen", "ipc:///a", option,
                                    "--listen=tcp://127.0.0.1:0", "--ready-fd",
                                    "1", "--retention", "86400"),
                            &error),
            ==, REMEX_OK);
    g_assert_cmpuint(config.address_count, ==, 2);
    g_assert_cmpint(config.addresses[1].kind, ==, ADDRESS_TCP);
    g_assert_cmpint(config.ready_fd, ==, 1);
    g_assert_cmpuint(config.retention_ms, ==, 86400000);
    g_assert_cmpint(config.embedded_fd, ==, -1);
    g_assert_cmpuint(config.tokens.count, ==, 1);
    g_assert_cmpstr(config.tokens.all[0].name, ==, "joe");
    config_deinit(&config);
    g_free(option);
    g_free(line);
    remove_file(tokens);
}

static void help_and_version_need_nothing_else(void)
{
    struct remex_error error;
    struct config config;

    g_assert_cmpint(parse(&config, ARGUMENTS("--help", "nonsense"), &error), ==,
            REMEX_OK);
    g_assert_true(config.help);
    g_assert_cmpint(
            parse(&config, ARGUMENTS("--version"), &error), ==, REMEX_OK);
    g_assert_true(config.version);
}

static void what_is_not_understood_is_refused(void)
{
    check_refused(ARGUMENTS("--nonsense"), "--nonsense: there is no such");
    check_refused(ARGUMENTS("here"), "here: there is no such");
    check_refused(ARGUMENTS("--listen"), "--listen: its value is missing");
    check_refused(ARGUMENTS("--listen", "what"), "what");
    check_refused(ARGUMENTS("--ready-fd", "x"), "not an open descriptor");
    check_refused(ARGUMENTS("--ready-fd", "1x"), "not an open descriptor");
    check_refused(ARGUMENTS("--ready-fd", "999"), "not an open descriptor");
    check_refused(ARGUMENTS("--ready-fd", ""), "not an open descriptor");
    check_refused(ARGUMENTS("--retention", "0"), "1 to 86400");
    check_refused(ARGUMENTS("--retention", "86401"), "1 to 86400");
    check_refused(ARGUMENTS("--retention", "80s"), "1 to 86400");
    check_refused(ARGUMENTS("--retention", ""), "1 to 86400");
    check_refused(ARGUMENTS("--run-as", "no-such-user"),
            "--run-as: there is no user 'no-such-user'");
    check_refused(ARGUMENTS("--run-as", "1234567890"), "give a group as well");
    check_refused(ARGUMENTS("--run-as="), "neither USER nor USER:GROUP");
    check_refused(
            ARGUMENTS("--embedded", "0", "--listen", "ipc:///a"), "--embedded");
}

static void check_accepted(const char *const *arguments)
{
    struct remex_error error = { .text = "" };
    struct config config;
    enum remex_status status = parse(&config, arguments, &error);

    if (status != REMEX_OK)
        g_error("refused: %s", error.text);
    config_deinit(&config);
}

static void a_relay_listens_nowhere_or_stays(void)
{
    check_accepted(ARGUMENTS("--stdio"));
    check_accepted(ARGUMENTS("--stdio", "--stay"));
    check_accepted(ARGUMENTS("--stdio", "--stay", "--listen", "ipc:///a"));
    check_refused(ARGUMENTS("--stay"), "--stay: only with --stdio");
    check_refused(ARGUMENTS("--stdio=yes"), "--stdio: it has no value");
    check_refused(ARGUMENTS("--stdio", "--embedded", "0"),
            "--stdio: not with --embedded");
    check_refused(ARGUMENTS("--stdio", "--listen", "ipc:///a"),
            "a place of its own; with --listen say --stay");
    check_refused(ARGUMENTS("--stdio", "--stay", "--listen", "ipc:///a",
                          "--listen", "ipc:///b"),
            "--stay: it needs one ipc:// address");
    check_refused(
            ARGUMENTS("--stdio", "--stay", "--listen", "tcp://127.0.0.1:1"),
            "--stay: it needs one ipc:// address");
}

static void fronts_and_programs_are_of_different_users(void)
{
    if (credentials_check_means(NULL) != REMEX_OK) {
        g_test_skip("only root can become another user");
        return;
    }
    check_refused(ARGUMENTS("--run-as", "nobody", "--front-user", "nobody"),
            "--front-user: programs run as the same");
    check_accepted(ARGUMENTS("--run-as", "nobody", "--front-user", "daemon"));
}

static void addresses_have_an_end(void)
{
    const char *arguments[MAX_ARGUMENTS] = { NULL };

    for (size_t i = 0; i < 17; i++)
        arguments[i] = "--listen=ipc:///a";
    check_refused(arguments, "too many");
}

static void what_is_not_safe_is_refused(void)
{
    char *line = secret_token_line("joe", "run", "whatever it is");
    char *tokens = make_file(line, 0600);
    char *option = g_strconcat("--tokens=", tokens, NULL);

    check_refused(ARGUMENTS("--listen", "tcp://127.0.0.1:0"), "--tokens");
    check_refused(ARGUMENTS("--listen", "tcp://192.0.2.1:7000", option),
            "without encryption");
    check_refused(ARGUMENTS("--listen", "tcp://0.0.0.0:7000", option),
            "without encryption");
    check_refused(
            ARGUMENTS("--listen", "local:"), "not an address to listen on");
    check_refused(
            ARGUMENTS("--listen", "tcp://127.0.0.1:65535", option), "65535");
    g_free(option);
    g_free(line);
    remove_file(tokens);
}

static void tls_wants_its_files_and_somebody_to_let_in(void)
{
    char *line = secret_token_line("joe", "run", "whatever it is");
    char *tokens = make_file(line, 0600);
    char *open_file = make_file("", 0644);
    char *secret = make_file("", 0600);

    check_refused(ARGUMENTS("--listen", "tls://0.0.0.0:1", "--tokens", tokens),
            "--tls-certificate");
    check_refused(ARGUMENTS("--listen", "tls://0.0.0.0:1", "--tls-certificate",
                          open_file, "--tls-key", secret),
            "let everybody in");
    check_refused(ARGUMENTS("--tls-key", open_file), "not secret");
    check_refused(ARGUMENTS("--tls-key", "/nowhere"), "cannot open");
    check_refused(ARGUMENTS("--tls-certificate", "/nowhere"), "cannot read");
    check_refused(ARGUMENTS("--tls-clients", "/nowhere"), "cannot read");
    g_free(line);
    remove_file(tokens);
    remove_file(open_file);
    remove_file(secret);
}

static void tokens_that_are_no_secret_are_refused(void)
{
    char *line = secret_token_line("joe", "run", "whatever it is");
    char *loose = make_file(line, 0640);
    char *empty = make_file("\n# nobody\n", 0600);

    check_refused(ARGUMENTS("--tokens", loose), "not secret");
    check_refused(ARGUMENTS("--tokens", empty), "there is no token");
    check_refused(ARGUMENTS("--tokens", "/nowhere"), "cannot open");
    check_refused(ARGUMENTS("--tokens", "/dev/zero"), "not a file");
    g_free(line);
    remove_file(loose);
    remove_file(empty);
}

static void limits_are_set_and_must_work_together(void)
{
    struct remex_error error;
    struct config config;

    g_assert_cmpint(
            parse(&config,
                    ARGUMENTS("--limit", "processes=1000", "--limit=parked=9"),
                    &error),
            ==, REMEX_OK);
    g_assert_cmpuint(config.limits.processes, ==, 1000);
    g_assert_cmpuint(config.limits.parked, ==, 9);
    check_refused(ARGUMENTS("--limit", "process=9"),
            "--limit 'process=9': there is no limit of that name");
    check_refused(ARGUMENTS("--limit", "parked=100"), "lower one of them");
}

static void check_kept(const struct config *config, unsigned int available,
        enum remex_status status, const char *limit)
{
    struct remex_error error = { .text = "" };

    g_assert_cmpint(
            config_check_tree_limits(config, available, &error), ==, status);
    if (!strstr(error.text, limit))
        g_error("'%s' does not say '%s'", error.text, limit);
}

static void limits_that_cannot_be_kept_are_told(void)
{
    char *policy = make_file("for uid:1\nlimit cpu_millis=50\n"
                             "for uid:2\nlimit pids=0\n",
            0644);
    struct remex_error error;
    struct config config;

    g_assert_cmpint(
            parse(&config, ARGUMENTS("--limit=pids=9", "--policy", policy),
                    &error),
            ==, REMEX_OK);
    check_kept(&config, 0, REMEX_UNIMPLEMENTED, "the limit pids takes");
    check_kept(&config, TREE_LIMIT(TREE_PIDS), REMEX_UNIMPLEMENTED,
            "the limit cpu_millis takes");
    check_kept(&config, TREE_LIMIT(TREE_PIDS) | TREE_LIMIT(TREE_CPU), REMEX_OK,
            "");
    config_deinit(&config);
    g_assert_cmpint(
            parse(&config, ARGUMENTS("--retention=9"), &error), ==, REMEX_OK);
    check_kept(&config, 0, REMEX_OK, "");
    config_deinit(&config);
    remove_file(policy);
}

static void check_policy_refused(const char *text, int mode, const char *why)
{
    char *path = make_file(text, mode);
    struct remex_error error;
    struct config config;

    g_assert_cmpint(
            parse(&config, ARGUMENTS("--policy", path), &error), !=, REMEX_OK);
    if (!strstr(error.text, why))
        g_error("'%s' does not say '%s'", error.text, why);
    config_deinit(&config);
    remove_file(path);
}

static void a_policy_that_is_wrong_is_refused(void)
{
    static const char good[] = "for *\nallow /bin/true\n";
    char *path = make_file(good, 0644);
    struct remex_error error;
    struct config config;

    g_assert_cmpint(
            parse(&config, ARGUMENTS("--policy", path), &error), ==, REMEX_OK);
    g_assert_nonnull(config.policy.sections);
    config_deinit(&config);
    remove_file(path);
    check_policy_refused(
            "for *\n\nallow true\n", 0644, ":3: a program is an absolute path");
    check_policy_refused("", 0644, "there is no line 'for");
    check_policy_refused(good, 0664, "others can change the policy");
    check_policy_refused(good, 0646, "others can change the policy");
    check_policy_refused("for *\nlimit parked=100\n", 0644,
            ":1: the limits sessions_in_all=256 and parked=100");
    check_policy_refused(
            "for *\nuser no-such-user\nallow /bin/true\n", 0644, ":1: ");
    check_refused(ARGUMENTS("--policy", "/nowhere"), "cannot open");
    check_refused(ARGUMENTS("--policy", "/dev/zero"), "not a file");
}

/* Who can become others has to say whom. */
static void whoever_has_no_user_is_told(void)
{
    static const char text[] = "for uid:1\nuser nobody\nallow /bin/true\n"
                               "for uid:2\nfor *\nallow /bin/true\n";
    char *path;
    struct remex_error error;
    struct config config;

    if (credentials_check_means(NULL) != REMEX_OK) {
        g_test_skip("only root can become another user");
        return;
    }
    check_policy_refused(text, 0644, ":5: others have a user");
    path = make_file(text, 0644);
    g_assert_cmpint(
            parse(&config, ARGUMENTS("--policy", path, "--run-as", "nobody"),
                    &error),
            ==, REMEX_OK);
    g_assert_true(config.changes_user);
    config_deinit(&config);
    check_accepted(ARGUMENTS(
            "--policy", path, "--run-as", "daemon", "--front-user", "sys"));
    check_refused(ARGUMENTS("--policy", path, "--run-as", "daemon",
                          "--front-user", "nobody"),
            ":1: they cannot have the user of --front-user");
    remove_file(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/config", options_are_understood_in_both_forms);
    SUITE_ADD("/config", help_and_version_need_nothing_else);
    SUITE_ADD("/config", what_is_not_understood_is_refused);
    SUITE_ADD("/config", a_relay_listens_nowhere_or_stays);
    SUITE_ADD("/config", fronts_and_programs_are_of_different_users);
    SUITE_ADD("/config", addresses_have_an_end);
    SUITE_ADD("/config", what_is_not_safe_is_refused);
    SUITE_ADD("/config", tls_wants_its_files_and_somebody_to_let_in);
    SUITE_ADD("/config", tokens_that_are_no_secret_are_refused);
    SUITE_ADD("/config", limits_are_set_and_must_work_together);
    SUITE_ADD("/config", limits_that_cannot_be_kept_are_told);
    SUITE_ADD("/config", a_policy_that_is_wrong_is_refused);
    SUITE_ADD("/config", whoever_has_no_user_is_told);
    return g_test_run();
}
