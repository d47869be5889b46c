/* SPDX-License-Identifier: Apache-2.0 */
#include "client/bell.h"

#include <pthread.h>
#include <signal.h>

#include <glib.h>

#include "common/clock.h"
#include "support/suite.h"

enum { THREADS = 8, ROUNDS = 2000 };

struct room {
    struct bell_lock lock;
    struct bell bell;
    struct bell other;
    unsigned int waiting;
    unsigned int came; /* behind a bell that was rung */
    bool open;
    pthread_t disturbed;
};

static void init_room(struct room *room)
{
    *room = (struct room){ .open = false };
    bell_lock_init(&room->lock);
}

static gpointer wait_in(gpointer user)
{
    struct room *room = user;

    bell_lock_take(&room->lock);
    room->waiting++;
    bell_ring(&room->lock, &room->other);
    while (!room->open)
        g_assert_true(bell_wait(&room->lock, &room->bell, CLOCK_NEVER));
    room->came++;
    bell_lock_drop(&room->lock);
    return NULL;
}

/* With the lock held: once it is so, all of them have their seats. */
static void fill(struct room *room, GThread *threads[THREADS])
{
    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("waiter", wait_in, room);
    while (room->waiting < THREADS)
        g_assert_true(bell_wait(&room->lock, &room->other, CLOCK_NEVER));
}

static void join_all(GThread *threads[THREADS])
{
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
}

static void all_who_wait_are_woken_and_no_others(void)
{
    GThread *threads[THREADS];
    struct room room;

    init_room(&room);
    bell_lock_take(&room.lock);
    fill(&room, threads);
    bell_ring(&room.lock, &room.other);
    g_assert_null(room.lock.rung);
    room.open = true;
    bell_ring(&room.lock, &room.bell);
    g_assert_null(room.bell.first);
    g_assert_nonnull(room.lock.rung);
    bell_lock_drop(&room.lock);
    join_all(threads);
    g_assert_cmpuint(room.came, ==, THREADS);
    bell_lock_deinit(&room.lock);
}

/* Rung for by somebody who then waits for something else. */
static void who_waits_himself_wakes_those_he_has_rung_for(void)
{
    GThread *threads[THREADS];
    struct room room;

    init_room(&room);
    bell_lock_take(&room.lock);
    fill(&room, threads);
    room.open = true;
    bell_ring(&room.lock, &room.bell);
    while (room.came < THREADS)
        g_assert_false(bell_wait(&room.lock, &room.other,
                clock_after(clock_monotonic_ns(), clock_from_ms(1))));
    bell_lock_drop(&room.lock);
    join_all(threads);
    bell_lock_deinit(&room.lock);
}

/* Those before and behind it stay. */
static void who_has_waited_for_long_enough_leaves_alone(void)
{
    GThread *threads[THREADS];
    struct room room;
    int64_t begin = clock_monotonic_ns();

    init_room(&room);
    bell_lock_take(&room.lock);
    fill(&room, threads);
    g_assert_false(bell_wait(
            &room.lock, &room.bell, clock_after(begin, clock_from_ms(20))));
    g_assert_cmpint(clock_monotonic_ns() - begin, >=, clock_from_ms(20));
    g_assert_false(bell_wait(&room.lock, &room.bell, begin));
    room.open = true;
    bell_ring(&room.lock, &room.bell);
    bell_lock_drop(&room.lock);
    join_all(threads);
    g_assert_cmpuint(room.came, ==, THREADS);
    bell_lock_deinit(&room.lock);
}

static gpointer ring_often(gpointer user)
{
    struct room *room = user;

    bell_lock_take(&room->lock);
    while (!room->open) {
        bell_ring(&room->lock, &room->bell);
        bell_lock_drop(&room->lock);
        g_thread_yield();
        bell_lock_take(&room->lock);
    }
    bell_lock_drop(&room->lock);
    return NULL;
}

/* Deadlines that pass while it is being rung: no seat is woken twice, or when
 * it is gone. */
static void a_ring_at_the_last_moment_is_a_ring(void)
{
    struct room room;
    GThread *ringer;

    init_room(&room);
    ringer = g_thread_new("ringer", ring_often, &room);
    bell_lock_take(&room.lock);
    for (int i = 0; i < ROUNDS; i++) {
        room.came += bell_wait(&room.lock, &room.bell,
                clock_monotonic_ns() + g_random_int_range(0, 20000));
        g_assert_null(room.bell.first);
    }
    room.open = true;
    bell_lock_drop(&room.lock);
    g_thread_join(ringer);
    bell_lock_deinit(&room.lock);
}

static void on_signal(int number)
{
    (void)number;
}

static gpointer disturb(gpointer user)
{
    struct room *room = user;

    for (int i = 0; i < 10; i++) {
        bell_lock_take(&room->lock);
        pthread_kill(room->disturbed, SIGUSR1);
        bell_lock_drop(&room->lock);
        g_thread_yield();
    }
    bell_lock_take(&room->lock);
    room->open = true;
    bell_ring(&room->lock, &room->bell);
    bell_lock_drop(&room->lock);
    return NULL;
}

static void a_signal_rings_no_bell(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct room room;
    GThread *disturber;

    sigaction(SIGUSR1, &action, NULL);
    init_room(&room);
    room.disturbed = pthread_self();
    bell_lock_take(&room.lock);
    disturber = g_thread_new("disturber", disturb, &room);
    g_assert_true(bell_wait(&room.lock, &room.bell, CLOCK_NEVER));
    g_assert_true(room.open);
    bell_lock_drop(&room.lock);
    g_thread_join(disturber);
    bell_lock_deinit(&room.lock);
}

/* It would leave its seat, which is on its stack, to whoever rings. */
static void who_is_cancelled_in_its_sleep_wakes_first(void)
{
    struct room room;
    pthread_t thread;
    void *result;

    init_room(&room);
    bell_lock_take(&room.lock);
    g_assert_cmpint(pthread_create(&thread, NULL, wait_in, &room), ==, 0);
    while (room.waiting < 1)
        g_assert_true(bell_wait(&room.lock, &room.other, CLOCK_NEVER));
    g_assert_cmpint(pthread_cancel(thread), ==, 0);
    room.open = true;
    bell_ring(&room.lock, &room.bell);
    bell_lock_drop(&room.lock);
    g_assert_cmpint(pthread_join(thread, &result), ==, 0);
    g_assert_null(result);
    g_assert_cmpuint(room.came, ==, 1);
    bell_lock_deinit(&room.lock);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/bell", all_who_wait_are_woken_and_no_others);
    SUITE_ADD("/bell", who_waits_himself_wakes_those_he_has_rung_for);
    SUITE_ADD("/bell", who_has_waited_for_long_enough_leaves_alone);
    SUITE_ADD("/bell", a_ring_at_the_last_moment_is_a_ring);
    SUITE_ADD("/bell", a_signal_rings_no_bell);
    SUITE_ADD("/bell", who_is_cancelled_in_its_sleep_wakes_first);
    return g_test_run();
}
