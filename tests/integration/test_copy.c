/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Output copied to descriptors and files, good ones and bad ones.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include <remex/copy.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"

#define SEQ "seq 1 300000"
#define SEQ_BYTES 1988895

/* A pipe whose other end a thread reads, with a pause whenever there is much to
 * read: its end is full most of the time. */
struct drain {
    int fds[2];
    GThread *thread;
    GByteArray *read;
};

static void *drain_run(void *user)
{
    struct drain *drain = user;
    guint8 bytes[3000];
    ssize_t size;

    while ((size = read(drain->fds[0], bytes, sizeof(bytes))) > 0) {
        g_byte_array_append(drain->read, bytes, (guint)size);
        if (size == sizeof(bytes))
            g_thread_yield();
    }
    return NULL;
}

static void drain_init(struct drain *drain, int flags)
{
    g_assert_cmpint(pipe2(drain->fds, O_CLOEXEC), ==, 0);
    g_assert_cmpint(fcntl(drain->fds[1], F_SETFL, flags), ==, 0);
    drain->read = g_byte_array_new();
    drain->thread = g_thread_new("drain", drain_run, drain);
}

/* Ends it, and checks that what came is what seq(1) says. */
static void drain_check(struct drain *drain)
{
    GString *wanted = g_string_new(NULL);

    close(drain->fds[1]);
    g_thread_join(drain->thread);
    close(drain->fds[0]);
    for (int i = 1; i <= 300000; i++)
        g_string_append_printf(wanted, "%d\n", i);
    g_assert_cmpuint(wanted->len, ==, SEQ_BYTES);
    g_assert_cmpuint(drain->read->len, ==, wanted->len);
    g_assert_true(memcmp(drain->read->data, wanted->str, wanted->len) == 0);
    g_string_free(wanted, TRUE);
    g_byte_array_unref(drain->read);
}

static void check_copied(const struct remex_copied *copied, uint64_t bytes,
        uint64_t unwritten, int os_error)
{
    g_assert_cmpint(copied->os_error, ==, os_error);
    g_assert_cmpuint(copied->bytes, ==, bytes);
    g_assert_cmpuint(copied->unwritten, ==, unwritten);
    g_assert_cmpuint(copied->lost_bytes, ==, 0);
}

static void check_closed(const struct remex_copy_result *result, int exit_code)
{
    g_assert_cmpint(result->ending.status, ==, REMEX_OK);
    g_assert_cmpuint(result->ending.end_count, ==, 2);
    g_assert_true(result->ending.has_exit);
    g_assert_cmpint(result->ending.exit.code, ==, exit_code);
}

static void to_a_full_pipe(int flags)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_shell(client, SEQ " >&2; echo a; exit 3");
    struct remex_copy_result result;
    struct drain drain;

    drain_init(&drain, flags);
    g_assert_cmpint(remex_copy(process, -1, drain.fds[1], NULL, &result, NULL),
            ==, REMEX_OK);
    drain_check(&drain);
    check_closed(&result, 3);
    check_copied(&result.out, 0, 2, 0);
    check_copied(&result.err, SEQ_BYTES, 0, 0);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_full_pipe_gets_all(void)
{
    to_a_full_pipe(0);
}

static void a_full_pipe_that_does_not_block_gets_all_too(void)
{
    to_a_full_pipe(O_NONBLOCK);
}

/* SIGPIPE has its default action here: raised, it would be the end. */
static void a_closed_pipe_ends_the_copy(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_shell(client, "echo a; sleep 1000; echo b");
    struct remex_copy_result result;
    struct remex_error error;
    struct sigaction action;
    sigset_t pending;
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    close(fds[0]);
    sigaction(SIGPIPE, NULL, &action);
    g_assert_true(action.sa_handler == SIG_DFL);
    g_assert_cmpint(remex_copy(process, fds[1], -1, NULL, &result, &error), ==,
            REMEX_DATA_LOSS);
    g_assert_cmpint(error.status, ==, REMEX_DATA_LOSS);
    g_assert_cmpint(error.os_error, ==, EPIPE);
    check_copied(&result.out, 0, 2, EPIPE);
    g_assert_cmpint(result.ending.status, ==, REMEX_AGAIN);
    sigpending(&pending);
    g_assert_false(sigismember(&pending, SIGPIPE));
    close(fds[1]);
    remex_process_free(process);
    remex_client_free(client);
}

