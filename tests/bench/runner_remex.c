/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/runner_remex.h"

#include <poll.h>

#include <glib.h>

#include <remex/process.h>

struct remex {
    struct runner runner;
    struct host *own; /* NULL: the host is another's */
    const struct host *host;
    struct remex_client *client;
    GHashTable *jobs; /* struct remex_process -> struct remote */
};

struct remote {
    struct job job;
    struct remex_process *process;
};

static struct job *start(
        struct runner *runner, const char *const *argv, bool with_stdin)
{
    struct remex *remex = (struct remex *)runner;
    struct remote *remote = g_new0(struct remote, 1);
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_error error = { 0 };

    if (with_stdin)
        options.stdin_mode = REMEX_STDIN_PIPE;
    host_check(remex_process_start(
                       remex->client, argv, &options, &remote->process, &error),
            &error);
    g_hash_table_insert(remex->jobs, remote->process, remote);
    return &remote->job;
}

static void write_to(
        struct runner *runner, struct job *job, const void *data, size_t size)
{
    struct remote *remote = (struct remote *)job;
    struct remex_error error = { 0 };

    (void)runner;
    host_check(remex_process_write(remote->process, data, size, REMEX_FOREVER,
                       NULL, &error),
            &error);
}

static void close_stdin(struct runner *runner, struct job *job)
{
    struct remex_error error = { 0 };

    (void)runner;
    host_check(
            remex_process_close_stdin(((struct remote *)job)->process, &error),
            &error);
}

static void take(struct job *job, const struct remex_event *event)
{
    if (event->kind == REMEX_EVENT_OUTPUT) {
        if (event->output.stream == REMEX_STDOUT)
            job->bytes += event->output.data.size;
    } else if (event->kind == REMEX_EVENT_CLOSED) {
        job->closed = true;
    } else if (event->kind != REMEX_EVENT_EXITED || event->exited.by_signal ||
            event->exited.code != 0) {
        runner_fail("remex: a process failed, or was lost");
    }
}

/* What is there of one process, once there is something. */
static void take_all(struct remote *remote, int timeout_ms)
{
    struct remex_event event;

    while (remex_process_next_event(remote->process, timeout_ms, &event) ==
            REMEX_OK) {
        take(&remote->job, &event);
        timeout_ms = 0;
    }
}

/* Who has one process waits for it; who has many, for their client. */
static void step(struct runner *runner)
{
    struct remex *remex = (struct remex *)runner;
    struct pollfd poll_one = { .fd = remex_client_fd(remex->client),
        .events = POLLIN };
    struct remex_process *process;
    GHashTableIter iter;
    gpointer only;

    if (g_hash_table_size(remex->jobs) == 1) {
        g_hash_table_iter_init(&iter, remex->jobs);
        g_hash_table_iter_next(&iter, NULL, &only);
        take_all(only, REMEX_FOREVER);
        return;
    }
    (void)poll(&poll_one, 1, -1);
    while ((process = remex_client_next_ready(remex->client)))
        take_all(g_hash_table_lookup(remex->jobs, process), 0);
}

static void free_job(struct runner *runner, struct job *job)
{
    struct remex *remex = (struct remex *)runner;
    struct remote *remote = (struct remote *)job;

    g_hash_table_remove(remex->jobs, remote->process);
    remex_process_free(remote->process);
    g_free(remote);
}

/* --- Many at a time ------------------------------------------------------- */

struct crowd {
    struct remex_client *client;
    const char *const *argv;
    gint left; /* to be started; below zero: too many have looked */
};

/* A thread of its own for each that is in flight: all calls may block. */
static gpointer live(gpointer user)
{
    struct crowd *crowd = user;

    while (g_atomic_int_add(&crowd->left, -1) > 0) {
        struct remex_process *process;
        struct remex_error error = { 0 };
        struct remex_event event;
        struct job job = { .closed = false };

        host_check(remex_process_start(
                           crowd->client, crowd->argv, NULL, &process, &error),
                &error);
        while (!job.closed &&
                remex_process_next_event(process, REMEX_FOREVER, &event) ==
                        REMEX_OK)
            take(&job, &event);
        remex_process_free(process);
    }
    return NULL;
}

static void run_many(struct runner *runner, const char *const *argv,
        size_t count, size_t at_a_time)
{
    struct crowd crowd = { .client = ((struct remex *)runner)->client,
        .argv = argv,
        .left = (gint)count };
    GThread **threads = g_new(GThread *, at_a_time);

    for (size_t i = 0; i < at_a_time; i++)
        threads[i] = g_thread_new("life", live, &crowd);
    for (size_t i = 0; i < at_a_time; i++)
        g_thread_join(threads[i]);
    g_free(threads);
}

static double cpu_us(const struct runner *runner)
{
    struct crew crew = host_crew(((const struct remex *)runner)->host);

    return crew_cpu_us(&crew);
}

static void free_runner(struct runner *runner)
{
    struct remex *remex = (struct remex *)runner;

    remex_client_free(remex->client);
    host_stop(remex->own);
    g_hash_table_destroy(remex->jobs);
    g_free(remex);
}

struct runner *runner_remex_on(const struct host *host)
{
    struct remex *remex = g_new0(struct remex, 1);

    remex->runner = (struct runner){ .name = "remex",
        .start = start,
        .write = write_to,
        .close_stdin = close_stdin,
        .step = step,
        .free_job = free_job,
        .run_many = run_many,
        .cpu_us = cpu_us,
        .free = free_runner };
    remex->host = host;
    remex->client = host_connect(host);
    remex->jobs = g_hash_table_new(NULL, NULL);
    return &remex->runner;
}

struct runner *runner_remex_new(enum host_link link)
{
    static const char *const names[] = {
        [HOST_IPC] = "remex",
        [HOST_TCP] = "remex-tcp",
        [HOST_TLS] = "remex-tls",
    };
    struct host *host = host_start(link);
    struct runner *runner = runner_remex_on(host);

    ((struct remex *)runner)->own = host;
    runner->name = names[link];
    return runner;
}
