/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tree.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#define POLL_US (2 * 1000)

static char *read_file(pid_t pid, const char *name)
{
    char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
    char *text;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        text = NULL;
    g_free(path);
    return text;
}

/* False: it still lasts after `ms`. */
static bool wait_while(bool (*lasts)(pid_t pid, unsigned int number), pid_t pid,
        unsigned int number, int ms)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)ms * 1000;

    while (lasts(pid, number)) {
        if (g_get_monotonic_time() >= deadline)
            return false;
        g_usleep(POLL_US);
    }
    return true;
}

bool tree_is_there(pid_t pid)
{
    return kill(pid, 0) == 0 || errno != ESRCH;
}

static bool is_there(pid_t pid, unsigned int number)
{
    (void)number;
    return tree_is_there(pid);
}

bool tree_wait_gone(pid_t pid, int ms)
{
    return wait_while(is_there, pid, 0, ms);
}

/* The value of a line "Name:\tVALUE" of its status; NULL if it is gone. Yours
 * to g_free. */
static char *status_field(pid_t pid, const char *name)
{
    char *text = read_file(pid, "status");
    char *start = g_strdup_printf("%s:\t", name);
    char **halves = g_strsplit(text ? text : "", start, 2);
    char *value = NULL;

    if (halves[0] && halves[1])
        value = g_strndup(halves[1], strcspn(halves[1], "\n"));
    g_strfreev(halves);
    g_free(start);
    g_free(text);
    return value;
}

pid_t tree_parent(pid_t pid)
{
    char *value = status_field(pid, "PPid");
    pid_t parent = value ? (pid_t)atoi(value) : -1;

    g_free(value);
    return parent;
}

static bool is_pending(pid_t pid, unsigned int signal_number)
{
    char *state = status_field(pid, "State");
    char *value = status_field(pid, "ShdPnd");
    uint64_t set = value ? g_ascii_strtoull(value, NULL, 16) : 0;
    bool alive = state && state[0] != 'Z'; /* the dead keep theirs */

    g_free(state);
    g_free(value);
    return alive && (set >> (signal_number - 1) & 1);
}

bool tree_wait_not_pending(pid_t pid, int signal_number, int ms)
{
    return wait_while(is_pending, pid, (unsigned int)signal_number, ms);
}

static bool goes_on(pid_t pid, unsigned int number)
{
    char *state = status_field(pid, "State");
    bool stopped = state && state[0] == 'T';

    (void)number;
    g_free(state);
    return !stopped;
}

bool tree_wait_stopped(pid_t pid, int ms)
{
    return wait_while(goes_on, pid, 0, ms);
}

/* Of those that one of its threads has made. */
static pid_t visit_children_of(pid_t pid, const char *thread,
        bool (*visit)(pid_t child, void *data), void *data)
{
    char *name = g_strdup_printf("task/%s/children", thread);
    char *list = read_file(pid, name);
    char **words = g_strsplit(list ? list : "", " ", 0);
    pid_t found = -1;

    for (char **word = words; *word && found < 0; word++) {
        pid_t child = (pid_t)strtol(*word, NULL, 10);

        if (child > 0 && visit(child, data))
            found = child;
    }
    g_strfreev(words);
    g_free(list);
    g_free(name);
    return found;
}

/* Calls `visit` for each child until it says true; returns that child or -1. */
static pid_t visit_children(
        pid_t pid, bool (*visit)(pid_t child, void *data), void *data)
{
    char *path = g_strdup_printf("/proc/%d/task", (int)pid);
    GDir *threads = g_dir_open(path, 0, NULL);
    const char *thread;
    pid_t found = -1;

    while (threads && found < 0 && (thread = g_dir_read_name(threads)))
        found = visit_children_of(pid, thread, visit, data);
    if (threads)
        g_dir_close(threads);
    g_free(path);
    return found;
}

static bool is_called(pid_t child, void *data)
{
    char *name = status_field(child, "Name");
    bool same = name && strncmp(name, data, 15) == 0;

    g_free(name);
    return same;
}

pid_t tree_child(pid_t pid, const char *name)
{
    char *copy = g_strdup(name);
    pid_t child = visit_children(pid, is_called, copy);

    g_free(copy);
    return child;
}

static bool count_zombie(pid_t child, void *data)
{
    char *state = status_field(child, "State");
    unsigned int *count = data;

    if (state && state[0] == 'Z')
        *count += 1;
    g_free(state);
    return false;
}

unsigned int tree_zombies(pid_t pid)
{
    unsigned int count = 0;

    visit_children(pid, count_zombie, &count);
    return count;
}

unsigned int tree_descriptors(pid_t pid)
{
    char *path = g_strdup_printf("/proc/%d/fd", (int)pid);
    GDir *dir = g_dir_open(path, 0, NULL);
    unsigned int count = 0;

    while (dir && g_dir_read_name(dir))
        count++;
    if (dir)
        g_dir_close(dir);
    else
        g_assert_cmpint(errno, ==, EACCES);
    g_free(path);
    return count;
}

static bool has_zombies(pid_t pid, unsigned int number)
{
    (void)number;
    return tree_zombies(pid) > 0;
}

bool tree_wait_no_zombies(pid_t pid, int ms)
{
    return wait_while(has_zombies, pid, 0, ms);
}

static bool has_more(pid_t pid, unsigned int most)
{
    return tree_descriptors(pid) > most;
}

bool tree_wait_descriptors(pid_t pid, unsigned int most, int ms)
{
    return wait_while(has_more, pid, most, ms);
}

uint64_t tree_memory_kib(pid_t pid, const char *what)
{
    char *value = status_field(pid, what);
    uint64_t kib;

    g_assert_nonnull(value);
    kib = g_ascii_strtoull(value, NULL, 10);
    g_free(value);
    return kib;
}

/* Behind the name, which may have anything in it. */
static uint64_t count_ticks(const char *stat)
{
    enum { USER_TICKS = 12, SYSTEM_TICKS = 13 };
    const char *rest = g_strrstr(stat, ")");
    char **words;
    uint64_t ticks;

    g_assert_nonnull(rest);
    words = g_strsplit(rest, " ", -1);
    ticks = g_ascii_strtoull(words[USER_TICKS], NULL, 10) +
            g_ascii_strtoull(words[SYSTEM_TICKS], NULL, 10);
    g_strfreev(words);
    return ticks;
}

uint64_t tree_cpu_ms(pid_t pid)
{
    char *text = read_file(pid, "stat");
    uint64_t ticks;

    g_assert_nonnull(text);
    ticks = count_ticks(text);
    g_free(text);
    return ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

static uint64_t written_by(pid_t pid)
{
    char *text = read_file(pid, "io");
    const char *start = text ? strstr(text, "wchar: ") : NULL;
    uint64_t written;

    g_assert_nonnull(start);
    written = g_ascii_strtoull(start + strlen("wchar: "), NULL, 10);
    g_free(text);
    return written;
}

/* So many looks without a byte count as held: half a second. */
#define QUIET_LOOKS 250

uint64_t tree_wait_held(pid_t pid, uint64_t least)
{
    gint64 deadline = g_get_monotonic_time() + 60 * G_USEC_PER_SEC;
    uint64_t written = written_by(pid);
    int quiet = 0;

    while (quiet < QUIET_LOOKS) {
        uint64_t before = written;

        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(POLL_US);
        written = written_by(pid);
        quiet = written == before && written >= least ? quiet + 1 : 0;
    }
    return written;
}
