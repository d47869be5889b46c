/* SPDX-License-Identifier: Apache-2.0 */
#include <glib.h>

#include "fault/shortage.h"
#include "fault/story_inside.h"

enum manner {
    ONCE,       /* one allocation fails */
    FOR_GOOD,   /* it and all after it, until the story is over */
    TO_THE_END, /* until everything is freed */
};

struct telling {
    enum manner manner;
    unsigned int nth;
    char *what; /* goes wrong */
};

static void check_status(struct story_outcome *outcome,
        const struct telling *telling, enum remex_status status)
{
    if (!story_may_end_by(outcome->story, status))
        g_error("%s ends by %s when %s", outcome->story->name,
                remex_status_name(status), telling->what);
    outcome->tellings++;
    if (status == REMEX_OK)
        outcome->absorbed++;
}

static void check_blocks(const struct story *story,
        const struct telling *telling, unsigned int before)
{
    int left = (int)(shortage_blocks() - before);

    if (left != 0)
        g_error("%s leaves %d blocks when %s", story->name, left,
                telling->what);
}

static int lasting(const struct story *story, enum manner manner)
{
    if (manner == ONCE)
        return 0;
    return story->relief_ms > 0 ? story->relief_ms : SHORTAGE_FOR_GOOD;
}

/* False: no allocation failed, there are not so many. */
static bool tell(struct story_outcome *outcome, const struct telling *telling)
{
    const struct story *story = outcome->story;
    unsigned int blocks = shortage_blocks();
    bool to_the_end = telling->manner == TO_THE_END;
    unsigned int allocations, failed;
    void *stage = story->begin();
    enum remex_status status;

    shortage_begin(telling->nth, lasting(story, telling->manner));
    status = story->tell(stage);
    if (to_the_end)
        story->end(stage);
    allocations = shortage_end(&failed);
    if (failed > 0)
        check_status(outcome, telling, status);
    else
        g_assert_cmpint(status, ==, REMEX_OK);
    if (failed > 0 && !to_the_end)
        story_tell_again(story, stage, telling->what);
    if (!to_the_end)
        story->end(stage);
    if (allocations > outcome->points)
        outcome->points = allocations;
    check_blocks(story, telling, blocks);
    return failed > 0;
}

static void tell_all(struct story_outcome *outcome, enum manner manner)
{
    static const char *const names[] = { "once", "for good", "to the end" };
    bool more = true;

    for (unsigned int nth = 1; more; nth++) {
        struct telling telling = { manner, nth, NULL };

        telling.what =
                g_strdup_printf("allocation %u fails %s", nth, names[manner]);
        g_test_message("%s", telling.what);
        more = tell(outcome, &telling);
        g_free(telling.what);
    }
}

void story_run_memory(struct story_outcome *outcome)
{
    shortage_watch();
    tell_all(outcome, ONCE);
    tell_all(outcome, FOR_GOOD);
    tell_all(outcome, TO_THE_END);
    shortage_unwatch();
    g_assert_cmpuint(outcome->points, >, 0);
}
