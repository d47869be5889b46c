/* SPDX-License-Identifier: Apache-2.0 */
#include "client/bell.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

#define SECOND ((int64_t)1000 * 1000 * 1000)

struct bell_seat {
    uint32_t woken; /* a futex */
    bool rung; /* for: it is in the lock's list, and no longer in the bell's */
    struct bell_seat *next;
};

void bell_lock_init(struct bell_lock *lock)
{
    pthread_mutex_init(&lock->mutex, NULL);
    lock->rung = NULL;
}

void bell_lock_deinit(struct bell_lock *lock)
{
    pthread_mutex_destroy(&lock->mutex);
}

void bell_lock_take(struct bell_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
}

/* Whoever sees it may be gone with its seat, so that the call may wake somebody
 * else who sleeps there: he looks, and sleeps on. */
static void wake(struct bell_seat *seat)
{
    uint32_t *woken = &seat->woken;

    __atomic_store_n(woken, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, woken, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void bell_lock_drop(struct bell_lock *lock)
{
    struct bell_seat *rung = lock->rung;

    lock->rung = NULL;
    pthread_mutex_unlock(&lock->mutex);
    while (rung) {
        struct bell_seat *seat = rung;

        rung = seat->next;
        wake(seat);
    }
}

void bell_ring(struct bell_lock *lock, struct bell *bell)
{
    while (bell->first) {
        struct bell_seat *seat = bell->first;

        bell->first = seat->next;
        seat->rung = true;
        seat->next = lock->rung;
        lock->rung = seat;
    }
}

/* False: the deadline has passed. */
static bool sleep_until(const uint32_t *woken, int64_t deadline)
{
    const struct timespec until = {
        .tv_sec = (time_t)(deadline / SECOND),
        .tv_nsec = (long)(deadline % SECOND),
    };
    long result = 0;

    while (!__atomic_load_n(woken, __ATOMIC_ACQUIRE)) {
        if (result < 0 && errno == ETIMEDOUT)
            return false;
        result = syscall(SYS_futex, woken, FUTEX_WAIT_BITSET_PRIVATE, 0,
                deadline == CLOCK_NEVER ? NULL : &until, NULL,
                FUTEX_BITSET_MATCH_ANY);
    }
    return true;
}

static void leave(struct bell *bell, const struct bell_seat *seat)
{
    struct bell_seat **at = &bell->first;

    while (*at != seat)
        at = &(*at)->next;
    *at = seat->next;
}

bool bell_wait(struct bell_lock *lock, struct bell *bell, int64_t deadline)
{
    struct bell_seat seat = { .next = bell->first };
    bool woken;

    bell->first = &seat;
    bell_lock_drop(lock);
    woken = sleep_until(&seat.woken, deadline);
    bell_lock_take(lock);
    /* Rung for just now: whoever did it has let the lock go, and wakes us. */
    if (seat.rung && !woken)
        sleep_until(&seat.woken, CLOCK_NEVER);
    if (!seat.rung)
        leave(bell, &seat);
    return seat.rung;
}
