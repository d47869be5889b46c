/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front/shelf.h"

#include <string.h>

#include <sys/socket.h>

#include <glib.h>

#include "executor/list.h"
#include "executor/log_block.h"
#include "executor/shelf_list.h"
#include "support/fault.h"
#include "support/suite.h"

enum { BLOCKS = 40, REPLIES = 3000, PIECES = 70 };

#define BIG_BYTES ((size_t)20000)

/* Both ends of a link; what one sends is put together at the other. */
struct bench {
    struct loop *loop;
    struct loop_task stop;
    struct link *executor;
    struct link *front;
    struct shelf_list list;
    struct shelf shelf;
    struct log_block *blocks[BLOCKS];
    GQueue *sent; /* replies as they are to come out, GBytes */
    uint64_t tickets;
    size_t carried; /* bytes of bodies, over the link */
    size_t said;    /* bytes of replies */
    char *broken;
};

/* --- The front's end ------------------------------------------------------ */

static bool accepts(uint32_t kind, uint32_t size)
{
    return (kind == LINK_REPLY || kind == LINK_PARTS) && size <= LINK_MAX_REPLY;
}

static void check(struct bench *bench, const GByteArray *reply)
{
    GBytes *expected = g_queue_pop_head(bench->sent);
    gsize size;
    const void *data;

    g_assert_nonnull(expected);
    data = g_bytes_get_data(expected, &size);
    g_assert_cmpuint(reply->len, ==, size);
    g_assert_true(memcmp(reply->data, data, size) == 0);
    g_bytes_unref(expected);
}

static bool on_frame(
        void *user, const struct link_header *header, const void *body)
{
    struct bench *bench = user;
    struct part parts[LINK_MAX_PARTS];
    GByteArray *reply = g_byte_array_new();
    size_t count = 0;
    bool good = true;

    bench->carried += header->size;
    if (header->kind == LINK_PARTS)
        good = shelf_read(&bench->shelf, header, body, link_load(bench->front),
                parts, &count);
    else
        g_byte_array_append(reply, body, header->size);
    for (size_t i = 0; i < count; i++) {
        g_byte_array_append(reply, parts[i].data, (guint)parts[i].size);
        load_release(parts[i].load);
    }
    if (good)
        check(bench, reply);
    g_byte_array_unref(reply);
    return good;
}

static void on_drained(void *user)
{
    (void)user;
}

static void on_broken(void *user, const char *why)
{
    struct bench *bench = user;

    bench->broken = g_strdup(why);
    link_free(bench->front);
    bench->front = NULL;
}

/* The executor's end hears nothing, or that the other is gone. */
static void on_gone(void *user, const char *why)
{
    struct bench *bench = user;

    (void)why;
    link_free(bench->executor);
    bench->executor = NULL;
}

/* --- The bench ------------------------------------------------------------ */

static void on_stop(struct loop_task *task)
{
    loop_stop(CONTAINER_OF(task, struct bench, stop)->loop);
}

static void turn(struct bench *bench)
{
    loop_defer(bench->loop, &bench->stop);
    loop_run(bench->loop);
}

static struct log_block *new_block(void)
{
    struct log_block *block = log_block_new(LOG_BLOCK_BYTES);

    g_assert_nonnull(block);
    for (size_t i = 0; i < LOG_BLOCK_BYTES; i += 4) {
        guint32 word = g_random_int();

        memcpy(block->data + i, &word, sizeof(word));
    }
    return block;
}

static void bench_init(struct bench *bench)
{
    struct link_hooks hooks = { .user = bench,
        .accepts = accepts,
        .frame = on_frame,
        .drained = on_drained,
        .broken = on_broken };
    int fds[2];

    *bench = (struct bench){ .stop = { .run = on_stop } };
    bench->sent = g_queue_new();
    g_assert_cmpint(loop_new(&bench->loop), ==, REMEX_OK);
    g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    g_assert_cmpint(
            link_new(bench->loop, fds[0], &hooks, &bench->front), ==, REMEX_OK);
    hooks.broken = on_gone;
    g_assert_cmpint(link_new(bench->loop, fds[1], &hooks, &bench->executor), ==,
            REMEX_OK);
    for (size_t i = 0; i < BLOCKS; i++)
        bench->blocks[i] = new_block();
}

