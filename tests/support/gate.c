/* SPDX-License-Identifier: Apache-2.0 */
#include "support/gate.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

void gate_init(struct gate *gate)
{
    gate->directory = g_dir_make_tmp("remex-gate-XXXXXX", NULL);
    g_assert_nonnull(gate->directory);
    gate->path = g_build_filename(gate->directory, "gate", NULL);
    g_assert_cmpint(mkfifo(gate->path, 0600), ==, 0);
    gate->fd = -1;
}

void gate_open(struct gate *gate)
{
    /* For both ways, so that it neither waits for the child nor fails. */
    gate->fd = open(gate->path, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(gate->fd, >=, 0);
    g_assert_cmpint(write(gate->fd, "\n", 1), ==, 1);
}

void gate_deinit(struct gate *gate)
{
    if (gate->fd >= 0)
        close(gate->fd);
    g_unlink(gate->path);
    g_rmdir(gate->directory);
    g_free(gate->path);
    g_free(gate->directory);
}
