/* SPDX-License-Identifier: Apache-2.0 */
#include "client/embedded_watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Nothing is said there that counts, once the address has been told. */
static bool has_ended(int fd)
{
    char rest[256];
    ssize_t got = recv(fd, rest, sizeof(rest), MSG_DONTWAIT);

    return got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
}

static void *watch_it(void *data)
{
    struct embedded_watch *watch = data;
    struct pollfd fds[] = {
        { .fd = watch->fd, .events = POLLIN },
        { .fd = watch->stop_fd, .events = POLLIN },
    };

    for (;;) {
        if (poll(fds, 2, -1) < 0)
            continue; /* EINTR, or no memory for a moment */
        if (fds[1].revents)
            return NULL;
        if (fds[0].revents && has_ended(watch->fd))
            break;
    }
    watch->ended(watch->user);
    return NULL;
}

/* The program's signals are for its own threads. */
static bool start_thread(struct embedded_watch *watch)
{
    sigset_t all;
    sigset_t before;
    bool fine;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    fine = pthread_create(&watch->thread, NULL, watch_it, watch) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fine;
}

enum remex_status embedded_watch_start(struct embedded_watch *watch, int fd,
        void (*ended)(void *user), void *user)
{
    *watch = (struct embedded_watch){
        .fd = fd,
        .stop_fd = eventfd(0, EFD_CLOEXEC),
        .ended = ended,
        .user = user,
    };
    if (watch->stop_fd < 0)
        return REMEX_RESOURCE_EXHAUSTED;
    if (start_thread(watch))
        return REMEX_OK;
    close(watch->stop_fd);
    watch->stop_fd = -1;
    return REMEX_RESOURCE_EXHAUSTED;
}

void embedded_watch_stop(struct embedded_watch *watch)
{
    static const uint64_t one = 1;

    if (watch->stop_fd < 0)
        return;
    while (write(watch->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
    pthread_join(watch->thread, NULL);
    close(watch->stop_fd);
    watch->stop_fd = -1;
}