static void bench_deinit(struct bench *bench)
{
    link_free(bench->executor);
    link_free(bench->front);
    loop_free(bench->loop);
    shelf_clear(&bench->shelf);
    for (size_t i = 0; i < BLOCKS; i++) {
        g_assert_cmpuint(bench->blocks[i]->references, ==, 1);
        log_block_release(bench->blocks[i]);
    }
    g_queue_free_full(bench->sent, (GDestroyNotify)g_bytes_unref);
    g_free(bench->broken);
}

static struct link_piece piece_of(
        const struct bench *bench, size_t block, size_t start, size_t size)
{
    log_block_hold(bench->blocks[block]);
    return (struct link_piece){ .data = bench->blocks[block]->data + start,
        .size = size,
        .block = bench->blocks[block],
        .shared = true };
}

static struct link_piece head_of(size_t size)
{
    struct link_piece head = { .size = size };

    head.heap = g_malloc(size);
    memset(head.heap, 'h', size);
    head.data = head.heap;
    return head;
}

static void send_pieces(
        struct bench *bench, const struct link_piece *pieces, size_t count)
{
    struct link_header header = { .kind = LINK_REPLY,
        .ticket = ++bench->tickets };
    GByteArray *reply = g_byte_array_new();

    for (size_t i = 0; i < count; i++)
        g_byte_array_append(reply, pieces[i].data, (guint)pieces[i].size);
    bench->said += reply->len;
    g_queue_push_tail(bench->sent, g_byte_array_free_to_bytes(reply));
    shelf_list_send(&bench->list, bench->executor, &header, pieces, count);
}

static void send_one(struct bench *bench, size_t block, size_t start,
        size_t size, bool shared)
{
    struct link_piece pieces[] = { head_of(10),
        piece_of(bench, block, start, size) };

    pieces[1].shared = shared;
    send_pieces(bench, pieces, 2);
}

static void settle(struct bench *bench)
{
    for (int i = 0; i < 10000 && !g_queue_is_empty(bench->sent); i++)
        turn(bench);
    g_assert_true(g_queue_is_empty(bench->sent));
    g_assert_null(bench->broken);
}

/* --- Together ------------------------------------------------------------- */

static void what_others_want_as_well_goes_over_once(void)
{
    struct bench bench;
    size_t before;

    bench_init(&bench);
    send_one(&bench, 0, 0, LOG_BLOCK_BYTES, true);
    settle(&bench);
    before = bench.carried;
    g_assert_cmpuint(before, >, LOG_BLOCK_BYTES);
    for (size_t i = 0; i < 10; i++) /* a part of it as well */
        send_one(&bench, 0, i * 1000, LOG_BLOCK_BYTES - i * 2000, true);
    settle(&bench);
    g_assert_cmpuint(bench.carried - before, <, 1000);
    bench_deinit(&bench);
}

static void what_nobody_else_wants_is_not_kept(void)
{
    struct bench bench;

    bench_init(&bench);
    for (int i = 0; i < 2; i++)
        send_one(&bench, 0, 0, LOG_BLOCK_BYTES, false);
    settle(&bench);
    g_assert_cmpuint(bench.carried, ==, bench.said);
    for (size_t i = 0; i < LINK_PLACES; i++)
        g_assert_null(bench.shelf.places[i].load);
    bench_deinit(&bench);
}

/* The log fills a block from front to back, and followers are at different
 * places in it; what has come since is another piece. */
static void a_longer_piece_of_the_same_block_is_sent_anew(void)
{
    struct bench bench;

    bench_init(&bench);
    send_one(&bench, 0, 0, BIG_BYTES, true);
    send_one(&bench, 0, 0, BIG_BYTES + 1, true);
    send_one(&bench, 0, 0, BIG_BYTES + 1, true);
    settle(&bench);
    g_assert_cmpuint(bench.carried, >, 2 * BIG_BYTES);
    g_assert_cmpuint(bench.carried, <, 3 * BIG_BYTES);
    bench_deinit(&bench);
}

