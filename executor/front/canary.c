/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/canary.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/pubsub0/pub.h>
#include <nng/protocol/pubsub0/sub.h>

#include "executor/front/probe.h"

#define SECOND INT64_C(1000000000)

/* Hanging for ever takes no more than a few seconds to tell from a machine that
 * has other things to do. */
#define CLEANUP_PATIENCE (2 * SECOND)
#define LISTENER_PATIENCE (SECOND / 2)

/* Of a clean-up, which takes less than a millisecond where there is a processor
 * for it. */
#define SLOW_PACE (SECOND / 20)

static const char inner_address[] = "inproc://canary";

struct canary {
    struct channel *channel;
    struct probe requests;
    struct probe hints;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t moved;
    uint64_t asked;  /* number of the newest beat */
    uint64_t begun;  /* and of the one being worked on, or the last */
    uint32_t pipe;   /* id of the newest inner connection */
    uint32_t closed; /* of the one that was closed last */
    bool cleaned_up; /* that one is gone */
    uint64_t let_in; /* connections that the hint socket took, ever */
};

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

static struct timespec time_of(int64_t time)
{
    return (struct timespec){ time / SECOND, time % SECOND };
}

/* Pipe callbacks may do no more than take note. */
static void pipe_changed(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct canary *canary = arg;

    pthread_mutex_lock(&canary->lock);
    if (event == NNG_PIPE_EV_ADD_POST)
        canary->pipe = (uint32_t)nng_pipe_id(pipe);
    else if ((uint32_t)nng_pipe_id(pipe) == canary->closed)
        canary->cleaned_up = true;
    pthread_cond_signal(&canary->moved);
    pthread_mutex_unlock(&canary->lock);
}

/* The inner connection, once it has come again; 0: it does not. */
static uint32_t find_pipe(struct canary *canary)
{
    struct timespec until = time_of(now() + CLEANUP_PATIENCE);
    int error = 0;
    uint32_t pipe;

    pthread_mutex_lock(&canary->lock);
    while (canary->pipe == canary->closed && !error)
        error = pthread_cond_timedwait(&canary->moved, &canary->lock, &until);
    pipe = canary->pipe == canary->closed ? 0 : canary->pipe;
    canary->closed = pipe;
    canary->cleaned_up = false;
    pthread_mutex_unlock(&canary->lock);
    return pipe;
}

static bool see_removal(struct canary *canary)
{
    struct timespec until = time_of(now() + CLEANUP_PATIENCE);
    int error = 0;
    bool seen;

    pthread_mutex_lock(&canary->lock);
    while (!canary->cleaned_up && !error)
        error = pthread_cond_timedwait(&canary->moved, &canary->lock, &until);
    seen = canary->cleaned_up;
    pthread_mutex_unlock(&canary->lock);
    return seen;
}

/* Has a connection closed, and sees that it is cleaned up. It comes again by
 * itself. Returns how long that took; ends the process if it does not happen.
 */
static int64_t check_cleanup(struct canary *canary)
{
    nng_pipe pipe = { .id = find_pipe(canary) };
    int64_t begin = now();

    if (pipe.id == 0)
        _exit(LINK_EXIT_CLEANUP);
    nng_pipe_close(pipe);
    if (!see_removal(canary))
        _exit(LINK_EXIT_CLEANUP);
    return now() - begin;
}

static void let_in(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct canary *canary = arg;

    (void)pipe;
    (void)event;
    pthread_mutex_lock(&canary->lock);
    canary->let_in++;
    pthread_cond_signal(&canary->moved);
    pthread_mutex_unlock(&canary->lock);
}

static uint64_t count_let_in(struct canary *canary)
{
    uint64_t count;

    pthread_mutex_lock(&canary->lock);
    count = canary->let_in;
    pthread_mutex_unlock(&canary->lock);
    return count;
}

static bool wait_let_in(
        struct canary *canary, uint64_t before, int64_t deadline)
{
    struct timespec until = time_of(deadline);
    int error = 0;
    bool good;

    pthread_mutex_lock(&canary->lock);
    while (canary->let_in == before && !error)
        error = pthread_cond_timedwait(&canary->moved, &canary->lock, &until);
    good = canary->let_in > before;
    pthread_mutex_unlock(&canary->lock);
    return good;
}

