/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/meter.h"

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "support/tree.h"

double meter_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

void meter_let_pass(unsigned int ms)
{
    (void)poll(NULL, 0, (int)ms);
}

/* --- Which processes ------------------------------------------------------ */

/* Of pid 12: "12 (some name) S 1 ...". */
static bool read_parent(const char *pid, char *name, size_t size, int *parent)
{
    char *path = g_build_filename("/proc", pid, "stat", NULL);
    char *text = NULL;
    char *start;
    char *end;
    bool read = false;

    /* It may have ended since it was listed. */
    if (g_file_get_contents(path, &text, NULL, NULL) &&
            (start = strchr(text, '(')) && (end = strrchr(text, ')'))) {
        *end = '\0';
        g_strlcpy(name, start + 1, size);
        read = sscanf(end + 1, " %*c %d", parent) == 1;
    }
    g_free(text);
    g_free(path);
    return read;
}

static bool has(const struct crew *crew, pid_t pid)
{
    for (size_t i = 0; i < crew->count; i++)
        if (crew->pids[i] == pid)
            return true;
    return false;
}

/* Those whose parents are in already. */
static void add_children(struct crew *crew, const char *name)
{
    GDir *dir = g_dir_open("/proc", 0, NULL);
    const char *entry;

    while (dir && (entry = g_dir_read_name(dir))) {
        char its_name[32];
        int parent;
        pid_t pid = (pid_t)strtol(entry, NULL, 10);

        if (pid <= 0 || crew->count == G_N_ELEMENTS(crew->pids) ||
                !read_parent(entry, its_name, sizeof(its_name), &parent))
            continue;
        if (g_str_has_prefix(its_name, name) && has(crew, parent) &&
                !has(crew, pid))
            crew->pids[crew->count++] = pid;
    }
    if (dir)
        g_dir_close(dir);
}

struct crew crew_of(pid_t root, const char *name)
{
    struct crew crew = { .pids = { root }, .count = 1 };
    size_t before;

    do {
        before = crew.count;
        add_children(&crew, name);
    } while (crew.count > before);
    return crew;
}

/* --- What they use -------------------------------------------------------- */

/* The number behind `key` in a file of /proc; key "": the first. */
static double read_number(const char *path, const char *key)
{
    char *text = NULL;
    const char *at;
    double number = 0;

    if (g_file_get_contents(path, &text, NULL, NULL) &&
            (at = strstr(text, key)))
        number = g_ascii_strtod(at + strlen(key), NULL);
    g_free(text);
    return number;
}

/* Of all threads, added. */
static double add_threads(pid_t pid, const char *file, const char *key)
{
    char *path = g_strdup_printf("/proc/%d/task", (int)pid);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *thread;
    double sum = 0;

    while (dir && (thread = g_dir_read_name(dir))) {
        char *full = g_build_filename(path, thread, file, NULL);

        sum += read_number(full, key);
        g_free(full);
    }
    if (dir)
        g_dir_close(dir);
    g_free(path);
    return sum;
}

double crew_cpu_us(const struct crew *crew)
{
    double sum = 0;

    for (size_t i = 0; i < crew->count; i++)
        sum += add_threads(crew->pids[i], "schedstat", "") / 1e3;
    return sum;
}

double crew_sleeps(const struct crew *crew)
{
    double sum = 0;

    for (size_t i = 0; i < crew->count; i++)
        sum += add_threads(
                crew->pids[i], "status", "\nvoluntary_ctxt_switches:");
    return sum;
}

double crew_rss_kib(const struct crew *crew)
{
    double sum = 0;

    for (size_t i = 0; i < crew->count; i++)
        sum += (double)tree_memory_kib(crew->pids[i], "VmRSS");
    return sum;
}

double crew_pss_kib(const struct crew *crew)
{
    double sum = 0;

    for (size_t i = 0; i < crew->count; i++) {
        char *path =
                g_strdup_printf("/proc/%d/smaps_rollup", (int)crew->pids[i]);

        sum += read_number(path, "\nPss:");
        g_free(path);
    }
    return sum;
}

/* --- Ourselves ------------------------------------------------------------ */

double meter_own_cpu_us(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
            (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

double meter_own_rss_kib(void)
{
    return (double)tree_memory_kib(getpid(), "VmRSS");
}
