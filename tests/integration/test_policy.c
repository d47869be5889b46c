/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A policy as its users meet it: who may run what, what is refused and how, and
 * that what was checked is what runs.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"
#include "support/transcript.h"

/* A remexd with tokens and a policy, and a directory with programs of ours. */
struct place {
    char *directory;
    char *tokens;
    char *policy;
    struct daemon daemon;
};

static char *path_of(const struct place *place, const char *name)
{
    return g_build_filename(place->directory, name, NULL);
}

static char *put_file(
        const struct place *place, const char *name, const char *text, int mode)
{
    char *path = path_of(place, name);

    g_assert_true(g_file_set_contents_full(
            path, text, -1, G_FILE_SET_CONTENTS_NONE, mode, NULL));
    return path;
}

static void put_program(
        const struct place *place, const char *name, const char *script)
{
    g_free(put_file(place, name, script, 0755));
}

/* By a rename, so that there always is one. */
static void point_link(const struct place *place, const char *name)
{
    char *path = path_of(place, "link");
    char *newer = path_of(place, "newer");

    g_assert_cmpint(symlink(name, newer), ==, 0);
    g_assert_cmpint(g_rename(newer, path), ==, 0);
    g_free(newer);
    g_free(path);
}

/* DIR in the text stands for the directory. */
static void place_init(struct place *place, const char *policy)
{
    char *ann = secret_token_line("ann", "run", "ann");
    char *bob = secret_token_line("bob", "run", "bob");
    char *eve = secret_token_line("eve", "run", "eve");
    char *tokens = g_strconcat(ann, bob, eve, NULL);
    char *made = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char **parts = g_strsplit(policy, "DIR", 0);
    char *text;

    place->directory = realpath(made, NULL);
    text = g_strjoinv(place->directory, parts);
    place->tokens = put_file(place, "tokens", tokens, 0600);
    place->policy = put_file(place, "policy", text, 0644);
    put_program(place, "good", "#!/bin/sh\necho good \"$@\"\n");
    put_program(place, "evil", "#!/bin/sh\necho evil \"$@\"\n");
    point_link(place, "good");
    daemon_start_with(&place->daemon, "tcp://127.0.0.1:0",
            REMOTE_ARGV("--tokens", place->tokens, "--policy", place->policy));
    g_free(text);
    g_strfreev(parts);
    g_free(made);
    g_free(tokens);
    g_free(eve);
    g_free(bob);
    g_free(ann);
}

static void place_deinit(struct place *place)
{
    char *directory = g_strdup(place->directory);

    daemon_stop(&place->daemon);
    g_free(place->policy);
    g_free(place->tokens);
    free(place->directory);
    secret_free(directory);
}

static struct remex_client *connect_as(
        const struct place *place, const char *name)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_error error;

    options.token = name;
    if (remex_client_connect(
                place->daemon.address, &options, &client, &error) != REMEX_OK)
        g_error("%s: %s", name, error.text);
    return client;
}

static void check_says(struct remex_client *client, const char *const *argv,
        const struct remex_process_options *options, const char *text)
{
    struct remex_process *process = remote_start(client, argv, options);
    struct transcript story;

    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    transcript_check_text(&story, REMEX_STDOUT, text);
    transcript_deinit(&story);
    remex_process_free(process);
}

static void check_refused(struct remex_client *client, const char *const *argv,
        const struct remex_process_options *options, const char *rule)
{
    struct remex_process *process = NULL;
    struct remex_error error = { 0 };

    g_assert_cmpint(
            remex_process_start(client, argv, options, &process, &error), ==,
            REMEX_PERMISSION_DENIED);
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_POLICY);
    g_assert_cmpstr(error.name, ==, rule);
    g_assert_null(process);
}

static void each_may_run_what_is_his(void)
{
    static const char policy[] = "for token:ann\n"
                                 "  deny DIR/good ... --evil ...\n"
                                 "  allow DIR/good -c *.c ...\n"
                                 "for token:b*\n"
                                 "  allow DIR/g* x\n"
                                 "  allow /bin/echo ...\n";
    struct place place;
    struct remex_client *ann;
    struct remex_client *bob;
    struct remex_client *eve;
    char *good;
    char *evil;

    place_init(&place, policy);
    good = path_of(&place, "good");
    evil = path_of(&place, "evil");
    ann = connect_as(&place, "ann");
    bob = connect_as(&place, "bob");
    eve = connect_as(&place, "eve");
    check_says(ann, REMOTE_ARGV(good, "-c", "a.c"), NULL, "good -c a.c\n");
    check_says(
            ann, REMOTE_ARGV(good, "-c", "a.c", "x"), NULL, "good -c a.c x\n");
    check_refused(ann, REMOTE_ARGV(good), NULL, "arguments");
    check_refused(
            ann, REMOTE_ARGV(good, "-c", "a.c", "--evil"), NULL, "arguments");
    check_refused(ann, REMOTE_ARGV(evil, "-c", "a.c"), NULL, "program");
    check_refused(ann, REMOTE_ARGV("echo"), NULL, "program");
    check_says(bob, REMOTE_ARGV(good, "x"), NULL, "good x\n");
    check_says(bob, REMOTE_ARGV("echo", "hello"), NULL, "hello\n");
    check_refused(bob, REMOTE_ARGV(good, "-c", "a.c"), NULL, "arguments");
    check_refused(bob, REMOTE_ARGV("/no/such/program"), NULL, "program");
    check_refused(eve, REMOTE_ARGV(good, "x"), NULL, "program");
    check_refused(eve, REMOTE_ARGV("/bin/true"), NULL, "program");
    remex_client_free(eve);
    remex_client_free(bob);
    remex_client_free(ann);
    g_free(evil);
    g_free(good);
    place_deinit(&place);
}