/* Whoever was let in since this one came proves that the listener lives. */
static bool hints_live(struct canary *canary, int64_t deadline)
{
    uint64_t before = count_let_in(canary);
    int fd = probe_subscribe(&canary->hints, deadline);
    bool good;

    if (fd < 0)
        return false;
    good = wait_let_in(canary, before, deadline);
    close(fd);
    return good;
}

static bool listeners_live(struct canary *canary, int64_t patience)
{
    return probe_request(&canary->requests, now() + patience) &&
            hints_live(canary, now() + patience);
}

/* A dead listener must be found quickly, but one that is slow because the whole
 * machine is must not be taken for dead: how long NNG's threads need meanwhile
 * for something that cannot fail tells these apart. Nor one whose threads wait
 * for an executor that has much to do. */
static void check_listeners(struct canary *canary)
{
    int64_t pace = check_cleanup(canary);
    int64_t patience = LISTENER_PATIENCE;
    int64_t begin = now();

    while (!listeners_live(canary, patience)) {
        bool waited = channel_was_full(canary->channel, begin);
        int64_t next_pace;

        begin = now();
        next_pace = check_cleanup(canary);
        if (waited)
            patience = LISTENER_PATIENCE;
        else if (pace < SLOW_PACE && next_pace < SLOW_PACE)
            _exit(LINK_EXIT_LISTENER);
        else
            patience = SLOW_PACE + 4 * (pace + next_pace);
        pace = next_pace;
    }
}

static uint64_t wait_for_beat(struct canary *canary)
{
    uint64_t beat;

    pthread_mutex_lock(&canary->lock);
    while (canary->begun == canary->asked)
        pthread_cond_wait(&canary->moved, &canary->lock);
    canary->begun = canary->asked;
    beat = canary->begun;
    pthread_mutex_unlock(&canary->lock);
    return beat;
}

static void *run(void *arg)
{
    struct canary *canary = arg;

    for (;;) {
        struct link_header header = {
            .kind = LINK_ALIVE,
            .ticket = wait_for_beat(canary),
        };

        check_listeners(canary);
        channel_send(canary->channel, &header, NULL);
    }
    return NULL;
}

/* Both ends of the inner connection; the dialling one connects again whenever
 * it has been closed, maybe before the old one is gone. */
static bool open_inner(struct canary *canary)
{
    nng_socket listening;
    nng_socket dialling;

    return !nng_pub0_open(&listening) && !nng_sub0_open(&dialling) &&
            !nng_pipe_notify(
                    listening, NNG_PIPE_EV_ADD_POST, pipe_changed, canary) &&
            !nng_pipe_notify(
                    listening, NNG_PIPE_EV_REM_POST, pipe_changed, canary) &&
            !nng_socket_set_ms(dialling, NNG_OPT_RECONNMINT, 10) &&
            !nng_socket_set_ms(dialling, NNG_OPT_RECONNMAXT, 10) &&
            !nng_listen(listening, inner_address, NULL, 0) &&
            !nng_dial(dialling, inner_address, NULL, NNG_FLAG_NONBLOCK);
}

struct canary *canary_new(struct channel *channel, const char *address,
        const char *hint_address, nng_socket hint_socket)
{
    struct canary *canary = calloc(1, sizeof(*canary));
    pthread_condattr_t attributes;
    pthread_t thread;

    if (!canary)
        _exit(LINK_EXIT_MEMORY);
    canary->channel = channel;
    pthread_mutex_init(&canary->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&canary->moved, &attributes);
    pthread_condattr_destroy(&attributes);
    if (!probe_init(&canary->requests, address) ||
            !probe_init(&canary->hints, hint_address))
        _exit(LINK_EXIT_USAGE);
    if (!open_inner(canary) ||
            nng_pipe_notify(hint_socket, NNG_PIPE_EV_ADD_POST, let_in, canary))
        _exit(LINK_EXIT_LIBRARY);
    if (pthread_create(&thread, NULL, run, canary))
        _exit(LINK_EXIT_MEMORY);
    pthread_detach(thread);
    return canary;
}

void canary_beat(struct canary *canary, uint64_t beat)
{
    pthread_mutex_lock(&canary->lock);
    canary->asked = beat;
    pthread_cond_signal(&canary->moved);
    pthread_mutex_unlock(&canary->lock);
}
