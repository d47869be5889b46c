/* SPDX-License-Identifier: Apache-2.0 */
#include "support/inquest.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>

/* Deeper than any tree of the tests'. */
enum { DEEPEST = 16 };

static char *content(const char *directory, const char *name)
{
    char *path = g_build_filename(directory, name, NULL);
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        text = g_strdup("(not to be had)");
    g_free(path);
    return g_strchomp(text);
}

/* --- One process ---------------------------------------------------------- */

static void tell_file(const char *directory, const char *name)
{
    char *text = content(directory, name);

    g_printerr("  %s: %s\n", name, text);
    g_free(text);
}

/* Of the many lines those that tell whether it runs and what it takes. */
static void tell_status(const char *directory)
{
    static const char *const titles[] = { "Name", "State", "PPid", "Uid",
        "Threads", "Sig", "Shd" };
    char *text = content(directory, "status");
    char **lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++)
        for (gsize i = 0; i < G_N_ELEMENTS(titles); i++)
            if (g_str_has_prefix(*line, titles[i]))
                g_printerr("  %s\n", *line);
    g_strfreev(lines);
    g_free(text);
}

static void tell_descriptors(const char *directory)
{
    char *path = g_build_filename(directory, "fd", NULL);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        char *link = g_build_filename(path, name, NULL);
        char *target = g_file_read_link(link, NULL);

        g_printerr("  fd %s: %s\n", name, target ? target : "?");
        g_free(target);
        g_free(link);
    }
    if (dir)
        g_dir_close(dir);
    g_free(path);
}

/* --- All of them ---------------------------------------------------------- */

static void tell_process(const char *pid, unsigned int depth);

static void tell_children(const char *thread, unsigned int depth)
{
    char *text = content(thread, "children");
    char **pids = g_strsplit(text, " ", -1);

    for (char **pid = pids; *pid; pid++)
        if (g_ascii_isdigit(**pid))
            tell_process(*pid, depth + 1);
    g_strfreev(pids);
    g_free(text);
}

static void tell_threads(const char *directory, unsigned int depth)
{
    char *path = g_build_filename(directory, "task", NULL);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        char *thread = g_build_filename(path, name, NULL);

        g_printerr("  thread %s\n", name);
        tell_file(thread, "wchan");
        tell_file(thread, "syscall");
        tell_file(thread, "stack");
        if (depth < DEEPEST)
            tell_children(thread, depth);
        g_free(thread);
    }
    if (dir)
        g_dir_close(dir);
    g_free(path);
}

static void tell_process(const char *pid, unsigned int depth)
{
    char *directory = g_build_filename("/proc", pid, NULL);

    g_printerr("process %s, %u below the test\n", pid, depth);
    tell_status(directory);
    tell_file(directory, "cgroup");
    tell_descriptors(directory);
    tell_threads(directory, depth);
    g_free(directory);
}

void inquest(void)
{
    char *pid = g_strdup_printf("%d", (int)getpid());

    tell_process(pid, 0);
    g_free(pid);
}
