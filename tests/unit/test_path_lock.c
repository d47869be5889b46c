/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/path_lock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/suite.h"

static void a_path_is_one_holders_until_he_lets_go(void)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    char *path = g_build_filename(directory, "socket", NULL);
    struct path_lock first, second;
    struct remex_error error;

    g_assert_cmpint(path_lock_take(&first, path, 0, &error), ==, REMEX_OK);
    g_assert_cmpint(
            path_lock_take(&second, path, 0, &error), ==, REMEX_ALREADY_EXISTS);
    g_assert_nonnull(strstr(error.text, path));
    path_lock_release(&second); /* safe: it is not held */
    path_lock_release(&first);
    g_assert_cmpint(path_lock_take(&second, path, 0, &error), ==, REMEX_OK);
    path_lock_release(&second);
    g_assert_cmpint(g_rmdir(directory), ==, 0); /* nothing is left */
    g_free(path);
    g_free(directory);
}

/* The file may have been removed by its last holder while we waited for it. */
static void a_lock_on_a_file_that_is_gone_is_none(void)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    char *path = g_build_filename(directory, "socket", NULL);
    char *file = g_strconcat(path, ".lock", NULL);
    struct path_lock lock;
    int old;

    old = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(flock(old, LOCK_EX), ==, 0);
    g_assert_cmpint(g_unlink(file), ==, 0);
    g_assert_cmpint(path_lock_take(&lock, path, 0, NULL), ==, REMEX_OK);
    path_lock_release(&lock);
    close(old);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(file);
    g_free(path);
    g_free(directory);
}

static void where_there_is_no_directory_there_is_no_lock(void)
{
    struct path_lock lock;
    struct remex_error error;

    g_assert_cmpint(path_lock_take(&lock, "/nowhere/at/all", 0, &error), ==,
            REMEX_NOT_FOUND);
    g_assert_nonnull(strstr(error.text, "/nowhere/at/all"));
}

static void *take_soon(void *data)
{
    struct path_lock lock;

    g_assert_cmpint(path_lock_take(&lock, data, 10000, NULL), ==, REMEX_OK);
    path_lock_release(&lock);
    return NULL;
}

static void a_holder_is_given_time_to_let_go(void)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    char *path = g_build_filename(directory, "socket", NULL);
    gint64 before = g_get_monotonic_time();
    struct path_lock first, second;
    GThread *waiter;

    g_assert_cmpint(path_lock_take(&first, path, 0, NULL), ==, REMEX_OK);
    waiter = g_thread_new("waiter", take_soon, path);
    g_assert_cmpint(
            path_lock_take(&second, path, 50, NULL), ==, REMEX_ALREADY_EXISTS);
    g_assert_cmpint(g_get_monotonic_time() - before, >=, 50 * 1000);
    path_lock_release(&first);
    g_thread_join(waiter);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(path);
    g_free(directory);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/path_lock", a_path_is_one_holders_until_he_lets_go);
    SUITE_ADD("/path_lock", a_lock_on_a_file_that_is_gone_is_none);
    SUITE_ADD("/path_lock", where_there_is_no_directory_there_is_no_lock);
    SUITE_ADD("/path_lock", a_holder_is_given_time_to_let_go);
    return g_test_run();
}
