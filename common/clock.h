/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

/*
 * Time in nanoseconds. Sums stop at the largest value instead of wrapping, so
 * that "for ever" (INT64_MAX) stays for ever.
 */

#include <stdint.h>

#define CLOCK_NEVER INT64_MAX

/* Only moves forward; for deadlines. */
int64_t clock_monotonic_ns(void);

/* Since 1970; for people and for the events' times. */
int64_t clock_realtime_ns(void);

int64_t clock_from_ms(uint64_t milliseconds);

/* `delay` after `now`; both at least 0. */
int64_t clock_after(int64_t now, int64_t delay);

/* What poll and epoll_wait want to be told to wake up at `until`, not before:
 * -1 for CLOCK_NEVER, 0 if it is past. */
int clock_poll_ms(int64_t now, int64_t until);

#endif
