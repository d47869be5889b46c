/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/departures.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "executor/link_frame.h"

/* At most one for each connection that the process's descriptors allow. */
struct departure {
    struct departure *next;
    uint32_t pipe;
};

struct departures {
    void (*gone)(void *user, uint32_t pipe);
    void *user;
    pthread_mutex_t lock;
    pthread_cond_t some;
    struct departure *first;
    struct departure **last; /* where the next one goes */
};

/* On NNG's clean-up thread: only enqueues. Out of memory, a departure is not
 * told; what was parked for it then waits for its limit. */
static void pipe_removed(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct departures *departures = arg;
    struct departure *departure = malloc(sizeof(*departure));

    (void)event;
    if (!departure)
        return;
    departure->next = NULL;
    departure->pipe = pipe.id;
    pthread_mutex_lock(&departures->lock);
    *departures->last = departure;
    departures->last = &departure->next;
    pthread_cond_signal(&departures->some);
    pthread_mutex_unlock(&departures->lock);
}

static struct departure *take_all(struct departures *departures)
{
    struct departure *all;

    pthread_mutex_lock(&departures->lock);
    while (!departures->first)
        pthread_cond_wait(&departures->some, &departures->lock);
    all = departures->first;
    departures->first = NULL;
    departures->last = &departures->first;
    pthread_mutex_unlock(&departures->lock);
    return all;
}

static void *run(void *arg)
{
    struct departures *departures = arg;

    for (;;) {
        struct departure *departure = take_all(departures);

        while (departure) {
            struct departure *next = departure->next;

            departures->gone(departures->user, departure->pipe);
            free(departure);
            departure = next;
        }
    }
    return NULL;
}

struct departures *departures_new(
        nng_socket socket, void (*gone)(void *user, uint32_t pipe), void *user)
{
    struct departures *departures = calloc(1, sizeof(*departures));
    pthread_t thread;

    if (!departures)
        _exit(LINK_EXIT_MEMORY);
    departures->gone = gone;
    departures->user = user;
    departures->last = &departures->first;
    pthread_mutex_init(&departures->lock, NULL);
    pthread_cond_init(&departures->some, NULL);
    if (nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, pipe_removed, departures))
        _exit(LINK_EXIT_LIBRARY);
    if (pthread_create(&thread, NULL, run, departures))
        _exit(LINK_EXIT_MEMORY);
    pthread_detach(thread);
    return departures;
}