/* The same memory, but other contents. */
static void a_block_that_is_filled_anew_is_another_one(void)
{
    struct bench bench;

    bench_init(&bench);
    send_one(&bench, 0, 0, BIG_BYTES, true);
    settle(&bench);
    memset(bench.blocks[0]->data, 'n', LOG_BLOCK_BYTES);
    log_block_renew(bench.blocks[0]);
    send_one(&bench, 0, 0, BIG_BYTES, true);
    settle(&bench);
    bench_deinit(&bench);
}

/* Forty blocks and 32 places; within a frame, too, a place may be given to
 * other output after it was named. */
static void whatever_is_asked_for_arrives(void)
{
    struct bench bench;

    bench_init(&bench);
    for (int i = 0; i < REPLIES; i++) {
        struct link_piece pieces[PIECES];
        size_t count = 1 + (size_t)g_random_int_range(0, 10);

        if (g_random_int_range(0, 50) == 0)
            count = (size_t)g_random_int_range(60, PIECES);
        pieces[0] = head_of((size_t)g_random_int_range(1, 300));
        for (size_t j = 1; j < count; j++) {
            size_t block = (size_t)g_random_int_range(0, BLOCKS);
            size_t start = (size_t)g_random_int_range(0, 3) * 8192;
            size_t size = (size_t)g_random_int_range(1, 5) * 8192;

            if (g_random_int_range(0, 3) == 0)
                size = (size_t)g_random_int_range(0, 9000);
            if (count > 30)
                size = size < 15000 ? size : 15000;
            pieces[j] = piece_of(&bench, block, start, size);
            pieces[j].shared = g_random_int_range(0, 5) > 0;
        }
        send_pieces(&bench, pieces, count);
        if (g_random_int_range(0, 4) == 0)
            settle(&bench);
    }
    settle(&bench);
    g_assert_cmpuint(bench.carried, <, bench.said);
    bench_deinit(&bench);
}

/* It goes as it is, or not at all: then the link is broken, and the next front
 * has nothing on its shelf. */
static void without_memory_nothing_wrong_arrives(void)
{
    bool happened = true;

    for (unsigned int n = 1; happened; n++) {
        struct bench bench;

        bench_init(&bench);
        send_one(&bench, 0, 0, BIG_BYTES, true);
        settle(&bench);
        fault_fail_allocation(n);
        send_one(&bench, 1, 0, BIG_BYTES, true);
        for (int i = 0; i < 20; i++)
            turn(&bench);
        happened = fault_happened();
        g_assert_true(!bench.executor || g_queue_is_empty(bench.sent));
        bench_deinit(&bench);
    }
}

/* --- The front alone ------------------------------------------------------ */

static bool read_parts(struct shelf *shelf, const struct link_part *parts,
        uint32_t count, size_t bytes)
{
    struct link_header header = { .kind = LINK_PARTS, .parts = count };
    uint8_t *body = g_malloc0(count * sizeof(*parts) + bytes + 1);
    struct part out[LINK_MAX_PARTS];
    size_t made;
    bool good;

    header.size = (uint32_t)(count * sizeof(*parts) + bytes);
    memcpy(body, parts, count * sizeof(*parts));
    good = shelf_read(shelf, &header, body, NULL, out, &made);
    for (size_t i = 0; i < made; i++)
        load_release(out[i].load);
    g_free(body);
    return good;
}

