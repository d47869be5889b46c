/* SPDX-License-Identifier: Apache-2.0 */
#include "common/hear.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

/* Whether something can be read before the deadline. */
static bool wait_readable(int fd, int64_t deadline)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    int answer;

    do {
        int64_t now = clock_monotonic_ns();

        if (now >= deadline)
            return false;
        answer = poll(&poll_fd, 1, clock_poll_ms(now, deadline));
    } while (answer == 0 || (answer < 0 && errno == EINTR));
    return answer > 0;
}

bool hear_line(int fd, int64_t deadline, char *line, size_t size)
{
    size_t length = 0;

    while (length + 1 < size && wait_readable(fd, deadline)) {
        ssize_t got = read(fd, line + length, 1);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || line[length] == '\n') {
            line[length] = '\0';
            return got > 0;
        }
        length++;
    }
    line[length] = '\0';
    return false;
}

void hear_end(int fd, int64_t deadline)
{
    char rest[256];
    ssize_t got = 1;

    shutdown(fd, SHUT_WR);
    while (got != 0 && wait_readable(fd, deadline)) {
        got = read(fd, rest, sizeof(rest));
        if (got < 0 && errno != EINTR)
            break;
    }
}