static void or_of_that_stream_alone(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_shell(client, "echo a >&2;" SEQ "; echo b >&2; exit 4");
    struct remex_copy_options options = REMEX_DEFAULTS(remex_copy_options);
    struct remex_copy_result result;
    struct remex_error error;
    char text[16] = "";
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    options.on_error = REMEX_COPY_GO_ON;
    g_assert_cmpint(
            remex_copy(process, full, fds[1], &options, &result, &error), ==,
            REMEX_DATA_LOSS);
    g_assert_cmpint(error.os_error, ==, ENOSPC);
    check_closed(&result, 4);
    check_copied(&result.out, 0, SEQ_BYTES, ENOSPC);
    check_copied(&result.err, 4, 0, 0);
    g_assert_cmpint(read(fds[0], text, sizeof(text) - 1), ==, 4);
    g_assert_cmpstr(text, ==, "a\nb\n");
    close(full);
    close(fds[0]);
    close(fds[1]);
    remex_process_free(process);
    remex_client_free(client);
}

static void time_may_be_over(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = remote_shell(client, "echo a; sleep 1000");
    struct remex_copy_options options = REMEX_DEFAULTS(remex_copy_options);
    struct remex_copy_result result;
    char text[16] = "";
    int fds[2];

    g_assert_cmpint(pipe2(fds, O_CLOEXEC), ==, 0);
    options.timeout_ms = 300;
    g_assert_cmpint(remex_copy(process, fds[1], -1, &options, &result, NULL),
            ==, REMEX_DEADLINE_EXCEEDED);
    g_assert_cmpint(result.ending.status, ==, REMEX_DEADLINE_EXCEEDED);
    check_copied(&result.out, 2, 0, 0);
    g_assert_cmpint(read(fds[0], text, sizeof(text) - 1), ==, 2);
    remex_process_free(process);

    /* Nobody reads it, and it does not block. */
    process = remote_shell(client, "exec yes");
    g_assert_cmpint(fcntl(fds[1], F_SETFL, O_NONBLOCK), ==, 0);
    g_assert_cmpint(remex_copy(process, fds[1], -1, &options, &result, NULL),
            ==, REMEX_DATA_LOSS);
    g_assert_cmpint(result.out.os_error, ==, ETIMEDOUT);
    g_assert_cmpuint(result.out.unwritten, >, 0);
    remex_process_free(process);

    /* Output without end does not keep it, either. */
    process = remote_shell(client, "exec yes");
    g_assert_cmpint(remex_copy(process, -1, -1, &options, &result, NULL), ==,
            REMEX_DEADLINE_EXCEEDED);
    remex_process_free(process);
    close(fds[0]);
    close(fds[1]);
    remex_client_free(client);
}

static void files_get_it_as_well(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_shell(client, "echo a; echo b >&2; printf c; exit 3");
    struct remex_copy_result result;
    struct remex_error error;
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    FILE *full = fopen("/dev/full", "we");

    g_assert_cmpint(
            remex_copy_to_files(process, memory, NULL, NULL, &result, NULL), ==,
            REMEX_OK);
    fclose(memory);
    g_assert_cmpstr(text, ==, "a\nc");
    check_closed(&result, 3);
    check_copied(&result.out, 3, 0, 0);
    check_copied(&result.err, 0, 2, 0);
    free(text);
    remex_process_free(process);

    process = remote_shell(client, "echo a; sleep 1000");
    g_assert_cmpint(
            remex_copy_to_files(process, full, NULL, NULL, &result, &error), ==,
            REMEX_DATA_LOSS);
    g_assert_cmpint(error.os_error, ==, ENOSPC);
    check_copied(&result.out, 0, 2, ENOSPC);
    remex_process_free(process);
    fclose(full);
    remex_client_free(client);
}

