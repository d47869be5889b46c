/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_HELPER_H
#define CLIENT_HELPER_H

/*
 * Programs that the library needs: remexd for local:, ssh for ssh://. They get
 * nothing of the user's program but what they are given.
 */

#include <stddef.h>
#include <sys/types.h>

enum { HELPER_MAX_FILES = 4 };

/* Starts it in a session of its own, with fresh signals, and descriptors 0 to
 * `count` - 1 as in `files` (-1: the null device) and no others. A `program`
 * without a slash is looked up in the PATH. Returns an errno. */
int helper_start(const char *program, char *const *argv, const int *files,
        size_t count, pid_t *out);

/* Waits for its end. Somebody else may have done so, or nobody may have to. */
void helper_reap(pid_t pid);

#endif
