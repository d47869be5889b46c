/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a front makes of frames with parts, sent and lent, and the outboxes of
 * two peers that get it. What makes sense is put together as a plain model does
 * it and goes out in order; what does not is refused. Each loan is returned
 * once, when nobody needs it any more.
 */

#include "fuzz/fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "executor/front/lent.h"
#include "executor/front/outbox.h"

enum {
    PEERS = 2,
    PARTS = 8,
    PLACES = 4,
    BODY_BYTES = 80 * 1024,
    REPLY_BYTES = PARTS * BODY_BYTES,
    WAITING_BYTES = 1024 * 1024
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a peer is still to get, by the model. */
struct waiting {
    uint8_t bytes[WAITING_BYTES];
    size_t size;
};

struct bench {
    struct lent lent;
    struct outbox outboxes[PEERS];
    size_t memory;
    uint8_t next;      /* byte of a body */
    uint64_t lent_to;  /* so many replies */
    uint64_t returned; /* by so many */

    /* The model. */
    uint8_t store[PLACES * LINK_PLACE_BYTES];
    uint8_t reply[REPLY_BYTES];
    size_t reply_size;
    struct waiting waiting[PEERS];
};

static struct bench bench; /* large, and the same one for each input */

static void on_returned(void *user, uint64_t ticket)
{
    (void)user;
    (void)ticket;
    bench.returned++;
}

/* Once. */
static void make_store(void)
{
    int fd;

    if (bench.lent.store)
        return;
    fd = memfd_create("store", MFD_CLOEXEC);
    for (size_t i = 0; i < sizeof(bench.store); i++)
        bench.store[i] = (uint8_t)(i * 31 / 7);
    FUZZ_REQUIRE(write(fd, bench.store, sizeof(bench.store)) ==
            (ssize_t)sizeof(bench.store));
    lent_init(&bench.lent, fd, on_returned, NULL);
    FUZZ_REQUIRE(bench.lent.store);
}

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
    if (part->kind > LINK_PART_LENT)
        return false;
    if (part->kind == LINK_PART_LENT)
        return part->place < PLACES && part->start <= LINK_PLACE_BYTES &&
                part->size <= LINK_PLACE_BYTES - part->start &&
                say(bench.store + part->place * (size_t)LINK_PLACE_BYTES +
                                part->start,
                        part->size);
    if (part->size > *left)
        return false;
    *left -= part->size;
    return say(body, part->size);
}

static bool model_frame(const struct link_part *parts, size_t count,
        const uint8_t *body, size_t size)
{
    size_t left = size;
    bool is_lent = false;

    bench.reply_size = 0;
    for (size_t i = 0; i < count; i++) {
        if (!model_part(&parts[i], body + (size - left), &left)) {
            bench.lent_to += is_lent;
            return false;
        }
        is_lent = is_lent || parts[i].kind == LINK_PART_LENT;
    }
    bench.lent_to += is_lent;
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
        if (parts[i].kind != LINK_PART_LENT && parts[i].size < BODY_BYTES)
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
    good = lent_read(&bench.lent, &header, load->data, is_lent ? NULL : load,
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
        if (parts[i].kind > LINK_PART_LENT + 1)
            parts[i].kind %= LINK_PART_LENT + 1;
        parts[i].place = fuzz_choice(input, PLACES);
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

    make_store();
    bench.next = 0;
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
    lent_return(&bench.lent);
    FUZZ_REQUIRE(bench.returned == bench.lent_to);
    return 0;
}
