/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/allowance.h"

#include <assert.h>

uint64_t allowance_left(const struct allowance *allowance)
{
    return allowance->used < allowance->limit
            ? allowance->limit - allowance->used
            : 0;
}

void allowance_take(struct allowance *allowance, uint64_t amount)
{
    assert(amount <= allowance_left(allowance));
    allowance->used += amount;
}

void allowance_give_back(struct allowance *allowance, uint64_t amount)
{
    assert(amount <= allowance->used);
    allowance->used -= amount;
}
