/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_KERNEL_H
#define SUPPORT_KERNEL_H

/*
 * A kernel that refuses: system calls fail, are interrupted, or do less than
 * they were asked for. Those of the code under test and of the test itself,
 * whichever thread makes them, and of a child that shares our memory until it
 * executes its program; not those of shared libraries.
 */

#include <stdbool.h>
#include <stddef.h>

enum kernel_call {
    KERNEL_READ,
    KERNEL_PREAD,
    KERNEL_WRITE,
    KERNEL_SEND,
    KERNEL_SENDMSG,
    KERNEL_RECV,
    KERNEL_RECVMSG,
    KERNEL_OPEN,
    KERNEL_OPENAT,
    KERNEL_OPENDIR,
    KERNEL_MKDIRAT,
    KERNEL_IOCTL,
    KERNEL_FCNTL,
    KERNEL_PIPE2,
    KERNEL_SOCKET,
    KERNEL_SOCKETPAIR,
    KERNEL_CONNECT,
    KERNEL_POLL,
    KERNEL_EPOLL_CREATE1,
    KERNEL_EPOLL_CTL,
    KERNEL_EPOLL_WAIT,
    KERNEL_EVENTFD,
    KERNEL_SIGNALFD,
    KERNEL_INOTIFY_INIT1,
    KERNEL_INOTIFY_ADD_WATCH,
    KERNEL_MMAP,
    KERNEL_MPROTECT,
    KERNEL_WAITID, /* by whatever function */
    KERNEL_PIDFD_OPEN,
    KERNEL_PIDFD_SEND_SIGNAL,
    KERNEL_FORK,
    KERNEL_CLONE,       /* clone3 */
    KERNEL_EXEC,        /* execve and execveat */
    KERNEL_IN_CHILD,    /* all else of a child that shares our memory */
    KERNEL_BY_NUMBER,   /* and of ourselves, if called by its number */
    KERNEL_POSIX_SPAWN, /* which returns its error, as the next does */
    KERNEL_PTHREAD_CREATE,
    KERNEL_CALLS
};

const char *kernel_name(enum kernel_call call);

/* What may become of a call. */
struct kernel_refusal {
    int os_error; /* 0: a short count */
    bool passes;  /* it means nothing: the same again may do */
};

enum { KERNEL_REFUSALS = 6 };

/* All that is likely; the count. */
size_t kernel_refusals(
        enum kernel_call call, struct kernel_refusal out[KERNEL_REFUSALS]);

/* The `nth` call of this kind from now on fails so, once; 0: none does. All are
 * counted anew. */
void kernel_refuse(enum kernel_call call, unsigned int nth, int os_error);

/* Whether it has come and failed. The wait for it ends here. */
bool kernel_refused(void);

/* What this thread asks of the kernel between the two is the test's own, and
 * counts for nothing. They nest. */
void kernel_suspend(void);
void kernel_resume(void);

/* How many there were since. */
unsigned int kernel_count(enum kernel_call call);

#endif
