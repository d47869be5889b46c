/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/runner_local.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "bench/pipes.h"

extern char **environ;

struct local {
    struct runner runner;
    struct pipes pipes;
};

struct child {
    struct pipes_job of_pipes;
    pid_t pid;
};

/* In the child: what becomes its 0, 1 and 2; `in` -1 is the null device. */
static pid_t spawn(const char *const *argv, int in, int out, int err)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int failed;

    posix_spawn_file_actions_init(&actions);
    if (in < 0)
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    else
        posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    failed = posix_spawn(&pid, argv[0], &actions, NULL,
            (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed)
        runner_fail("%s: %s", argv[0], strerror(failed));
    return pid;
}

static struct job *start(
        struct runner *runner, const char *const *argv, bool with_stdin)
{
    struct local *local = (struct local *)runner;
    struct child *child = g_new0(struct child, 1);
    int in[2] = { -1, -1 };
    int out[2];
    int err[2];

    if (with_stdin)
        pipes_make(in);
    pipes_make(out);
    pipes_make(err);
    child->pid = spawn(argv, in[0], out[1], err[1]);
    if (with_stdin)
        close(in[0]);
    close(out[1]);
    close(err[1]);
    child->of_pipes.in = in[1];
    pipes_add(&local->pipes, &child->of_pipes, PIPES_OUT, out[0]);
    pipes_add(&local->pipes, &child->of_pipes, PIPES_ERR, err[0]);
    return &child->of_pipes.job;
}

static void ended(struct pipes_job *job)
{
    struct child *child = (struct child *)job;
    int status;

    if (waitpid(child->pid, &status, 0) != child->pid || status != 0)
        runner_fail("local: a child failed");
}

static void step(struct runner *runner)
{
    pipes_step(&((struct local *)runner)->pipes);
}

static void free_job(struct runner *runner, struct job *job)
{
    (void)runner;
    g_free(job);
}

static double cpu_us(const struct runner *runner)
{
    (void)runner;
    return 0;
}

static void free_runner(struct runner *runner)
{
    pipes_deinit(&((struct local *)runner)->pipes);
    g_free(runner);
}

struct runner *runner_local_new(void)
{
    struct local *local = g_new0(struct local, 1);

    local->runner = (struct runner){ .name = "local",
        .start = start,
        .write = pipes_write,
        .close_stdin = pipes_close_stdin,
        .step = step,
        .free_job = free_job,
        .cpu_us = cpu_us,
        .free = free_runner };
    local->pipes.ended = ended;
    pipes_init(&local->pipes);
    return &local->runner;
}
