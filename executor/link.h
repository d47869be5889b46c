/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LINK_H
#define EXECUTOR_LINK_H

/*
 * An end of the socketpair between executor and front, for those who have a
 * loop: whole frames in, frames out, nobody waits.
 *
 * Output leaves as it lies in the logs: a frame goes out as a list of pieces,
 * each freed or released once the kernel has it. What waits to go out is
 * bounded: over the bound the executor takes in nothing more from this front,
 * so that it can't ask for more, and link_is_full says so, so that whoever has
 * answers that can wait lets them; the front has to read first. What comes in
 * is bounded by the frames' largest sizes, and a few frames are passed on per
 * turn: a thousand starts in a row must not keep the loop for themselves.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/status.h>

#include "executor/event_log.h"
#include "executor/link_frame.h"
#include "executor/load.h"
#include "executor/loop.h"

struct link;

struct link_hooks {
    void *user;
    /* Whether a frame of that kind and size may come. */
    bool (*accepts)(uint32_t kind, uint32_t size);
    /* Frames are taken in even while it is full: the other end may be full too,
     * and somebody has to read. */
    bool keeps_reading;
    /* A frame came; `body` is lent for the call. False: it makes no sense, and
     * the link breaks. */
    bool (*frame)(
            void *user, const struct link_header *header, const void *body);
    /* It was full and no longer is. */
    void (*drained)(void *user);
    /* The other end is gone, or cannot be trusted any more; nothing comes after
     * this. Has to free the link; nowhere else in a hook may that be done. */
    void (*broken)(void *user, const char *why);
};

/* Bytes to send, and what lives until they are sent. */
struct link_piece {
    const void *data;
    size_t size;
    void *heap;              /* then freed; NULL: nothing */
    struct log_block *block; /* then released; NULL: none */
};

enum {
    LINK_FULL_BYTES = 8 * 1024 * 1024, /* waiting to go out: stop */
    LINK_DRAINED_BYTES = 1024 * 1024,  /* go on */
    LINK_MAX_NOTE = 4096               /* body of frames that are no request */
};

/* Takes over `fd`, one end of a stream socketpair, also on failure. */
REMEX_CHECKED enum remex_status link_new(struct loop *loop, int fd,
        const struct link_hooks *hooks, struct link **out);

/* Closes it, whatever waits. NULL is allowed. */
void link_free(struct link *link);

/* Queues a frame. Its size is the sum of the pieces', whatever the header says.
 * Takes the pieces in any case. Goes out at the end of this turn, or as soon as
 * the front reads; without memory, or to a link that broke, not at all: a link
 * that lost a frame is broken. */
void link_send(struct link *link, const struct link_header *header,
        const struct link_piece *pieces, size_t count);

bool link_is_full(const struct link *link);

/* Within the frame hook: the memory in which the body lies, to be held by
 * whoever wants to keep it. NULL: it lies in the link's own, and has to be
 * copied. */
struct load *link_load(const struct link *link);

/* Lets go of what a piece holds. */
void link_piece_release(const struct link_piece *piece);

#endif
