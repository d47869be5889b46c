/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/child_output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "executor/list.h"

/* Quiet streams are read a page at a time, so that their logs stay small. */
#define QUIET_BYTES ((size_t)4096)
#define BULKY_BYTES ((size_t)64 * 1024)
#define BULKY_PIPE_BYTES (1024 * 1024)

/* So much between two looks: from here on a pipe of the usual size may have
 * been full, and the child at a stand. */
#define FULL_BYTES ((size_t)32 * 1024)

/* Most that one stream takes of a turn of the loop: enough for a whole reply,
 * and little enough for others not to notice. */
#define TURN_PIECES 4

#define RETRY_MS 100

/* The kernel holds no more than this of a terminal's output (64 KiB and what
 * one write makes of a page), and does not tell how much. */
#define TERMINAL_BYTES ((size_t)128 * 1024)

enum reading {
    READ_SOME,
    READ_FULL,    /* all that was offered: there is likely to be more */
    READ_NOTHING, /* the pipe is empty, or may not be read now */
    READ_END,
};

static enum reading finish(struct child_output *output,
        enum remex_stream_end_kind kind, int os_error)
{
    int64_t now = loop_now(output->loop);

    child_output_close(output);
    process_on_stream_end(output->process, output->stream, kind, os_error, now);
    return READ_END;
}

/* Edge-triggered, because a hang-up would be told again and again otherwise;
 * resuming looks at the level. */
static enum reading pause_reading(struct child_output *output)
{
    output->paused = true;
    if (!output->watch.muted)
        loop_change(output->loop, &output->watch, EPOLLET);
    return READ_NOTHING;
}

/* False: there is no memory even for that, and it is over. */
static bool retry_later(struct child_output *output)
{
    int64_t at = clock_after(loop_now(output->loop), clock_from_ms(RETRY_MS));

    if (loop_timer_set(output->loop, &output->retry, at) == REMEX_OK)
        return true;
    finish(output, REMEX_END_READ_ERROR, ENOMEM);
    return false;
}

static enum reading pause_for_memory(struct child_output *output)
{
    return retry_later(output) ? pause_reading(output) : READ_END;
}

/* --- Reading ------------------------------------------------------------- */

/* Best effort: not everybody may have so much. */
static void enlarge_pipe(struct child_output *output)
{
    if (!output->bulky)
        fcntl(output->watch.fd, F_SETPIPE_SZ, BULKY_PIPE_BYTES);
    output->bulky = true;
}

/* Whoever fills all he is given gets more the next time. */
static void adapt(struct child_output *output, size_t size, size_t offered)
{
    if (size < offered) {
        if (size < QUIET_BYTES / 2)
            output->want = QUIET_BYTES;
        return;
    }
    if (output->want == BULKY_BYTES)
        enlarge_pipe(output);
    output->want = BULKY_BYTES;
}

