/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keys, certificates, authorities and tokens are replaced as remexd(8) says
 * under ROTATION, and who is there meanwhile notices nothing.
 */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/echo.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"

static char *in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

/* A client that trusts the authority in a file, as "alice" of a directory. */
static enum remex_status try_to_connect(const struct daemon *daemon,
        const char *authority, const char *directory, struct remex_client **out)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    char *certificate = in(directory, "alice.pem");
    char *key = in(directory, "alice.key");
    enum remex_status status;

    options.tls_authority = authority;
    options.tls_certificate = certificate;
    options.tls_key = key;
    status = remex_client_connect(daemon->address, &options, out, NULL);
    g_free(key);
    g_free(certificate);
    return status;
}

static struct remex_client *connect_as(const struct daemon *daemon,
        const char *authority, const char *directory)
{
    struct remex_client *client = NULL;

    g_assert_cmpint(try_to_connect(daemon, authority, directory, &client), ==,
            REMEX_OK);
    return client;
}

static void check_let_in(const struct daemon *daemon, const char *authority,
        const char *directory)
{
    remex_client_free(connect_as(daemon, authority, directory));
}

static void check_shut_out(const struct daemon *daemon, const char *authority,
        const char *directory)
{
    struct remex_client *client;

    g_assert_cmpint(try_to_connect(daemon, authority, directory, &client), !=,
            REMEX_OK);
}

