/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_DAEMON_H
#define SUPPORT_DAEMON_H

/*
 * A real remexd, in a directory of its own.
 */

#include <sys/types.h>

struct daemon {
    pid_t pid;        /* the supervisor: our child */
    char *directory;  /* mode 0700; its log is the file "log" */
    char *address;    /* ipc, in there */
    char **addresses; /* all, as it told them; that one is the first */
};

/* Starts it and waits until it listens. `more` are arguments for it, ended by
 * NULL, or NULL. */
void daemon_start(struct daemon *daemon, const char *const *more);

/* Its processes. They are waited for, since both may be replaced; the test
 * fails if there is none for ten seconds. */
pid_t daemon_executor(const struct daemon *daemon);
pid_t daemon_front(const struct daemon *daemon);

/* Ends it in order, as an operator would; it must take less than ten seconds
 * and exit with 0. */
void daemon_stop(struct daemon *daemon);

/* Puts away one that a test has killed, whatever its exit status. */
void daemon_bury(struct daemon *daemon);

#endif
