/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/talk.h"

#include <glib.h>

#include "bench/meter.h"
#include "bench/sheet.h"

struct job *talk_start(struct runner *runner)
{
    const char *const argv[] = { "/bin/cat", NULL };

    return runner->start(runner, argv, true);
}

static double one(
        struct runner *runner, struct job *job, const char *data, size_t bytes)
{
    uint64_t wanted = job->bytes + bytes;
    double begin = meter_now_us();

    runner->write(runner, job, data, bytes);
    runner_await(runner, job, wanted);
    return meter_now_us() - begin;
}

double talk_measure(
        struct runner *runner, struct job *job, size_t bytes, size_t count)
{
    char *data = g_malloc0(bytes);
    double *times = g_new(double, count);
    double median;

    for (size_t i = 0; i < count / 10 + 1; i++)
        (void)one(runner, job, data, bytes); /* warm up */
    for (size_t i = 0; i < count; i++)
        times[i] = one(runner, job, data, bytes);
    median = sheet_quantile(times, count, 0.5);
    g_free(times);
    g_free(data);
    return median;
}
