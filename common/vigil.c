/* SPDX-License-Identifier: Apache-2.0 */
#include "common/vigil.h"

#include <sched.h>

#include "common/clock.h"

bool vigil_begin(struct vigil *vigil)
{
    if (vigil->rests > 0) {
        vigil->rests--;
        return false;
    }
    vigil->taken = false;
    vigil->until = clock_after(clock_monotonic_ns(), VIGIL_NS);
    return true;
}

static bool was_taken(int64_t before, int64_t after)
{
    return after - before > VIGIL_TAKEN_NS;
}

bool vigil_core_is_wanted(void)
{
    int64_t before = clock_monotonic_ns();

    sched_yield();
    return was_taken(before, clock_monotonic_ns());
}

/* Who comes back late looks once more: others may have sent it something. */
bool vigil_offered(struct vigil *vigil, int64_t before, int64_t after)
{
    if (before >= vigil->until)
        return false;
    if (was_taken(before, after)) {
        vigil->taken = true;
        vigil->until = after;
    }
    return true;
}

bool vigil_goes_on(struct vigil *vigil)
{
    int64_t before = clock_monotonic_ns();

    sched_yield();
    return vigil_offered(vigil, before, clock_monotonic_ns());
}

void vigil_end(struct vigil *vigil, bool came)
{
    vigil->in_vain += vigil->taken ? VIGIL_TAKEN : 1;
    if (came)
        vigil->in_vain = 0;
    if (vigil->in_vain < VIGIL_PATIENCE)
        return;
    vigil->in_vain = 0;
    vigil->rests = VIGIL_RESTS;
}
