/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

bool input_is_there(void)
{
    int flags = fcntl(STDIN_FILENO, F_GETFL);

    return flags >= 0 && (flags & O_ACCMODE) != O_WRONLY;
}

ssize_t input_read(void *buffer)
{
    struct pollfd stdin_poll = { .fd = STDIN_FILENO, .events = POLLIN };
    ssize_t size;

    for (;;) {
        size = read(STDIN_FILENO, buffer, INPUT_BYTES);
        if (size >= 0 || (errno != EAGAIN && errno != EINTR))
            return size;
        (void)poll(&stdin_poll, 1, -1);
    }
}
