/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_BELL_H
#define CLIENT_BELL_H

/*
 * A lock, and bells at which threads wait until something that it guards has
 * changed. A condition variable wakes them while the lock is held, and the
 * first thing that each does is to wait for it; those who are rung for here are
 * woken once it has been let go.
 *
 * Who waits has a seat on its own stack, and leaves it only when it has been
 * woken, if it was rung for: waking needs neither lock nor bell, which may be
 * gone by then. Nobody is cancelled in its sleep.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bell_seat;

/* Zeroed: nobody waits. */
struct bell {
    struct bell_seat *first;
};

struct bell_lock {
    pthread_mutex_t mutex;
    struct bell_seat *rung; /* for, since it was taken */
};

void bell_lock_init(struct bell_lock *lock);
void bell_lock_deinit(struct bell_lock *lock);

void bell_lock_take(struct bell_lock *lock);

/* The lock may be gone as soon as others can take it. */
void bell_lock_drop(struct bell_lock *lock);

/* The rest is with the lock held. */

/* Wakes all who wait there, when the lock is let go. */
void bell_ring(struct bell_lock *lock, struct bell *bell);

/* Lets the lock go until it is rung for, or until the deadline, by the
 * monotonic clock; false: it was not rung for. */
bool bell_wait(struct bell_lock *lock, struct bell *bell, int64_t deadline);

#endif