static ssize_t read_pipe(int fd, void *data, size_t size)
{
    ssize_t got;

    do {
        got = read(fd, data, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

static enum reading took(
        struct child_output *output, size_t size, size_t offered)
{
    adapt(output, size, offered);
    process_on_output(
            output->process, output->stream, size, loop_now(output->loop));
    if (!output->abandoned)
        return size == offered ? READ_FULL : READ_SOME;
    output->left -= size < output->left ? size : output->left;
    return output->left > 0 ? READ_SOME
                            : finish(output, REMEX_END_ABANDONED, 0);
}

static enum reading read_piece(struct child_output *output)
{
    size_t want = output->want;
    enum remex_status status;
    size_t offered;
    ssize_t got;
    void *data;

    if (output->abandoned && output->left < want)
        want = output->left;
    status = process_reserve(
            output->process, output->stream, want, &data, &offered);
    if (status == REMEX_AGAIN)
        return pause_reading(output);
    if (status != REMEX_OK)
        return pause_for_memory(output);
    got = read_pipe(output->watch.fd, data, offered);
    if (got > 0)
        return took(output, (size_t)got, offered);
    if (got == 0)
        return finish(output, REMEX_END_EOF, 0);
    if (errno == EFAULT)
        return pause_for_memory(output); /* of a log's store */
    if (errno == EIO && output->stream == REMEX_TERMINAL)
        return finish(output, REMEX_END_EOF, 0); /* nobody has it open */
    if (errno != EAGAIN)
        return finish(output, REMEX_END_READ_ERROR, errno);
    return output->abandoned ? finish(output, REMEX_END_ABANDONED, 0)
                             : READ_NOTHING;
}

/* --- Resting ------------------------------------------------------------- */

/* Without memory for the timer there is none. */
static void rest(struct child_output *output, int64_t rest_ns)
{
    int64_t at = clock_after(loop_now(output->loop), rest_ns);

    if (loop_timer_set(output->loop, &output->retry, at) != REMEX_OK)
        return;
    output->resting = true;
    loop_mute(output->loop, &output->watch);
}

/* It is neither paused nor resting any more, unless there is no memory for
 * that: then it rests for a while. */
static void listen(struct child_output *output)
{
    output->paused = false;
    output->resting = false;
    if (!output->watch.muted)
        loop_change(output->loop, &output->watch, EPOLLIN);
    else if (loop_unmute(output->loop, &output->watch, EPOLLIN) != REMEX_OK) {
        output->resting = retry_later(output);
        return;
    }
    loop_timer_cancel(output->loop, &output->retry);
}

/* All that there was is read for now. */
static void note_pace(struct child_output *output)
{
    uint64_t now_at = process_stream_bytes(output->process, output->stream);
    uint64_t bytes = now_at - output->noted;
    int64_t rest_ns = pace_note(&output->pace, bytes, loop_now(output->loop));

    output->noted = now_at;
    if (bytes >= FULL_BYTES)
        enlarge_pipe(output);
    if (rest_ns > 0)
        rest(output, rest_ns);
}

static void on_ready(struct loop_watch *watch, uint32_t epoll_events)
{
    struct child_output *output =
            CONTAINER_OF(watch, struct child_output, watch);
    enum reading reading = READ_FULL;

    (void)epoll_events;
    for (unsigned int i = 0; i < TURN_PIECES && reading == READ_FULL; i++)
        reading = output->paused ? READ_NOTHING : read_piece(output);
    if (reading == READ_SOME && !output->abandoned)
        note_pace(output);
}

static void on_retry(struct loop_timer *timer)
{
    struct child_output *output =
            CONTAINER_OF(timer, struct child_output, retry);

    if (output->resting && !output->paused)
        listen(output);
    else
        child_output_resume(output);
}

void child_output_init(struct child_output *output, struct loop *loop,
        struct process *process, enum remex_stream stream)
{
    *output = (struct child_output){
        .watch = { .ready = on_ready, .fd = -1 },
        .retry = { .due = on_retry },
        .loop = loop,
        .process = process,
        .stream = stream,
        .want = QUIET_BYTES,
        .bulky = stream == REMEX_TERMINAL,
    };
}

enum remex_status child_output_open(struct child_output *output, int fd)
{
    return loop_add(output->loop, &output->watch, fd, EPOLLIN);
}

void child_output_close(struct child_output *output)
{
    int fd = output->watch.fd;

    if (fd < 0)
        return;
    loop_remove(output->loop, &output->watch);
    loop_timer_cancel(output->loop, &output->retry);
    close(fd);
}

static bool got_more(enum reading reading)
{
    return reading == READ_SOME || reading == READ_FULL;
}

/* Not by events: the last of a terminal comes with none, unless it hangs up. */
static void read_rest(struct child_output *output)
{
    while (got_more(read_piece(output)))
        continue;
}

void child_output_resume(struct child_output *output)
{
    if (output->watch.fd < 0 || !output->paused)
        return;
    listen(output);
    if (output->abandoned && output->watch.fd >= 0 &&
            output->stream == REMEX_TERMINAL)
        read_rest(output);
}

void child_output_hurry(struct child_output *output)
{
    if (output->watch.fd < 0)
        return;
    pace_hurry(&output->pace);
    if (output->resting && !output->paused)
        listen(output);
}

/* At most. */
static size_t bytes_in(const struct child_output *output)
{
    int bytes;

    if (output->stream == REMEX_TERMINAL)
        return TERMINAL_BYTES;
    return ioctl(output->watch.fd, FIONREAD, &bytes) == 0 && bytes > 0
            ? (size_t)bytes
            : 0;
}

/* Counted first, so that a descendant who goes on writing does not keep us. */
void child_output_drain(struct child_output *output)
{
    size_t waiting;
    uint64_t before;

    if (output->watch.fd < 0 || output->paused)
        return;
    waiting = bytes_in(output);
    before = process_stream_bytes(output->process, output->stream);
    while (got_more(read_piece(output))) {
        if (process_stream_bytes(output->process, output->stream) - before >
                waiting)
            return;
    }
}

/* Of an empty pipe: nobody can write to it any more. */
static bool is_hung_up(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

    return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents == POLLHUP;
}

void child_output_abandon(struct child_output *output)
{
    if (output->watch.fd < 0 || output->abandoned)
        return;
    output->abandoned = true;
    output->left = bytes_in(output);
    if (output->stream == REMEX_TERMINAL)
        read_rest(output);
    else if (output->left == 0)
        finish(output,
                is_hung_up(output->watch.fd) ? REMEX_END_EOF
                                             : REMEX_END_ABANDONED,
                0);
}
