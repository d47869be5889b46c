/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A program that forks: in the child every handle is dead, in the parent none.
 */

#include <remex/inspect.h>
#include <remex/process.h>
#include <remex/run.h>
#include <remex/subscription.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "support/echo.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"

#define FORKS 40

struct world {
    struct remex_client *client;
    struct remex_process *process;
    struct remex_subscription *subscription;
    int ended; /* atomic: nobody is to make noise any more */
};

/* Holds the client's lock again and again, so that forks come amid it. */
static void *make_noise(void *data)
{
    struct world *world = data;

    while (!g_atomic_int_get(&world->ended)) {
        struct remex_exit exited;
        struct remex_event event;

        g_assert_cmpint(remex_process_wait(world->process, 0, &exited), ==,
                REMEX_DEADLINE_EXCEEDED);
        g_assert_cmpint(remex_process_next_event(world->process, 0, &event), ==,
                REMEX_AGAIN);
        (void)remex_process_newest_seq(world->process);
        (void)remex_client_next_ready(world->client);
    }
    return NULL;
}

#define DEAD(call) \
    do { \
        if ((call) != REMEX_FAILED_PRECONDITION) \
            return __LINE__ % 255 + 1; \
    } while (0)

/* What takes events, waits, and writes. 0, or where it went wrong. */
static int use_streams(const struct world *world)
{
    struct remex_process *process = world->process;
    struct remex_subscription *subscription;
    struct remex_event event;
    struct remex_exit exited;
    struct remex_log *log;

    DEAD(remex_process_next_event(process, REMEX_FOREVER, &event));
    DEAD(remex_process_wait(process, REMEX_FOREVER, &exited));
    DEAD(remex_process_wake(process, 99, REMEX_FOREVER, NULL));
    DEAD(remex_process_write(process, "x", 1, REMEX_FOREVER, NULL, NULL));
    DEAD(remex_process_close_stdin(process, NULL));
    DEAD(remex_process_read(process, 0, 0, REMEX_FOREVER, &log, NULL));
    DEAD(remex_process_subscribe(
            process, REMEX_FROM_OLDEST, 0, &subscription, NULL));
    DEAD(remex_subscription_next(world->subscription, REMEX_FOREVER, &event));
    return 0;
}

static int use_controls(const struct world *world)
{
    struct remex_process *process = world->process;
    struct remex_process_status *status;

    DEAD(remex_process_signal(process, SIGKILL, REMEX_SIGNAL_TREE, NULL, NULL));
    DEAD(remex_process_terminate(process, NULL, NULL));
    DEAD(remex_process_stop(process, NULL, 0, NULL, NULL));
    DEAD(remex_process_resize(process, 1, 1, NULL));
    DEAD(remex_process_seal(process, NULL));
    DEAD(remex_process_inspect(process, &status, NULL));
    return 0;
}

static int use_client(const struct world *world)
{
    struct remex_client *client = world->client;
    const char *id = remex_process_id(world->process);
    struct remex_process_status *status;
    struct remex_process_list *list;
    struct remex_run_result *result;
    struct remex_process *another;

    DEAD(remex_process_start(
            client, REMOTE_ARGV("true"), NULL, &another, NULL));
    DEAD(remex_process_attach(client, id, NULL, &another, NULL));
    DEAD(remex_client_run(client, REMOTE_ARGV("true"), NULL, NULL, 0, 0,
            REMEX_FOREVER, &result, NULL));
    DEAD(remex_client_list(client, NULL, &list, NULL));
    DEAD(remex_client_inspect(client, id, &status, NULL));
    DEAD(remex_client_forget(client, id, NULL));
    if (remex_client_next_ready(client))
        return 255;
    return 0;
}

/* The exit code of a child that tries everything. */
static int try_everything(const struct world *world)
{
    int wrong = use_streams(world);

    if (wrong == 0)
        wrong = use_controls(world);
    if (wrong == 0)
        wrong = use_client(world);
    (void)remex_process_newest_seq(world->process);
    remex_process_detach(world->process);
    remex_subscription_free(world->subscription);
    remex_process_free(world->process);
    remex_client_free(world->client);
    return wrong;
}

static void fork_and_check(const struct world *world)
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        alarm(20); /* a deadlock is not to hang the test */
        _exit(try_everything(world));
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void in_a_forked_child_all_is_dead_and_in_the_parent_nothing(void)
{
    struct remex_process_options options = remote_with_stdin();
    struct world world = { .client = remote_connect() };
    struct remex_process *second;
    GThread *noise;

    if (sanitizers_on()) {
        g_test_skip("a sanitizer's own locks do not survive such forks");
        remex_client_free(world.client);
        return;
    }
    world.process =
            remote_start(world.client, REMOTE_ARGV("sleep", "1000"), &options);
    second = remote_start(world.client, REMOTE_ARGV("cat"), &options);
    g_assert_cmpint(remex_process_subscribe(world.process, REMEX_FROM_OLDEST, 0,
                            &world.subscription, NULL),
            ==, REMEX_OK);
    noise = g_thread_new("noise", make_noise, &world);
    for (int i = 0; i < FORKS; i++)
        fork_and_check(&world);
    g_atomic_int_set(&world.ended, 1);
    g_thread_join(noise);
    echo_once(second);
    remex_subscription_free(world.subscription);
    remex_process_free(second);
    remex_process_free(world.process);
    remex_client_free(world.client);
}

/* --- Armed handles ------------------------------------------------------- */

static void a_childs_free_does_not_kill(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    struct remex_exit exited;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        remex_process_free(process);
        remex_client_free(client);
        _exit(0);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    g_assert_cmpint(remex_process_wait(process, 300, &exited), ==,
            REMEX_DEADLINE_EXCEEDED);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/client_fork",
            in_a_forked_child_all_is_dead_and_in_the_parent_nothing);
    SUITE_ADD("/client_fork", a_childs_free_does_not_kill);
    return g_test_run();
}
