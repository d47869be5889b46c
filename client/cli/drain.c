/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/report.h"

/* False once there will be no more. */
static bool take_all(struct remex_process *process)
{
    struct remex_event event;
    enum remex_status status;

    do
        status = remex_process_next_event(process, 0, &event);
    while (status == REMEX_OK);
    return status == REMEX_AGAIN;
}

static void *take_events(void *data)
{
    struct drain *drain = data;
    struct pollfd fds[2] = {
        { .fd = remex_client_fd(drain->client), .events = POLLIN },
        { .fd = drain->stop[0], .events = POLLIN },
    };

    while (fds[1].revents == 0 && take_all(drain->process)) {
        if (poll(fds, 2, -1) < 0)
            fds[1].revents = 0;
    }
    return NULL;
}

bool drain_init(struct drain *drain, struct remex_client *client,
        struct remex_process *process)
{
    int failure = 0;

    *drain = (struct drain){ .client = client, .process = process };
    if (pipe2(drain->stop, O_CLOEXEC) != 0) {
        report("cannot follow the process: %s", strerror(errno));
        return false;
    }
    failure = pthread_create(&drain->thread, NULL, take_events, drain);
    if (failure == 0)
        return true;
    report("cannot follow the process: %s", strerror(failure));
    close(drain->stop[0]);
    close(drain->stop[1]);
    return false;
}

void drain_deinit(struct drain *drain)
{
    close(drain->stop[1]);
    pthread_join(drain->thread, NULL);
    close(drain->stop[0]);
}
