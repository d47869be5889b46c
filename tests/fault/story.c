/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/story.h"

#include <glib.h>

#include "fault/shortage.h"
#include "fault/story_inside.h"
#include "support/kernel.h"
#include "support/suite.h"

/* A story and one kind of fault. */
struct story_case {
    struct story_outcome outcome;
    const char *faults;
    void (*run)(struct story_outcome *outcome);
};

bool story_may_end_by(const struct story *story, enum remex_status status)
{
    if (status == REMEX_OK || status == REMEX_NO_MEMORY ||
            status == REMEX_RESOURCE_EXHAUSTED)
        return true;
    for (size_t i = 0; i < STORY_OTHERS; i++)
        if (story->others[i] != REMEX_OK && story->others[i] == status)
            return true;
    return false;
}

void story_tell_again(const struct story *story, void *stage, const char *what)
{
    enum remex_status status = story->tell(stage);

    if (status != REMEX_OK)
        g_error("%s ends by %s after %s", story->name,
                remex_status_name(status), what);
}

void story_tell_short_of_memory(const struct story *story)
{
    struct story_outcome outcome = { .story = story };

    story_run_memory(&outcome);
}

void story_tell_to_a_kernel_that_refuses(const struct story *story)
{
    struct story_outcome outcome = { .story = story };

    story_run_kernel(&outcome);
}

void story_suspend(void)
{
    shortage_suspend();
    kernel_suspend();
}

void story_resume(void)
{
    kernel_resume();
    shortage_resume();
}

/* --- All of them ---------------------------------------------------------- */

static void run(const void *data)
{
    struct story_case *this = *(struct story_case *const *)data;

    this->run(&this->outcome);
}

static void add(GPtrArray *cases, const struct story *story, const char *faults,
        void (*run_story)(struct story_outcome *outcome))
{
    struct story_case *added = g_new0(struct story_case, 1);
    char *path = g_strdup_printf("/%s/%s", faults, story->name);

    added->outcome.story = story;
    added->faults = faults;
    added->run = run_story;
    g_ptr_array_add(cases, added);
    suite_add_with(path, run, &g_ptr_array_index(cases, cases->len - 1));
    g_free(path);
}

static bool is_meant(const struct story *story, unsigned int faults)
{
    unsigned int meant = story->faults;

    if (meant & STORY_KERNEL_SLOWLY && g_test_slow())
        meant |= STORY_KERNEL;
    return meant == 0 ? faults : faults & meant;
}

static void print_table(const GPtrArray *cases)
{
    unsigned int tellings = 0;

    g_print("# %-10s%-34s%9s%9s%9s\n", "fault", "story", "points", "told",
            "absorbed");
    for (guint i = 0; i < cases->len; i++) {
        const struct story_case *this = g_ptr_array_index(cases, i);

        if (this->outcome.tellings == 0)
            continue; /* it was not asked for, or there is nothing to fail */
        g_print("# %-10s%-34s%9u%9u%9u\n", this->faults,
                this->outcome.story->name, this->outcome.points,
                this->outcome.tellings, this->outcome.absorbed);
        tellings += this->outcome.tellings;
    }
    g_print("# told %u times in all\n", tellings);
}

int story_main(int argc, char **argv, unsigned int faults,
        const struct story *stories, size_t count)
{
    /* So large that it does not move: the cases are lent. */
    GPtrArray *cases = g_ptr_array_new_full(2 * (guint)count + 1, g_free);
    int status;

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < count; i++)
        if (is_meant(&stories[i], faults & STORY_MEMORY))
            add(cases, &stories[i], "memory", story_run_memory);
    for (size_t i = 0; i < count; i++)
        if (is_meant(&stories[i], faults & STORY_KERNEL))
            add(cases, &stories[i], "kernel", story_run_kernel);
    status = g_test_run();
    print_table(cases);
    if (faults & STORY_KERNEL)
        story_print_calls();
    g_ptr_array_free(cases, TRUE);
    return status;
}
