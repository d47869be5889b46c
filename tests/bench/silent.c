/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Thousands who connect by TLS and say nothing: what somebody notices of them
 * who is served meanwhile, and how soon they are gone.
 */

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "bench/host.h"
#include "bench/runner_remex.h"
#include "bench/talk.h"
#include "bench/workloads.h"

/* They come from so many addresses: those of one push out each other. */
enum { SOURCES = 50 };

static const struct metric noticed = { "silent",
    "64 bytes through cat by TLS, p99", "us", "calm", "<= 2.0" };
static const struct metric gone = { "silent", "until the last one is gone", "s",
    NULL, "<= 10" };

static double p99(struct runner *runner, struct job *cat, size_t count)
{
    static const char word[64];
    double *times = g_new(double, count);
    double value;

    for (size_t i = 0; i < count; i++) {
        double begin = meter_now_us();

        runner->write(runner, cat, word, sizeof(word));
        runner_await(runner, cat, cat->bytes + sizeof(word));
        times[i] = meter_now_us() - begin;
    }
    value = sheet_quantile(times, count, 0.99);
    g_free(times);
    return value;
}

static int connect_from(uint32_t source, uint16_t port)
{
    struct sockaddr_in from = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(source) };
    struct sockaddr_in to = { .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
            connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        runner_fail("silent: %s", g_strerror(errno));
    return fd;
}

static void connect_all(int *fds, size_t count, uint16_t port)
{
    for (size_t i = 0; i < count; i++)
        fds[i] = connect_from(INADDR_LOOPBACK + (uint32_t)(i % SOURCES), port);
}

static void wait_until_gone(const int *fds, size_t count)
{
    char byte;

    for (size_t i = 0; i < count; i++) {
        (void)!recv(fds[i], &byte, 1, 0);
        close(fds[i]);
    }
}

static void measure(struct bench *bench, struct runner *runner, uint16_t port)
{
    size_t words = bench_size(bench, 1000, 50);
    size_t count = bench_size(bench, 5000, 50);
    struct job *cat = talk_start(runner);
    int *fds = g_new(int, count);
    double begin;

    (void)p99(runner, cat, words / 10); /* warm up */
    sheet_add(bench->sheet, &noticed, "calm", p99(runner, cat, words));
    connect_all(fds, count, port);
    sheet_add(bench->sheet, &noticed, "remex", p99(runner, cat, words));
    wait_until_gone(fds, count);
    connect_all(fds, count, port);
    begin = meter_now_us();
    wait_until_gone(fds, count);
    sheet_add(bench->sheet, &gone, "remex", (meter_now_us() - begin) / 1e6);
    runner_finish(runner, cat);
    g_free(fds);
}

static void run(struct bench *bench)
{
    struct host *host = host_start(HOST_TLS);
    struct runner *runner = runner_remex_on(host);

    measure(bench, runner, host_port(host));
    runner->free(runner);
    host_stop(host);
}

const struct workload silent_workload = { "silent",
    "5,000 silent TLS connections, and one who is served meanwhile", run };