static void what_is_refused_leaves_its_id_free(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct place place;
    struct remex_client *ann;

    place_init(&place, "for *\nallow /bin/echo ...\n");
    ann = connect_as(&place, "ann");
    options.id = "the-only-id";
    check_refused(ann, REMOTE_ARGV("/bin/true"), &options, "program");
    check_says(ann, REMOTE_ARGV("/bin/echo", "hello"), &options, "hello\n");
    remex_client_free(ann);
    place_deinit(&place);
}

static void variables_are_filtered(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct place place;
    struct remex_client *ann;
    struct remex_client *bob;

    place_init(&place,
            "for token:ann\nallow /bin/sh ...\n"
            "for token:bob\nenv allow LD_LIBRARY_PATH\nenv deny *\n"
            "allow /bin/sh ...\n");
    ann = connect_as(&place, "ann");
    bob = connect_as(&place, "bob");
    options.env = REMOTE_ARGV("LD_LIBRARY_PATH=/no/such");
    check_refused(ann, REMOTE_ARGV("sh", "-c", ":"), &options, "environment");
    check_says(bob, REMOTE_ARGV("sh", "-c", "echo $LD_LIBRARY_PATH"), &options,
            "/no/such\n");
    options.env = REMOTE_ARGV("COLOUR=red");
    check_says(ann, REMOTE_ARGV("sh", "-c", "echo $COLOUR"), &options, "red\n");
    check_refused(bob, REMOTE_ARGV("sh", "-c", ":"), &options, "environment");
    options.env = REMOTE_ARGV("COLOUR", "BASH_ENV");
    check_says(bob, REMOTE_ARGV("sh", "-c", "echo $COLOUR"), &options, "\n");
    remex_client_free(bob);
    remex_client_free(ann);
    place_deinit(&place);
}

/* A script is read from the descriptor that was checked; a program proper has
 * no descriptor more than any other. */
/* Though no variable may be set: its TERM is the terminal's. */
static void a_terminal_has_its_name(void)
{
    static const char policy[] =
            "for token:ann\nallow /usr/bin/printenv ...\nenv deny *\n";
    const struct remex_pty_options pty = { .term = "vt220" };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct place place;
    struct remex_client *ann;
    struct remex_process *process;
    struct transcript story;

    options.pty = &pty;
    place_init(&place, policy);
    ann = connect_as(&place, "ann");
    process = remote_start(ann, REMOTE_ARGV("printenv", "TERM"), &options);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    transcript_check_text(&story, REMEX_TERMINAL, "vt220\r\n");
    transcript_deinit(&story);
    remex_process_free(process);
    options.env = REMOTE_ARGV("TERM=vt220");
    check_refused(
            ann, REMOTE_ARGV("printenv", "TERM"), &options, "environment");
    remex_client_free(ann);
    place_deinit(&place);
}

static void a_script_has_one_descriptor_more(void)
{
    struct place place;
    struct remex_client *ann;
    char *script;

    place_init(&place, "for *\nallow DIR/script *\nallow /bin/ls ...\n");
    put_program(&place, "script", "#!/bin/sh\necho \"$0\" \"$1\"\n");
    script = path_of(&place, "script");
    ann = connect_as(&place, "ann");
    check_says(ann, REMOTE_ARGV(script, "x y"), NULL, "/dev/fd/3 x y\n");
    /* The last one is ls's own, for the directory. */
    check_says(
            ann, REMOTE_ARGV("/bin/ls", "/proc/self/fd"), NULL, "0\n1\n2\n3\n");
    remex_client_free(ann);
    g_free(script);
    place_deinit(&place);
}

/* Moves the link to and fro, a few times for each byte that it is sent. */
struct swapper {
    const struct place *place;
    int fd;
};

