/* SPDX-License-Identifier: Apache-2.0 */
#include "support/far.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#define POLL_US (2 * 1000)
#define PATIENCE_US (20 * G_USEC_PER_SEC)

void far_init(struct far *far)
{
    char *bytes;
    gsize size;

    signal(SIGIO, SIG_IGN);
    far->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    far->path = g_build_filename(far->directory, "far", NULL);
    g_assert_true(g_file_get_contents("/bin/true", &bytes, &size, NULL));
    g_assert_true(g_file_set_contents(far->path, bytes, (gssize)size, NULL));
    g_assert_cmpint(g_chmod(far->path, 0700), ==, 0);
    g_free(bytes);
    far->file = open(far->path, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(far->file, >=, 0);
    g_assert_cmpint(fcntl(far->file, F_SETLEASE, F_WRLCK), ==, 0);
}

void far_until_wanted(const struct far *far)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;

    while (fcntl(far->file, F_GETLEASE) == F_WRLCK) {
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_usleep(POLL_US);
    }
}

void far_come(struct far *far)
{
    g_assert_cmpint(fcntl(far->file, F_SETLEASE, F_UNLCK), ==, 0);
    close(far->file);
}

void far_deinit(struct far *far)
{
    g_unlink(far->path);
    g_rmdir(far->directory);
    g_free(far->path);
    g_free(far->directory);
}
