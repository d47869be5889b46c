/* SPDX-License-Identifier: Apache-2.0 */
#include "client/convenience/sink.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* --- Without SIGPIPE ----------------------------------------------------- */

/* Of this thread, while it writes. */
struct quiet {
    sigset_t pipe;
    sigset_t before;
    bool was_pending;
};

static void quiet_begin(struct quiet *quiet)
{
    sigset_t pending;

    sigemptyset(&quiet->pipe);
    sigaddset(&quiet->pipe, SIGPIPE);
    sigpending(&pending);
    quiet->was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &quiet->pipe, &quiet->before);
}

/* Takes away the one that was ours. */
static void quiet_end(const struct quiet *quiet)
{
    const struct timespec at_once = { 0 };
    int error = errno;

    if (!quiet->was_pending)
        while (sigtimedwait(&quiet->pipe, NULL, &at_once) < 0 && errno == EINTR)
            continue;
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
    errno = error;
}

/* --- Writing ------------------------------------------------------------- */

/* Returns 0 or an errno. */
static int wait_for_room(int fd, const struct patience *patience)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
    int ready;

    do
        ready = poll(&poll_fd, 1, patience_left_ms(patience));
    while (ready < 0 && errno == EINTR);
    if (ready < 0)
        return errno;
    return ready == 0 ? ETIMEDOUT : 0;
}

static int write_all(struct sink *sink, const char *data, size_t size,
        const struct patience *patience)
{
    int error = 0;

    while (size > 0 && error == 0) {
        ssize_t written = write(sink->fd, data, size);

        if (written >= 0) {
            sink->told->bytes += (uint64_t)written;
            data += written;
            size -= (size_t)written;
        } else if (errno == EAGAIN) {
            error = wait_for_room(sink->fd, patience);
        } else if (errno != EINTR) {
            error = errno;
        }
    }
    sink->told->unwritten += size;
    return error;
}

static int write_file(struct sink *sink, const char *data, size_t size)
{
    size_t done = 0;
    size_t written;

    errno = 0;
    while (done < size) {
        written = fwrite(data + done, 1, size - done, sink->file);
        done += written;
        if (done < size && (written == 0 || errno != EINTR))
            break;
        if (errno == EINTR)
            clearerr(sink->file);
    }
    if (done == size && fflush(sink->file) == 0) {
        sink->told->bytes += size;
        return 0;
    }
    sink->told->unwritten += size;
    return errno ? errno : EIO;
}

bool sink_write(struct sink *sink, struct remex_bytes bytes,
        const struct patience *patience)
{
    struct quiet quiet;
    int error;

    if ((sink->fd < 0 && !sink->file) || sink->told->os_error) {
        sink->told->unwritten += bytes.size;
        return true;
    }
    quiet_begin(&quiet);
    error = sink->file ? write_file(sink, bytes.data, bytes.size)
                       : write_all(sink, bytes.data, bytes.size, patience);
    quiet_end(&quiet);
    sink->told->os_error = error;
    return error == 0;
}
