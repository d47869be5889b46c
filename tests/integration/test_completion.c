/* SPDX-License-Identifier: Apache-2.0 */

/*
 * How the words of a remex command line go on: as remex tells it, and as bash
 * and zsh make use of that.
 */

#include <string.h>

#include <glib.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/seat.h"
#include "support/suite.h"

#define SCRIPTS REMEX_SOURCE_DIR "/client/cli/completion"
#define COMPLETE(...) CLI("complete", "--", __VA_ARGS__)

static struct daemon the_daemon;

/* Whether one of its lines is that. */
static bool has(const char *text, const char *line)
{
    char **lines = g_strsplit(text, "\n", 0);
    bool found = g_strv_contains((const char *const *)lines, line);

    g_strfreev(lines);
    return found;
}

static void check_has(const char *const *argv, const char *const *lines)
{
    char *text = cli_read(argv);

    for (; *lines; lines++)
        if (!has(text, *lines))
            g_error("no '%s' in: %s", *lines, text);
    g_free(text);
}

#define HAS(command, ...) check_has(command, REMOTE_ARGV(__VA_ARGS__))
#define IS(command, text) cli_check(command, 0, text, "")

static void verbs_go_on(void)
{
    HAS(COMPLETE(""), "run", "wait-line", "top", "help");
    IS(COMPLETE("wa"), "wait\nwait-line\n");
    IS(COMPLETE("help", "insp"), "inspect\n");
    IS(COMPLETE("no-such", ""), "");
    IS(COMPLETE("no-such"), "");
}

static void options_go_on(void)
{
    HAS(COMPLETE("run", "-"), "--terminal", "--wall-time", "--at", "--help");
    IS(COMPLETE("attach", "--ex"), "--exclusive\n");
    IS(COMPLETE("ps", "--json", "--every"), "--everybody\n");
    /* Behind the command they are its own. */
    IS(COMPLETE("run", "ls", "--a"), ":files\n");
    IS(COMPLETE("run", "--", "ls", "--a"), ":files\n");
}

static void values_go_on(void)
{
    IS(COMPLETE("signal", "x", "TERM", "--to", ""), "leader\ngroup\ntree\n");
    IS(COMPLETE("signal", "--to=t"), "--to=tree\n");
    IS(COMPLETE("logs", "--from", ""), "oldest\nlive\n");
    IS(COMPLETE("start", "--owner-loss", "k"), "kill\nkeep\n");
    IS(COMPLETE("run", "--cwd", "/t"), ":directories\n");
    IS(COMPLETE("ps", "--token-file", ""), ":files\n");
    HAS(COMPLETE("ps", "--at", ""), "local:", "ipc:///", "tls://");
    IS(COMPLETE("start", "--id", ""), "");
}

static void operands_go_on(void)
{
    IS(COMPLETE("run", ""), ":commands\n");
    IS(COMPLETE("run", "--pty", "2x2", "--", ""), ":commands\n");
    IS(COMPLETE("signal", "x", "SIGT"), "");
    HAS(COMPLETE("signal", "x", "T"), "TERM", "TSTP");
    IS(COMPLETE("signal", "x", "TERM", ""), "");
    IS(COMPLETE("keygen", "client", ""), ":directories\n");
    HAS(COMPLETE("doctor", "ss"), "ssh://");
    HAS(COMPLETE("top", "ipc:///a", "lo"), "local:");
}

static void ids_are_those_of_the_executor(void)
{
    IS(COMPLETE("stop", "--at", the_daemon.address, ""), "green\ngrey\nred\n");
    IS(COMPLETE("stop", "--at", the_daemon.address, "gre"), "green\ngrey\n");
    IS(CLI("complete", "--", "logs", "red", "--at", the_daemon.address, ""),
            "");
    IS(COMPLETE("stop", "--at", "ipc:///no/such", ""), "");
    IS(COMPLETE("stop", ""), "");
    g_setenv("REMEX_EXECUTOR", the_daemon.address, TRUE);
    IS(COMPLETE("inspect", "r"), "red\n");
    HAS(COMPLETE("ps", "--at", "ipc"), the_daemon.address, "ipc:///");
    g_unsetenv("REMEX_EXECUTOR");
}

/* --- Shells -------------------------------------------------------------- */

/* Types it with a tab at its end, and sees it go on. */
static void check_typed(
        struct seat *seat, const char *typed, const char *expected)
{
    seat_type_text(seat, typed);
    seat_type_text(seat, "\t");
    seat_expect(seat, expected);
    seat_type_text(seat, "\025"); /* away with it */
}

static void check_shell(const char *script)
{
    char *whole = g_strdup_printf("PATH='%s':$PATH TERM=dumb PS1='> '\n"
                                  "export PATH TERM PS1 REMEX_EXECUTOR='%s'\n"
                                  "%s",
            REMEX_BIN_DIR, the_daemon.address, script);
    struct seat seat;

    seat_init(&seat, 24, 200, whole, NULL);
    seat_expect(&seat, "loaded");
    check_typed(&seat, "remex insp", "remex inspect ");
    check_typed(&seat, "remex stop re", "remex stop red ");
    check_typed(&seat, "remex attach --excl", "remex attach --exclusive ");
    check_typed(
            &seat, "remex signal red --to tr", "remex signal red --to tree ");
    check_typed(&seat, "remex signal red --to=tr", "--to=tree");
    check_typed(&seat, "remex run --at loc", "remex run --at local:");
    check_typed(&seat, "remex run --cwd /us", "remex run --cwd /usr/");
    check_typed(&seat, "remex run -- unam", "remex run -- uname ");
    seat_deinit(&seat);
    g_free(whole);
}

static void bash_completes(void)
{
    check_shell("cat >\"$HOME/rc\" <<END\n"
                ". '" SCRIPTS "/remex.bash'\n"
                "bind 'set enable-bracketed-paste off'\n"
                "PS1='> '\n"
                "echo loaded\n"
                "END\n"
                "bash --noprofile --rcfile \"$HOME/rc\" -i");
}

static void zsh_completes(void)
{
    char *zsh = g_find_program_in_path("zsh");

    if (!zsh) {
        g_test_skip("no zsh here");
        return;
    }
    g_free(zsh);
    check_shell("cat >\"$HOME/.zshrc\" <<'END'\n"
                "fpath=('" SCRIPTS "' $fpath)\n"
                "autoload -U compinit && compinit -u -D\n"
                "unsetopt zle_bracketed_paste\n"
                "unset zle_bracketed_paste\n"
                "PS1='> '\n"
                "echo loaded\n"
                "END\n"
                "ZDOTDIR=$HOME zsh -i");
}

int main(int argc, char **argv)
{
    static const char *const ids[] = { "red", "grey", "green" };
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    g_setenv("HOME", the_daemon.directory, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        g_free(cli_read(CLI("start", "--at", the_daemon.address, "--id", ids[i],
                "--", "true")));
    SUITE_ADD("/completion", verbs_go_on);
    SUITE_ADD("/completion", options_go_on);
    SUITE_ADD("/completion", values_go_on);
    SUITE_ADD("/completion", operands_go_on);
    SUITE_ADD("/completion", ids_are_those_of_the_executor);
    SUITE_ADD("/completion", bash_completes);
    SUITE_ADD("/completion", zsh_completes);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
