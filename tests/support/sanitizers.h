/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SANITIZERS_H
#define SUPPORT_SANITIZERS_H

/*
 * Whether this build is one whose memory, speed and threads are not its own.
 */

#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline bool sanitizers_on(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
    return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
    return false;
#endif
}

static inline bool sanitizers_watch_threads(void)
{
#if defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
    return __has_feature(thread_sanitizer);
#else
    return false;
#endif
}

/* A child of one thread: the sanitizer that watches these gives another to
 * whoever comes of fork(), which limits count, and which wakes up for ever. */
static inline pid_t sanitizers_plain_fork(void)
{
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

#endif
