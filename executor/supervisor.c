/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "executor/lifeline.h"
#include "executor/sweep.h"

#define CANNOT_START 125

struct supervisor {
    struct supervisor_settings settings;
    sigset_t before; /* the mask that the executor is to have */
    pid_t executor;
    int lifeline;
    int signals;         /* signalfd */
    bool silent;         /* the executor has closed its end of the lifeline */
    bool ready;          /* it listens everywhere */
    bool reloading;      /* it was asked to, and has not said what came of it */
    bool again;          /* and was to be asked once more meanwhile */
    bool heeds_terminal; /* the end of ours is a request to end */
    unsigned asked;      /* the executor was asked to end so often */
    int status;          /* of the executor, once it has ended */
    int64_t stopped_until; /* then it is to go on; CLOCK_NEVER: it does */
};

static void close_all(struct supervisor *supervisor)
{
    if (supervisor->signals >= 0)
        close(supervisor->signals);
    if (supervisor->lifeline >= 0)
        close(supervisor->lifeline);
    notify_close(&supervisor->settings.notify);
    pthread_sigmask(SIG_SETMASK, &supervisor->before, NULL);
}

/* Signals become readable. Those that end us are a request to the executor. */
static bool open_signals(struct supervisor *supervisor)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGABRT);
    if (pthread_sigmask(SIG_BLOCK, &set, &supervisor->before) != 0)
        return false;
    supervisor->signals = signalfd(-1, &set, SFD_CLOEXEC);
    return supervisor->signals >= 0;
}

static void end_all(const struct supervisor *supervisor)
{
    cgroup_home_kill(supervisor->settings.groups);
    sweep_children();
    cgroup_home_remove(supervisor->settings.groups);
}

/* The executor's process. A terminal's ^C reaches it as well as the supervisor,
 * so it leaves such signals to the one and listens to the lifeline. What is
 * left of it at its end is swept. */
static void executor_run(struct supervisor *supervisor, int lifeline,
        supervisor_main *executor_main, void *user)
{
    int status;

    close_all(supervisor);
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    status = executor_main(user, lifeline);
    end_all(supervisor);
    exit(status); /* NOLINT(concurrency-mt-unsafe): there is one thread */
}

static bool start_executor(struct supervisor *supervisor,
        supervisor_main *executor_main, void *user)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return false;
    supervisor->lifeline = ends[0];
    supervisor->executor = fork();
    if (supervisor->executor == 0)
        executor_run(supervisor, ends[1], executor_main, user);
    close(ends[1]);
    return supervisor->executor > 0;
}

/* In order first; whoever asks again has no time for that. */
static void ask_to_end(struct supervisor *supervisor)
{
    const unsigned patience = supervisor->settings.drains ? 2 : 1;
    const char request = LIFELINE_END;

    if (supervisor->asked++ == 0)
        notify_send(&supervisor->settings.notify, "STOPPING=1");
    if (supervisor->asked > patience ||
            send(supervisor->lifeline, &request, 1, MSG_NOSIGNAL) < 0)
        kill(supervisor->executor, SIGKILL);
}

/* --- SIGHUP --------------------------------------------------------------- */

/* Whose hanging up took it from us, if we had one. */
static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool heeds_terminal(void)
{
    struct sigaction action;

    return sigaction(SIGHUP, NULL, &action) == 0 &&
            action.sa_handler != SIG_IGN && has_terminal();
}

/* One at a time, so that there is an answer to each; of those that came
 * meanwhile one more does. */
static void ask_to_reload(struct supervisor *supervisor)
{
    const char request = LIFELINE_RELOAD;
    char text[64];

    if (supervisor->asked > 0)
        return; /* it ends */
    if (supervisor->reloading) {
        supervisor->again = true;
        return;
    }
    if (send(supervisor->lifeline, &request, 1, MSG_NOSIGNAL | MSG_DONTWAIT) <
            0)
        return; /* it is gone */
    supervisor->reloading = true;
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
            (long long)(clock_monotonic_ns() / 1000));
    if (supervisor->ready)
        notify_send(&supervisor->settings.notify, text);
}

static void on_reloaded(struct supervisor *supervisor, const char *state)
{
    bool again = supervisor->again;

    supervisor->reloading = false;
    supervisor->again = false;
    if (supervisor->ready)
        notify_send(&supervisor->settings.notify, state);
    if (again)
        ask_to_reload(supervisor);
}

/* The kernel's own comes a moment before a leader's terminal is gone; a
 * shell's, who passes it on, after that. */
static bool has_hung_up(const struct signalfd_siginfo *info)
{
    return info->ssi_code == SI_KERNEL || !has_terminal();
}

