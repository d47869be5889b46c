/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SSHD_H
#define SUPPORT_SSHD_H

/*
 * An OpenSSH server of our own on a loopback port, with keys of its own, and
 * what an ssh needs to get in. It and all of its connections end with us.
 */

#include <sys/types.h>

struct sshd {
    char *directory; /* for files of yours, too: they are removed with it */
    char *config;    /* for ssh -F; it knows the server as SSHD_HOST */
    char *program;   /* an ssh that needs no -F */
    pid_t pid;
};

#define SSHD_HOST "build7"

/* Waits until it listens. NULL: it is not installed, or does not start. */
struct sshd *sshd_start(void);

void sshd_stop(struct sshd *sshd);

#endif
