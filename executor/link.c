/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/link.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/iovec.h"
#include "executor/list.h"

#define SEND_BUFFER_BYTES (512 * 1024)

enum {
    IN_BYTES = 64 * 1024, /* taken in per turn, many small frames at once */
    IN_FRAMES = 16,       /* of them passed on; the others have another turn */
    SEND_PIECES = 64,     /* per system call */
    SEND_CALLS = 4        /* per turn */
};

struct link {
    struct loop *loop;
    struct link_hooks hooks;
    struct loop_watch watch;
    struct loop_task flush;
    int fd;
    uint32_t watched;
    const char *problem; /* found where it could not be told at once */

    /* What came in and is no whole frame yet. A frame that doesn't fit in here
     * is gathered in an allocation of its own. */
    uint8_t in[IN_BYTES];
    size_t in_size;
    bool in_waits;      /* there is another frame, for the next turn */
    struct load *large; /* NULL: there is none */
    size_t large_got;
    struct load *passed; /* while its frame is passed on */

    /* What waits to go out: a ring of pieces. */
    struct link_piece *pieces;
    size_t capacity; /* a power of two, or 0 */
    size_t first;
    size_t count;
    size_t first_sent; /* bytes of the first piece */
    size_t out_bytes;
    bool full;
};

static void on_ready(struct loop_watch *watch, uint32_t events);
static void on_flush(struct loop_task *task);

void link_piece_release(const struct link_piece *piece)
{
    free(piece->heap);
    if (piece->block)
        log_block_release(piece->block);
}

/* Room for a few whole replies, so that a front can be busy with one while the
 * next is written. Best effort: without privilege the kernel grants less. */
static void enlarge(int fd)
{
    const int size = SEND_BUFFER_BYTES;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

enum remex_status link_new(struct loop *loop, int fd,
        const struct link_hooks *hooks, struct link **out)
{
    struct link *link = calloc(1, sizeof(*link));

    if (!link) {
        close(fd);
        return REMEX_NO_MEMORY;
    }
    link->loop = loop;
    link->hooks = *hooks;
    link->fd = fd;
    link->watch.ready = on_ready;
    link->flush.run = on_flush;
    link->watched = EPOLLIN;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    enlarge(fd);
    if (loop_add(loop, &link->watch, fd, link->watched) != REMEX_OK) {
        close(fd);
        free(link);
        return REMEX_NO_MEMORY;
    }
    *out = link;
    return REMEX_OK;
}

static struct link_piece *piece_at(struct link *link, size_t index)
{
    return &link->pieces[(link->first + index) & (link->capacity - 1)];
}

void link_free(struct link *link)
{
    if (!link)
        return;
    loop_cancel(link->loop, &link->flush);
    loop_remove(link->loop, &link->watch);
    close(link->fd);
    for (size_t i = 0; i < link->count; i++)
        link_piece_release(piece_at(link, i));
    free(link->pieces);
    load_release(link->large);
    free(link);
}

bool link_is_full(const struct link *link)
{
    return link->full;
}

struct load *link_load(const struct link *link)
{
    return link->passed;
}

static bool may_take(const struct link *link)
{
    return !link->full || link->hooks.keeps_reading;
}

/* Waits for what can be used: room if something waits to go out and is not
 * about to be tried, frames unless the front owes us reading. */
static void update_watch(struct link *link)
{
    uint32_t wanted = 0;

    if (may_take(link))
        wanted |= EPOLLIN;
    if (link->count > 0 && !link->flush.queued)
        wanted |= EPOLLOUT;
    if (wanted != link->watched)
        loop_change(link->loop, &link->watch, wanted);
    link->watched = wanted;
}

/* --- Out ----------------------------------------------------------------- */

static bool make_room(struct link *link, size_t more)
{
    size_t capacity = link->capacity ? link->capacity : 64;
    struct link_piece *pieces;

    while (capacity < link->count + more)
        capacity *= 2;
    if (capacity == link->capacity)
        return true;
    pieces = calloc(capacity, sizeof(*pieces));
    if (!pieces)
        return false;
    for (size_t i = 0; i < link->count; i++)
        pieces[i] = *piece_at(link, i);
    free(link->pieces);
    link->pieces = pieces;
    link->capacity = capacity;
    link->first = 0;
    return true;
}

static void push(struct link *link, const struct link_piece *piece)
{
    link->count++;
    *piece_at(link, link->count - 1) = *piece;
    link->out_bytes += piece->size;
}

static size_t size_of(const struct link_piece *pieces, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++)
        size += pieces[i].size;
    return size;
}

void link_send(struct link *link, const struct link_header *header,
        const struct link_piece *pieces, size_t count)
{
    struct link_header *copy = malloc(sizeof(*copy));
    size_t size = size_of(pieces, count);

    assert(size <= LINK_MAX_REPLY);
    loop_defer(link->loop, &link->flush);
    if (!copy || !make_room(link, count + 1)) {
        free(copy);
        for (size_t i = 0; i < count; i++)
            link_piece_release(&pieces[i]);
        link->problem = "no memory for a frame";
        return;
    }
    *copy = *header;
    copy->size = (uint32_t)size;
    push(link,
            &(struct link_piece){
                    .data = copy, .size = sizeof(*copy), .heap = copy });
    for (size_t i = 0; i < count; i++)
        push(link, &pieces[i]);
    if (link->out_bytes >= LINK_FULL_BYTES)
        link->full = true;
}

