/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SPAWN_CALL_H
#define EXECUTOR_SPAWN_CALL_H

/*
 * System calls of a child that runs in our memory beside us: it has our
 * thread's errno as well, and would write over ours. So they return -errno, and
 * touch nothing. Where SPAWN_CALL_IS_BARE is 0 they do touch errno, and we have
 * to stand still while such a child is on its way.
 */

#if defined(__x86_64__) || defined(__aarch64__)
#define SPAWN_CALL_IS_BARE 1
#else
#define SPAWN_CALL_IS_BARE 0
#endif

/* Sanitizers keep books that such a child would muddle. Clang's for threads
 * notes not only what is read and written, but each call. */
#if defined(__clang__)
#define SPAWN_WITHOUT_CALLS __attribute__((disable_sanitizer_instrumentation))
#else
#define SPAWN_WITHOUT_CALLS
#endif
#define SPAWN_IN_CHILD \
    __attribute__((no_sanitize("address", "thread", "undefined"))) \
    SPAWN_WITHOUT_CALLS

/* The system call of that number with one to five arguments; those that are
 * pointers by SPAWN_AT. */
#define SPAWN_CALL(number, ...) \
    spawn_call((number), (const long[5]){ __VA_ARGS__ })
#define SPAWN_AT(pointer) ((long)(pointer))

long spawn_call(long number, const long arguments[5]);

#endif
