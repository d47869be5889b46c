/* SPDX-License-Identifier: Apache-2.0 */
#include "soak/farm.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "support/remote.h"
#include "support/tree.h"

#define CUT_EVERY_BYTES ((uint64_t)32 * 1024)
#define GROUP_PREFIX "/remex-"

enum {
    STEP_MS = 20,
    PATIENCE_MS = 10 * 1000,
    FRONTS_PER_EXECUTOR = 6,
};

/* --- Control groups ------------------------------------------------------- */

/* Where the groups of the executor are that `pid` is a child of; NULL: it has
 * none. */
static char *groups_of(int64_t pid)
{
    static const char *const mounts[] = { "/sys/fs/cgroup",
        "/sys/fs/cgroup/unified" };
    char *name = g_strdup_printf("/proc/%d/cgroup", (int)pid);
    char *text = NULL;
    char *found = NULL;
    char *begin;
    char *home;

    if (g_file_get_contents(name, &text, NULL, NULL) &&
            (begin = strstr(text, "0::/")) &&
            (home = strstr(begin + 3, GROUP_PREFIX))) {
        begin += 3;
        home[1 + strcspn(home + 1, "/\n")] = '\0';
        for (size_t i = 0; i < G_N_ELEMENTS(mounts) && !found; i++) {
            found = g_strconcat(mounts[i], begin, NULL);
            if (access(found, F_OK) != 0)
                g_clear_pointer(&found, g_free);
        }
    }
    g_free(text);
    g_free(name);
    return found;
}

static void note_groups(struct farm *farm)
{
    struct remex_client *client = remote_connect_to(farm->address);
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("sleep", "1000"), NULL);
    char *groups = groups_of(remex_process_pid(process));

    if (groups)
        g_ptr_array_add(farm->groups, groups);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- Killing -------------------------------------------------------------- */

static void kill_executor(struct farm *farm)
{
    g_atomic_int_inc(&farm->generations);
    score_note_executor(farm->score, daemon_executor(&farm->daemon));
    daemon_kill_executor(&farm->daemon);
    if (!daemon_wait_none_marked(farm->directory, PATIENCE_MS))
        score_violation(farm->score, "children outlive their executor");
    daemon_restart(&farm->daemon);
    note_groups(farm);
    g_atomic_int_inc(&farm->generations);
    score_count(farm->score, SCORE_EXECUTORS);
}

static gint64 later(struct farm *farm, gint64 every)
{
    return g_get_monotonic_time() +
            (gint64)((double)every * g_rand_double_range(farm->random, 0.7, 1));
}

void farm_harass(struct farm *farm, unsigned int seconds)
{
    gint64 until = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
    gint64 executor_at = later(farm, farm->executor_every);
    gint64 front_at = later(farm, farm->front_every);

    while (g_get_monotonic_time() < until) {
        gint64 now = g_get_monotonic_time();

        if (now >= executor_at) {
            kill_executor(farm);
            executor_at = later(farm, farm->executor_every);
        } else if (now >= front_at) {
            daemon_kill_front(&farm->daemon);
            score_count(farm->score, SCORE_FRONTS);
            front_at = later(farm, farm->front_every);
        }
        poll(NULL, 0, STEP_MS);
    }
    g_atomic_int_set(&farm->over, 1);
    score_add_cuts(farm->score, proxy_statistics(farm->proxy).cuts);
    proxy_relent(farm->proxy);
}

/* --- Life ----------------------------------------------------------------- */

void farm_begin(struct farm *farm, struct score *score, uint32_t seed,
        unsigned int executor_seconds)
{
    *farm = (struct farm){ .score = score };
    farm->directory = g_dir_make_tmp("remex-soak-XXXXXX", NULL);
    farm->random = g_rand_new_with_seed(seed);
    farm->groups = g_ptr_array_new_with_free_func(g_free);
    farm->executor_every = (gint64)executor_seconds * G_USEC_PER_SEC;
    farm->front_every = farm->executor_every / FRONTS_PER_EXECUTOR;
    daemon_start(&farm->daemon);
    farm->address = g_strdup(farm->daemon.address);
    note_groups(farm);
    score_note_executor(score, daemon_executor(&farm->daemon));
    farm->proxy = proxy_new(farm->address, seed);
    farm->cut_address = g_strdup(proxy_address(farm->proxy));
    proxy_cut_every(farm->proxy, CUT_EVERY_BYTES, UINT64_MAX);
}

static void check_groups(struct farm *farm)
{
    for (guint i = 0; i < farm->groups->len; i++) {
        if (access(farm->groups->pdata[i], F_OK) == 0)
            score_violation(farm->score, "a control group is left");
    }
}

/* Starts that were given up have left files, but none twice. */
static void check_files(struct farm *farm)
{
    GDir *directory = g_dir_open(farm->directory, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(directory))) {
        char *path = g_build_filename(farm->directory, name, NULL);

        if (g_str_has_suffix(name, ".twice"))
            score_violation(farm->score, "something was started twice");
        unlink(path);
        g_free(path);
    }
    g_dir_close(directory);
    rmdir(farm->directory);
}

void farm_end(struct farm *farm)
{
    score_note_executor(farm->score, daemon_executor(&farm->daemon));
    if (tree_zombies(daemon_executor(&farm->daemon)) > 0 ||
            tree_zombies(farm->daemon.pid) > 0)
        score_violation(farm->score, "zombies are left");
    proxy_free(farm->proxy);
    if (!daemon_wait_none_marked(farm->directory, PATIENCE_MS))
        score_violation(farm->score, "children are left");
    daemon_stop(&farm->daemon);
    check_groups(farm);
    check_files(farm);
    g_ptr_array_unref(farm->groups);
    g_rand_free(farm->random);
    g_free(farm->cut_address);
    g_free(farm->address);
    g_free(farm->directory);
}

bool farm_is_over(struct farm *farm)
{
    return g_atomic_int_get(&farm->over);
}

int farm_generation(struct farm *farm)
{
    return g_atomic_int_get(&farm->generations);
}
