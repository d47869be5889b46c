/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/pace.h"

#include <stdbool.h>

static bool goes_on(const struct pace *pace, size_t size, int64_t now)
{
    if (pace->rest > 0)
        return size >= PACE_WORTH;
    return size < PACE_LITTLE && now - pace->last < PACE_QUICK_NS;
}

static int64_t next_rest(int64_t rest, size_t size)
{
    if (size > PACE_MUCH)
        rest /= 2;
    else if (size < PACE_MUCH / 4)
        rest *= 2;
    if (rest < PACE_LEAST_NS)
        return PACE_LEAST_NS;
    return rest < PACE_MOST_NS ? rest : PACE_MOST_NS;
}

int64_t pace_note(struct pace *pace, size_t size, int64_t now)
{
    if (!goes_on(pace, size, now))
        pace->quick = 0;
    else if (pace->quick < PACE_TIMES)
        pace->quick++;
    pace->last = now;
    pace->rest = pace->quick == PACE_TIMES ? next_rest(pace->rest, size) : 0;
    return pace->rest;
}

void pace_hurry(struct pace *pace)
{
    pace->quick = 0;
    pace->rest = 0;
}
