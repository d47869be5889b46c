/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A program that may not have many descriptors: what its client cannot do for
 * want of one says so, what goes on with those it has does, nothing runs in
 * circles, and with more of them it recovers.
 *
 * ctest-timeout: 120
 * ctest-long: 600
 */

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/shown.h"
#include "support/suite.h"
#include "support/transcript.h"

enum {
    LEAST = 20,
    MOST = 60,
    BALLAST = 64,
    QUIET_MS = 300,
    PATIENCE_MS = 10 * 1000,
};

/* A twentieth of the time would be much for doing nothing; half of it is a
 * thread that does not wait. */
enum { MOST_CPU_MS = QUIET_MS / 2 };

static const unsigned int few_steps[] = { LEAST, 21, 22, 23, 24, 25, 26, 28, 32,
    MOST };

/* --- Want ---------------------------------------------------------------- */

/* Descriptors that are taken, and the limit that stood before. */
struct want {
    int ballast[BALLAST];
    size_t count;
    struct rlimit before;
};

static size_t open_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t count = 0;

    while (readdir(directory))
        count++;
    closedir(directory);
    return count - 3; /* itself, and the two dots */
}

/* Takes all there are now. */
static void want_more(struct want *want)
{
    int fd;

    while (want->count < BALLAST &&
            (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        want->ballast[want->count++] = fd;
}

static void limit_to(struct want *want, unsigned int descriptors)
{
    struct rlimit limit = want->before;

    limit.rlim_cur = descriptors;
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
}

/* Of so many descriptors all but the first LEAST are free. */
static void want_begin(struct want *want, unsigned int descriptors)
{
    *want = (struct want){ .count = 0 };
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &want->before), ==, 0);
    limit_to(want, LEAST);
    want_more(want);
    limit_to(want, descriptors);
}

static void want_end(struct want *want)
{
    while (want->count > 0)
        close(want->ballast[--want->count]);
    g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &want->before), ==, 0);
}

/* What a private executor says of itself. */
static bool is_of_executor(const struct remex_error *error)
{
    return strstr(error->text, "the private executor: the limit of open files");
}

static void check_told(
        enum remex_status status, const struct remex_error *error)
{
    if (is_of_executor(error))
        return;
    if (status != REMEX_RESOURCE_EXHAUSTED ||
            (!strstr(error->text, "descriptor") &&
                    !strstr(error->text, "open files") &&
                    !strstr(error->text, "Too many open files")))
        g_error("%s: %s", remex_status_name(status), error->text);
}

/* --- What is tried ------------------------------------------------------- */

/* Where, and with whose certificate. */
struct place {
    const char *address;
    const char *pki; /* NULL: without TLS */
    bool shares;     /* its executor lives in the same want */
};

static enum remex_status try_connect(const struct place *place,
        struct remex_client **out, struct remex_error *error)
{
    enum remex_status status;
    struct shown shown;

    shown_init(&shown, place->pki, "alice", "alice");
    shown.options.executor_program = REMEX_BIN_DIR "/remexd";
    status = remex_client_connect(place->address, &shown.options, out, error);
    shown_deinit(&shown);
    return status;
}

