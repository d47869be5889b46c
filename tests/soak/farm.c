/* SPDX-License-Identifier: Apache-2.0 */
#include "soak/farm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "support/remote.h"
#include "support/tree.h"

#define CUT_EVERY_BYTES ((uint64_t)32 * 1024)
#define GROUP_PREFIX "/remex-"

enum {
    PATIENCE_MS = 10 * 1000,
    REAPED_MS = 1000,
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

static void begin_anew(struct farm *farm)
{
    if (!daemon_wait_none_marked(farm->directory, PATIENCE_MS))
        score_violation(farm->score, "children outlive their executor");
    daemon_restart(&farm->daemon);
    note_groups(farm);
    g_atomic_int_inc(&farm->state->generations);
}

void farm_kill_executor(struct farm *farm)
{
    g_atomic_int_inc(&farm->state->generations);
    score_note_executor(farm->score, daemon_executor(&farm->daemon));
    daemon_kill_executor(&farm->daemon);
    begin_anew(farm);
    farm_count(farm, SCORE_EXECUTORS);
}

/* The executor ends in order then, and its front with it. */
void farm_kill_supervisor(struct farm *farm)
{
    pid_t front = daemon_front(&farm->daemon);

    g_atomic_int_inc(&farm->state->generations);
    score_note_executor(farm->score, daemon_executor(&farm->daemon));
    daemon_kill(&farm->daemon);
    if (!tree_wait_gone(farm->daemon.orphan, PATIENCE_MS))
        score_violation(farm->score, "an executor outlives its supervisor");
    if (!tree_wait_gone(front, PATIENCE_MS))
        score_violation(farm->score, "a front outlives its supervisor");
    farm->daemon.orphan = 0;
    begin_anew(farm);
    farm_count(farm, SCORE_SUPERVISORS);
}

void farm_kill_front(struct farm *farm)
{
    daemon_kill_front(&farm->daemon);
    farm_count(farm, SCORE_FRONTS);
}

void farm_stop(struct farm *farm, pid_t pid, unsigned int ms)
{
    int pidfd = pidfd_open(pid, 0); /* an executor kills a front that is late */

    if (pidfd < 0)
        return;
    pidfd_send_signal(pidfd, SIGSTOP, NULL, 0);
    poll(NULL, 0, (int)ms);
    pidfd_send_signal(pidfd, SIGCONT, NULL, 0);
    close(pidfd);
    farm_count(farm, SCORE_STOPS);
}

void farm_be_over(struct farm *farm)
{
    g_atomic_int_set(&farm->state->over, 1);
    score_add_cuts(farm->score, proxy_statistics(farm->proxy).cuts);
    proxy_relent(farm->proxy);
}

/* --- What others see ------------------------------------------------------ */

static void map_state(struct farm *farm, int fd)
{
    void *state = mmap(NULL, sizeof(*farm->state), PROT_READ | PROT_WRITE,
            MAP_SHARED, fd, 0);

    if (state == MAP_FAILED)
        g_error("the farm cannot be shared: %s", g_strerror(errno));
    farm->state = state;
}

static void make_state(struct farm *farm)
{
    farm->state_fd = memfd_create("farm", MFD_CLOEXEC);
    g_assert_cmpint(ftruncate(farm->state_fd, sizeof(*farm->state)), ==, 0);
    map_state(farm, farm->state_fd);
}

void farm_words(const struct farm *farm, char **out)
{
    out[0] = g_strdup(farm->address);
    out[1] = g_strdup(farm->directory);
    out[2] = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), farm->state_fd);
}

void farm_join(struct farm *farm, struct score *score, const char *const *words)
{
    int fd = open(words[2], O_RDWR | O_CLOEXEC);

    *farm = (struct farm){ .score = score, .state_fd = -1 };
    map_state(farm, fd);
    close(fd);
    farm->address = g_strdup(words[0]);
    farm->directory = g_strdup(words[1]);
}

void farm_leave(struct farm *farm)
{
    munmap(farm->state, sizeof(*farm->state));
    g_free(farm->address);
    g_free(farm->directory);
}

/* --- Life ----------------------------------------------------------------- */

void farm_begin(struct farm *farm, struct score *score, uint32_t seed)
{
    *farm = (struct farm){ .score = score };
    make_state(farm);
    farm->directory = g_dir_make_tmp("remex-soak-XXXXXX", NULL);
    farm->random = g_rand_new_with_seed(seed);
    farm->groups = g_ptr_array_new_with_free_func(g_free);
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
    for (int what = 0; what < SCORE_COUNTS; what++)
        score_add(farm->score, (enum score_count)what,
                (uint64_t)g_atomic_int_get(&farm->state->counts[what]));
    score_note_executor(farm->score, daemon_executor(&farm->daemon));
    /* The last lives of killed clients may be about to end. */
    if (!tree_wait_no_zombies(daemon_executor(&farm->daemon), REAPED_MS) ||
            !tree_wait_no_zombies(farm->daemon.pid, REAPED_MS))
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
    close(farm->state_fd);
    farm_leave(farm);
}

bool farm_is_over(struct farm *farm)
{
    return g_atomic_int_get(&farm->state->over);
}

void farm_count(struct farm *farm, enum score_count what)
{
    g_atomic_int_inc(&farm->state->counts[what]);
}

int farm_generation(struct farm *farm)
{
    return g_atomic_int_get(&farm->state->generations);
}
