/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <glib.h>

#include "fault/story_inside.h"
#include "support/kernel.h"

/* Of one kind in one story: the first so many are refused. A loop that goes
 * round and round makes the same calls again. */
enum { MOST = 40 };

/* Of all stories. */
static struct {
    unsigned int points;
    unsigned int refusals;
} totals[KERNEL_CALLS];

struct telling {
    enum kernel_call call;
    unsigned int nth;
    struct kernel_refusal refusal;
    char *what; /* goes wrong */
};

static unsigned int count_descriptors(void)
{
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned int count = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir))
        count++;
    g_dir_close(dir);
    return count;
}

static void check_status(struct story_outcome *outcome,
        const struct telling *telling, enum remex_status status)
{
    bool typed = story_may_end_by(outcome->story, status) ||
            status == REMEX_INTERNAL || status == REMEX_UNAVAILABLE ||
            status == REMEX_PERMISSION_DENIED;

    if (telling->refusal.passes ? status != REMEX_OK : !typed)
        g_error("%s ends by %s when %s", outcome->story->name,
                remex_status_name(status), telling->what);
    outcome->tellings++;
    totals[telling->call].refusals++;
    if (status == REMEX_OK)
        outcome->absorbed++;
}

static void tell(struct story_outcome *outcome, const struct telling *telling)
{
    const struct story *story = outcome->story;
    unsigned int descriptors = count_descriptors();
    void *stage = story->begin();
    enum remex_status status;

    kernel_refuse(telling->call, telling->nth, telling->refusal.os_error);
    status = story->tell(stage);
    if (kernel_refused()) {
        check_status(outcome, telling, status);
        story_tell_again(story, stage, telling->what);
    } else {
        g_assert_cmpint(status, ==, REMEX_OK);
    }
    story->end(stage);
    if (count_descriptors() != descriptors)
        g_error("%s leaves a descriptor when %s", story->name, telling->what);
}

static void tell_each(
        struct story_outcome *outcome, enum kernel_call call, unsigned int nth)
{
    struct kernel_refusal refusals[KERNEL_REFUSALS];
    size_t count = kernel_refusals(call, refusals);

    for (size_t i = 0; i < count; i++) {
        struct telling telling = { call, nth, refusals[i], NULL };
        int os_error = refusals[i].os_error;

        telling.what = g_strdup_printf("%s %u %s", kernel_name(call), nth,
                os_error ? strerrorname_np(os_error) : "falls short");
        g_test_message("%s", telling.what);
        tell(outcome, &telling);
        g_free(telling.what);
    }
}

/* Once with all being well, to see which calls there are. */
static void count_calls(
        const struct story *story, unsigned int counts[KERNEL_CALLS])
{
    void *stage = story->begin();

    kernel_refuse(KERNEL_READ, 0, 0);
    g_assert_cmpint(story->tell(stage), ==, REMEX_OK);
    kernel_refused();
    for (int call = 0; call < (int)KERNEL_CALLS; call++)
        counts[call] = MIN(kernel_count((enum kernel_call)call), MOST);
    story->end(stage);
}

void story_run_kernel(struct story_outcome *outcome)
{
    unsigned int counts[KERNEL_CALLS];

    count_calls(outcome->story, counts);
    for (int call = 0; call < (int)KERNEL_CALLS; call++) {
        outcome->points += counts[call];
        totals[call].points += counts[call];
        for (unsigned int nth = 1; nth <= counts[call]; nth++)
            tell_each(outcome, (enum kernel_call)call, nth);
    }
}

void story_print_calls(void)
{
    g_print("# %-20s%9s%9s  %s\n", "call", "points", "refused", "by");
    for (int call = 0; call < (int)KERNEL_CALLS; call++) {
        struct kernel_refusal refusals[KERNEL_REFUSALS];
        size_t count = kernel_refusals((enum kernel_call)call, refusals);

        if (totals[call].points == 0)
            continue;
        g_print("# %-20s%9u%9u ", kernel_name((enum kernel_call)call),
                totals[call].points, totals[call].refusals);
        for (size_t i = 0; i < count; i++)
            g_print(" %s",
                    refusals[i].os_error ? strerrorname_np(refusals[i].os_error)
                                         : "short");
        g_print("\n");
    }
}
