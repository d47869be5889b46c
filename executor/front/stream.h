/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_STREAM_H
#define EXECUTOR_FRONT_STREAM_H

/*
 * How the bytes of a connection travel: as they are, or within TLS. Nobody
 * waits here.
 */

#include <stdbool.h>
#include <stddef.h>

#include <sys/uio.h>

enum stream_progress {
    STREAM_MOVED,
    STREAM_WAITS,  /* for the descriptor */
    STREAM_BROKEN, /* or at its end */
};

struct stream {
    const struct stream_kind *kind;
    int fd;
    void *state;         /* the kind's own; NULL: it has none yet */
    bool dry;            /* the last read took all that there was */
    bool reads_by_write; /* it has to send before it can go on reading */
    bool writes_by_read; /* and the other way round */
};

enum { STREAM_PARTS = 128 };

/* What is moved is at least one byte. */
struct stream_kind {
    /* NULL: there is nothing to be said before the first message. Else called
     * once something has come, until it has moved; `name`, of `size` bytes, is
     * then what the other end has proved to be called, "": nothing. */
    enum stream_progress (*shake)(
            struct stream *stream, char *name, size_t size);
    enum stream_progress (*read)(
            struct stream *stream, void *data, size_t size, size_t *got_out);
    /* At most STREAM_PARTS of them, not all empty. Who has to wait comes again
     * with the same bytes. */
    enum stream_progress (*write)(struct stream *stream,
            const struct iovec *parts, size_t count, size_t *sent_out);
    void (*end)(struct stream *stream); /* but for the descriptor; NULL: so */
    void *context;                      /* the kind's own */
};

extern const struct stream_kind stream_plain;

#endif
