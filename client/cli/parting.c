/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/parting.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

bool parting_init(struct parting *parting)
{
    atomic_init(&parting->said, false);
    return pipe2(parting->due, O_CLOEXEC) == 0;
}

void parting_say(struct parting *parting)
{
    if (atomic_exchange(&parting->said, true))
        return;
    close(parting->due[1]);
    parting->due[1] = -1;
}

bool parting_is_due(const struct parting *parting)
{
    return atomic_load(&parting->said);
}

void parting_wait(const struct parting *parting,
        const struct remex_client *client, int timeout_ms)
{
    struct pollfd fds[] = {
        { .fd = remex_client_fd(client), .events = POLLIN },
        { .fd = parting->due[0], .events = POLLIN },
    };

    (void)poll(fds, sizeof(fds) / sizeof(fds[0]), timeout_ms);
}

void parting_deinit(struct parting *parting)
{
    close(parting->due[0]);
    if (parting->due[1] >= 0)
        close(parting->due[1]);
}
