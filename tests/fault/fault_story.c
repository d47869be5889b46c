/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/story.h"

#include <stdlib.h>

#include <glib.h>

#include "support/suite.h"

/* Do the stories notice what goes wrong in them? */

static char *volatile lost;

static void *begin(void)
{
    return NULL;
}

static void end(void *stage)
{
    (void)stage;
}

/* Well behaved, unless one of these is set. */
static bool leaks;
static bool lies;
static bool sulks; /* once it has failed it always does */
static bool has_failed;

static enum remex_status allocate_twice(void *stage)
{
    char *volatile first = malloc(1);
    char *volatile second = first ? malloc(1) : NULL;

    (void)stage;
    if (!second && !(leaks && first))
        free(first);
    else if (!second)
        lost = first;
    free(second);
    if (second)
        free(first);
    else
        has_failed = true;
    if (has_failed && sulks)
        return REMEX_NO_MEMORY;
    return second ? REMEX_OK : lies ? REMEX_NOT_FOUND : REMEX_NO_MEMORY;
}

static const struct story story = { "twice", begin, allocate_twice, end, { 0 },
    0, 0 };

static void leak(void)
{
    leaks = true;
    story_tell_short_of_memory(&story);
}

static void lie(void)
{
    lies = true;
    story_tell_short_of_memory(&story);
}

static void sulk(void)
{
    sulks = true;
    story_tell_short_of_memory(&story);
}

static void check_noticed(const char *name, const char *pattern)
{
    char *path = g_strdup_printf("/broken/subprocess/%s", name);

    g_test_trap_subprocess(path, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr(pattern);
    g_free(path);
}

static void a_good_one_passes(void)
{
    story_tell_short_of_memory(&story);
}

static void a_leak_is_noticed(void)
{
    check_noticed("leak", "*leaves 1 blocks when allocation 2 fails once*");
}

static void an_ending_for_no_reason_is_noticed(void)
{
    check_noticed("lie", "*ends by NOT_FOUND when allocation 1 fails once*");
}

static void one_that_does_not_recover_is_noticed(void)
{
    check_noticed("sulk", "*ends by NO_MEMORY after allocation 1 fails once*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/broken/subprocess", leak);
    SUITE_ADD("/broken/subprocess", lie);
    SUITE_ADD("/broken/subprocess", sulk);
    SUITE_ADD("/story", a_good_one_passes);
    SUITE_ADD("/story", a_leak_is_noticed);
    SUITE_ADD("/story", an_ending_for_no_reason_is_noticed);
    SUITE_ADD("/story", one_that_does_not_recover_is_noticed);
    return g_test_run();
}
