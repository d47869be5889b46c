/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SIGHUP while there is much to do: fifty times amid lives that come and go,
 * with fronts that are replaced, and with an executor that dies.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "support/echo.h"
#include "support/reload.h"
#include "support/remote.h"
#include "support/seat.h"
#include "support/secret.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

enum { WORKERS = 3, RELOADS = 50 };

/* --- Lives ---------------------------------------------------------------- */

struct worker {
    const struct reload_scene *scene;
    const char *token;
    gint *stop;
    unsigned int lives;
    GThread *thread;
};

/* All that it said came, and its end. */
static void live(struct remex_client *client, unsigned int number)
{
    char *script = g_strdup_printf(
            "i=0; while [ $i -lt 50 ]; do echo $i of %u; i=$((i+1)); done; "
            "exit %u",
            number, number % 200);
    struct remex_process *process = remote_shell(client, script);
    GString *text = g_string_new("");
    struct transcript story;

    for (unsigned int i = 0; i < 50; i++)
        g_string_append_printf(text, "%u of %u\n", i, number);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, (int)(number % 200));
    transcript_check_text(&story, REMEX_STDOUT, text->str);
    transcript_deinit(&story);
    g_string_free(text, TRUE);
    remex_process_free(process);
    g_free(script);
}

static void *work(void *user)
{
    struct worker *worker = user;
    struct remex_client *client = reload_connect(worker->scene, worker->token);

    while (!g_atomic_int_get(worker->stop) || worker->lives == 0)
        live(client, worker->lives++);
    remex_client_free(client);
    return NULL;
}

/* Each time something else is another, and sometimes all of it is wrong. */
static void change(const struct reload_scene *scene, unsigned int round)
{
    char *policy = g_strdup_printf(
            "for token:nobody%u\n  deny /bin/sh\n%s", round, RELOAD_EVERYBODY);
    char *conf = g_strdup_printf("listen tcp://127.0.0.1:0\ntokens @/tokens\n%s"
                                 "limit processes=%u\nretention %u\n%s",
            round % 3 == 0 ? "" : "policy @/policy\n", 50 + round, 10 + round,
            round % 7 == 6 ? "nonsense\n" : "");

    reload_put(scene, "policy", policy);
    reload_put(scene, "conf", conf);
    g_assert_cmpint(reload_ask(scene), ==, (round % 7 != 6));
    g_free(conf);
    g_free(policy);
}

static void lives_go_on_while_it_is_reloaded_fifty_times(void)
{
    static const char *const tokens[WORKERS] = { "ann", "bob", "ann" };
    struct worker workers[WORKERS];
    struct reload_scene scene;
    gint stop = 0;

    reload_init(&scene);
    for (size_t i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){ &scene, tokens[i], &stop, 0, NULL };
        workers[i].thread = g_thread_new("worker", work, &workers[i]);
    }
    for (unsigned int i = 0; i < RELOADS; i++)
        change(&scene, i);
    g_atomic_int_set(&stop, 1);
    for (size_t i = 0; i < WORKERS; i++) {
        g_thread_join(workers[i].thread);
        g_test_message("%u lives", workers[i].lives);
    }
    reload_deinit(&scene);
}

/* Whoever asks again before it is done gets one more. */
static void a_shower_of_signals_is_answered(void)
{
    struct reload_scene scene;

    reload_init(&scene);
    reload_put_tokens(&scene, REMOTE_ARGV("joe run"));
    for (unsigned int i = 0; i < 1000; i++)
        g_assert_cmpint(kill(scene.daemon.pid, SIGHUP), ==, 0);
    g_assert_true(reload_ask(&scene));
    remex_client_free(reload_connect(&scene, "joe"));
    reload_deinit(&scene);
}

/* --- TLS ------------------------------------------------------------------ */

static void put_tls_conf(const struct reload_scene *scene, const char *pki)
{
    char *text = g_strdup_printf("listen tls://127.0.0.1:0\ntokens @/tokens\n"
                                 "tls-certificate %s/executor.pem\n"
                                 "tls-key %s/executor.key\n",
            pki, pki);

    reload_put(scene, "conf", text);
    g_free(text);
}

static enum remex_status try_tls(const struct reload_scene *scene,
        const char *authority, struct remex_client **out)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);

    options.token = "ann";
    options.tls_authority = authority;
    return remex_client_connect(scene->daemon.address, &options, out, NULL);
}