static void hang_up(
        struct supervisor *supervisor, const struct signalfd_siginfo *info)
{
    if (!supervisor->settings.reloads ||
            (supervisor->heeds_terminal && has_hung_up(info)))
        ask_to_end(supervisor);
    else
        ask_to_reload(supervisor);
}

/* --- What the executor says ----------------------------------------------- */

static void pass_on(struct supervisor *supervisor, char what)
{
    const struct notify *notify = &supervisor->settings.notify;

    switch (what) {
    case LIFELINE_READY:
        supervisor->ready = true;
        notify_send(notify, "READY=1\nSTATUS=Listening");
        break;
    case LIFELINE_ALIVE:
        notify_send(notify, "WATCHDOG=1");
        break;
    case LIFELINE_DRAIN:
        notify_send(notify, "STATUS=Draining: programs are waited for");
        break;
    case LIFELINE_PATIENT:
    case LIFELINE_PROMPT:
        supervisor->settings.drains = what == LIFELINE_PATIENT;
        break;
    case LIFELINE_RELOADED:
        on_reloaded(supervisor, "READY=1\nSTATUS=Listening");
        break;
    case LIFELINE_KEPT:
        on_reloaded(supervisor,
                "READY=1\nSTATUS=Listening; the last reload was refused, see "
                "the log");
        break;
    default:
        break;
    }
}

static void listen_to_executor(struct supervisor *supervisor)
{
    char bytes[64];
    ssize_t size =
            recv(supervisor->lifeline, bytes, sizeof(bytes), MSG_DONTWAIT);

    for (ssize_t i = 0; i < size; i++)
        pass_on(supervisor, bytes[i]);
    if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR))
        supervisor->silent = true;
}

/* --- Its end ---------------------------------------------------------------
 */

/* Whoever stopped it may be gone, or want it so: a program of our user's that
 * stops its parent, and whose parent the executor became. All others wait. */
static void note_stop(struct supervisor *supervisor)
{
    supervisor->stopped_until = clock_after(clock_monotonic_ns(),
            clock_from_ms(supervisor->settings.most_stopped_ms));
}

static void end_stop(struct supervisor *supervisor)
{
    if (supervisor->stopped_until > clock_monotonic_ns())
        return;
    supervisor->stopped_until = CLOCK_NEVER;
    kill(supervisor->executor, SIGCONT);
}

/* Orphans that outlived an executor's reaping are only reaped. True: the
 * executor has ended. */
static bool reap(struct supervisor *supervisor)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        if (pid != supervisor->executor)
            continue;
        supervisor->stopped_until = CLOCK_NEVER;
        if (WIFSTOPPED(status)) {
            note_stop(supervisor);
        } else if (!WIFCONTINUED(status)) {
            supervisor->status = status;
            return true;
        }
    }
    return false;
}

/* True: the executor has ended. */
static bool take_signal(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;

    if (read(supervisor->signals, &info, sizeof(info)) < 0)
        return false; /* interrupted */
    if (info.ssi_signo == SIGCHLD)
        return reap(supervisor);
    if (info.ssi_signo == SIGABRT)
        kill(supervisor->executor, SIGKILL);
    else if (info.ssi_signo == SIGHUP)
        hang_up(supervisor, &info);
    else
        ask_to_end(supervisor);
    return false;
}

static void watch(struct supervisor *supervisor)
{
    for (;;) {
        struct pollfd fds[] = {
            { .fd = supervisor->signals, .events = POLLIN },
            { .fd = supervisor->silent ? -1 : supervisor->lifeline,
                    .events = POLLIN },
        };

        if (poll(fds, 2,
                    clock_poll_ms(clock_monotonic_ns(),
                            supervisor->stopped_until)) < 0)
            continue; /* interrupted */
        if (fds[1].revents)
            listen_to_executor(supervisor);
        if (fds[0].revents && take_signal(supervisor))
            return;
        end_stop(supervisor);
    }
}

int supervisor_run(const struct supervisor_settings *settings,
        supervisor_main *executor_main, void *user)
{
    struct supervisor supervisor = { .settings = *settings,
        .lifeline = -1,
        .signals = -1,
        .stopped_until = CLOCK_NEVER,
        .heeds_terminal = heeds_terminal() };
    int os_error;

    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (!open_signals(&supervisor) ||
            !start_executor(&supervisor, executor_main, user)) {
        os_error = errno;
        close_all(&supervisor);
        errno = os_error;
        return CANNOT_START;
    }
    watch(&supervisor);
    end_all(&supervisor);
    close_all(&supervisor);
    return WIFEXITED(supervisor.status) ? WEXITSTATUS(supervisor.status)
                                        : 128 + WTERMSIG(supervisor.status);
}
