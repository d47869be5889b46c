/* SPDX-License-Identifier: Apache-2.0 */

/* ctest-timeout: 120 */

#include "executor/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "common/clock.h"
#include "support/stage.h"
#include "support/suite.h"

#define CHILDREN REMEX_BIN_DIR "/children/"

/* Runs a script to its end and gives what was told. */
static char *tell_sh(const char *script)
{
    struct stage stage;
    struct actor *actor;
    char *told;

    stage_open(&stage);
    actor = stage_sh(&stage, script);
    stage_until_closed(actor);
    told = g_strdup(actor->told->str);
    stage_close(&stage);
    return told;
}

static void check_sh(const char *script, const char *expected)
{
    char *told = tell_sh(script);

    g_assert_cmpstr(told, ==, expected);
    g_free(told);
}

static void output_and_exit_are_told_in_order(void)
{
    check_sh("echo hello", "out:hello\nexit 0\nclosed eof eof\n");
    check_sh("exit 7", "exit 7\nclosed eof eof\n");
    check_sh("echo oops >&2; exit 1", "err:oops\nexit 1\nclosed eof eof\n");
}

static void a_signal_is_not_an_exit_code(void)
{
    check_sh("kill -9 $$", "signal 9\nclosed eof eof\n");
    check_sh("kill -15 $$", "signal 15\nclosed eof eof\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/child", output_and_exit_are_told_in_order);
    SUITE_ADD("/child", a_signal_is_not_an_exit_code);
    return g_test_run();
}
