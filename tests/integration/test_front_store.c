/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Output that lies where a front can send from it: where it lies, who sees it,
 * and that nothing is wrong with it whatever happens to the front.
 */

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <remex/inspect.h>
#include <remex/process.h>

#include "support/daemon.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"

#define STORE "/memfd:remex-logs"

enum { FRONTS = 2, FOLLOWERS = 4, DEATHS = 8 };

#define KEPT_BYTES ((size_t)700000) /* less than is kept of one stream */
#define MUCH_BYTES ((size_t)64 * 1024 * 1024)

/* --- Where it lies -------------------------------------------------------- */

/* Memory of the stores that the executor has, in the order of its addresses;
 * how many there are. */
static size_t look_at_stores(const struct daemon *daemon, size_t out[FRONTS])
{
    size_t count = 0;

    for (int fd = 0; fd < 1024; fd++) {
        char *path =
                g_strdup_printf("/proc/%d/fd/%d", daemon_executor(daemon), fd);
        char *target = g_file_read_link(path, NULL);
        struct stat status;

        if (target && g_str_has_prefix(target, STORE)) {
            g_assert_cmpuint(count, <, FRONTS);
            g_assert_cmpint(stat(path, &status), ==, 0);
            out[count++] = (size_t)status.st_blocks * 512;
        }
        g_free(target);
        g_free(path);
    }
    return count;
}

/* Kilobytes of a store that the front has looked at; its rights there. */
static unsigned int look_into_front(pid_t front, char rights[5])
{
    char *path = g_strdup_printf("/proc/%d/smaps", front);
    FILE *file = fopen(path, "re");
    unsigned int found = 0;
    bool inside = false;
    char line[512];

    g_assert_nonnull(file);
    rights[0] = '\0';
    while (fgets(line, sizeof(line), file)) {
        if (strstr(line, STORE)) {
            inside = true;
            g_assert_cmpint(sscanf(line, "%*s %4s", rights), ==, 1);
        } else if (inside && sscanf(line, "Rss: %u kB", &found) == 1) {
            break;
        }
    }
    fclose(file);
    g_free(path);
    return found;
}

static struct remex_process *start_spew(
        struct remex_client *client, size_t bytes)
{
    char *count = g_strdup_printf("%zu", bytes);
    struct remex_process *process = remote_start(
            client, REMOTE_ARGV(REMOTE_CHILD("spew"), count), NULL);

    g_free(count);
    return process;
}

static struct remex_process *attach(
        struct remex_client *client, const struct remex_process *other)
{
    struct remex_process *process;

    g_assert_cmpint(remex_process_attach(client, remex_process_id(other), NULL,
                            &process, NULL),
            ==, REMEX_OK);
    return process;
}

/* An address of the executor's that is not its first one. */
static void start_with_another(struct daemon *daemon, char **address_out)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);

    g_assert_nonnull(directory);
    *address_out = g_strdup_printf("ipc://%s/other", directory);
    daemon_start_with(daemon, NULL, REMOTE_ARGV("--listen", *address_out));
    g_free(directory);
}

static void remove_other(char *address)
{
    char *directory = g_path_get_dirname(address + strlen("ipc://"));
    char *lock = g_strdup_printf("%s.lock", address + strlen("ipc://"));

    g_unlink(lock);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(lock);
    g_free(directory);
    g_free(address);
}