/* The kernel has `size` bytes more. */
static void sent(struct link *link, size_t size)
{
    link->out_bytes -= size;
    link->first_sent += size;
    while (link->count > 0) {
        struct link_piece *piece = piece_at(link, 0);

        if (link->first_sent < piece->size)
            break;
        link->first_sent -= piece->size;
        link_piece_release(piece);
        link->first = (link->first + 1) & (link->capacity - 1);
        link->count--;
    }
}

static ssize_t send_some(struct link *link)
{
    struct iovec parts[SEND_PIECES];
    struct msghdr message = { .msg_iov = parts };
    size_t count = link->count < SEND_PIECES ? link->count : SEND_PIECES;

    for (size_t i = 0; i < count; i++)
        parts[i] = iovec_of(piece_at(link, i)->data, piece_at(link, i)->size);
    parts[0].iov_base = (uint8_t *)parts[0].iov_base + link->first_sent;
    parts[0].iov_len -= link->first_sent;
    message.msg_iovlen = count;
    return sendmsg(link->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A piece of work: what the front takes, within bounds. That it is gone is left
 * for reading to find: something may still be there to read. */
static void send_out(struct link *link)
{
    for (size_t calls = 0; link->count > 0 && calls < SEND_CALLS; calls++) {
        ssize_t size = send_some(link);

        if (size < 0)
            break;
        sent(link, (size_t)size);
    }
}

/* --- In ------------------------------------------------------------------ */

/* Begins to gather the frame at the front of what came in. */
static bool begin_large(struct link *link, size_t used, size_t frame_size)
{
    link->large = load_new(frame_size);
    if (!link->large)
        return false;
    link->large_got = link->in_size - used;
    memcpy(link->large->data, link->in + used, link->large_got);
    link->in_size = used;
    return true;
}

/* Passes on the whole frames among what came in; returns what is wrong. */
static const char *take_frames(struct link *link)
{
    const char *problem = NULL;
    unsigned int frames = 0;
    size_t used = 0;

    link->in_waits = false;
    while (may_take(link) &&
            link->in_size - used >= sizeof(struct link_header)) {
        struct link_header header;
        size_t frame_size;

        if (frames++ == IN_FRAMES) {
            link->in_waits = true;
            loop_defer(link->loop, &link->flush);
            break;
        }
        memcpy(&header, link->in + used, sizeof(header));
        if (!link->hooks.accepts(header.kind, header.size)) {
            problem = "it sent a frame that is none";
            break;
        }
        frame_size = sizeof(header) + header.size;
        if (frame_size > IN_BYTES) {
            if (!begin_large(link, used, frame_size))
                problem = "no memory for a request";
            break;
        }
        if (link->in_size - used < frame_size)
            break;
        if (!link->hooks.frame(link->hooks.user, &header,
                    link->in + used + sizeof(header))) {
            problem = "it sent a frame that makes no sense";
            break;
        }
        used += frame_size;
    }
    memmove(link->in, link->in + used, link->in_size - used);
    link->in_size -= used;
    return problem;
}

static const char *take_large(struct link *link)
{
    struct link_header header;
    struct load *large = link->large;
    bool good;

    if (!may_take(link) || link->large_got < large->size)
        return NULL;
    link->large = NULL;
    link->passed = large;
    memcpy(&header, large->data, sizeof(header));
    good = link->hooks.frame(
            link->hooks.user, &header, large->data + sizeof(header));
    link->passed = NULL;
    load_release(large);
    return good ? NULL : "it sent a frame that makes no sense";
}

static ssize_t receive(struct link *link)
{
    ssize_t size;

    if (link->large) {
        size = recv(link->fd, link->large->data + link->large_got,
                link->large->size - link->large_got, MSG_DONTWAIT);
        if (size > 0)
            link->large_got += (size_t)size;
        return size;
    }
    size = recv(link->fd, link->in + link->in_size, IN_BYTES - link->in_size,
            MSG_DONTWAIT);
    if (size > 0)
        link->in_size += (size_t)size;
    return size;
}

static const char *take_in(struct link *link)
{
    return link->large ? take_large(link) : take_frames(link);
}

static const char *receive_more(struct link *link)
{
    ssize_t size;

    if (link->in_waits)
        return NULL;
    size = receive(link);
    if (size > 0)
        return take_in(link);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return NULL;
    return "it is gone";
}

/* --- Turns --------------------------------------------------------------- */

/* What follows any change: the rest of what came in while the link was full
 * goes on, and a problem ends it all. */
static void settle(struct link *link, const char *problem)
{
    if (!problem && link->full && link->out_bytes <= LINK_DRAINED_BYTES) {
        link->full = false;
        link->hooks.drained(link->hooks.user);
        problem = take_in(link);
    }
    if (!problem)
        problem = link->problem;
    if (problem)
        link->hooks.broken(link->hooks.user, problem);
    else
        update_watch(link);
}

static void on_ready(struct loop_watch *watch, uint32_t events)
{
    struct link *link = CONTAINER_OF(watch, struct link, watch);
    const char *problem = NULL;

    if (events & EPOLLOUT)
        send_out(link);
    if (events & (EPOLLHUP | EPOLLERR) && !may_take(link))
        problem = "it is gone";
    else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        problem = receive_more(link);
    settle(link, problem);
}

static void on_flush(struct loop_task *task)
{
    struct link *link = CONTAINER_OF(task, struct link, flush);
    const char *problem = link->in_waits ? take_in(link) : NULL;

    send_out(link);
    settle(link, problem);
}
