/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/canary.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>

#include "executor/front/probe.h"

#define SECOND INT64_C(1000000000)

static const char inner_address[] = "inproc://canary";

struct canary {
    struct channel *channel;
    struct probe requests;
    struct probe hints;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t moved;
    uint64_t asked;   /* number of the newest beat */
    uint64_t begun;   /* and of the one being worked on, or the last */
    nng_pipe pipe;    /* the inner connection; id 0: there is none */
    uint32_t removed; /* id of the last one that was cleaned up */
};

static int64_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * SECOND + time.tv_nsec;
}

static struct timespec in_two_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += 2;
    return time;
}

/* Pipe callbacks may do no more than take note. */
static void pipe_changed(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct canary *canary = arg;

    pthread_mutex_lock(&canary->lock);
    if (event == NNG_PIPE_EV_ADD_POST)
        canary->pipe = pipe;
    else
        canary->removed = pipe.id;
    pthread_cond_signal(&canary->moved);
    pthread_mutex_unlock(&canary->lock);
}

/* The inner connection, once it is there and newer than the one removed last.
 */
static bool find_pipe(struct canary *canary, nng_pipe *out)
{
    struct timespec until = in_two_seconds();
    int error = 0;

    pthread_mutex_lock(&canary->lock);
    while (canary->pipe.id == canary->removed && !error)
        error = pthread_cond_timedwait(&canary->moved, &canary->lock, &until);
    *out = canary->pipe;
    pthread_mutex_unlock(&canary->lock);
    return !error;
}

static bool see_removal(struct canary *canary, nng_pipe pipe)
{
    struct timespec until = in_two_seconds();
    int error = 0;

    pthread_mutex_lock(&canary->lock);
    while (canary->removed != pipe.id && !error)
        error = pthread_cond_timedwait(&canary->moved, &canary->lock, &until);
    pthread_mutex_unlock(&canary->lock);
    return !error;
}

/* Has a connection closed, and sees that it is cleaned up. It comes again by
 * itself. Returns how long that took; ends the process if it does not happen.
 */
static int64_t check_cleanup(struct canary *canary)
{
    nng_pipe pipe;
    int64_t begin;

    if (!find_pipe(canary, &pipe))
        _exit(LINK_EXIT_CLEANUP);
    begin = now();
    nng_pipe_close(pipe);
    if (!see_removal(canary, pipe))
        _exit(LINK_EXIT_CLEANUP);
    return now() - begin;
}

/* A dead listener must be found quickly, but one that is slow because the whole
 * machine is must not be taken for dead: how long NNG's threads just needed for
 * something that cannot fail tells these apart. */
static void check_listeners(const struct canary *canary, int64_t pace)
{
    int64_t patience = SECOND + 8 * pace;

    if (!probe_request(&canary->requests, now() + patience) ||
            !probe_hint(&canary->hints, now() + patience))
        _exit(LINK_EXIT_LISTENER);
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

        check_listeners(canary, check_cleanup(canary));
        channel_send(canary->channel, &header, NULL);
    }
    return NULL;
}

/* Both ends of the inner connection; the dialling one connects again whenever
 * it has been closed. */
static bool open_inner(struct canary *canary)
{
    nng_socket listening;
    nng_socket dialling;

    return !nng_pair0_open(&listening) && !nng_pair0_open(&dialling) &&
            !nng_pipe_notify(
                    listening, NNG_PIPE_EV_ADD_POST, pipe_changed, canary) &&
            !nng_pipe_notify(
                    listening, NNG_PIPE_EV_REM_POST, pipe_changed, canary) &&
            !nng_socket_set_ms(dialling, NNG_OPT_RECONNMINT, 10) &&
            !nng_socket_set_ms(dialling, NNG_OPT_RECONNMAXT, 10) &&
            !nng_listen(listening, inner_address, NULL, 0) &&
            !nng_dial(dialling, inner_address, NULL, NNG_FLAG_NONBLOCK);
}

struct canary *canary_new(
        struct channel *channel, const char *address, const char *hint_address)
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
    if (!open_inner(canary))
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
