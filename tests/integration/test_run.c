/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a process is like that somebody starts and follows to its end.
 */

#include <signal.h>
#include <string.h>

#include <glib.h>

#include "support/command.h"
#include "support/deaf.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)

/* Starts it, follows it to its end and tells its story. */
static void run(struct remex_client *client, const char *const *argv,
        const struct remex_process_options *options,
        struct transcript *transcript)
{
    struct remex_process *process = remote_start(client, argv, options);

    transcript_init(transcript);
    transcript_follow(transcript, process);
    remex_process_free(process);
}

static void run_shell(struct remex_client *client, const char *script,
        struct transcript *transcript)
{
    run(client, REMOTE_ARGV("/bin/sh", "-c", script), NULL, transcript);
}

static void check_same_bytes(const GByteArray *a, const GByteArray *b)
{
    g_assert_cmpuint(a->len, ==, b->len);
    g_assert_true(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

static void check_same(
        const char *script, struct remex_client *client, const char *order)
{
    struct command_result here;
    struct transcript there;

    command_run(REMOTE_ARGV("/bin/sh", "-c", script), &here);
    run_shell(client, script, &there);
    check_same_bytes(there.streams[0], here.out);
    check_same_bytes(there.streams[1], here.err);
    g_assert_cmpint(
            there.exit.by_signal ? 128 + there.exit.code : there.exit.code, ==,
            here.status);
    g_assert_cmpstr(there.order->str, ==, order);
    command_result_deinit(&here);
    transcript_deinit(&there);
}

static void a_script_does_what_it_would_do_here(void)
{
    struct remex_client *client = remote_connect();

    check_same("echo out; echo err >&2; exit 7", client, "OXC");
    check_same("printf 'a\\000b\\377\\r\\n'; exit 0", client, "OXC");
    check_same("exit 255", client, "XC");
    check_same("kill -TERM $$", client, "XC");
    check_same("echo dying; kill -KILL $$", client, "OXC");
    check_same("cat; echo $?", client, "OXC");
    remex_client_free(client);
}

static void a_signal_is_told_as_one(void)
{
    struct remex_client *client = remote_connect();
    struct transcript story;

    run_shell(client, "kill -USR1 $$", &story);
    g_assert_true(story.exit.by_signal);
    g_assert_cmpint(story.exit.code, ==, SIGUSR1);
    g_assert_cmpint(story.exit.reason, ==, REMEX_EXIT_OWN);
    transcript_deinit(&story);
    remex_client_free(client);
}

static void closed_tells_how_each_stream_ended(void)
{
    struct remex_client *client = remote_connect();
    struct transcript story;

    run_shell(client, "printf 123; printf 12 >&2", &story);
    g_assert_cmpuint(story.ending.closed.count, ==, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct remex_stream_end *end = &story.ending.closed.ends[i];

        g_assert_cmpint(end->kind, ==, REMEX_END_EOF);
        g_assert_cmpuint(end->bytes, ==, end->stream == REMEX_STDOUT ? 3U : 2U);
    }
    transcript_deinit(&story);
    remex_client_free(client);
}

static void what_it_used_is_told_with_its_exit(void)
{
    struct remex_client *client = remote_connect();
    struct transcript story;

    run_shell(
            client, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done", &story);
    transcript_check_exit(&story, 0);
    g_assert_cmpuint(story.exit.wall_us, >, 0);
    g_assert_cmpuint(story.exit.max_rss_kib, >, 0);
    g_assert_cmpuint(story.exit.user_us + story.exit.system_us, >, 0);
    transcript_deinit(&story);
    remex_client_free(client);
}

/* Counts the lines of `text` that begin so. */
static unsigned int count_lines(char *const *lines, const char *start)
{
    unsigned int count = 0;

    for (; *lines; lines++)
        if (g_str_has_prefix(*lines, start))
            count++;
    return count;
}

static void check_state(
        const struct remex_process_options *options, const char *const *wanted)
{
    struct remex_client *client = remote_connect();
    struct transcript story;
    char *said;
    char **lines;

    run(client, REMOTE_ARGV(REMOTE_CHILD("state")), options, &story);
    transcript_check_exit(&story, 0);
    said = g_strndup(
            (const char *)story.streams[0]->data, story.streams[0]->len);
    lines = g_strsplit(said, "\n", 0);
    for (; *wanted; wanted++)
        if (!g_strv_contains((const char *const *)lines, *wanted))
            g_error("no line '%s' in:\n%s", *wanted, said);
    g_assert_cmpuint(count_lines(lines, "fd "), ==, 3);
    g_assert_cmpuint(count_lines(lines, "blocked "), ==, 0);
    g_assert_cmpuint(count_lines(lines, "ignored "), ==, 0);
    g_strfreev(lines);
    g_free(said);
    transcript_deinit(&story);
    remex_client_free(client);
}

static void a_child_starts_with_nothing_of_ours(void)
{
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    struct remex_process_options options = remote_with_stdin();
    static const char *const wanted[] = { "fd 0 blocking", "fd 1 blocking",
        "fd 2 blocking", "session own", "group own", "terminal none", NULL };

    check_state(NULL, wanted);
    check_state(&options, wanted);
    options.err.capture = REMEX_CAPTURE_DISCARD;
    check_state(&options, wanted);
    signal(SIGPIPE, before);
}

static void blocked_signals_stay_with_us(void)
{
    sigset_t all;
    sigset_t before;
    static const char *const wanted[] = { "fd 0 blocking", NULL };

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    check_state(NULL, wanted);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void the_environment_is_overlaid_or_exact(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    static const char *const env[] = { "A=1", "B=", "EMPTY==", NULL };
    struct transcript story;

    options.env = env;
    run(client, REMOTE_ARGV("/bin/sh", "-c", "echo $A-$B-$EMPTY-${PATH:+set}"),
            &options, &story);
    transcript_check_text(&story, REMEX_STDOUT, "1--=-set\n");
    transcript_deinit(&story);

    options.env_mode = REMEX_ENV_EXACT;
    run(client, REMOTE_ARGV("/usr/bin/env"), &options, &story);
    transcript_check_text(&story, REMEX_STDOUT, "A=1\nB=\nEMPTY==\n");
    transcript_deinit(&story);
    remex_client_free(client);
}

static void a_lone_name_unsets(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    static const char *const env[] = { "HOME", NULL };
    struct transcript story;

    options.env = env;
    run(client, REMOTE_ARGV("/bin/sh", "-c", "echo ${HOME-none}"), &options,
            &story);
    transcript_check_text(&story, REMEX_STDOUT, "none\n");
    transcript_deinit(&story);
    remex_client_free(client);
}

static void cwd_and_arg0_are_what_was_asked(void)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    static const char *const wanted[] = { "cwd /usr", "argument another",
        NULL };

    options.cwd = "/usr";
    options.arg0 = "another";
    check_state(&options, wanted);
}

static void a_discarded_stream_is_not_told(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct transcript story;

    options.err.capture = REMEX_CAPTURE_DISCARD;
    run(client, REMOTE_ARGV("/bin/sh", "-c", "echo out; echo err >&2"),
            &options, &story);
    transcript_check_exit(&story, 0);
    transcript_check_text(&story, REMEX_STDOUT, "out\n");
    transcript_check_text(&story, REMEX_STDERR, "");
    transcript_deinit(&story);
    remex_client_free(client);
}

static void the_exit_is_known_before_its_output_is_taken(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "echo x; exit 3");
    struct remex_exit ended;
    struct transcript story;

    g_assert_cmpint(
            remex_process_wait(process, MINUTE_MS, &ended), ==, REMEX_OK);
    g_assert_cmpint(ended.code, ==, 3);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "x\n");
    transcript_check_exit(&story, 3);
    g_assert_cmpint(remex_process_wait(process, 0, &ended), ==, REMEX_OK);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_wait_may_be_in_vain(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("cat"), &options);
    struct remex_event event;
    struct remex_exit ended;

    g_assert_cmpint(remex_process_wait(process, 10, &ended), ==,
            REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpint(
            remex_process_next_event(process, 10, &event), ==, REMEX_AGAIN);
    g_assert_cmpint(
            remex_process_next_event(process, 0, &event), ==, REMEX_AGAIN);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_terminate_leaves_nothing_of_the_tree(void)
{
    struct remex_client *client = remote_connect();
    struct deaf deaf;
    bool running = false;

    deaf_init(&deaf, client, NULL);
    g_assert_cmpint(remex_process_terminate(deaf.process, &running, NULL), ==,
            REMEX_OK);
    g_assert_true(running);
    transcript_follow(&deaf.story, deaf.process);
    g_assert_true(deaf.story.exit.by_signal);
    g_assert_cmpint(deaf.story.exit.code, ==, SIGKILL);
    g_assert_cmpint(deaf.story.exit.reason, ==, REMEX_EXIT_TERMINATED);
    deaf_check_gone(&deaf, SECOND_MS);
    deaf_deinit(&deaf);
    remex_client_free(client);
}

static void a_terminate_reaches_what_the_leader_left_behind(void)
{
    struct remex_client *client = remote_connect();
    struct deaf deaf;
    bool running = true;

    deaf_init_and_leave(&deaf, client);
    transcript_follow(&deaf.story, deaf.process);
    transcript_check_exit(&deaf.story, 0);
    g_assert_true(tree_is_there(deaf.grandchild));
    g_assert_cmpint(remex_process_terminate(deaf.process, &running, NULL), ==,
            REMEX_OK);
    g_assert_false(running);
    g_assert_true(tree_wait_gone(deaf.grandchild, SECOND_MS));
    deaf_deinit(&deaf);
    remex_client_free(client);
}

static void its_time_ends_with_its_tree(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct deaf deaf;

    options.wall_time_ms = 300;
    deaf_init(&deaf, client, &options);
    transcript_follow(&deaf.story, deaf.process);
    g_assert_cmpint(deaf.story.exit.reason, ==, REMEX_EXIT_WALL_TIME);
    g_assert_true(tree_wait_gone(deaf.grandchild, SECOND_MS));
    deaf_deinit(&deaf);
    remex_client_free(client);
}

static void freeing_an_armed_handle_kills(void)
{
    struct remex_client *client = remote_connect();
    struct deaf deaf;

    deaf_init(&deaf, client, NULL);
    deaf_deinit(&deaf);
    deaf_check_gone(&deaf, SECOND_MS);
    remex_client_free(client);
}

static void a_detached_process_lives_as_long_as_its_session(void)
{
    struct remex_client *client = remote_connect();
    struct deaf deaf;
    struct transcript story;

    deaf_init(&deaf, client, NULL);
    remex_process_detach(deaf.process);
    deaf_deinit(&deaf);
    run_shell(client, "exit 0", &story); /* a round trip after the free */
    transcript_deinit(&story);
    g_assert_true(tree_is_there(deaf.child));
    remex_client_free(client);
    deaf_check_gone(&deaf, SECOND_MS);
}

static void a_signal_reaches_whom_it_names(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client,
            "trap 'echo got; exit 5' USR1; echo ready;"
            " while :; do sleep 0.01; done");
    struct transcript story;
    bool delivered = false;

    transcript_init(&story);
    transcript_follow_until(&story, process, REMEX_STDOUT, strlen("ready\n"));
    g_assert_cmpint(remex_process_signal(process, SIGUSR1, REMEX_SIGNAL_LEADER,
                            &delivered, NULL),
            ==, REMEX_OK);
    g_assert_true(delivered);
    transcript_follow(&story, process);
    transcript_check_text(&story, REMEX_STDOUT, "ready\ngot\n");
    transcript_check_exit(&story, 5);
    g_assert_cmpint(remex_process_signal(process, SIGUSR1, REMEX_SIGNAL_LEADER,
                            &delivered, NULL),
            ==, REMEX_OK);
    g_assert_false(delivered);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_group_gets_its_signal_together(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_shell(client, "sleep 1000 & echo $!; wait");
    struct transcript story;
    char *line;
    pid_t member;

    transcript_init(&story);
    transcript_follow_until(&story, process, REMEX_STDOUT, 2);
    line = g_strndup(
            (const char *)story.streams[0]->data, story.streams[0]->len);
    member = (pid_t)g_ascii_strtoll(line, NULL, 10);
    g_free(line);
    g_assert_cmpint(remex_process_signal(
                            process, SIGTERM, REMEX_SIGNAL_GROUP, NULL, NULL),
            ==, REMEX_OK);
    transcript_follow(&story, process);
    g_assert_cmpint(story.exit.code, ==, SIGTERM);
    g_assert_true(tree_wait_gone(member, SECOND_MS));
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
}

static void the_log_can_be_read_beside_the_events(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "echo x; exit 3");
    struct remex_log *log = NULL;
    struct transcript live;
    struct transcript read;
    enum remex_status status;

    transcript_init(&live);
    transcript_follow(&live, process);
    transcript_init(&read);
    while ((status = remex_process_read(process, read.last_seq, 0, MINUTE_MS,
                    &log, NULL)) == REMEX_OK) {
        for (size_t i = 0; i < log->count; i++)
            transcript_take(&read, &log->events[i]);
        remex_log_free(log);
    }
    g_assert_cmpint(status, ==, REMEX_ENDED);
    g_assert_cmpstr(read.order->str, ==, live.order->str);
    g_assert_cmpuint(read.last_seq, ==, live.last_seq);
    transcript_check_text(&read, REMEX_STDOUT, "x\n");
    transcript_deinit(&live);
    transcript_deinit(&read);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/run", a_script_does_what_it_would_do_here);
    SUITE_ADD("/run", a_signal_is_told_as_one);
    SUITE_ADD("/run", closed_tells_how_each_stream_ended);
    SUITE_ADD("/run", what_it_used_is_told_with_its_exit);
    SUITE_ADD("/run", a_child_starts_with_nothing_of_ours);
    SUITE_ADD("/run", blocked_signals_stay_with_us);
    SUITE_ADD("/run", the_environment_is_overlaid_or_exact);
    SUITE_ADD("/run", a_lone_name_unsets);
    SUITE_ADD("/run", cwd_and_arg0_are_what_was_asked);
    SUITE_ADD("/run", a_discarded_stream_is_not_told);
    SUITE_ADD("/run", the_exit_is_known_before_its_output_is_taken);
    SUITE_ADD("/run", a_wait_may_be_in_vain);
    SUITE_ADD("/run", a_terminate_leaves_nothing_of_the_tree);
    SUITE_ADD("/run", a_terminate_reaches_what_the_leader_left_behind);
    SUITE_ADD("/run", its_time_ends_with_its_tree);
    SUITE_ADD("/run", freeing_an_armed_handle_kills);
    SUITE_ADD("/run", a_detached_process_lives_as_long_as_its_session);
    SUITE_ADD("/run", a_signal_reaches_whom_it_names);
    SUITE_ADD("/run", a_group_gets_its_signal_together);
    SUITE_ADD("/run", the_log_can_be_read_beside_the_events);
    return g_test_run();
}
