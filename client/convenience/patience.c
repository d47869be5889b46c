/* SPDX-License-Identifier: Apache-2.0 */
#include "client/convenience/patience.h"

#include <limits.h>
#include <time.h>

#include <remex/process.h>

#define MS_NS ((int64_t)1000000)

int64_t patience_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 * MS_NS + now.tv_nsec;
}

struct patience patience_start(int timeout_ms)
{
    if (timeout_ms < 0)
        return (struct patience){ .endless = true };
    return (struct patience){
        .until_ns = patience_now_ns() + timeout_ms * MS_NS,
    };
}

int patience_left_ms(const struct patience *patience)
{
    int64_t left;

    if (patience->endless)
        return REMEX_FOREVER;
    left = (patience->until_ns - patience_now_ns() + MS_NS - 1) / MS_NS;
    if (left > INT_MAX)
        return INT_MAX;
    return left > 0 ? (int)left : 0;
}

int patience_shorter(int timeout_ms, int other_ms)
{
    if (timeout_ms < 0)
        return other_ms;
    if (other_ms < 0)
        return timeout_ms;
    return timeout_ms < other_ms ? timeout_ms : other_ms;
}