static void check_made(const char *const *argv)
{
    struct command_result result;

    command_run(argv, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
}

/* --- Certificates --------------------------------------------------------- */

static char *read_file(const char *path)
{
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void move(const char *from_directory, const char *from,
        const char *to_directory, const char *to)
{
    char *old = in(from_directory, from);
    char *new = in(to_directory, to);

    g_assert_cmpint(g_rename(old, new), ==, 0);
    g_free(new);
    g_free(old);
}

static void replace_certificate(const char *pki)
{
    check_made(REMOTE_ARGV(REMEX_BIN_DIR "/remex", "keygen", "executor", pki,
            "next", "localhost", "127.0.0.1"));
    move(pki, "next.key", pki, "executor.key");
    move(pki, "next.pem", pki, "executor.pem");
}

static void the_executors_certificate_can_be_replaced(void)
{
    char *pki = secret_pki();
    char *authority = in(pki, "authority.pem");
    struct daemon daemon;
    struct echo guest;

    daemon_start_tls(&daemon, pki);
    echo_init(&guest, connect_as(&daemon, authority, pki));
    replace_certificate(pki);
    echo_check(&guest);
    daemon_kill_front(&daemon);
    echo_check(&guest);
    check_let_in(&daemon, authority, pki);
    echo_leave(&guest);
    daemon_stop(&daemon);
    g_free(authority);
    secret_free(pki);
}

/* --- Before anybody listens ------------------------------------------------
 */

/* Programs of which the front says that it begins and waits to go on: at its
 * first start only. */
static char *lay_out_programs(void)
{
    char *place = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *front = in(place, "remex-tls-front");
    char *script =
            g_strdup_printf("#!/bin/sh\n"
                            "cd %s\n"
                            "if [ $1 != --check ] && [ -e begun ]; then\n"
                            "    echo begun >begun\n"
                            "    read word <gate\n"
                            "    rm begun\n"
                            "fi\n"
                            "exec %s/remex-tls-front \"$@\"\n",
                    place, REMEX_BIN_DIR);
    char *begun = in(place, "begun");
    char *gate = in(place, "gate");

    check_made(REMOTE_ARGV("cp", REMEX_BIN_DIR "/remexd", place));
    check_made(REMOTE_ARGV("ln", "-s", REMEX_BIN_DIR "/remex-front", place));
    g_assert_true(g_file_set_contents_full(
            front, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
    g_assert_cmpint(mkfifo(begun, 0600), ==, 0);
    g_assert_cmpint(mkfifo(gate, 0600), ==, 0);
    g_free(gate);
    g_free(begun);
    g_free(script);
    g_free(front);
    return place;
}

static void die_with_the_test(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void start_by(
        struct command *command, const char *place, const char *pki)
{
    char *program = in(place, "remexd");
    char *certificate = in(pki, "executor.pem");
    char *key = in(pki, "executor.key");
    char *authority = in(pki, "authority.pem");

    command_start(command,
            REMOTE_ARGV(program, "--ready-fd", "1", "--listen",
                    "tls://127.0.0.1:0", "--tls-certificate", certificate,
                    "--tls-key", key, "--tls-clients", authority),
            die_with_the_test);
    g_free(authority);
    g_free(key);
    g_free(certificate);
    g_free(program);
}

static void expect_logged(const struct command *command, const char *words)
{
    bool found = false;

    while (!found) {
        char *line = command_read_line(command->err);

        g_assert_cmpstr(line, !=, "");
        found = strstr(line, words) != NULL;
        g_free(line);
    }
}

/* Whoever writes to it waits for nobody: it may have ended. */
static int open_gate(const char *place)
{
    char *gate = in(place, "gate");
    int fd = open(gate, O_RDWR | O_CLOEXEC);

    g_assert_cmpint(write(fd, "go\n", 3), ==, 3);
    g_free(gate);
    return fd;
}

static void a_reload_before_the_first_one_listens(void)
{
    char *pki = secret_pki();
    char *authority = in(pki, "authority.pem");
    char *place = lay_out_programs();
    char *begun = in(place, "begun");
    struct command command;
    struct command_result result;
    struct daemon daemon = { .pid = 0 };
    int gate;

    start_by(&command, place, pki);
    g_free(read_file(begun));
    replace_certificate(pki);
    g_assert_cmpint(kill(command.pid, SIGHUP), ==, 0);
    expect_logged(&command, " executor: reloaded: ");
    gate = open_gate(place);
    daemon.address = command_read_line(command.out);
    g_assert_cmpstr(daemon.address, !=, "");
    check_let_in(&daemon, authority, pki);
    g_assert_cmpint(kill(command.pid, SIGTERM), ==, 0);
    command_finish(&command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    close(gate);
    g_free(daemon.address);
    g_free(begun);
    secret_free(place);
    g_free(authority);
    secret_free(pki);
}

/* --- Authorities ------------------------------------------------------------
 */

/* The texts of one or two authorities, into the file of a third. */
static void set_authorities(const char *file, const char *one, const char *two)
{
    char *all = g_strconcat(one, two, NULL);

    g_assert_true(g_file_set_contents(file, all, -1, NULL));
    g_free(all);
}

/* Two authorities, and the file that a client trusts. */
struct change {
    char *old;
    char *new;
    char *clients; /* of the executor: --tls-clients */
    char *trusted; /* by the client */
    char *old_text;
    char *new_text;
};

static void change_init(struct change *change)
{
    char *new_authority;

    *change = (struct change){ .old = secret_pki(), .new = secret_pki() };
    change->clients = in(change->old, "authority.pem");
    change->trusted = in(change->old, "trusted.pem");
    change->old_text = read_file(change->clients);
    new_authority = in(change->new, "authority.pem");
    change->new_text = read_file(new_authority);
    g_free(new_authority);
}

static void change_deinit(struct change *change)
{
    g_free(change->new_text);
    g_free(change->old_text);
    g_free(change->trusted);
    g_free(change->clients);
    secret_free(change->new);
    secret_free(change->old);
}

/* As they come in the page. Who is served again knows that the next front
 * listens. */
static void change_authority(
        struct change *change, const struct daemon *daemon, struct echo *guest)
{
    struct echo newcomer;

    check_shut_out(daemon, change->trusted, change->new);
    set_authorities(change->clients, change->old_text, change->new_text);
    daemon_kill_front(daemon);
    echo_check(guest);
    check_let_in(daemon, change->trusted, change->old);
    echo_init(&newcomer, connect_as(daemon, change->trusted, change->new));

    move(change->new, "executor.key", change->old, "executor.key");
    move(change->new, "executor.pem", change->old, "executor.pem");
    daemon_kill_front(daemon);
    echo_check(guest);

    set_authorities(change->trusted, change->new_text, "");
    set_authorities(change->clients, change->new_text, "");
    daemon_kill_front(daemon);
    echo_check(&newcomer);
    check_let_in(daemon, change->trusted, change->new);
    check_shut_out(daemon, change->trusted, change->old);
    echo_leave(&newcomer);
}

static void an_authority_can_be_replaced(void)
{
    struct change change;
    struct daemon daemon;
    struct echo guest;

    change_init(&change);
    set_authorities(change.trusted, change.old_text, change.new_text);
    daemon_start_tls(&daemon, change.old);
    echo_init(&guest, connect_as(&daemon, change.trusted, change.old));
    change_authority(&change, &daemon, &guest);
    echo_leave(&guest);
    daemon_stop(&daemon);
    change_deinit(&change);
}

/* --- Tokens --------------------------------------------------------------- */

static void check_token(const struct daemon *daemon, const char *token)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_error error;

    options.token = token;
    if (remex_client_connect(daemon->address, &options, &client, &error) !=
            REMEX_OK)
        g_error("%s", error.text);
    remex_client_free(client);
}

static void two_tokens_of_one_name_are_both_good(void)
{
    char *old = secret_token_line("joe", "run", "the old token");
    char *new = secret_token_line("joe", "run", "the new token");
    char *both = g_strconcat(old, new, NULL);
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *path = in(directory, "tokens");
    const char *arguments[] = { "--tokens", path, NULL };
    struct daemon daemon;

    g_assert_true(g_file_set_contents_full(
            path, both, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    daemon_start_with(&daemon, "tcp://127.0.0.1:0", arguments);
    check_token(&daemon, "the old token");
    check_token(&daemon, "the new token");
    daemon_stop(&daemon);
    g_free(path);
    secret_free(directory);
    g_free(both);
    g_free(new);
    g_free(old);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/rotation", the_executors_certificate_can_be_replaced);
    SUITE_ADD("/rotation", a_reload_before_the_first_one_listens);
    SUITE_ADD("/rotation", an_authority_can_be_replaced);
    SUITE_ADD("/rotation", two_tokens_of_one_name_are_both_good);
    return g_test_run();
}
