/* SPDX-License-Identifier: Apache-2.0 */
#include "support/secret.h"

#include <glib.h>
#include <glib/gstdio.h>

#include "support/command.h"

#define PROGRAM REMEX_BIN_DIR "/remex"

char *secret_token_line(const char *name, const char *role, const char *token)
{
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, token, -1);
    char *line = g_strdup_printf("%s %s %s\n", name, role, digest);

    g_free(digest);
    return line;
}

static void keygen(const char *const *argv)
{
    struct command_result result;

    command_run(argv, &result);
    g_assert_cmpstr(result.err_text, ==, "");
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
}

void secret_add(const char *directory, const char *what, const char *name)
{
    const char *argv[] = { PROGRAM, "keygen", what, directory, name, NULL };

    keygen(argv);
}

char *secret_pki(void)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    const char *authority[] = { PROGRAM, "keygen", "authority", directory,
        NULL };
    const char *executor[] = { PROGRAM, "keygen", "executor", directory,
        "executor", "localhost", "127.0.0.1", NULL };

    g_assert_nonnull(directory);
    keygen(authority);
    keygen(executor);
    secret_add(directory, "client", "alice");
    return directory;
}

void secret_free(char *directory)
{
    GDir *files = g_dir_open(directory, 0, NULL);
    const char *name;

    while (files && (name = g_dir_read_name(files))) {
        char *path = g_build_filename(directory, name, NULL);

        g_unlink(path);
        g_free(path);
    }
    if (files)
        g_dir_close(files);
    g_rmdir(directory);
    g_free(directory);
}
