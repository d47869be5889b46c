/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SIGHUP: remexd reads its files anew, all of them or none, and whoever is
 * there meanwhile goes on.
 */

#include <string.h>

#include <glib.h>

#include "support/echo.h"
#include "support/reload.h"
#include "support/remote.h"
#include "support/suite.h"

enum { PATIENCE_MS = 20000 };

/* --- What is allowed ------------------------------------------------------ */

static enum remex_status try_shell(
        struct remex_client *client, struct remex_error *error)
{
    struct remex_process *process = NULL;
    enum remex_status status = remex_process_start(
            client, REMOTE_ARGV("sh", "-c", ":"), NULL, &process, error);

    remex_process_free(process);
    return status;
}

static void check_starts(struct remex_client *client, enum remex_status status)
{
    struct remex_error error;

    g_assert_cmpint(try_shell(client, &error), ==, status);
}

/* His library finds out by a Resume, if it has not before he asks. */
static void check_cut_off(struct remex_client *client)
{
    check_starts(client, REMEX_DISCONNECTED);
}

/* --- Good ones, bad ones -------------------------------------------------- */

static void tokens_come_and_go(void)
{
    struct reload_scene scene;
    struct echo ann;
    struct remex_client *bob;
    struct remex_event event;

    reload_init(&scene);
    echo_init(&ann, reload_connect(&scene, "ann"));
    bob = reload_connect(&scene, "bob");
    reload_check_shut_out(&scene, "joe");
    reload_put_tokens(&scene, REMOTE_ARGV("ann run", "joe run"));
    g_assert_true(reload_ask(&scene));
    reload_check_logged(
            &scene, " info executor: reloaded: 2 tokens, 1 sections");
    echo_check(&ann);
    reload_check_shut_out(&scene, "bob");
    remex_client_free(reload_connect(&scene, "joe"));
    check_cut_off(bob);

    /* Nor does she get anything more. Her client tries to come again, and is
     * told for good. */
    reload_put_tokens(&scene, REMOTE_ARGV("joe run"));
    g_assert_true(reload_ask(&scene));
    do
        g_assert_cmpint(remex_process_next_event(ann.cat, PATIENCE_MS, &event),
                ==, REMEX_OK);
    while (event.kind != REMEX_EVENT_FAILED);
    g_assert_cmpint(event.failure, ==, REMEX_FAILURE_NOT_AUTHORISED);
    remex_client_free(bob);
    echo_leave(&ann);
    reload_deinit(&scene);
}

/* A process is its principal's, whatever becomes of a token of his. */
static void what_runs_stays_its_owners(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct reload_scene scene;
    struct remex_client *ann;
    struct remex_process *process;

    reload_init(&scene);
    ann = reload_connect(&scene, "ann");
    options.id = "long";
    process = remote_start(
            ann, REMOTE_ARGV("sh", "-c", "exec sleep 1000"), &options);
    reload_put_tokens(&scene, REMOTE_ARGV("ann run another"));
    g_assert_true(reload_ask(&scene));
    check_cut_off(ann);
    reload_check_shut_out(&scene, "ann");
    remex_process_free(process);
    remex_client_free(ann);

    ann = reload_connect(&scene, "another");
    g_assert_cmpint(remex_process_attach(ann, "long", NULL, &process, NULL), ==,
            REMEX_OK);
    g_assert_cmpint(remex_process_terminate(process, NULL, NULL), ==, REMEX_OK);
    remex_process_free(process);
    remex_client_free(ann);
    reload_deinit(&scene);
}

static void a_role_is_another(void)
{
    struct reload_scene scene;
    struct remex_client *ann;
    struct remex_client *eve;

    reload_init(&scene);
    ann = reload_connect(&scene, "ann");
    eve = reload_connect(&scene, "eve");
    check_starts(ann, REMEX_OK);
    check_starts(eve, REMEX_PERMISSION_DENIED);
    reload_put_tokens(&scene, REMOTE_ARGV("ann observe", "eve run"));
    g_assert_true(reload_ask(&scene));
    check_starts(ann, REMEX_PERMISSION_DENIED);
    check_starts(eve, REMEX_OK);
    remex_client_free(eve);
    remex_client_free(ann);
    reload_deinit(&scene);
}

static void a_policy_is_narrowed_and_widened(void)
{
    struct reload_scene scene;
    struct echo ann;
    struct remex_client *bob;

    reload_init(&scene);
    echo_init(&ann, reload_connect(&scene, "ann"));
    bob = reload_connect(&scene, "bob");
    reload_put(&scene, "policy", "for token:bob\n  allow /bin/sh ...\n");
    g_assert_true(reload_ask(&scene));
    echo_check(&ann); /* what runs goes on */
    check_starts(ann.client, REMEX_PERMISSION_DENIED);
    check_starts(bob, REMEX_OK);
    reload_put(&scene, "policy", RELOAD_EVERYBODY);
    g_assert_true(reload_ask(&scene));
    check_starts(ann.client, REMEX_OK);
    reload_put(&scene, "conf", "listen tcp://127.0.0.1:0\ntokens @/tokens\n");
    g_assert_true(reload_ask(&scene)); /* everybody everything */
    check_starts(ann.client, REMEX_OK);
    reload_put(&scene, "policy", "for token:nobody\n  allow /bin/sh ...\n");
    reload_put(&scene, "conf",
            "listen tcp://127.0.0.1:0\ntokens @/tokens\npolicy @/policy\n");
    g_assert_true(reload_ask(&scene));
    check_starts(bob, REMEX_PERMISSION_DENIED);
    echo_check(&ann);
    remex_client_free(bob);
    echo_leave(&ann);
    reload_deinit(&scene);
}

