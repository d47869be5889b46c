/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_EMBEDDED_WATCH_H
#define CLIENT_EMBEDDED_WATCH_H

/*
 * Notices at once that a private executor has ended by itself: a thread waits
 * for the end of its socketpair.
 */

#include <pthread.h>

#include <remex/status.h>

struct embedded_watch {
    pthread_t thread;
    int fd;      /* of the socketpair, lent */
    int stop_fd; /* an eventfd; -1: it does not run */
    void (*ended)(void *user);
    void *user;
};

/* `ended` comes once at most, from the thread. REMEX_RESOURCE_EXHAUSTED: it
 * does not run. */
REMEX_CHECKED enum remex_status embedded_watch_start(
        struct embedded_watch *watch, int fd, void (*ended)(void *user),
        void *user);

/* No `ended` comes after this, which waits for one that is under way. Nothing
 * if it does not run. */
void embedded_watch_stop(struct embedded_watch *watch);

#endif