static uint64_t own_cpu_ms(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
            (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

/* With lanes it cannot have, it has nothing to do. */
static void check_calm(struct remex_process *process)
{
    uint64_t before = own_cpu_ms();
    struct remex_event event;

    g_assert_cmpint(remex_process_next_event(process, QUIET_MS, &event), ==,
            REMEX_AGAIN);
    g_assert_cmpuint(own_cpu_ms() - before, <, MOST_CPU_MS);
}

/* Once connected, everything can be done by what there is. */
static void use(const struct place *place, struct remex_client *client)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process;
    struct remex_error error;
    struct transcript story;
    enum remex_status status = remex_process_start(
            client, REMOTE_ARGV("cat"), &options, &process, &error);

    if (status != REMEX_OK && place->shares) {
        check_told(status, &error);
        return;
    }
    if (status != REMEX_OK)
        g_error("start: %s", error.text);
    check_calm(process);
    g_assert_cmpint(
            remex_process_write(process, "hello", 5, PATIENCE_MS, NULL, &error),
            ==, REMEX_OK);
    g_assert_cmpint(remex_process_close_stdin(process, &error), ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    transcript_check_text(&story, REMEX_STDOUT, "hello");
    transcript_deinit(&story);
    remex_process_free(process);
}

static bool check_step(const struct place *place, unsigned int descriptors)
{
    size_t before = open_descriptors();
    int64_t begun = g_get_monotonic_time();
    struct remex_client *client;
    struct remex_error error;
    enum remex_status status;
    struct want want;

    want_begin(&want, descriptors);
    status = try_connect(place, &client, &error);
    if (status == REMEX_OK) {
        use(place, client);
        remex_client_free(client);
    } else {
        check_told(status, &error);
        g_assert_cmpint(g_get_monotonic_time() - begun, <, PATIENCE_MS * 1000);
    }
    want_end(&want);
    g_assert_cmpuint(open_descriptors(), ==, before);
    return status == REMEX_OK;
}

/* The first has none to connect with, and the last enough for all. */
static void check_steps(const struct place *place)
{
    bool fine = false;

    for (size_t i = 0; !g_test_slow() && i < G_N_ELEMENTS(few_steps); i++)
        fine = check_step(place, few_steps[i]);
    for (unsigned int i = LEAST; g_test_slow() && i <= MOST; i++)
        fine = check_step(place, i);
    g_assert_true(fine);
    g_assert_false(check_step(place, LEAST));
}

static void each_step_connects_or_says_why_not(void)
{
    struct daemon daemon;
    struct place place = { .pki = NULL };

    daemon_start(&daemon);
    place.address = daemon.address;
    check_steps(&place);
    daemon_stop(&daemon);
}

static void each_step_connects_by_tls_or_says_why_not(void)
{
    char *pki = secret_pki();
    struct daemon daemon;
    struct place place = { .pki = pki };

    daemon_start_tls(&daemon, pki);
    place.address = daemon.address;
    check_steps(&place);
    daemon_stop(&daemon);
    secret_free(pki);
}

static void each_step_has_an_executor_of_its_own_or_says_why_not(void)
{
    struct place place = { .address = "local:", .shares = true };

    check_steps(&place);
}

/* --- Recovery ------------------------------------------------------------ */

/* Its connections are gone and others have the descriptors: it waits for some,
 * and goes on where it was. */
static void a_broken_link_waits_for_descriptors(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct remex_process *process;
    struct remex_client *client;
    struct transcript story;
    struct daemon daemon;
    struct want want;
    pid_t front;

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = remote_start(client, REMOTE_ARGV("cat"), &options);
    g_assert_cmpint(
            remex_process_write(process, "one ", 4, PATIENCE_MS, NULL, NULL),
            ==, REMEX_OK);
    transcript_init(&story);
    transcript_follow_until(&story, process, REMEX_STDOUT, 4);
    front = daemon_front(&daemon);
    want_begin(&want, LEAST);
    kill(front, SIGKILL);
    for (int i = 0; i < 50; i++) {
        want_more(&want);
        poll(NULL, 0, 2); /* whatever it gives up is taken at once */
    }
    check_calm(process);
    g_assert_cmpint(remex_process_write(process, "two", 3, 50, NULL, NULL), !=,
            REMEX_OK);
    want_end(&want);
    g_assert_cmpint(
            remex_process_write(process, "", 0, PATIENCE_MS, NULL, NULL), ==,
            REMEX_OK);
    g_assert_cmpint(remex_process_close_stdin(process, NULL), ==, REMEX_OK);
    transcript_follow(&story, process);
    transcript_check_exit(&story, 0);
    transcript_deinit(&story);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_descriptors", each_step_connects_or_says_why_not);
    SUITE_ADD("/client_descriptors", each_step_connects_by_tls_or_says_why_not);
    SUITE_ADD("/client_descriptors",
            each_step_has_an_executor_of_its_own_or_says_why_not);
    SUITE_ADD("/client_descriptors", a_broken_link_waits_for_descriptors);
    return g_test_run();
}
