/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A curve: one process that writes much, and clients that all want it, each by
 * a session of its own; beside a relay without any logic.
 */

#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <glib.h>

#include <remex/process.h>

#include "bench/floor.h"
#include "bench/host.h"
#include "bench/workloads.h"

#define PIECE_BYTES ((size_t)64 * 1024)
#define ALL_BYTES ((size_t)1024 * 1024 * 1024)
#define EACH_BYTES ((size_t)256 * 1024 * 1024) /* at most */

enum { BATCH = 64 };

static const struct metric rate = { "followers", "bytes to all, followers",
    "MB/s", "relay", ">= 0.6 at 8 and 64" };

struct follower {
    struct remex_client *client;
    struct remex_process *process;
    uint64_t bytes;
    bool closed;
};

static struct remex_process *start(struct remex_client *client, size_t bytes)
{
    char count[32];
    char size[32];
    const char *const argv[] = { BENCH_CHILD("pieces"), count, size, "wait",
        NULL };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct remex_error error = { 0 };

    snprintf(count, sizeof(count), "%zu", bytes / PIECE_BYTES);
    snprintf(size, sizeof(size), "%zu", PIECE_BYTES);
    options.stdin_mode = REMEX_STDIN_PIPE;
    host_check(remex_process_start(client, argv, &options, &process, &error),
            &error);
    return process;
}

static void join(struct follower *follower, const struct follower *first)
{
    struct remex_error error = { 0 };

    host_check(remex_process_attach(follower->client,
                       remex_process_id(first->process), NULL,
                       &follower->process, &error),
            &error);
}

static void take(struct follower *follower)
{
    struct remex_event event;

    while (remex_process_next_event(follower->process, 0, &event) == REMEX_OK) {
        if (event.kind == REMEX_EVENT_OUTPUT)
            follower->bytes += event.output.data.size;
        else if (event.kind == REMEX_EVENT_CLOSED)
            follower->closed = true;
        else if (event.kind != REMEX_EVENT_EXITED)
            runner_fail("followers: output was lost");
    }
}

/* As a program with many clients would: by epoll, as the relay's reader does.
 */
static void follow_all(struct follower *followers, size_t count)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    size_t left = count;

    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = { .events = EPOLLIN,
            .data.ptr = &followers[i] };

        epoll_ctl(epoll, EPOLL_CTL_ADD, remex_client_fd(followers[i].client),
                &event);
    }
    while (left > 0) {
        struct epoll_event events[BATCH];
        int ready = epoll_wait(epoll, events, BATCH, -1);

        for (int i = 0; i < ready; i++) {
            struct follower *follower = events[i].data.ptr;
            bool was_closed = follower->closed;

            while (remex_client_next_ready(follower->client))
                take(follower);
            if (follower->closed && !was_closed)
                left--;
        }
    }
    close(epoll);
}

/* MB/s to all of them together. */
static double measure(const struct host *host, size_t count, size_t bytes)
{
    struct follower *followers = g_new0(struct follower, count);
    double begin;

    for (size_t i = 0; i < count; i++) {
        followers[i].client = host_connect(host);
        if (i == 0)
            followers[i].process = start(followers[i].client, bytes);
        else
            join(&followers[i], &followers[0]);
    }
    begin = meter_now_us();
    host_check(remex_process_close_stdin(followers[0].process, NULL), NULL);
    follow_all(followers, count);
    begin = meter_now_us() - begin;
    for (size_t i = count; i-- > 0;) {
        if (followers[i].bytes != bytes)
            runner_fail("followers: output was lost");
        remex_process_free(followers[i].process);
        remex_client_free(followers[i].client);
    }
    g_free(followers);
    return (double)(bytes * count) / begin;
}

static void run(struct bench *bench)
{
    size_t most = bench_size(bench, 256, 4);

    for (size_t count = 1; count <= most; count *= 2) {
        size_t bytes = MIN(ALL_BYTES / count, EACH_BYTES);
        struct host *host = host_start(HOST_IPC);

        bytes = bench_size(bench, bytes, 4 * PIECE_BYTES);
        sheet_add_at(bench->sheet, &rate, count, "relay",
                floor_measure("relay", count, bytes));
        sheet_add_at(bench->sheet, &rate, count, "remex",
                measure(host, count, bytes));
        host_stop(host);
    }
}

const struct workload followers_workload = { "followers",
    "curve: 1 to 256 followers of one process", run };
