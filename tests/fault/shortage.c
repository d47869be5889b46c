/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/shortage.h"

#include <stdatomic.h>
#include <stddef.h>

#include <glib.h>

#include "support/fault.h"

static struct {
    GMutex mutex;
    GHashTable *blocks; /* as keys; NULL: nobody watches */
} watched;

static struct {
    atomic_bool counts;
    unsigned int nth;
    int lasting_ms;
    atomic_llong until; /* monotonic microseconds; 0: it has not begun */
    atomic_uint allocations;
    atomic_uint failed;
} shortage;

static _Thread_local unsigned int suspended;

/* --- Blocks --------------------------------------------------------------- */

static void given(const void *block)
{
    g_mutex_lock(&watched.mutex);
    g_hash_table_add(watched.blocks, (gpointer)(guintptr)block);
    g_mutex_unlock(&watched.mutex);
}

static void freed(const void *block)
{
    g_mutex_lock(&watched.mutex);
    g_hash_table_remove(watched.blocks, block);
    g_mutex_unlock(&watched.mutex);
}

unsigned int shortage_blocks(void)
{
    unsigned int count;

    g_mutex_lock(&watched.mutex);
    count = g_hash_table_size(watched.blocks);
    g_mutex_unlock(&watched.mutex);
    return count;
}

/* --- Failing -------------------------------------------------------------- */

static bool is_over(void)
{
    return shortage.lasting_ms != SHORTAGE_FOR_GOOD &&
            g_get_monotonic_time() >= shortage.until;
}

static bool fails(void)
{
    unsigned int number;

    if (!shortage.counts || suspended > 0)
        return false;
    number = ++shortage.allocations;
    if (number < shortage.nth || (number > shortage.nth && is_over()))
        return false;
    if (number == shortage.nth)
        shortage.until =
                g_get_monotonic_time() + (gint64)shortage.lasting_ms * 1000;
    shortage.failed++;
    return true;
}

void shortage_begin(unsigned int nth, int lasting_ms)
{
    shortage.nth = nth;
    shortage.lasting_ms = lasting_ms;
    shortage.until = G_MAXINT64; /* until the nth says */
    shortage.allocations = 0;
    shortage.failed = 0;
    shortage.counts = true;
}

unsigned int shortage_end(unsigned int *failed_out)
{
    shortage.counts = false;
    if (failed_out)
        *failed_out = shortage.failed;
    return shortage.allocations;
}

void shortage_suspend(void)
{
    suspended++;
}

void shortage_resume(void)
{
    g_assert_cmpuint(suspended, >, 0);
    suspended--;
}

/* --- Watching ------------------------------------------------------------- */

void shortage_watch(void)
{
    static const struct fault_watch watch = { fails, given, freed };

    watched.blocks = g_hash_table_new(NULL, NULL);
    fault_set_watch(&watch);
}

void shortage_unwatch(void)
{
    fault_set_watch(NULL);
    g_hash_table_unref(watched.blocks);
    watched.blocks = NULL;
}