static void put_limit(const struct reload_scene *scene, const char *limit)
{
    char *text = g_strdup_printf("listen tcp://127.0.0.1:0\ntokens @/tokens\n"
                                 "policy @/policy\n%s\n",
            limit);

    reload_put(scene, "conf", text);
    g_free(text);
}

static void limits_are_others(void)
{
    struct reload_scene scene;
    struct echo ann;
    struct echo two;
    struct remex_error error = { 0 };

    reload_init(&scene);
    echo_init(&ann, reload_connect(&scene, "ann"));
    echo_init(&two, reload_connect(&scene, "ann"));
    put_limit(&scene, "limit processes=1");
    g_assert_true(reload_ask(&scene));
    g_assert_cmpint(
            try_shell(ann.client, &error), ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(error.name, ==, "processes");
    echo_check(&ann); /* both were there before */
    echo_check(&two);
    put_limit(&scene, "limit processes=3");
    g_assert_true(reload_ask(&scene));
    check_starts(ann.client, REMEX_OK);
    put_limit(&scene, "limit retained_bytes_per_principal=1048576");
    g_assert_true(reload_ask(&scene));
    g_assert_cmpint(
            try_shell(ann.client, &error), ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(error.name, ==, "retained_bytes_per_principal");
    put_limit(&scene, "");
    g_assert_true(reload_ask(&scene));
    check_starts(ann.client, REMEX_OK);
    echo_leave(&two);
    echo_leave(&ann);
    reload_deinit(&scene);
}

/* What is typed stays, and wins where it is typed last. */
static void the_command_line_counts_as_at_the_start(void)
{
    struct reload_scene scene;
    struct remex_client *ann;
    struct remex_client *more;

    reload_lay_out(&scene);
    reload_begin(&scene, "--limit", "sessions=1");
    put_limit(&scene, "limit sessions=7");
    g_assert_true(reload_ask(&scene));
    ann = reload_connect(&scene, "ann");
    g_assert_cmpint(reload_try_connect(&scene, "ann", &more), ==,
            REMEX_RESOURCE_EXHAUSTED);
    remex_client_free(ann);
    reload_deinit(&scene);
}

/* Tries one that is wrong: everything is as before. */
static void check_bad(const struct reload_scene *scene, struct echo *guest,
        const char *name, const char *text, const char *reason)
{
    reload_put(scene, name, text);
    g_assert_false(reload_ask(scene));
    reload_check_logged(
            scene, " error executor: not reloaded, and nothing is changed");
    reload_check_logged(scene, reason);
    reload_check_shut_out(scene, "joe");
    check_starts(guest->client, REMEX_OK);
    echo_check(guest);
}

static void a_bad_one_changes_nothing(void)
{
    struct reload_scene scene;
    struct echo ann;

    reload_init(&scene);
    echo_init(&ann, reload_connect(&scene, "ann"));
    reload_put_tokens(&scene, REMOTE_ARGV("joe run")); /* would be good */
    check_bad(&scene, &ann, "policy", "for *\nallow sh\n", "@/policy:2: ");
    reload_put(&scene, "policy", "for token:joe\nallow /bin/sh ...\n");
    check_bad(&scene, &ann, "conf",
            "tokens @/tokens\npolicy @/policy\nretention never\n",
            "@/conf:3: --retention: ");
    check_bad(&scene, &ann, "conf",
            "listen tcp://127.0.0.1:0\ntokens @/none\npolicy @/policy\n",
            "@/conf:2: ");
    check_bad(&scene, &ann, "conf", "policy @/policy\n",
            "give a --tokens file (as long as --listen is what it is)");
    check_bad(&scene, &ann, "conf",
            "listen tcp://127.0.0.1:0\ntokens @/tokens\npolicy @/policy\n"
            "limit retained_bytes=1048576\n"
            "limit retained_bytes_per_principal=65536\n",
            "retained_bytes=1048576 is more than");
    reload_put(&scene, "conf",
            "listen tcp://127.0.0.1:0\ntokens @/tokens\npolicy @/policy\n");
    check_bad(&scene, &ann, "tokens", "joe run nonsense\n",
            "@/conf:2: @/tokens:1: a digest is");
    reload_put_tokens(&scene, REMOTE_ARGV("joe run", "ann run"));
    g_assert_true(reload_ask(&scene));
    remex_client_free(reload_connect(&scene, "joe"));
    echo_check(&ann);
    echo_leave(&ann);
    reload_deinit(&scene);
}

static void what_takes_a_restart_is_named_and_the_rest_taken(void)
{
    struct reload_scene scene;

    reload_init(&scene);
    reload_put_tokens(&scene, REMOTE_ARGV("joe run"));
    reload_put(&scene, "conf",
            "listen tcp://127.0.0.1:0\nlisten ipc://@/socket\n"
            "tokens @/tokens\nmetrics 127.0.0.1:0\n");
    g_assert_true(reload_ask(&scene));
    reload_check_logged(
            &scene, " warning executor: reloaded but for --listen, ");
    reload_check_logged(
            &scene, " warning executor: reloaded but for --metrics, ");
    remex_client_free(reload_connect(&scene, "joe"));
    reload_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/reload", tokens_come_and_go);
    SUITE_ADD("/reload", what_runs_stays_its_owners);
    SUITE_ADD("/reload", a_role_is_another);
    SUITE_ADD("/reload", a_policy_is_narrowed_and_widened);
    SUITE_ADD("/reload", limits_are_others);
    SUITE_ADD("/reload", the_command_line_counts_as_at_the_start);
    SUITE_ADD("/reload", a_bad_one_changes_nothing);
    SUITE_ADD("/reload", what_takes_a_restart_is_named_and_the_rest_taken);
    return g_test_run();
}
