/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/child_input.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/clock.h"
#include "executor/list.h"
#include "executor/terminal.h"

/* Most pieces to be written in one turn. */
#define TURN_PIECES 4

#define RETRY_MS 100

static void finish(struct child_input *input)
{
    child_input_close(input);
    process_on_stdin_closed(input->process);
}

/* Until there may be memory again. What was taken must not be missing between
 * the bytes and their end, so that stdin ends for want of it only if there is
 * not even any to wait. */
static void wait_for_memory(struct child_input *input)
{
    int64_t at = clock_after(loop_now(input->loop), clock_from_ms(RETRY_MS));

    if (loop_timer_set(input->loop, &input->retry, at) != REMEX_OK)
        finish(input);
}

/* Goes on when the pipe has room. */
static void wait_for_room(struct child_input *input)
{
    if (input->fd < 0 || input->watch.fd >= 0)
        return;
    if (loop_add(input->loop, &input->watch, input->fd, EPOLLOUT) != REMEX_OK)
        wait_for_memory(input);
}

static void wait_for_nothing(struct child_input *input)
{
    if (input->watch.fd >= 0)
        loop_remove(input->loop, &input->watch);
}

static ssize_t write_pipe(int fd, struct remex_bytes bytes)
{
    ssize_t written;

    do {
        written = write(fd, bytes.data, bytes.size);
    } while (written < 0 && errno == EINTR);
    return written;
}

static ssize_t write_bytes(struct child_input *input, struct remex_bytes bytes)
{
    ssize_t written = write_pipe(input->fd, bytes);

    if (written > 0)
        input->last = ((const uint8_t *)bytes.data)[written - 1];
    return written;
}

/* Otherwise the child has closed it, or its terminal has hung up. */
static bool may_do_later(int error)
{
    return error == EAGAIN || error == ENOMEM || error == ENOBUFS;
}

/* False: it has no room for that now. Half of it counts as a line ended, behind
 * which the other half will do. */
static bool type_end_of_file(struct child_input *input)
{
    uint8_t typed[TERMINAL_EOF_BYTES];
    size_t size = terminal_end_of_file(input->fd, input->last, typed);
    ssize_t written;

    if (size == 0)
        return true;
    written = write_bytes(input, (struct remex_bytes){ typed, size });
    if (written < 0)
        return !may_do_later(errno);
    return (size_t)written == size;
}

static void end(struct child_input *input)
{
    if (input->terminal && !type_end_of_file(input))
        wait_for_room(input);
    else
        finish(input);
}

/* False: there is nothing more to write, or nobody to write to. */
static bool write_piece(struct child_input *input)
{
    struct remex_bytes bytes = process_stdin_peek(input->process);
    ssize_t written;

    if (process_stdin_at_end(input->process)) {
        end(input);
        return false;
    }
    if (bytes.size == 0) {
        wait_for_nothing(input);
        return false;
    }
    written = write_bytes(input, bytes);
    if (written < 0 && errno == EAGAIN) {
        wait_for_room(input);
        return false;
    }
    if (written < 0) {
        if (may_do_later(errno))
            wait_for_memory(input);
        else
            finish(input);
        return false;
    }
    process_on_stdin_fed(input->process, (size_t)written);
    if ((size_t)written != bytes.size)
        wait_for_room(input);
    return (size_t)written == bytes.size;
}

void child_input_feed(struct child_input *input)
{
    for (int i = 0; i < TURN_PIECES; i++) {
        if (input->fd < 0 || !write_piece(input))
            return;
    }
    wait_for_room(input);
}

static void on_retry(struct loop_timer *timer)
{
    child_input_feed(CONTAINER_OF(timer, struct child_input, retry));
}

static void on_ready(struct loop_watch *watch, uint32_t epoll_events)
{
    (void)epoll_events;
    child_input_feed(CONTAINER_OF(watch, struct child_input, watch));
}

void child_input_init(struct child_input *input, struct loop *loop,
        struct process *process, int fd, bool terminal)
{
    *input = (struct child_input){
        .watch = { .ready = on_ready, .fd = -1 },
        .retry = { .due = on_retry },
        .loop = loop,
        .process = process,
        .fd = fd,
        .terminal = terminal,
        .last = -1,
    };
}

void child_input_close(struct child_input *input)
{
    if (input->fd < 0)
        return;
    wait_for_nothing(input);
    loop_timer_cancel(input->loop, &input->retry);
    close(input->fd);
    input->fd = -1;
}
