/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/memory.h"

#include <stdbool.h>
#include <stddef.h>

#include "support/fault.h"

/* Volatile, because an optimiser may assume that allocating touches none of our
 * variables. */
static struct memory *volatile current;
static volatile size_t in_use;

void memory_run_out(struct memory *memory, unsigned int nth, unsigned int fails)
{
    memory->left = nth;
    memory->fails = fails;
}

void memory_refill(struct memory *memory)
{
    memory->left = 0;
    memory->fails = 0;
}

static bool fails_now(void)
{
    struct memory *memory = current;

    if (!memory || memory->left == 0)
        return false;
    if (memory->left > 1) {
        memory->left--;
        return false;
    }
    if (memory->fails == 0) {
        memory->left = 0;
        return false;
    }
    memory->fails--;
    memory->failed++;
    return true;
}

static void given(const void *block)
{
    (void)block;
    in_use++;
}

static void freed(const void *block)
{
    (void)block;
    in_use--;
}

struct memory *memory_of(struct memory *memory)
{
    static const struct fault_watch watch = { fails_now, given, freed };
    struct memory *before = current;

    current = memory;
    fault_set_watch(&watch);
    return before;
}

size_t memory_in_use(void)
{
    memory_of(NULL);
    return in_use;
}
