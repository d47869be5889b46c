/* SPDX-License-Identifier: Apache-2.0 */
#include "soak/score.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "support/sanitizers.h"
#include "support/tree.h"

/* Beyond noise: allocators keep some, and an executor what it remembers of the
 * last eighty seconds. */
#define GROWTH_KIB ((uint64_t)16 * 1024)

void score_add(struct score *score, enum score_count what, uint64_t count)
{
    g_mutex_lock(&score->lock);
    score->counts[what] += count;
    g_mutex_unlock(&score->lock);
}

void score_add_cuts(struct score *score, uint64_t cuts)
{
    g_mutex_lock(&score->lock);
    score->cuts += cuts;
    g_mutex_unlock(&score->lock);
}

void score_violation(struct score *score, const char *format, ...)
{
    va_list arguments;
    char *text;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_mutex_lock(&score->lock);
    score->violations++;
    printf("VIOLATION: %s\n", text);
    fflush(stdout);
    g_mutex_unlock(&score->lock);
    g_free(text);
}

static void note(struct score *score, struct drift *drift, pid_t pid)
{
    struct holdings now = {
        .memory_kib = tree_memory_kib(pid, "VmRSS"),
        .descriptors = tree_descriptors(pid),
        .threads = (unsigned int)tree_memory_kib(pid, "Threads"),
    };

    g_mutex_lock(&score->lock);
    if (drift->looks++ == 0)
        drift->first = now;
    drift->last = now;
    drift->most_kib = MAX(drift->most_kib, now.memory_kib);
    g_mutex_unlock(&score->lock);
}

void score_note_client(struct score *score)
{
    note(score, &score->client, getpid());
}

void score_note_executor(struct score *score, pid_t pid)
{
    note(score, &score->executors, pid);
}

static void tell_drift(const char *who, const struct drift *drift)
{
    printf("%-10s %8" PRIu64 " -> %8" PRIu64 " KiB (most %" PRIu64
           "), %u -> %u descriptors, %u -> %u threads\n",
            who, drift->first.memory_kib, drift->last.memory_kib,
            drift->most_kib, drift->first.descriptors, drift->last.descriptors,
            drift->first.threads, drift->last.threads);
}

static void check_drift(struct score *score)
{
    const struct drift *client = &score->client;

    /* The address sanitizer keeps what was freed, to notice who still uses it.
     */
    if (!sanitizers_on() &&
            client->last.memory_kib > client->first.memory_kib + GROWTH_KIB)
        score_violation(score, "the clients' memory has grown");
    if (client->last.descriptors != client->first.descriptors)
        score_violation(score, "the clients have left descriptors open");
    if (client->last.threads != client->first.threads)
        score_violation(score, "the clients have left threads");
}

bool score_tell(struct score *score, double seconds)
{
    const uint64_t *counts = score->counts;

    check_drift(score);
    tell_drift("clients", &score->client);
    tell_drift("executors", &score->executors);
    printf("%" PRIu64 " lives in %.0f s, %.0f a second; %" PRIu64
           " more by a slow reader\n",
            counts[SCORE_LIVES], seconds, (double)counts[SCORE_LIVES] / seconds,
            counts[SCORE_SLOW]);
    printf("%" PRIu64 " cuts; %" PRIu64 " fronts, %" PRIu64
           " executors, %" PRIu64 " supervisors and %" PRIu64
           " clients killed, %" PRIu64 " times one of them stopped; with "
           "these %" PRIu64 " lives, and %" PRIu64
           " starts of unknown outcome\n",
            score->cuts, counts[SCORE_FRONTS], counts[SCORE_EXECUTORS],
            counts[SCORE_SUPERVISORS], counts[SCORE_CLIENTS],
            counts[SCORE_STOPS], counts[SCORE_LOST], counts[SCORE_UNKNOWN]);
    printf("%" PRIu64 " violations\n", score->violations);
    return score->violations == 0;
}