static void check_shut_out(
        const struct reload_scene *scene, const char *authority)
{
    struct remex_client *client;

    g_assert_cmpint(try_tls(scene, authority, &client), !=, REMEX_OK);
}

/* Two authorities, and a file with both. */
struct authorities {
    char *old;
    char *new;
    char *both;
};

static void authorities_init(struct authorities *files,
        const struct reload_scene *scene, const char *old, const char *new)
{
    char *texts[3] = { NULL };
    char *all;

    files->old = g_build_filename(old, "authority.pem", NULL);
    files->new = g_build_filename(new, "authority.pem", NULL);
    files->both = g_build_filename(scene->directory, "both", NULL);
    g_assert_true(g_file_get_contents(files->old, &texts[0], NULL, NULL));
    g_assert_true(g_file_get_contents(files->new, &texts[1], NULL, NULL));
    all = g_strjoinv("", texts);
    reload_put(scene, "both", all);
    g_free(all);
    g_free(texts[0]);
    g_free(texts[1]);
}

static void authorities_deinit(struct authorities *files)
{
    g_free(files->both);
    g_free(files->new);
    g_free(files->old);
}

/* Who is served again knows that the next front listens. */
static void change_certificate(const struct reload_scene *scene,
        const struct authorities *files, const char *new, struct echo *guest)
{
    struct remex_client *client;
    pid_t front = daemon_front(&scene->daemon);

    check_shut_out(scene, files->new);
    g_assert_true(reload_ask(scene)); /* nothing is another */
    g_assert_cmpint(daemon_front(&scene->daemon), ==, front);
    put_tls_conf(scene, new);
    g_assert_true(reload_ask(scene));
    reload_check_logged(scene, "is replaced, for its files are other ones");
    echo_check(guest);
    g_assert_cmpint(try_tls(scene, files->new, &client), ==, REMEX_OK);
    remex_client_free(client);
    check_shut_out(scene, files->old);
}

/* Whoever trusts both goes on through the front that has the other one. */
static void a_certificate_is_another(void)
{
    struct reload_scene scene;
    struct authorities files;
    struct remex_client *client;
    struct echo guest;
    char *old = secret_pki();
    char *new = secret_pki();

    reload_lay_out(&scene);
    authorities_init(&files, &scene, old, new);
    put_tls_conf(&scene, old);
    reload_begin(&scene, NULL, NULL);
    g_assert_cmpint(try_tls(&scene, files.both, &client), ==, REMEX_OK);
    echo_init(&guest, client);
    change_certificate(&scene, &files, new, &guest);
    reload_put(&scene, "conf",
            "listen tls://127.0.0.1:0\ntokens @/tokens\n"
            "tls-certificate @/tokens\ntls-key @/tokens\n");
    g_assert_false(reload_ask(&scene));
    reload_check_logged(&scene, "the certificate in @/tokens");
    echo_check(&guest);
    echo_leave(&guest);
    authorities_deinit(&files);
    secret_free(new);
    secret_free(old);
    reload_deinit(&scene);
}

/* --- Users ---------------------------------------------------------------- */

static void check_runs_as(struct remex_client *client, const char *uid)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct transcript story;

    options.cwd = "/";
    process = remote_start(
            client, REMOTE_ARGV("/bin/sh", "-c", "id -u"), &options);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, uid);
    transcript_deinit(&story);
    remex_process_free(process);
}

/* With no more rights than it has kept for that. */
static void whom_programs_run_as_is_another(void)
{
    struct reload_scene scene;
    struct remex_client *client;

    if (geteuid() != 0) {
        g_test_skip("only root starts programs as others");
        return;
    }
    reload_lay_out(&scene);
    reload_put(&scene, "conf",
            "listen tcp://127.0.0.1:0\ntokens @/tokens\npolicy @/policy\n"
            "run-as 65534:65534\n");
    reload_begin(&scene, NULL, NULL);
    client = reload_connect(&scene, "ann");
    check_runs_as(client, "65534\n");
    reload_put(&scene, "policy",
            "for token:ann\n  user 65533:65533\n  allow /bin/sh ...\n");
    g_assert_true(reload_ask(&scene));
    check_runs_as(client, "65533\n");
    reload_put(&scene, "policy", RELOAD_EVERYBODY);
    g_assert_true(reload_ask(&scene));
    check_runs_as(client, "65534\n");
    remex_client_free(client);
    reload_deinit(&scene);
}

/* --- Ends ----------------------------------------------------------------- */

