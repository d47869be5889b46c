/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_SP_H
#define COMMON_SP_H

/*
 * SP over a stream, as NNG speaks it: 8 bytes of hello each way, then messages,
 * each its length (8 bytes, the highest first) and its bytes. Over ipc one byte
 * more stands before the length: the kind, which is always 1.
 *
 * A request begins with its way back: words of 4 bytes, the last of which has
 * its highest bit set. The reply begins with the same words.
 *
 * Bytes in, messages out; no I/O here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sp_protocol {
    SP_PUB = 0x20,
    SP_SUB = 0x21,
    SP_REQ = 0x30,
    SP_REP = 0x31,
};

enum sp_framing {
    SP_PLAIN = 0, /* tcp and tls+tcp */
    SP_IPC,
};

enum {
    SP_HELLO_BYTES = 8,
    SP_MAX_HEAD_BYTES = 9, /* of what stands before a message */
    SP_MAX_WAY_BACK = 36   /* the request's own word, and 8 devices' */
};

void sp_put_hello(uint8_t out[SP_HELLO_BYTES], enum sp_protocol protocol);

/* What stands before a message of this length. Returns its size. */
size_t sp_put_head(uint8_t out[SP_MAX_HEAD_BYTES], enum sp_framing framing,
        uint64_t length);

/* How many bytes of a request are its way back. 0: it has none. */
size_t sp_way_back(const uint8_t *message, size_t size);

enum sp_progress {
    SP_MORE,    /* bytes are missing */
    SP_HELLO,   /* the hello has come, and is as expected */
    SP_MESSAGE, /* a message has come: take it */
    SP_REFUSED, /* not SP, another protocol, or a message over the limit */
    SP_NO_MEMORY,
};

struct sp_reader {
    enum sp_framing framing;
    enum sp_protocol expected; /* of the other end */
    size_t max_message;
    bool greeted;
    uint8_t head[SP_MAX_HEAD_BYTES]; /* hello or head, as it comes */
    size_t head_got;
    uint8_t *message; /* NULL: its length has not come yet */
    size_t size;
    size_t got;
};

void sp_reader_init(struct sp_reader *reader, enum sp_framing framing,
        enum sp_protocol expected, size_t max_message);
void sp_reader_deinit(struct sp_reader *reader);

/* Where the next bytes belong; at least one. Not while a message waits to be
 * taken. */
void sp_reader_room(
        struct sp_reader *reader, void **data_out, size_t *size_out);

/* So many bytes were put there. */
enum sp_progress sp_reader_took(struct sp_reader *reader, size_t size);

/* The message; the caller's to free, NULL if it is empty. */
uint8_t *sp_reader_take(struct sp_reader *reader, size_t *size_out);

#endif
