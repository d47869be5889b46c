/* SPDX-License-Identifier: Apache-2.0 */
#include "support/machine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include <glib.h>

#include "support/command.h"
#include "support/secret.h"

#define LINUX "linux.uml"
#define PROGRAM "REMEX_TEST_PROGRAM"
#define SCRATCH "REMEX_TEST_SCRATCH"
#define STATUS "status of " PROGRAM ": "

enum { SKIPPED = 77 };

/* What the kernel does not know of its command line is the first program's
 * environment. $? is all that comes back, by the console. */
#define FIRST_PROGRAM \
    "#!/bin/sh\n" \
    "export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n" \
    "mount -t proc proc /proc\n" \
    "mount -t sysfs sys /sys\n" \
    "mount -t tmpfs scratch \"$" SCRATCH "\"\n" \
    "export TMPDIR=\"$" SCRATCH "\" HOME=\"$" SCRATCH "\"\n" \
    "ip link set lo up\n" \
    "\"$" PROGRAM "\" -m slow </dev/null\n" \
    "echo \"" STATUS "$?\"\n" \
    "echo o >/proc/sysrq-trigger\n" \
    "exec sleep 1000\n"

bool machine_is_ours(void)
{
    return g_getenv(SCRATCH) != NULL;
}

static char *write_first_program(const char *directory)
{
    char *path = g_build_filename(directory, "init", NULL);

    g_assert_true(g_file_set_contents_full(
            path, FIRST_PROGRAM, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
    return path;
}

/* A test that dies takes it along. */
static void be_leashed(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static void start(struct command *command, const char *directory)
{
    char *this = g_file_read_link("/proc/self/exe", NULL);
    char *first = write_first_program(directory);
    char *init = g_strdup_printf("init=%s", first);
    char *program = g_strdup_printf(PROGRAM "=%s", this);
    char *scratch = g_strdup_printf(SCRATCH "=%s", directory);
    const char *const argv[] = { LINUX, "mem=512M", "root=root",
        "rootfstype=hostfs", "hostfs=/", "rw", "con=null", "con0=null,fd:1",
        "quiet", init, program, scratch, NULL };

    command_start(command, argv, be_leashed);
    g_free(scratch);
    g_free(program);
    g_free(init);
    g_free(first);
    g_free(this);
}

/* -1: the line tells no status. */
static int status_told(const char *line)
{
    return g_str_has_prefix(line, STATUS)
            ? (int)g_ascii_strtoll(line + strlen(STATUS), NULL, 10)
            : -1;
}

/* Lines as they come, up to the one that tells the status; a console ends them
 * by CR LF. */
static int pass_on(struct command *command)
{
    FILE *console = fdopen(command->out, "r");
    char *line = NULL;
    size_t room = 0;
    int status = -1;

    command->out = -1;
    while (status < 0 && getline(&line, &room, console) >= 0) {
        g_strchomp(line);
        status = status_told(line);
        if (status < 0)
            g_print("# %s\n", line);
    }
    free(line);
    fclose(console);
    return status;
}

int machine_run_this(void)
{
    char *linux_found = g_find_program_in_path(LINUX);
    char *directory;
    struct command command;
    struct command_result result;
    int status;

    if (!linux_found) {
        printf("skipped: there is no " LINUX " (Debian's user-mode-linux)\n");
        return SKIPPED;
    }
    g_free(linux_found);
    directory = g_dir_make_tmp("remex-machine-XXXXXX", NULL);
    start(&command, directory);
    status = pass_on(&command);
    command_finish(&command, NULL, 0, &result);
    if (status < 0)
        g_error("it ended before its time: %s", result.err_text);
    command_result_deinit(&result);
    secret_free(directory);
    return status;
}
