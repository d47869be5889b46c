/* SPDX-License-Identifier: Apache-2.0 */
#include "soak/harm.h"

#include <poll.h>

enum { STEP_MS = 20, SHORT_MS = 800, LONG_MS = 4000 };

/* Shorter than any lease or deadline: nothing may come of it. */
static unsigned int while_ms(struct farm *farm)
{
    return (unsigned int)g_rand_int_range(farm->random, 20, SHORT_MS);
}

static void kill_executor(struct farm *farm, struct herd *herd)
{
    (void)herd;
    farm_kill_executor(farm);
}

static void kill_supervisor(struct farm *farm, struct herd *herd)
{
    (void)herd;
    farm_kill_supervisor(farm);
}

static void kill_front(struct farm *farm, struct herd *herd)
{
    (void)herd;
    farm_kill_front(farm);
}

static void kill_client(struct farm *farm, struct herd *herd)
{
    (void)farm;
    herd_kill_one(herd);
}

static void stop_executor(struct farm *farm, struct herd *herd)
{
    (void)herd;
    farm_stop(farm, daemon_executor(&farm->daemon), while_ms(farm));
}

/* Sometimes for so long that the executor gets another one. */
static void stop_front(struct farm *farm, struct herd *herd)
{
    unsigned int ms = while_ms(farm);

    (void)herd;
    if (g_rand_int_range(farm->random, 0, 4) == 0)
        ms = LONG_MS;
    farm_stop(farm, daemon_front(&farm->daemon), ms);
}

static void stop_client(struct farm *farm, struct herd *herd)
{
    herd_stop_one(herd, while_ms(farm));
}

/* So often while an executor lives. */
static const struct harm {
    void (*happen)(struct farm *farm, struct herd *herd);
    double times;
    bool to_herd;
} harms[] = {
    { kill_executor, 1, false },
    { kill_supervisor, 0.6, false },
    { kill_front, 6, false },
    { kill_client, 4, true },
    { stop_executor, 3, false },
    { stop_front, 2, false },
    { stop_client, 3, true },
};

enum { HARMS = sizeof(harms) / sizeof(harms[0]) };

static gint64 later(
        struct farm *farm, const struct harm *harm, unsigned int seconds)
{
    double most = (double)seconds * G_USEC_PER_SEC / harm->times;

    return g_get_monotonic_time() +
            (gint64)(most * g_rand_double_range(farm->random, 0.7, 1));
}

void harm_do(struct farm *farm, struct herd *herd, unsigned int seconds,
        unsigned int executor_seconds)
{
    gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    gint64 at[HARMS];

    for (size_t i = 0; i < HARMS; i++)
        at[i] = later(farm, &harms[i], executor_seconds);
    while (g_get_monotonic_time() < until) {
        for (size_t i = 0; i < HARMS; i++) {
            if (at[i] > g_get_monotonic_time() || (harms[i].to_herd && !herd))
                continue;
            harms[i].happen(farm, herd);
            at[i] = later(farm, &harms[i], executor_seconds);
        }
        if (herd)
            herd_look(herd);
        poll(NULL, 0, STEP_MS);
    }
    farm_be_over(farm);
}
