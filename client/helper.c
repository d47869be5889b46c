/* SPDX-License-Identifier: Apache-2.0 */
#include "client/helper.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

/* Our signals are none of its business, nor are the terminal's. */
static bool prepare_signals(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;

    sigemptyset(&none);
    sigfillset(&all);
    return posix_spawnattr_setsigmask(attributes, &none) == 0 &&
            posix_spawnattr_setsigdefault(attributes, &all) == 0 &&
            posix_spawnattr_setflags(attributes,
                    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                            POSIX_SPAWN_SETSID) == 0;
}

static bool prepare_files(
        posix_spawn_file_actions_t *actions, const int *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int number = (int)i;
        int answer = files[i] < 0
                ? posix_spawn_file_actions_addopen(
                          actions, number, "/dev/null", O_RDWR, 0)
                : posix_spawn_file_actions_adddup2(actions, files[i], number);

        if (answer != 0)
            return false;
    }
    return posix_spawn_file_actions_addclosefrom_np(actions, (int)count) == 0;
}

static int start(const char *program, char *const *argv, const int *files,
        size_t count, pid_t *out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int answer = ENOMEM;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return ENOMEM;
    }
    if (prepare_files(&actions, files, count) && prepare_signals(&attributes))
        answer = posix_spawnp(
                out, program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return answer;
}

int helper_start(const char *program, char *const *argv, const int *files,
        size_t count, pid_t *out)
{
    int high[HELPER_MAX_FILES] = { 0 };
    int answer = 0;

    assert(count <= HELPER_MAX_FILES);
    /* Above all that is overwritten: a program may have closed its 0 to 2. */
    for (size_t i = 0; i < count; i++) {
        high[i] = files[i] < 0
                ? -1
                : fcntl(files[i], F_DUPFD_CLOEXEC, HELPER_MAX_FILES);
        if (files[i] >= 0 && high[i] < 0)
            answer = errno;
    }
    if (answer == 0)
        answer = start(program, argv, high, count, out);
    for (size_t i = 0; i < count; i++)
        if (high[i] >= 0)
            close(high[i]);
    return answer;
}

void helper_reap(pid_t pid)
{
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}