static void a_front_sends_from_where_it_lies_and_can_only_read_it(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    char rights[5];

    if (geteuid() != 0) {
        g_test_skip("only root looks into a front");
        return;
    }
    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    process = start_spew(client, KEPT_BYTES);
    transcript_follow_pattern(process, KEPT_BYTES);
    g_assert_cmpuint(look_into_front(daemon_front(&daemon), rights), >,
            KEPT_BYTES / 2 / 1024);
    g_assert_cmpstr(rights, ==, "r--s");
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

static void output_lies_with_the_front_that_it_was_started_through(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_client *stranger;
    struct remex_process *process;
    struct remex_process *seen;
    size_t memory[FRONTS] = { 0 };
    char *other;

    start_with_another(&daemon, &other);
    client = remote_connect_to(daemon.address);
    stranger = remote_connect_to(other);
    process = start_spew(client, KEPT_BYTES);
    transcript_follow_pattern(process, KEPT_BYTES);
    seen = attach(stranger, process); /* the bytes themselves are sent there */
    transcript_follow_pattern(seen, KEPT_BYTES);
    g_assert_cmpuint(look_at_stores(&daemon, memory), ==, FRONTS);
    g_assert_cmpuint(memory[0] + memory[1], >, KEPT_BYTES / 2);
    g_assert_true(memory[0] == 0 || memory[1] == 0);
    remex_process_free(seen);
    remex_process_free(process);
    remex_client_free(stranger);
    remex_client_free(client);
    daemon_stop(&daemon);
    remove_other(other);
}

/* After a heartbeat or two. */
static void await_no_memory(
        const struct daemon *daemon, struct remex_client *client)
{
    gint64 until = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    size_t memory[FRONTS] = { 1 };

    while (memory[0] > 0) {
        struct remex_process *process = start_spew(client, 10);

        g_assert_cmpint(g_get_monotonic_time(), <, until);
        transcript_follow_pattern(process, 10);
        remex_process_free(process);
        g_assert_cmpuint(look_at_stores(daemon, memory), ==, 1);
    }
}

static void what_is_forgotten_leaves_nothing_behind(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *processes[2 * FOLLOWERS];
    size_t memory[FRONTS] = { 0 };

    daemon_start(&daemon);
    client = remote_connect_to(daemon.address);
    for (size_t i = 0; i < G_N_ELEMENTS(processes); i++) {
        processes[i] = start_spew(client, KEPT_BYTES);
        transcript_follow_pattern(processes[i], KEPT_BYTES);
    }
    g_assert_cmpuint(look_at_stores(&daemon, memory), ==, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(processes); i++) {
        g_assert_cmpint(remex_client_forget(
                                client, remex_process_id(processes[i]), NULL),
                ==, REMEX_OK);
        remex_process_free(processes[i]);
    }
    g_assert_cmpuint(memory[0], >, KEPT_BYTES);
    await_no_memory(&daemon, client);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* A limit of file sizes counts for it, and is no reason not to serve. */
static void without_a_store_all_is_sent(void)
{
    struct rlimit before;
    struct rlimit tight;
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    size_t memory[FRONTS];

    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    tight = (struct rlimit){ 1024 * 1024, before.rlim_max };
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &tight), ==, 0);
    daemon_start(&daemon);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    g_assert_cmpuint(look_at_stores(&daemon, memory), ==, 0);
    client = remote_connect_to(daemon.address);
    process = start_spew(client, MUCH_BYTES);
    transcript_follow_pattern(process, MUCH_BYTES);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- Whatever happens ----------------------------------------------------- */

static void *follow_to_the_end(void *process)
{
    transcript_follow_pattern(process, MUCH_BYTES);
    return NULL;
}

/* What it was lent is not written over while it may be sending it, and is sent
 * anew by the next one. */
static void the_death_of_a_front_spoils_nothing(void)
{
    struct daemon daemon;
    struct remex_client *clients[FOLLOWERS];
    struct remex_process *followers[FOLLOWERS];
    GThread *threads[FOLLOWERS];

    daemon_start(&daemon);
    for (size_t i = 0; i < FOLLOWERS; i++) {
        clients[i] = remote_connect_to(daemon.address);
        followers[i] = i == 0 ? start_spew(clients[0], MUCH_BYTES)
                              : attach(clients[i], followers[0]);
    }
    for (size_t i = 0; i < FOLLOWERS; i++)
        threads[i] = g_thread_new("follower", follow_to_the_end, followers[i]);
    for (int i = 0; i < DEATHS; i++)
        daemon_kill_front(&daemon);
    for (size_t i = 0; i < FOLLOWERS; i++) {
        g_thread_join(threads[i]);
        remex_process_free(followers[i]);
        remex_client_free(clients[i]);
    }
    daemon_stop(&daemon);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/front-store",
            a_front_sends_from_where_it_lies_and_can_only_read_it);
    SUITE_ADD("/front-store",
            output_lies_with_the_front_that_it_was_started_through);
    SUITE_ADD("/front-store", what_is_forgotten_leaves_nothing_behind);
    SUITE_ADD("/front-store", without_a_store_all_is_sent);
    SUITE_ADD("/front-store", the_death_of_a_front_spoils_nothing);
    return g_test_run();
}
