/* SPDX-License-Identifier: Apache-2.0 */
#include "client/convenience/feeder.h"

#include <signal.h>
#include <time.h>

/* After so long a write looks whether it is still wanted. Longer than most
 * outages: one that is given up in the middle of an outage cannot go on. */
#define LOOK_MS (60 * 1000)

/* Until there may be memory again. */
#define PAUSE_NS 50000000

/* What could not be done yet is tried again, as long as it is wanted: given up,
 * stdin would stay open, and the process wait for the rest for ever. */
static bool has_to_repeat(const struct feeder *feeder)
{
    static const struct timespec pause = { .tv_nsec = PAUSE_NS };

    if (atomic_load(&feeder->given_up))
        return false;
    if (feeder->status == REMEX_DEADLINE_EXCEEDED)
        return true;
    if (feeder->status != REMEX_NO_MEMORY &&
            feeder->status != REMEX_RESOURCE_EXHAUSTED)
        return false;
    nanosleep(&pause, NULL);
    return true;
}

static void close_stdin(struct feeder *feeder)
{
    do {
        feeder->status = remex_process_close_stdin(feeder->process, NULL);
    } while (has_to_repeat(feeder));
}

static void feed(struct feeder *feeder)
{
    const char *data = feeder->input.data;
    size_t size = feeder->input.size;
    size_t written;

    do {
        feeder->status =
                remex_process_write(feeder->process, data + feeder->taken,
                        size - feeder->taken, LOOK_MS, &written, NULL);
        feeder->taken += written;
    } while (has_to_repeat(feeder));
    if (feeder->status == REMEX_OK)
        close_stdin(feeder);
}

static void *run(void *user)
{
    feed(user);
    return NULL;
}

/* The caller's signals are none of its business. */
static bool start_thread(struct feeder *feeder)
{
    sigset_t all, before;
    bool started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&feeder->thread, NULL, run, feeder) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void feeder_begin(struct feeder *feeder, struct remex_process *process,
        struct remex_bytes input)
{
    *feeder = (struct feeder){ .process = process, .input = input };
    if (input.size > 0)
        feeder->has_thread = start_thread(feeder);
    if (feeder->has_thread)
        return;
    close_stdin(feeder);
    if (input.size > 0)
        feeder->status = REMEX_RESOURCE_EXHAUSTED;
}

void feeder_end(struct feeder *feeder)
{
    atomic_store(&feeder->given_up, true);
    if (feeder->has_thread)
        pthread_join(feeder->thread, NULL);
    feeder->has_thread = false;
}