static void what_makes_no_sense_is_refused(void)
{
    static const struct link_part senseless[] = {
        { .kind = 3, .size = 10 },                 /* unknown */
        { .kind = LINK_PART_PASSING, .size = 11 }, /* too long */
        { .kind = LINK_PART_PASSING, .size = 9 },  /* too short */
        { .kind = LINK_PART_KEPT, .place = LINK_PLACES, .size = 10 },
        { .kind = LINK_PART_KEPT, .place = UINT32_MAX, .size = 10 },
        { .kind = LINK_PART_KEPT, .size = LINK_MAX_KEPT + 1 },
        { .kind = LINK_PART_LYING, .place = 1, .size = 1 }, /* empty */
        { .kind = LINK_PART_LYING, .place = LINK_PLACES },
        { .kind = LINK_PART_LYING, .start = 1, .size = 10 }, /* beyond */
        { .kind = LINK_PART_LYING, .start = 11, .size = 0 },
        { .kind = LINK_PART_LYING, .start = UINT32_MAX, .size = 2 },
    };
    static const struct link_part kept = { .kind = LINK_PART_KEPT, .size = 10 };
    static const struct link_part lying = {
        .kind = LINK_PART_LYING, .start = 9, .size = 1
    };
    struct shelf shelf = { .places = { { .size = 0 } } };

    for (size_t i = 0; i < G_N_ELEMENTS(senseless); i++) {
        bool is_long = senseless[i].size == LINK_MAX_KEPT + 1;
        bool is_lying = senseless[i].kind == LINK_PART_LYING;

        g_assert_true(read_parts(&shelf, &kept, 1, 10));
        g_assert_true(read_parts(&shelf, &lying, 1, 0));
        g_assert_false(read_parts(&shelf, &senseless[i], 1,
                is_long            ? LINK_MAX_KEPT + 1
                        : is_lying ? 0
                                   : 10));
    }
    shelf_clear(&shelf);
}

static void a_frame_without_all_its_parts_is_refused(void)
{
    struct link_part parts[LINK_MAX_PARTS + 1] = { { .size = 0 } };
    struct link_header header = {
        .kind = LINK_PARTS, .parts = 2, .size = sizeof(parts[0])
    };
    struct shelf shelf = { .places = { { .size = 0 } } };
    struct part out[LINK_MAX_PARTS];
    size_t count;

    g_assert_true(read_parts(&shelf, parts, LINK_MAX_PARTS, 0));
    g_assert_false(read_parts(&shelf, parts, LINK_MAX_PARTS + 1, 0));
    g_assert_false(shelf_read(
            &shelf, &header, (const uint8_t *)parts, NULL, out, &count));
    header.parts = UINT32_MAX;
    g_assert_false(shelf_read(
            &shelf, &header, (const uint8_t *)parts, NULL, out, &count));
    shelf_clear(&shelf);
}

/* A little that is kept does not hold the much that it came with. */
static void the_shelf_holds_twice_what_lies_there_at_most(void)
{
    static const size_t passing = 100000;
    struct link_part parts[] = {
        { .kind = LINK_PART_PASSING, .size = (uint32_t)passing },
        { .kind = LINK_PART_KEPT, .size = 10000 },
    };
    struct link_header header = { .kind = LINK_PARTS, .parts = 2 };
    struct shelf shelf = { .places = { { .size = 0 } } };
    struct load *load = load_new(sizeof(header) + sizeof(parts) + 110000);
    struct part out[LINK_MAX_PARTS];
    size_t count;

    header.size = sizeof(parts) + 110000;
    memcpy(load->data + sizeof(header), parts, sizeof(parts));
    g_assert_true(shelf_read(
            &shelf, &header, load->data + sizeof(header), load, out, &count));
    g_assert_cmpuint(count, ==, 2);
    g_assert_true(out[0].load == load);
    g_assert_true(out[1].load != load);
    g_assert_cmpuint(out[1].load->size, ==, 10000);
    for (size_t i = 0; i < count; i++)
        load_release(out[i].load);
    g_assert_cmpuint(load->references, ==, 1);
    load_release(load);
    shelf_clear(&shelf);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/shelf", what_others_want_as_well_goes_over_once);
    SUITE_ADD("/shelf", what_nobody_else_wants_is_not_kept);
    SUITE_ADD("/shelf", a_longer_piece_of_the_same_block_is_sent_anew);
    SUITE_ADD("/shelf", a_block_that_is_filled_anew_is_another_one);
    SUITE_ADD("/shelf", whatever_is_asked_for_arrives);
    SUITE_ADD("/shelf", without_memory_nothing_wrong_arrives);
    SUITE_ADD("/shelf", what_makes_no_sense_is_refused);
    SUITE_ADD("/shelf", a_frame_without_all_its_parts_is_refused);
    SUITE_ADD("/shelf", the_shelf_holds_twice_what_lies_there_at_most);
    return g_test_run();
}
