/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/pace.h"

static bool goes_on(const struct pace *pace, size_t size, int64_t now)
{
    if (pace->rested)
        return size >= PACE_WORTH;
    return size < PACE_LITTLE && now - pace->last < PACE_QUICK_NS;
}

bool pace_note(struct pace *pace, size_t size, int64_t now)
{
    if (!goes_on(pace, size, now))
        pace->quick = 0;
    else if (pace->quick < PACE_TIMES)
        pace->quick++;
    pace->last = now;
    pace->rested = pace->quick == PACE_TIMES;
    return pace->rested;
}

void pace_hurry(struct pace *pace)
{
    pace->quick = 0;
    pace->rested = false;
}
