/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/leave.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/cli/report.h"
#include "client/cli/signals.h"

#define PATIENCE_S 5

static void *watch(void *data)
{
    const struct timespec patience = { .tv_sec = PATIENCE_S };
    struct leave *leave = data;
    int number;

    while (sigwait(&leave->set, &number) != 0)
        ;
    atomic_store(&leave->number, number);
    close(leave->due[1]);
    leave->due[1] = -1;
    (void)sigtimedwait(&leave->set, NULL, &patience);
    signals_die_of(number);
    return NULL;
}

bool leave_init(struct leave *leave)
{
    int failure;

    if (pipe2(leave->due, O_CLOEXEC) != 0) {
        report("cannot watch for signals: %s", strerror(errno));
        return false;
    }
    atomic_init(&leave->number, 0);
    signals_block(&leave->set, NULL);
    failure = pthread_create(&leave->thread, NULL, watch, leave);
    if (failure == 0)
        return true;
    report("cannot watch for signals: %s", strerror(failure));
    close(leave->due[0]);
    close(leave->due[1]);
    return false;
}

bool leave_is_due(const struct leave *leave)
{
    return atomic_load(&leave->number) != 0;
}

void leave_wait(const struct leave *leave, const struct remex_client *client,
        int timeout_ms)
{
    struct pollfd fds[] = {
        { .fd = remex_client_fd(client), .events = POLLIN },
        { .fd = leave->due[0], .events = POLLIN },
    };

    (void)poll(fds, sizeof(fds) / sizeof(fds[0]), timeout_ms);
}

void leave_deinit(struct leave *leave)
{
    pthread_cancel(leave->thread);
    pthread_join(leave->thread, NULL);
    close(leave->due[0]);
    if (leave->due[1] >= 0)
        close(leave->due[1]);
    if (leave_is_due(leave))
        signals_die_of(atomic_load(&leave->number));
}
