/* SPDX-License-Identifier: Apache-2.0 */
#include "common/sp.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_BYTES = 4, LAST_WORD = 0x80, LENGTH_BYTES = 8, IPC_KIND = 1 };

void sp_put_hello(uint8_t out[SP_HELLO_BYTES], enum sp_protocol protocol)
{
    const uint8_t hello[SP_HELLO_BYTES] = { 0, 'S', 'P', 0, 0,
        (uint8_t)protocol, 0, 0 };

    memcpy(out, hello, sizeof(hello));
}

size_t sp_put_head(uint8_t out[SP_MAX_HEAD_BYTES], enum sp_framing framing,
        uint64_t length)
{
    uint8_t *at = out;

    if (framing == SP_IPC)
        *at++ = IPC_KIND;
    for (int i = LENGTH_BYTES; i > 0; i--) {
        at[i - 1] = (uint8_t)length;
        length >>= 8;
    }
    return (size_t)(at - out) + LENGTH_BYTES;
}

static uint64_t get_length(const uint8_t bytes[LENGTH_BYTES])
{
    uint64_t length = 0;

    for (int i = 0; i < LENGTH_BYTES; i++)
        length = length << 8 | bytes[i];
    return length;
}

size_t sp_way_back(const uint8_t *message, size_t size)
{
    for (size_t at = 0; at + WORD_BYTES <= size && at < SP_MAX_WAY_BACK;
            at += WORD_BYTES) {
        if (message[at] & LAST_WORD)
            return at + WORD_BYTES;
    }
    return 0;
}

void sp_reader_init(struct sp_reader *reader, enum sp_framing framing,
        enum sp_protocol expected, size_t max_message)
{
    *reader = (struct sp_reader){
        .framing = framing, .expected = expected, .max_message = max_message
    };
}

/* Of the head that comes now. */
static size_t head_size(const struct sp_reader *reader)
{
    if (!reader->greeted)
        return SP_HELLO_BYTES;
    return LENGTH_BYTES + (reader->framing == SP_IPC ? 1 : 0);
}

void sp_reader_deinit(struct sp_reader *reader)
{
    free(reader->message);
    reader->message = NULL;
}

void sp_reader_room(struct sp_reader *reader, void **data_out, size_t *size_out)
{
    if (reader->message) {
        assert(reader->got < reader->size);
        *data_out = reader->message + reader->got;
        *size_out = reader->size - reader->got;
    } else {
        *data_out = reader->head + reader->head_got;
        *size_out = head_size(reader) - reader->head_got;
    }
}

static enum sp_progress take_hello(struct sp_reader *reader)
{
    uint8_t expected[SP_HELLO_BYTES];

    sp_put_hello(expected, reader->expected);
    reader->greeted = true;
    return memcmp(reader->head, expected, sizeof(expected)) == 0 ? SP_HELLO
                                                                 : SP_REFUSED;
}

/* The memory comes in one piece, but a limit stands before it, and it is only
 * touched as far as bytes come. */
static enum sp_progress take_head(struct sp_reader *reader)
{
    bool ipc = reader->framing == SP_IPC;
    uint64_t length = get_length(reader->head + (ipc ? 1 : 0));

    if (ipc && reader->head[0] != IPC_KIND)
        return SP_REFUSED;
    if (length > reader->max_message)
        return SP_REFUSED;
    reader->size = (size_t)length;
    reader->got = 0;
    if (length == 0)
        return SP_MESSAGE;
    reader->message = malloc(reader->size);
    return reader->message ? SP_MORE : SP_NO_MEMORY;
}

enum sp_progress sp_reader_took(struct sp_reader *reader, size_t size)
{
    if (reader->message) {
        reader->got += size;
        assert(reader->got <= reader->size);
        return reader->got < reader->size ? SP_MORE : SP_MESSAGE;
    }
    reader->head_got += size;
    assert(reader->head_got <= head_size(reader));
    if (reader->head_got < head_size(reader))
        return SP_MORE;
    reader->head_got = 0;
    return reader->greeted ? take_head(reader) : take_hello(reader);
}

uint8_t *sp_reader_take(struct sp_reader *reader, size_t *size_out)
{
    uint8_t *message = reader->message;

    *size_out = reader->size;
    reader->message = NULL;
    return message;
}