static void h6_what_is_lost_is_counted(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct remex_copy_result result;
    struct remex_error error;
    struct remex_exit ended;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    options.out.delivery = REMEX_DELIVERY_LOSSY;
    options.err.delivery = REMEX_DELIVERY_LOSSY;
    process = remote_start(client,
            REMOTE_ARGV("head", "-c", "100000000", "/dev/zero"), &options);
    g_assert_cmpint(
            remex_process_wait(process, 60 * 1000, &ended), ==, REMEX_OK);
    g_assert_cmpint(remex_copy(process, null, -1, NULL, &result, &error), ==,
            REMEX_DATA_LOSS);
    g_assert_cmpint(error.os_error, ==, 0);
    check_closed(&result, 0);
    g_assert_cmpuint(result.out.lost_bytes, >, 0);
    g_assert_cmpuint(result.out.bytes + result.out.lost_bytes, ==, 100000000);
    remex_process_free(process);
    close(null);
    remex_client_free(client);
}

/* One stream may lose what the other must not. */
static void h6_only_the_lossy_stream_loses(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct remex_copy_result result;
    struct remex_exit ended;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    options.err.delivery = REMEX_DELIVERY_LOSSY;
    process = remote_start(client,
            REMOTE_ARGV("sh", "-c",
                    "echo a; head -c 50000000 /dev/zero >&2; echo b; exit 3"),
            &options);
    g_assert_cmpint(
            remex_process_wait(process, 60 * 1000, &ended), ==, REMEX_OK);
    g_assert_cmpint(remex_copy(process, null, null, NULL, &result, NULL), ==,
            REMEX_DATA_LOSS);
    check_closed(&result, 3);
    check_copied(&result.out, 4, 0, 0);
    g_assert_cmpuint(result.err.lost_bytes, >, 0);
    g_assert_cmpuint(result.err.bytes + result.err.lost_bytes, ==, 50000000);
    remex_process_free(process);
    close(null);
    remex_client_free(client);
}

static void h8_a_lost_link_leaves_what_had_come(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client = NULL;
    struct remex_process *process;
    struct remex_copy_options soon = REMEX_DEFAULTS(remex_copy_options);
    struct remex_copy_result result;
    struct daemon daemon;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    daemon_start(&daemon);
    options.recovery_ms = REMEX_AT_ONCE;
    g_assert_cmpint(
            remex_client_connect(daemon.address, &options, &client, NULL), ==,
            REMEX_OK);
    process = remote_shell(client, "echo a; sleep 1000");
    soon.timeout_ms = 300;
    g_assert_cmpint(remex_copy(process, null, -1, &soon, &result, NULL), ==,
            REMEX_DEADLINE_EXCEEDED);
    daemon_kill_executor(&daemon);
    g_assert_cmpint(remex_copy(process, null, -1, NULL, &result, NULL), ==,
            REMEX_DISCONNECTED);
    g_assert_cmpint(result.ending.failure, !=, 0);
    g_assert_false(result.ending.has_exit);
    remex_process_free(process);
    remex_client_free(client);
    close(null);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/copy", a_full_pipe_gets_all);
    SUITE_ADD("/copy", a_full_pipe_that_does_not_block_gets_all_too);
    SUITE_ADD("/copy", a_closed_pipe_ends_the_copy);
    SUITE_ADD("/copy", or_of_that_stream_alone);
    SUITE_ADD("/copy", time_may_be_over);
    SUITE_ADD("/copy", files_get_it_as_well);
    SUITE_ADD("/copy", h6_what_is_lost_is_counted);
    SUITE_ADD("/copy", h6_only_the_lossy_stream_loses);
    SUITE_ADD("/copy", h8_a_lost_link_leaves_what_had_come);
    return g_test_run();
}
