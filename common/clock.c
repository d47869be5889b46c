/* SPDX-License-Identifier: Apache-2.0 */
#include "common/clock.h"

#include <assert.h>
#include <limits.h>
#include <time.h>

enum { NS_PER_MS = 1000000 };

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    int failed = clock_gettime(id, &now);

    assert(!failed); /* both clocks always exist */
    return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

int64_t clock_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_realtime_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_from_ms(uint64_t milliseconds)
{
    if (milliseconds > INT64_MAX / NS_PER_MS)
        return CLOCK_NEVER;
    return (int64_t)milliseconds * NS_PER_MS;
}

int64_t clock_after(int64_t now, int64_t delay)
{
    assert(now >= 0 && delay >= 0);
    return delay > INT64_MAX - now ? CLOCK_NEVER : now + delay;
}

int clock_poll_ms(int64_t now, int64_t until)
{
    int64_t milliseconds;

    if (until == CLOCK_NEVER)
        return -1;
    if (until <= now)
        return 0;
    /* Rounded up: waking early would mean to spin until it is time. */
    milliseconds = (until - now - 1) / NS_PER_MS + 1;
    return milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
}
