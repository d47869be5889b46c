/* SPDX-License-Identifier: Apache-2.0 */
#include "support/ledger.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#define PATIENCE_US (10 * G_USEC_PER_SEC)
#define POLL_US 2000

char *ledger_new(void)
{
    char *path;
    int fd = g_file_open_tmp("remex-ledger-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    return path;
}

void ledger_free(char *path)
{
    g_unlink(path);
    g_free(path);
}

static char *read_all(const char *path)
{
    char *text;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

void ledger_wait(const char *path, const char *text)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_US;
    char *now = read_all(path);

    while (strcmp(now, text) != 0) {
        if (!g_str_has_prefix(text, now) || g_get_monotonic_time() > deadline)
            g_error("'%s' is not '%s'", now, text);
        g_usleep(POLL_US);
        g_free(now);
        now = read_all(path);
    }
    g_free(now);
}
