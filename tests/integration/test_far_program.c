/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A program whose file does not come: as on a network disk that does not
 * answer, whoever executes it waits. Here it is a lease on the file that the
 * test gives back when it likes.
 */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <remex/inspect.h>
#include <remex/run.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"

#define POLL_US (2 * 1000)
#define PATIENCE_US (20 * G_USEC_PER_SEC)

enum { LIVES = 50, LIVE_MS = 5000, ASK_MS = 500 };

/* --- The program ---------------------------------------------------------- */

struct far {
    struct daemon daemon;
    char *path;
    int file;
};

static void far_open(struct far *far)
{
    char *bytes;
    gsize size;

    daemon_start(&far->daemon);
    far->path = g_build_filename(far->daemon.directory, "far", NULL);
    g_assert_true(g_file_get_contents("/bin/true", &bytes, &size, NULL));
    g_assert_true(g_file_set_contents(far->path, bytes, (gssize)size, NULL));
    g_assert_cmpint(g_chmod(far->path, 0700), ==, 0);
    g_free(bytes);
    far->file = open(far->path, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(far->file, >=, 0);
    g_assert_cmpint(fcntl(far->file, F_SETLEASE, F_WRLCK), ==, 0);
}

/* Somebody waits for it. */
static void far_until_wanted(const struct far *far)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;

    while (fcntl(far->file, F_GETLEASE) == F_WRLCK) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_usleep(POLL_US);
    }
}

static void far_come(struct far *far)
{
    g_assert_cmpint(fcntl(far->file, F_SETLEASE, F_UNLCK), ==, 0);
    close(far->file);
}

static void far_close(struct far *far)
{
    g_unlink(far->path);
    g_free(far->path);
    daemon_stop(&far->daemon);
}

/* --- Who has to do with it ------------------------------------------------ */

struct part {
    GThread *thread;
    struct remex_client *client;
    const char *path;
    enum remex_status status;
};

static gpointer start(gpointer user)
{
    struct part *part = user;
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process = NULL;
    struct remex_exit exited = { 0 };

    options.id = "far";
    part->status = remex_process_start(
            part->client, REMOTE_ARGV(part->path), &options, &process, NULL);
    if (part->status == REMEX_OK)
        part->status = remex_process_wait(process, REMEX_FOREVER, &exited);
    remex_process_free(process);
    return NULL;
}

static gpointer inspect(gpointer user)
{
    struct part *part = user;
    struct remex_process_status *status = NULL;

    part->status = remex_client_inspect(part->client, "far", &status, NULL);
    remex_process_status_free(status);
    return NULL;
}

static void begin(struct part *part, const struct far *far, GThreadFunc what)
{
    part->client = remote_connect_to(far->daemon.address);
    part->path = far->path;
    part->status = REMEX_UNKNOWN;
    part->thread = g_thread_new("part", what, part);
}

static void finish(struct part *part)
{
    g_thread_join(part->thread);
    g_assert_cmpint(part->status, ==, REMEX_OK);
    remex_client_free(part->client);
}

/* --- The others ----------------------------------------------------------- */

static void check_lives(const struct far *far)
{
    struct remex_client *client = remote_connect_to(far->daemon.address);

    for (int i = 0; i < LIVES; i++) {
        struct remex_run_result *result = NULL;
        struct remex_error error = { 0 };

        if (remex_client_run(client, REMOTE_ARGV("/bin/true"), NULL, NULL, 0, 0,
                    LIVE_MS, &result, &error) != REMEX_OK)
            g_error("%s", error.text);
        remex_run_result_free(result);
    }
    remex_client_free(client);
}

static void whoever_asks_for_it_holds_up_nobody(void)
{
    struct far far;
    struct part starter;
    struct part asker;

    far_open(&far);
    begin(&starter, &far, start);
    far_until_wanted(&far);
    begin(&asker, &far, inspect);
    check_lives(&far);
    far_come(&far);
    finish(&starter);
    finish(&asker);
    far_close(&far);
}

static void whoever_has_no_time_is_told_that_nothing_was_done(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_process_status *status = NULL;
    struct remex_client *client = NULL;
    struct remex_error error = { 0 };
    struct part starter;
    struct far far;

    far_open(&far);
    begin(&starter, &far, start);
    far_until_wanted(&far);
    options.call_timeout_ms = ASK_MS;
    g_assert_cmpint(
            remex_client_connect(far.daemon.address, &options, &client, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(remex_client_inspect(client, "far", &status, &error), ==,
            REMEX_DEADLINE_EXCEEDED);
    g_assert_nonnull(strstr(error.text, "nothing was done"));
    far_come(&far);
    finish(&starter);
    remex_client_free(client);
    far_close(&far);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGIO, SIG_IGN); /* that somebody wants the file is looked for */
    SUITE_ADD("/far_program", whoever_asks_for_it_holds_up_nobody);
    SUITE_ADD(
            "/far_program", whoever_has_no_time_is_told_that_nothing_was_done);
    return g_test_run();
}
