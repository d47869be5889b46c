/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/doctor_checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include <remex/process.h>

#include "client/cli/progress.h"

#define PINGS 100
#define PING_MS 5000
#define FLOW_BYTES ((uint64_t)8 * 1024 * 1024)
#define FLOW_COMMAND "head -c 8388608 /dev/zero"
#define FLOW_MS 30000
#define NS_PER_S 1000000000

/* What is slow: on one host, and over a network. */
#define LOCAL_SLOW_MS 5.0
#define REMOTE_SLOW_MS 150.0
#define SLOW_MB_PER_S 1.0
#define CLOCK_OFF_S 2.0

static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / NS_PER_S;
}

/* --- Round trips --------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

static bool ping_all(struct remex_client *client, double times_ms[PINGS],
        struct remex_error *error)
{
    struct progress progress = progress_new();
    enum remex_status status = REMEX_OK;

    for (int i = 0; i < PINGS && status == REMEX_OK; i++) {
        double before = seconds(CLOCK_MONOTONIC);

        progress_show(&progress, "round trips: %d of %d", i, PINGS);
        status = remex_client_ping(client, PING_MS, error);
        times_ms[i] = (seconds(CLOCK_MONOTONIC) - before) * 1e3;
    }
    progress_clear(&progress);
    return status == REMEX_OK;
}

void doctor_round_trip(
        struct diagnosis *diagnosis, struct remex_client *client, bool is_local)
{
    double times_ms[PINGS];
    struct remex_error error;
    struct finding *finding;
    double median;
    bool slow;

    if (!ping_all(client, times_ms, &error)) {
        finding_hint(diagnosis_add(diagnosis, "round trip", VERDICT_FAIL, "%s",
                             error.text),
                "the executor has stopped to answer: is its host overloaded?");
        return;
    }
    qsort(times_ms, PINGS, sizeof(times_ms[0]), compare);
    median = times_ms[PINGS / 2];
    slow = median > (is_local ? LOCAL_SLOW_MS : REMOTE_SLOW_MS);
    finding = diagnosis_add(diagnosis, "round trip",
            slow ? VERDICT_WARN : VERDICT_OK, "p50 %.2f ms, p99 %.2f ms, of %d",
            median, times_ms[PINGS * 99 / 100], PINGS);
    if (slow)
        finding_hint(finding, "%s",
                is_local ? "the host is busy: look at its load"
                         : "the network is slow: start many programs at a "
                           "time rather than one by one");
}

/* --- Output and clocks --------------------------------------------------- */

struct flow {
    uint64_t bytes;
    double first_at; /* our clock, when the first of it came */
    double told_at;  /* the executor's, when it was written */
    double start_at; /* our clock, before the start */
    double took_s;   /* from then to the end */
    bool is_whole;
};

static void take_output(struct flow *flow, const struct remex_event *event)
{
    if (flow->bytes == 0) {
        flow->first_at = seconds(CLOCK_REALTIME);
        flow->told_at = (double)event->time_ns / NS_PER_S;
    }
    flow->bytes += event->output.data.size;
}

static void take_events(struct flow *flow, struct remex_process *process)
{
    struct progress progress = progress_new();
    double begun = seconds(CLOCK_MONOTONIC);
    struct remex_event event;

    while (remex_process_next_event(process, FLOW_MS, &event) == REMEX_OK) {
        if (event.kind == REMEX_EVENT_OUTPUT)
            take_output(flow, &event);
        flow->is_whole = event.kind == REMEX_EVENT_CLOSED;
        progress_show(&progress, "throughput: %" PRIu64 " of %" PRIu64 " MiB",
                flow->bytes >> 20, FLOW_BYTES >> 20);
    }
    progress_clear(&progress);
    flow->took_s = seconds(CLOCK_MONOTONIC) - begun;
    flow->is_whole = flow->is_whole && flow->bytes == FLOW_BYTES;
}

static void tell_throughput(
        struct diagnosis *diagnosis, const struct flow *flow)
{
    double rate = (double)flow->bytes / 1e6 / flow->took_s;
    struct finding *finding = diagnosis_add(diagnosis, "throughput",
            rate < SLOW_MB_PER_S ? VERDICT_WARN : VERDICT_OK,
            "%.3g MB/s, a program's start included, over %" PRIu64 " MiB", rate,
            FLOW_BYTES >> 20);

    if (rate < SLOW_MB_PER_S)
        finding_hint(
                finding, "the network or the host is slow: see the round trip");
}

/* What was told lies between our start and our first look at it, if both have
 * the same time. */
static void tell_clock(struct diagnosis *diagnosis, const struct flow *flow)
{
    double ahead = 0;
    struct finding *finding;

    if (flow->told_at > flow->first_at)
        ahead = flow->told_at - flow->first_at;
    else if (flow->told_at < flow->start_at)
        ahead = flow->told_at - flow->start_at;
    if (ahead < CLOCK_OFF_S && ahead > -CLOCK_OFF_S) {
        (void)diagnosis_add(diagnosis, "clock", VERDICT_OK,
                "that of the executor is like ours, within %.2f s",
                flow->first_at - flow->start_at + (ahead < 0 ? -ahead : ahead));
        return;
    }
    finding = diagnosis_add(diagnosis, "clock", VERDICT_WARN,
            "that of the executor is %.1f s %s ours",
            ahead < 0 ? -ahead : ahead, ahead < 0 ? "behind" : "ahead of");
    finding_hint(finding,
            "set one of them (NTP): ages and the validity of certificates are "
            "wrong so");
}

/* Both are told by a program's output. */
static void tell_not_started(
        struct diagnosis *diagnosis, const struct remex_error *error)
{
    static const char *const checks[] = { "clock", "throughput" };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
        finding_hint(diagnosis_add(diagnosis, checks[i], VERDICT_WARN,
                             "not measured, for /bin/sh could not be started: "
                             "%s",
                             error->text),
                "that is fine if a policy or a role is to be that strict");
}

void doctor_flow(struct diagnosis *diagnosis, struct remex_client *client)
{
    const char *const argv[] = { "/bin/sh", "-c", FLOW_COMMAND, NULL };
    struct flow flow = { .start_at = seconds(CLOCK_REALTIME) };
    struct remex_process *process;
    struct remex_error error;

    if (remex_process_start(client, argv, NULL, &process, &error) != REMEX_OK) {
        tell_not_started(diagnosis, &error);
        return;
    }
    take_events(&flow, process);
    remex_process_free(process);
    if (flow.bytes > 0)
        tell_clock(diagnosis, &flow);
    if (flow.is_whole)
        tell_throughput(diagnosis, &flow);
    else
        finding_hint(diagnosis_add(diagnosis, "throughput", VERDICT_FAIL,
                             "%" PRIu64 " of %" PRIu64 " bytes came",
                             flow.bytes, FLOW_BYTES),
                "try 'remex run -- " FLOW_COMMAND "' for the reason");
}