/* Whoever starts it again starts it with what the files say. */
static void after_its_death_it_comes_back_with_what_was_reloaded(void)
{
    struct reload_scene scene;
    struct command_result result;

    reload_init(&scene);
    reload_put_tokens(&scene, REMOTE_ARGV("joe run"));
    g_assert_true(reload_ask(&scene));
    kill(daemon_executor(&scene.daemon), SIGKILL);
    command_finish(&scene.command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 128 + SIGKILL);
    command_result_deinit(&result);
    manager_deinit(&scene.manager);
    g_free(scene.daemon.address);
    reload_begin(&scene, NULL, NULL);
    remex_client_free(reload_connect(&scene, "joe"));
    reload_check_shut_out(&scene, "ann");
    reload_deinit(&scene);
}

/* How long it takes to end is for the newest one to say. */
static void it_drains_as_it_was_told_last(void)
{
    struct reload_scene scene;
    struct remex_client *client;
    struct remex_process *process;
    struct command_result result;
    char *heard;

    reload_init(&scene);
    reload_put(&scene, "conf",
            "listen tcp://127.0.0.1:0\ntokens @/tokens\ndrain 1000\n");
    g_assert_true(reload_ask(&scene));
    client = reload_connect(&scene, "ann");
    process = remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    kill(scene.daemon.pid, SIGTERM);
    heard = manager_expect(&scene.manager, scene.daemon.pid, "STATUS=Draining");
    g_free(heard);
    kill(scene.daemon.pid, SIGHUP);  /* it ends: nothing is read any more */
    kill(scene.daemon.pid, SIGTERM); /* in order still, and not by a kill */
    command_finish(&scene.command, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    remex_process_free(process);
    remex_client_free(client);
    manager_deinit(&scene.manager);
    g_free(scene.daemon.address);
    reload_clear(&scene);
}

/* It was started from a terminal, which is gone. */
static void it_ends_with_its_terminal(void)
{
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *address = g_strdup_printf("ipc://%s/socket", directory);
    struct seat seat;
    pid_t pid;

    seat_init(&seat, 24, 80, "sh -c 'echo \"<$$>\"; exec \"$@\"' sh \"$@\"",
            REMOTE_ARGV(REMEX_BIN_DIR "/remexd", "--listen", address));
    pid = seat_expect_pid(&seat);
    seat_expect(&seat, "listening on ");
    g_assert_cmpint(kill(pid, SIGHUP), ==, 0);
    seat_expect(&seat, "reloaded: ");
    seat_deinit(&seat);
    g_assert_true(tree_wait_gone(pid, 20000));
    secret_free(directory);
    g_free(address);
}

/* The kernel's SIGHUP comes while the terminal is still there: for a moment, to
 * the group in front of it when the session's leader ends, as above; and for as
 * long as you like, to a group that nobody at the terminal can continue any
 * more, of which one is stopped. */
static void it_ends_when_the_kernel_says_so(void)
{
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *address = g_strdup_printf("ipc://%s/socket", directory);
    struct seat seat;
    pid_t neighbour, pid;

    seat_init(&seat, 24, 80,
            "sh -mc '{ sleep 1000 & echo \"<$!>\"; exec \"$@\"; } & read key'"
            " sh \"$@\"",
            REMOTE_ARGV(REMEX_BIN_DIR "/remexd", "--listen", address));
    neighbour = seat_expect_pid(&seat);
    pid = getpgid(neighbour);
    seat_expect(&seat, "listening on ");
    g_assert_cmpint(kill(neighbour, SIGSTOP), ==, 0);
    g_assert_true(tree_wait_stopped(neighbour, 20000));
    seat_type_text(&seat, "\n");
    g_assert_true(tree_wait_gone(pid, 20000));
    seat_deinit(&seat);
    secret_free(directory);
    g_free(address);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    suite_start_nng();
    SUITE_ADD("/reload_load", lives_go_on_while_it_is_reloaded_fifty_times);
    SUITE_ADD("/reload_load", a_shower_of_signals_is_answered);
    SUITE_ADD("/reload_load", a_certificate_is_another);
    SUITE_ADD("/reload_load", whom_programs_run_as_is_another);
    SUITE_ADD("/reload_load",
            after_its_death_it_comes_back_with_what_was_reloaded);
    SUITE_ADD("/reload_load", it_drains_as_it_was_told_last);
    SUITE_ADD("/reload_load", it_ends_with_its_terminal);
    SUITE_ADD("/reload_load", it_ends_when_the_kernel_says_so);
    return g_test_run();
}
