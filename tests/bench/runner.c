/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint64_t runner_run(struct runner *runner, const char *const *argv)
{
    struct job *job = runner->start(runner, argv, false);
    uint64_t bytes;

    while (!job->closed)
        runner->step(runner);
    bytes = job->bytes;
    runner->free_job(runner, job);
    return bytes;
}

void runner_await(struct runner *runner, const struct job *job, uint64_t bytes)
{
    while (job->bytes < bytes && !job->closed)
        runner->step(runner);
    if (job->bytes < bytes)
        runner_fail("%s: a process ended before its time", runner->name);
}

void runner_finish(struct runner *runner, struct job *job)
{
    runner->close_stdin(runner, job);
    while (!job->closed)
        runner->step(runner);
    runner->free_job(runner, job);
}

void runner_fail(const char *format, ...)
{
    va_list arguments;

    fputs("bench: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}
