/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is to be written has no room: whoever writes it says so, and fails.
 */

#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/suite.h"

static struct daemon the_daemon;

#define AT "--at", the_daemon.address

/* --- Standard output ------------------------------------------------------ */

/* remex with its standard output on a full disk. */
#define CLI_FULL(...) \
    REMOTE_ARGV("/bin/sh", "-c", "exec \"$0\" \"$@\" >/dev/full", \
            REMEX_BIN_DIR "/remex", __VA_ARGS__)

#define NO_ROOM "cannot write standard output: No space left"

static void what_is_told_and_not_written_is_a_failure(void)
{
    cli_check(CLI("start", AT, "--id", "it", "--", "/bin/true"), 0, "it\n", "");
    cli_check_told(CLI_FULL("ps", AT), 125, NO_ROOM);
    cli_check_told(CLI_FULL("ps", AT, "--json"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("inspect", AT, "it"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("info", AT), 125, NO_ROOM);
    cli_check_told(CLI_FULL("top", AT, "--once"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("version", AT), 125, NO_ROOM);
    cli_check_told(CLI_FULL("help"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("run", "--help"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("start", AT, "--id", "other", "--", "/bin/true"),
            125, NO_ROOM);
    cli_check_told(CLI_FULL("trace", AT), 125, NO_ROOM);
    cli_check_told(CLI_FULL("doctor", AT), 125, NO_ROOM);
}

/* More than is kept back before it is written. */
static void the_same_if_only_its_end_would_fit(void)
{
    char *word = g_strnfill(20000, 'x');

    cli_check(CLI("start", AT, "--id", "long", "--", "/bin/true", word), 0,
            "long\n", "");
    cli_check_told(CLI_FULL("inspect", AT, "long"), 125, NO_ROOM);
    g_free(word);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/full_disk", what_is_told_and_not_written_is_a_failure);
    SUITE_ADD("/full_disk", the_same_if_only_its_end_would_fit);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
