/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/deadline.h"

#include <limits.h>
#include <time.h>

#include <remex/process.h>

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct deadline deadline_in(int64_t ms)
{
    return (struct deadline){
        .is_set = ms != REMEX_FOREVER,
        .at_ms = now_ms() + ms,
    };
}

int deadline_left_ms(const struct deadline *deadline)
{
    int64_t left = deadline->at_ms - now_ms();

    if (!deadline->is_set)
        return REMEX_FOREVER;
    if (left < 0)
        return 0;
    return left > INT_MAX ? INT_MAX : (int)left;
}

bool deadline_is_over(const struct deadline *deadline)
{
    return deadline->is_set && now_ms() >= deadline->at_ms;
}
