/* SPDX-License-Identifier: Apache-2.0 */
#include "support/suite.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <glib.h>
#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>

#include "support/sanitizers.h"

#define POLL_US 5000

struct suite_case {
    char *path;
    void (*function)(void); /* or: */
    void (*function_with)(const void *data);
    const void *data;
};

struct holdings {
    unsigned int descriptors;
    unsigned int threads;
    unsigned int children;
};

static bool threads_allowed;
static unsigned int patience_ms = 2000;

void suite_allow_threads(void)
{
    threads_allowed = true;
}

void suite_set_patience(unsigned int milliseconds)
{
    patience_ms = milliseconds;
}

void suite_start_nng(void)
{
    nng_socket socket;

    g_assert_cmpint(nng_pair0_open(&socket), ==, 0);
    g_assert_cmpint(nng_close(socket), ==, 0);
}

static unsigned int count_entries(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    unsigned int count = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir))
        count++;
    g_dir_close(dir);
    return count;
}

/* The children of one thread, which /proc lists as "PID PID ". */
static unsigned int count_children_of(const char *thread)
{
    char *path = g_build_filename("/proc/self/task", thread, "children", NULL);
    char *text = NULL;
    unsigned int count = 0;

    /* A thread that has ended since it was listed has no children. */
    if (g_file_get_contents(path, &text, NULL, NULL)) {
        for (const char *at = text; (at = strchr(at, ' ')); at++)
            count++;
        g_free(text);
    }
    g_free(path);
    return count;
}

static unsigned int count_children(void)
{
    GDir *dir = g_dir_open("/proc/self/task", 0, NULL);
    unsigned int count = 0;
    const char *thread;

    g_assert_nonnull(dir);
    while ((thread = g_dir_read_name(dir)))
        count += count_children_of(thread);
    g_dir_close(dir);
    return count;
}

static struct holdings holdings_now(void)
{
    return (struct holdings){
        .descriptors = count_entries("/proc/self/fd"),
        .threads = threads_allowed ? 0 : count_entries("/proc/self/task"),
        .children = count_children(),
    };
}

static bool nothing_left(
        const struct holdings *before, const struct holdings *after)
{
    return after->descriptors == before->descriptors &&
            after->threads == before->threads &&
            after->children == before->children;
}

/* What the descriptors are, for whoever looks for the one too many. */
static char *list_descriptors(void)
{
    GString *list = g_string_new(NULL);

    for (int fd = 0; fd < 256; fd++) {
        char *path = g_strdup_printf("/proc/self/fd/%d", fd);
        char *target = g_file_read_link(path, NULL);

        if (target)
            g_string_append_printf(list, "\n%d %s", fd, target);
        g_free(target);
        g_free(path);
    }
    return g_string_free(list, FALSE);
}

static void check_nothing_left(const char *path, const struct holdings *before)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)patience_ms * 1000;
    struct holdings after = holdings_now();

    while (!nothing_left(before, &after) && g_get_monotonic_time() < deadline) {
        g_usleep(POLL_US);
        after = holdings_now();
    }
    if (!nothing_left(before, &after))
        g_error("%s: before and after: descriptors %u and %u, "
                "threads %u and %u, children %u and %u%s",
                path, before->descriptors, after.descriptors, before->threads,
                after.threads, before->children, after.children,
                list_descriptors());
}

static void run_case(const void *data)
{
    const struct suite_case *this = data;
    struct holdings before = holdings_now();

    if (this->function)
        this->function();
    else
        this->function_with(this->data);
    check_nothing_left(this->path, &before);
}

static void *do_nothing(void *data)
{
    return data;
}

/* With the first thread the sanitizer starts one of its own, which stays. Not
 * by GLib, which would speak of it later on. */
static void start_first_thread(void)
{
    pthread_t thread;

    g_assert_cmpint(pthread_create(&thread, NULL, do_nothing, NULL), ==, 0);
    pthread_join(thread, NULL);
    while (count_entries("/proc/self/task") > 2)
        g_usleep(POLL_US);
}

static void case_free(void *data)
{
    struct suite_case *this = data;

    g_free(this->path);
    g_free(this);
}

static void add(const struct suite_case *new, const char *path)
{
    struct suite_case *added = g_memdup2(new, sizeof(*new));

    if (sanitizers_watch_threads() && count_entries("/proc/self/task") == 1)
        start_first_thread();
    added->path = g_strdup(path);
    g_test_add_data_func_full(path, added, run_case, case_free);
}

void suite_add(const char *path, void (*function)(void))
{
    add(&(struct suite_case){ .function = function }, path);
}

void suite_add_with(
        const char *path, void (*function)(const void *data), const void *data)
{
    add(&(struct suite_case){ .function_with = function, .data = data }, path);
}
