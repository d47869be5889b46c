/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SP from a stranger: the first byte chooses the framing, whom the reader
 * expects, and in which pieces the rest comes to it. However it is cut, the
 * same bytes are the same messages, and none is over the limit.
 */

#include "fuzz/fuzz.h"

#include "common/sp.h"

enum { MAX_MESSAGE = 100, MAX_TOLD = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that a reader has told, as text of a sort. */
struct told {
    uint8_t bytes[MAX_TOLD];
    size_t size;
};

static void note(struct told *told, const void *data, size_t size)
{
    if (size > sizeof(told->bytes) - told->size)
        size = sizeof(told->bytes) - told->size;
    if (size > 0)
        memcpy(told->bytes + told->size, data, size);
    told->size += size;
}

/* The way back of a request is whole words, the last of which is marked. */
static void check_way_back(const uint8_t *message, size_t size)
{
    size_t way_back = message ? sp_way_back(message, size) : 0;

    FUZZ_REQUIRE(way_back <= size && way_back <= SP_MAX_WAY_BACK);
    FUZZ_REQUIRE(way_back % 4 == 0);
    for (size_t at = 0; at < way_back; at += 4)
        FUZZ_REQUIRE((message[at] >= 0x80) == (at + 4 == way_back));
}

/* What is framed again is read as the same. */
static void check_framing(enum sp_framing framing, size_t size)
{
    uint8_t head[SP_MAX_HEAD_BYTES];
    size_t head_size = sp_put_head(head, framing, size);

    FUZZ_REQUIRE(head_size == (framing == SP_IPC ? 9 : 8));
    FUZZ_REQUIRE(head[head_size - 1] == (uint8_t)size);
}

static void take(struct sp_reader *reader, struct told *told)
{
    size_t size;
    uint8_t *message = sp_reader_take(reader, &size);
    uint8_t length[8];

    FUZZ_REQUIRE(size <= MAX_MESSAGE);
    FUZZ_REQUIRE((message != NULL) == (size > 0));
    check_way_back(message, size);
    check_framing(reader->framing, size);
    memcpy(length, &size, sizeof(length));
    note(told, length, sizeof(length));
    note(told, message, size);
    free(message);
}

/* False: it wants no more. */
static bool give(struct sp_reader *reader, const uint8_t *data, size_t size,
        struct told *told)
{
    uint8_t progress;
    size_t room;
    void *place;

    while (size > 0) {
        sp_reader_room(reader, &place, &room);
        FUZZ_REQUIRE(room > 0 && room <= MAX_MESSAGE);
        room = room < size ? room : size;
        memcpy(place, data, room);
        data += room;
        size -= room;
        progress = (uint8_t)sp_reader_took(reader, room);
        if (progress != SP_MORE)
            note(told, &progress, 1);
        if (progress == SP_MESSAGE)
            take(reader, told);
        if (progress == SP_REFUSED)
            return false;
        FUZZ_REQUIRE(progress != SP_NO_MEMORY);
    }
    return true;
}

static void read_in_pieces(
        uint8_t kind, struct fuzz_input input, size_t piece, struct told *told)
{
    static const enum sp_protocol others[] = { SP_REQ, SP_SUB, SP_REP, SP_PUB };
    struct sp_reader reader;
    bool more = true;

    sp_reader_init(&reader, kind & 1 ? SP_IPC : SP_PLAIN, others[kind >> 1 & 3],
            MAX_MESSAGE);
    while (more && input.left > 0) {
        size_t size = piece < input.left ? piece : input.left;

        more = give(&reader, input.at, size, told);
        input.at += size;
        input.left -= size;
    }
    sp_reader_deinit(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct told once, again;
    struct fuzz_input input = { data, size };
    uint8_t kind = fuzz_byte(&input);

    once.size = 0;
    again.size = 0;
    read_in_pieces(kind, input, SIZE_MAX, &once);
    read_in_pieces(kind, input, (size_t)(kind >> 3) + 1, &again);
    FUZZ_REQUIRE(once.size == again.size &&
            memcmp(once.bytes, again.bytes, once.size) == 0);
    return 0;
}
