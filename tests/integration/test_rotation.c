/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Keys, certificates, authorities and tokens are replaced as remexd(8) says
 * under ROTATION, and who is there meanwhile notices nothing.
 */

#include <string.h>

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

static void move(const char *from_directory, const char *from,
        const char *to_directory, const char *to)
{
    char *old = in(from_directory, from);
    char *new = in(to_directory, to);

    g_assert_cmpint(g_rename(old, new), ==, 0);
    g_free(new);
    g_free(old);
}

static void the_executors_certificate_can_be_replaced(void)
{
    char *pki = secret_pki();
    char *authority = in(pki, "authority.pem");
    struct daemon daemon;
    struct echo guest;

    daemon_start_tls(&daemon, pki);
    echo_init(&guest, connect_as(&daemon, authority, pki));
    check_made(REMOTE_ARGV(REMEX_BIN_DIR "/remex", "keygen", "executor", pki,
            "next", "localhost", "127.0.0.1"));
    move(pki, "next.key", pki, "executor.key");
    move(pki, "next.pem", pki, "executor.pem");
    echo_check(&guest);
    daemon_kill_front(&daemon);
    echo_check(&guest);
    check_let_in(&daemon, authority, pki);
    echo_leave(&guest);
    daemon_stop(&daemon);
    g_free(authority);
    secret_free(pki);
}

/* The texts of one or two authorities, into the file of a third. */
static void set_authorities(const char *file, const char *one, const char *two)
{
    char *all = g_strconcat(one, two, NULL);

    g_assert_true(g_file_set_contents(file, all, -1, NULL));
    g_free(all);
}

static char *read_file(const char *path)
{
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
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
    SUITE_ADD("/rotation", an_authority_can_be_replaced);
    SUITE_ADD("/rotation", two_tokens_of_one_name_are_both_good);
    return g_test_run();
}