static void *swap(void *user)
{
    struct swapper *swapper = user;
    char byte;

    while (read(swapper->fd, &byte, 1) == 1)
        for (unsigned int i = 0; i < 8; i++)
            point_link(swapper->place, i % 2 ? "good" : "evil");
    return NULL;
}

/* What it says; NULL: it was refused. */
static char *try_start(struct remex_client *client, const char *program)
{
    struct remex_process *process;
    struct remex_error error;
    struct transcript story;
    char *said;

    if (remex_process_start(client, REMOTE_ARGV(program), NULL, &process,
                &error) != REMEX_OK) {
        g_assert_cmpint(error.kind, ==, REMEX_ERROR_POLICY);
        return NULL;
    }
    transcript_init(&story);
    transcript_follow(&story, process);
    said = g_strndup((const char *)story.streams[REMEX_STDOUT - 1]->data,
            story.streams[REMEX_STDOUT - 1]->len);
    transcript_deinit(&story);
    remex_process_free(process);
    return said;
}

static void a_link_that_is_moved_meanwhile_leads_nowhere_else(void)
{
    enum { TRIES = 200 };
    struct place place;
    struct swapper swapper = { .place = &place };
    struct remex_client *ann;
    GThread *thread;
    char *link;
    int ends[2];

    place_init(&place, "for *\ndeny DIR/evil\nallow DIR/link\n");
    link = path_of(&place, "link");
    ann = connect_as(&place, "ann");
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    swapper.fd = ends[0];
    thread = g_thread_new("swapper", swap, &swapper);
    for (unsigned int i = 0; i < TRIES; i++) {
        char *said;

        g_assert_cmpint(write(ends[1], "", 1), ==, 1);
        said = try_start(ann, link);
        if (said)
            g_assert_cmpstr(said, ==, "good\n");
        g_free(said);
    }
    close(ends[1]);
    g_thread_join(thread);
    close(ends[0]);
    point_link(&place, "good");
    check_says(ann, REMOTE_ARGV(link), NULL, "good\n");
    point_link(&place, "evil");
    g_assert_null(try_start(ann, link));
    remex_client_free(ann);
    g_free(link);
    place_deinit(&place);
}

static void a_section_has_limits_of_its_own(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct place place;
    struct remex_client *ann;
    struct remex_client *bob;
    struct remex_process *first;
    struct remex_process *second = NULL;
    struct remex_process *other;
    struct remex_error error;

    place_init(&place,
            "for token:ann\nlimit processes=1\nallow /bin/cat\n"
            "for token:bob\nallow /bin/cat\n");
    ann = connect_as(&place, "ann");
    bob = connect_as(&place, "bob");
    first = remote_start(ann, REMOTE_ARGV("/bin/cat"), &options);
    g_assert_cmpint(remex_process_start(ann, REMOTE_ARGV("/bin/cat"), &options,
                            &second, &error),
            ==, REMEX_RESOURCE_EXHAUSTED);
    g_assert_cmpstr(error.name, ==, "processes");
    other = remote_start(bob, REMOTE_ARGV("/bin/cat"), &options);
    second = remote_start(bob, REMOTE_ARGV("/bin/cat"), &options);
    remex_process_free(second);
    remex_process_free(other);
    remex_process_free(first);
    remex_client_free(bob);
    remex_client_free(ann);
    place_deinit(&place);
}

/* Who is root may have programs run as others; here, as nobody. */
static void a_section_has_a_user_of_its_own(void)
{
    struct place place;
    struct remex_client *ann;

    if (geteuid() != 0) {
        g_test_skip("only root can run programs as another user");
        return;
    }
    place_init(&place,
            "for token:ann\nuser nobody\nallow /usr/bin/id -u\n"
            "for *\nuser root\nallow /usr/bin/id -u\n");
    ann = connect_as(&place, "ann");
    check_says(ann, REMOTE_ARGV("id", "-u"), NULL, "65534\n");
    remex_client_free(ann);
    ann = connect_as(&place, "bob");
    check_says(ann, REMOTE_ARGV("id", "-u"), NULL, "0\n");
    remex_client_free(ann);
    place_deinit(&place);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/policy", each_may_run_what_is_his);
    SUITE_ADD("/policy", what_is_refused_leaves_its_id_free);
    SUITE_ADD("/policy", variables_are_filtered);
    SUITE_ADD("/policy", a_terminal_has_its_name);
    SUITE_ADD("/policy", a_script_has_one_descriptor_more);
    SUITE_ADD("/policy", a_link_that_is_moved_meanwhile_leads_nowhere_else);
    SUITE_ADD("/policy", a_section_has_limits_of_its_own);
    SUITE_ADD("/policy", a_section_has_a_user_of_its_own);
    return g_test_run();
}
