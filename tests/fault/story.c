/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/story.h"

#include <glib.h>

#include "fault/shortage.h"
#include "support/suite.h"

enum manner {
    ONCE,       /* one allocation fails */
    FOR_GOOD,   /* it and all after it, until the story is over */
    TO_THE_END, /* until everything is freed */
};

/* What became of a story. */
struct outcome {
    const struct story *story;
    unsigned int allocations; /* most in one telling */
    unsigned int tellings;
    unsigned int absorbed; /* ended well although one failed */
};

static struct {
    struct outcome *outcomes;
    size_t count;
} table;

static const char *const manners[] = { "once", "for good", "to the end" };

/* --- Telling it ----------------------------------------------------------- */

static bool is_allowed(const struct story *story, enum remex_status status)
{
    if (status == REMEX_OK || status == REMEX_NO_MEMORY ||
            status == REMEX_RESOURCE_EXHAUSTED)
        return true;
    for (size_t i = 0; i < STORY_OTHERS; i++)
        if (story->others[i] != REMEX_OK && story->others[i] == status)
            return true;
    return false;
}

static void check_status(struct outcome *outcome, enum remex_status status,
        unsigned int nth, enum manner manner)
{
    if (!is_allowed(outcome->story, status))
        g_error("%s ends by %s when allocation %u fails %s",
                outcome->story->name, remex_status_name(status), nth,
                manners[manner]);
    if (status == REMEX_OK)
        outcome->absorbed++;
}

/* It can be told again, as if nothing had been. */
static void tell_again(const struct story *story, void *stage, unsigned int nth,
        enum manner manner)
{
    enum remex_status status = story->tell(stage);

    if (status != REMEX_OK)
        g_error("%s ends by %s after allocation %u failed %s", story->name,
                remex_status_name(status), nth, manners[manner]);
}

static void check_blocks(const struct story *story, unsigned int before,
        unsigned int nth, enum manner manner)
{
    unsigned int after = shortage_blocks();

    if (after != before)
        g_error("%s leaves %d blocks when allocation %u fails %s", story->name,
                (int)(after - before), nth, manners[manner]);
}

/* False: no allocation failed, there are not so many. */
static bool tell(struct outcome *outcome, unsigned int nth, enum manner manner)
{
    const struct story *story = outcome->story;
    unsigned int blocks = shortage_blocks();
    unsigned int allocations, failed;
    void *stage = story->begin();
    enum remex_status status;

    shortage_begin(nth, manner != ONCE);
    status = story->tell(stage);
    if (manner == TO_THE_END)
        story->end(stage);
    allocations = shortage_end(&failed);
    outcome->tellings++;
    if (failed > 0)
        check_status(outcome, status, nth, manner);
    else
        g_assert_cmpint(status, ==, REMEX_OK);
    if (failed > 0 && manner != TO_THE_END)
        tell_again(story, stage, nth, manner);
    if (manner != TO_THE_END)
        story->end(stage);
    if (allocations > outcome->allocations)
        outcome->allocations = allocations;
    check_blocks(story, blocks, nth, manner);
    return failed > 0;
}

static void tell_all(struct outcome *outcome)
{
    shortage_watch();
    for (int manner = ONCE; manner <= (int)TO_THE_END; manner++) {
        unsigned int nth = 1;

        while (tell(outcome, nth, (enum manner)manner))
            nth++;
    }
    shortage_unwatch();
    g_assert_cmpuint(outcome->allocations, >, 0);
}

void story_tell(const struct story *story)
{
    struct outcome outcome = { .story = story };

    tell_all(&outcome);
}

static void run(const void *data)
{
    tell_all(&table.outcomes[GPOINTER_TO_SIZE(data)]);
}

/* --- All of them ---------------------------------------------------------- */

static void print_table(void)
{
    unsigned int tellings = 0;

    g_print("# %-44s %11s %8s %8s\n", "story", "allocations", "tellings",
            "absorbed");
    for (size_t i = 0; i < table.count; i++) {
        const struct outcome *outcome = &table.outcomes[i];

        if (outcome->tellings == 0)
            continue; /* it was not asked for */
        g_print("# %-44s %11u %8u %8u\n", outcome->story->name,
                outcome->allocations, outcome->tellings, outcome->absorbed);
        tellings += outcome->tellings;
    }
    g_print("# told %u times in all\n", tellings);
}

int story_main(int argc, char **argv, const char *prefix,
        const struct story *stories, size_t count)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    table.outcomes = g_new0(struct outcome, count);
    table.count = count;
    for (size_t i = 0; i < count; i++) {
        char *path = g_strdup_printf("/%s/%s", prefix, stories[i].name);

        table.outcomes[i].story = &stories[i];
        suite_add_with(path, run, GSIZE_TO_POINTER(i));
        g_free(path);
    }
    status = g_test_run();
    print_table();
    g_free(table.outcomes);
    return status;
}
