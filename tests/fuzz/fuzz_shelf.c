/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A front's shelf, and the outboxes of two peers that are sent what comes of
 * it: frames of any parts, kept, named and replaced. What makes sense is put
 * together as a plain model does it and goes out in order, whatever has become
 * of the places meanwhile; what does not is refused.
 */

#include "fuzz/fuzz.h"

#include "executor/front/outbox.h"
#include "executor/front/shelf.h"

enum {
    PEERS = 2,
    PARTS = 8,
    BODY_BYTES = 80 * 1024,
    REPLY_BYTES = PARTS * LINK_MAX_KEPT,
    WAITING_BYTES = 1024 * 1024
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a peer is still to get, by the model. */
struct waiting {
    uint8_t bytes[WAITING_BYTES];
    size_t size;
};

struct bench {
    struct shelf shelf;
    struct outbox outboxes[PEERS];
    size_t memory;
    uint8_t next; /* byte of a body */

    /* The model. */
    uint8_t places[LINK_PLACES][LINK_MAX_KEPT];
    size_t lying[LINK_PLACES];
    bool filled[LINK_PLACES];
    uint8_t reply[REPLY_BYTES];
    size_t reply_size;
    struct waiting waiting[PEERS];
};

static struct bench bench; /* large, and the same one for each input */

/* --- The model ----------------------------------------------------------- */

static bool say(const uint8_t *bytes, size_t size)
{
    if (size > sizeof(bench.reply) - bench.reply_size)
        return false;
    memcpy(bench.reply + bench.reply_size, bytes, size);
    bench.reply_size += size;
    return true;
}

/* False: it makes no sense. Takes what it has of the body. */
static bool model_part(
        const struct link_part *part, const uint8_t *body, size_t *left)
{
    uint32_t place = part->place;

    if (place >= LINK_PLACES || part->kind > LINK_PART_LYING)
        return false;
    if (part->kind == LINK_PART_LYING)
        return bench.filled[place] && part->start <= bench.lying[place] &&
                part->size <= bench.lying[place] - part->start &&
                say(bench.places[place] + part->start, part->size);
    if (part->size > *left ||
            (part->kind == LINK_PART_KEPT && part->size > LINK_MAX_KEPT))
        return false;
    *left -= part->size;
    if (part->kind == LINK_PART_KEPT) {
        memcpy(bench.places[place], body, part->size);
        bench.lying[place] = part->size;
        bench.filled[place] = true;
    }
    return say(body, part->size);
}

static bool model_frame(const struct link_part *parts, size_t count,
        const uint8_t *body, size_t size)
{
    size_t left = size;

    bench.reply_size = 0;
    for (size_t i = 0; i < count; i++) {
        if (!model_part(&parts[i], body + (size - left), &left))
            return false;
    }
    return left == 0;
}

/* --- Frames -------------------------------------------------------------- */

static uint32_t some_size(struct fuzz_input *input)
{
    unsigned int scale = fuzz_choice(input, 7);

    return scale == 0 ? (uint32_t)fuzz_number(input)
                      : (uint32_t)fuzz_byte(input) * (scale == 7 ? 257 : scale);
}

/* Mostly with what its parts need. */
static size_t body_size(struct fuzz_input *input,
        const struct link_part parts[PARTS], size_t count)
{
    size_t size = fuzz_choice(input, 15) == 0 ? 1 : 0;

    for (size_t i = 0; i < count; i++) {
        if (parts[i].kind != LINK_PART_LYING && parts[i].size < BODY_BYTES)
            size += parts[i].size;
    }
    return size < BODY_BYTES ? size : BODY_BYTES;
}

static void send_to(unsigned int peer, const struct part *parts, size_t count)
{
    struct waiting *waiting = &bench.waiting[peer];

    if (bench.reply_size == 0 ||
            bench.reply_size > sizeof(waiting->bytes) - waiting->size)
        return;
    FUZZ_REQUIRE(outbox_add(&bench.outboxes[peer], parts, count, 0));
    memcpy(waiting->bytes + waiting->size, bench.reply, bench.reply_size);
    waiting->size += bench.reply_size;
}

static void take_frame(
        struct fuzz_input *input, const struct link_part *parts, size_t count)
{
    size_t size = body_size(input, parts, count);
    size_t table = count * sizeof(*parts);
    struct load *load = load_new(table + size);
    struct link_header header = { .kind = LINK_PARTS,
        .parts = (uint32_t)count,
        .size = (uint32_t)(table + size) };
    struct part out[LINK_MAX_PARTS];
    bool is_lent = fuzz_choice(input, 1) == 0;
    size_t made = 0;
    bool good;

    FUZZ_REQUIRE(load);
    memcpy(load->data, parts, table);
    for (size_t i = 0; i < size; i++)
        load->data[table + i] = bench.next++;
    good = shelf_read(&bench.shelf, &header, load->data, is_lent ? NULL : load,
            out, &made);
    FUZZ_REQUIRE(good == model_frame(parts, count, load->data + table, size));
    if (good)
        send_to(fuzz_choice(input, PEERS - 1), out, made);
    for (size_t i = 0; i < made; i++)
        load_release(out[i].load);
    load_release(load);
}

static void frame(struct fuzz_input *input)
{
    struct link_part parts[PARTS];
    size_t count = fuzz_choice(input, PARTS);

    for (size_t i = 0; i < count; i++) {
        parts[i].kind = fuzz_choice(input, 15);
        if (parts[i].kind > LINK_PART_LYING + 1)
            parts[i].kind %= LINK_PART_LYING + 1;
        parts[i].place = fuzz_choice(input, LINK_PLACES);
        parts[i].start = fuzz_choice(input, 1) ? some_size(input) : 0;
        parts[i].size = some_size(input);
    }
    take_frame(input, parts, count);
}

/* --- Peers --------------------------------------------------------------- */

/* It reads some; these are the right ones. */
static void read_some(unsigned int peer, size_t most)
{
    struct waiting *waiting = &bench.waiting[peer];
    struct iovec parts[4];
    size_t count = outbox_next(&bench.outboxes[peer], parts, 4);
    size_t sent = 0;

    FUZZ_REQUIRE(bench.outboxes[peer].bytes == waiting->size);
    for (size_t i = 0; i < count && sent < most; i++) {
        size_t size =
                parts[i].iov_len < most - sent ? parts[i].iov_len : most - sent;

        FUZZ_REQUIRE(
                memcmp(parts[i].iov_base, waiting->bytes + sent, size) == 0);
        sent += size;
    }
    outbox_sent(&bench.outboxes[peer], sent);
    memmove(waiting->bytes, waiting->bytes + sent, waiting->size - sent);
    waiting->size -= sent;
}

static void read_all(unsigned int peer)
{
    while (!outbox_is_empty(&bench.outboxes[peer]))
        read_some(peer, WAITING_BYTES);
    FUZZ_REQUIRE(bench.waiting[peer].size == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };

    bench.next = 0;
    memset(bench.filled, 0, sizeof(bench.filled));
    for (unsigned int i = 0; i < PEERS; i++)
        bench.outboxes[i] = (struct outbox){ .memory = &bench.memory };
    while (input.left > 0) {
        if (fuzz_choice(&input, 3) > 0)
            frame(&input);
        else
            read_some(fuzz_choice(&input, PEERS - 1), some_size(&input));
    }
    read_all(0);
    outbox_clear(&bench.outboxes[1]);
    bench.waiting[1].size = 0;
    FUZZ_REQUIRE(bench.memory == 0);
    shelf_clear(&bench.shelf);
    return 0;
}
