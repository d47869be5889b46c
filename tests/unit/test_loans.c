/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/loans.h"

#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "executor/front/lent.h"
#include "executor/list.h"
#include "executor/log_block.h"
#include "support/fault.h"
#include "support/suite.h"

enum { BLOCKS = 40, REPLIES = 3000, PIECES = 70 };

#define BIG_BYTES ((size_t)20000)

/* A reply that a front has and has not passed on yet. */
struct held {
    struct part parts[LINK_MAX_PARTS];
    size_t count;
    GBytes *expected;
};

/* Both ends of a link; what one sends is put together at the other. */
struct bench {
    struct loop *loop;
    struct loop_task stop;
    struct link *executor;
    struct link *front;
    struct log_store *store;
    struct loans loans;
    struct lent lent;
    struct log_block *blocks[BLOCKS];
    GQueue *sent; /* replies as they are to come out, GBytes */
    GQueue *held; /* struct held; NULL: they are passed on at once */
    uint64_t tickets;
    size_t carried; /* bytes of bodies, over the link */
    size_t said;    /* bytes of replies */
    bool disbelieved;
    char *broken;
};

/* --- The front's end ------------------------------------------------------ */

static bool accepts(uint32_t kind, uint32_t size)
{
    return (kind == LINK_REPLY || kind == LINK_PARTS) && size <= LINK_MAX_REPLY;
}

static void pass_on(struct held *held)
{
    GByteArray *reply = g_byte_array_new();
    gsize size;
    const void *data = g_bytes_get_data(held->expected, &size);

    for (size_t i = 0; i < held->count; i++) {
        g_byte_array_append(
                reply, held->parts[i].data, (guint)held->parts[i].size);
        load_release(held->parts[i].load);
    }
    g_assert_cmpuint(reply->len, ==, size);
    g_assert_true(memcmp(reply->data, data, size) == 0);
    g_byte_array_unref(reply);
    g_bytes_unref(held->expected);
    g_free(held);
}

static bool read_parts_of(struct bench *bench, const struct link_header *header,
        const void *body, struct held *held)
{
    bool good = lent_read(&bench->lent, header, body, link_load(bench->front),
            held->parts, &held->count);

    if (good)
        return true;
    for (size_t i = 0; i < held->count; i++)
        load_release(held->parts[i].load);
    g_free(held);
    return false;
}

/* What is there for the call only is copied, as an outbox does. */
static void keep(struct held *held)
{
    for (size_t i = 0; i < held->count; i++) {
        struct part *part = &held->parts[i];

        if (part->load)
            continue;
        part->load = load_new(part->size);
        memcpy(part->load->data, part->data, part->size);
        part->data = part->load->data;
    }
}

static bool on_frame(
        void *user, const struct link_header *header, const void *body)
{
    struct bench *bench = user;
    struct held *held = g_new0(struct held, 1);

    bench->carried += header->size;
    if (header->kind == LINK_REPLY)
        held->parts[held->count++] = (struct part){ body, header->size, NULL };
    else if (!read_parts_of(bench, header, body, held))
        return false;
    held->expected = g_queue_pop_head(bench->sent);
    g_assert_nonnull(held->expected);
    if (!bench->held) {
        pass_on(held);
        return true;
    }
    keep(held);
    g_queue_push_tail(bench->held, held);
    return true;
}

static void on_returned(void *user, uint64_t ticket)
{
    struct bench *bench = user;
    struct link_header header = { .kind = LINK_RETURNED, .ticket = ticket };

    if (bench->front)
        link_send(bench->front, &header, NULL, 0);
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

/* --- The executor's end --------------------------------------------------- */

static bool returns(uint32_t kind, uint32_t size)
{
    return kind == LINK_RETURNED && size == 0;
}

static bool on_return(
        void *user, const struct link_header *header, const void *body)
{
    struct bench *bench = user;

    (void)body;
    if (!loans_return(&bench->loans, header->ticket))
        bench->disbelieved = true;
    return true;
}

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

static void fill(struct log_block *block)
{
    for (size_t i = 0; i < LOG_BLOCK_BYTES; i += 4) {
        guint32 word = g_random_int();

        memcpy(block->data + i, &word, sizeof(word));
    }
}

static struct log_block *new_block(struct log_store *store)
{
    struct log_block *block = log_block_new(store, LOG_BLOCK_BYTES);

    g_assert_nonnull(block);
    fill(block);
    return block;
}

static void bench_link(struct bench *bench)
{
    struct link_hooks front = { .user = bench,
        .accepts = accepts,
        .keeps_reading = true,
        .frame = on_frame,
        .drained = on_drained,
        .broken = on_broken };
    struct link_hooks executor = { .user = bench,
        .accepts = returns,
        .frame = on_return,
        .drained = on_drained,
        .broken = on_gone };
    int fds[2];

    g_assert_cmpint(loop_new(&bench->loop), ==, REMEX_OK);
    g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    g_assert_cmpint(
            link_new(bench->loop, fds[0], &front, &bench->front), ==, REMEX_OK);
    g_assert_cmpint(link_new(bench->loop, fds[1], &executor, &bench->executor),
            ==, REMEX_OK);
}

static void bench_init(struct bench *bench)
{
    *bench = (struct bench){ .stop = { .run = on_stop } };
    bench->sent = g_queue_new();
    bench->store = log_store_new();
    g_assert_nonnull(bench->store);
    lent_init(
            &bench->lent, dup(log_store_fd(bench->store)), on_returned, bench);
    g_assert_nonnull(bench->lent.store);
    bench_link(bench);
    for (size_t i = 0; i < BLOCKS; i++)
        bench->blocks[i] = new_block(bench->store);
}

static void bench_deinit(struct bench *bench)
{
    link_free(bench->executor);
    link_free(bench->front);
    bench->front = NULL;
    loop_free(bench->loop);
    loans_clear(&bench->loans);
    g_assert_cmpuint(bench->loans.bytes, ==, 0);
    for (size_t i = 0; i < BLOCKS; i++) {
        g_assert_cmpuint(bench->blocks[i]->references, ==, 1);
        log_block_release(bench->blocks[i]);
    }
    lent_deinit(&bench->lent);
    log_store_release(bench->store);
    g_queue_free_full(bench->sent, (GDestroyNotify)g_bytes_unref);
    g_assert_false(bench->disbelieved);
    g_free(bench->broken);
}

static struct link_piece piece_of(
        struct log_block *block, size_t start, size_t size)
{
    log_block_hold(block);
    return (struct link_piece){
        .data = block->data + start, .size = size, .block = block
    };
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
    loans_send(&bench->loans, bench->store, bench->executor, &header, pieces,
            count);
}

static void send_one(
        struct bench *bench, struct log_block *block, size_t start, size_t size)
{
    struct link_piece pieces[] = { head_of(10), piece_of(block, start, size) };

    send_pieces(bench, pieces, 2);
}

static void settle(struct bench *bench)
{
    for (int i = 0; i < 10000 && !g_queue_is_empty(bench->sent); i++)
        turn(bench);
    g_assert_true(g_queue_is_empty(bench->sent));
    g_assert_null(bench->broken);
}

/* All that is passed on is returned. */
static void await_returns(struct bench *bench)
{
    lent_return(&bench->lent);
    for (int i = 0; i < 10000 && bench->loans.bytes > 0; i++)
        turn(bench);
    g_assert_cmpuint(bench->loans.bytes, ==, 0);
}

/* --- Together ------------------------------------------------------------- */

static void what_lies_in_the_store_is_named_only(void)
{
    struct bench bench;

    bench_init(&bench);
    send_one(&bench, bench.blocks[0], 0, LOG_BLOCK_BYTES);
    for (size_t i = 0; i < 10; i++) /* a part of it as well */
        send_one(&bench, bench.blocks[0], i * 1000, LOG_BLOCK_BYTES - i * 2000);
    settle(&bench);
    g_assert_cmpuint(bench.carried, <, 1000);
    await_returns(&bench);
    bench_deinit(&bench);
}

static void what_does_not_or_is_little_is_sent(void)
{
    struct bench bench;
    struct log_store *other = log_store_new();
    struct log_block *elsewhere[] = { new_block(NULL), new_block(other) };

    bench_init(&bench);
    for (size_t i = 0; i < G_N_ELEMENTS(elsewhere); i++)
        send_one(&bench, elsewhere[i], 0, BIG_BYTES);
    send_one(&bench, bench.blocks[0], 0, 1000);
    settle(&bench);
    g_assert_cmpuint(bench.carried, ==, bench.said);
    g_assert_cmpuint(bench.loans.bytes, ==, 0);
    bench_deinit(&bench);
    for (size_t i = 0; i < G_N_ELEMENTS(elsewhere); i++)
        log_block_release(elsewhere[i]);
    log_store_release(other);
}

static void a_front_without_the_store_is_sent_all(void)
{
    struct bench bench;
    struct log_store *store;

    bench_init(&bench);
    store = bench.store;
    bench.store = NULL;
    send_one(&bench, bench.blocks[0], 0, BIG_BYTES);
    settle(&bench);
    g_assert_cmpuint(bench.carried, ==, bench.said);
    bench.store = store;
    bench_deinit(&bench);
}

static void what_is_lent_stays_as_it_was_until_it_is_returned(void)
{
    struct bench bench;
    struct log_block *block;
    const uint8_t *data;

    bench_init(&bench);
    bench.held = g_queue_new();
    block = new_block(bench.store);
    data = block->data;
    send_one(&bench, block, 0, LOG_BLOCK_BYTES);
    log_block_release(block); /* the log lets go of it */
    settle(&bench);
    g_assert_cmpuint(g_queue_get_length(bench.held), ==, 1);
    for (int i = 0; i < 100; i++) { /* others never get that place */
        block = new_block(bench.store);
        g_assert_true(block->data != data);
        log_block_release(block);
    }
    pass_on(g_queue_pop_head(bench.held));
    await_returns(&bench);
    block = log_block_new(bench.store, LOG_BLOCK_BYTES);
    g_assert_true(block->data == data);
    log_block_release(block);
    g_queue_free(bench.held);
    bench_deinit(&bench);
}

static void whatever_is_asked_for_arrives(void)
{
    struct bench bench;

    bench_init(&bench);
    bench.held = g_queue_new();
    for (int i = 0; i < REPLIES; i++) {
        struct link_piece pieces[PIECES];
        size_t count = 1 + (size_t)g_random_int_range(0, 10);
        size_t renewed = (size_t)g_random_int_range(0, BLOCKS);

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
            pieces[j] = piece_of(bench.blocks[block], start, size);
        }
        send_pieces(&bench, pieces, count);
        log_block_release(bench.blocks[renewed]);
        bench.blocks[renewed] = new_block(bench.store);
        if (g_random_int_range(0, 4) == 0)
            settle(&bench);
        while (g_queue_get_length(bench.held) > 20)
            pass_on(g_queue_pop_nth(bench.held,
                    (guint)g_random_int_range(
                            0, (gint32)g_queue_get_length(bench.held))));
    }
    settle(&bench);
    g_assert_cmpuint(bench.carried, <, bench.said);
    while (!g_queue_is_empty(bench.held))
        pass_on(g_queue_pop_head(bench.held));
    await_returns(&bench);
    g_queue_free(bench.held);
    bench_deinit(&bench);
}

/* --- A front that is not what it should be -------------------------------- */

static void what_was_not_lent_cannot_be_returned(void)
{
    struct bench bench;

    bench_init(&bench);
    send_one(&bench, bench.blocks[0], 0, BIG_BYTES);
    g_assert_false(loans_return(&bench.loans, bench.tickets + 1));
    g_assert_cmpuint(bench.blocks[0]->references, ==, 2);
    g_assert_true(loans_return(&bench.loans, bench.tickets));
    g_assert_cmpuint(bench.blocks[0]->references, ==, 1);
    g_assert_false(loans_return(&bench.loans, bench.tickets));
    bench_deinit(&bench);
}

static void who_returns_nothing_is_lent_so_much_and_no_more(void)
{
    const size_t most = LOANS_MOST_BYTES / LOG_BLOCK_BYTES;
    struct bench bench;

    bench_init(&bench);
    link_free(bench.front); /* it reads nothing either */
    bench.front = NULL;
    for (size_t i = 0; i < most + 10; i++)
        send_one(&bench, bench.blocks[i % BLOCKS], 0, LOG_BLOCK_BYTES);
    g_assert_cmpuint(bench.loans.bytes, ==, LOANS_MOST_BYTES);
    bench_deinit(&bench);
}

/* It goes as it is, or not at all: then the link is broken. */
static void without_memory_nothing_wrong_arrives(void)
{
    bool happened = true;

    for (unsigned int n = 1; happened; n++) {
        struct bench bench;

        bench_init(&bench);
        send_one(&bench, bench.blocks[0], 0, BIG_BYTES);
        settle(&bench);
        fault_fail_allocation(n);
        send_one(&bench, bench.blocks[1], 0, BIG_BYTES);
        for (int i = 0; i < 20; i++)
            turn(&bench);
        happened = fault_happened();
        g_assert_true(!bench.executor || g_queue_is_empty(bench.sent));
        bench_deinit(&bench);
    }
}

/* --- The front alone ------------------------------------------------------ */

static void count_return(void *user, uint64_t ticket)
{
    unsigned int *returned = user;

    g_assert_cmpuint(ticket, ==, 7);
    ++*returned;
}

static bool read_parts(struct lent *lent, const struct link_part *parts,
        uint32_t count, size_t bytes)
{
    struct link_header header = {
        .kind = LINK_PARTS, .parts = count, .ticket = 7
    };
    uint8_t *body = g_malloc0(count * sizeof(*parts) + bytes + 1);
    struct part out[LINK_MAX_PARTS];
    size_t made;
    bool good;

    header.size = (uint32_t)(count * sizeof(*parts) + bytes);
    memcpy(body, parts, count * sizeof(*parts));
    good = lent_read(lent, &header, body, NULL, out, &made);
    for (size_t i = 0; i < made; i++)
        load_release(out[i].load);
    g_free(body);
    return good;
}

static void what_makes_no_sense_is_refused(void)
{
    static const struct link_part senseless[] = {
        { .kind = 2, .size = 10 },                 /* unknown */
        { .kind = LINK_PART_PASSING, .size = 11 }, /* too long */
        { .kind = LINK_PART_PASSING, .size = 9 },  /* too short */
        { .kind = LINK_PART_LENT, .place = LOG_STORE_PLACES, .size = 10 },
        { .kind = LINK_PART_LENT, .place = UINT32_MAX, .size = 10 },
        { .kind = LINK_PART_LENT, .size = LINK_PLACE_BYTES + 1 },
        { .kind = LINK_PART_LENT, .start = 1, .size = LINK_PLACE_BYTES },
        { .kind = LINK_PART_LENT, .start = LINK_PLACE_BYTES + 1 },
        { .kind = LINK_PART_LENT, .start = UINT32_MAX, .size = 2 },
    };
    static const struct link_part lent_parts[] = {
        { .kind = LINK_PART_LENT, .size = LINK_PLACE_BYTES },
        { .kind = LINK_PART_LENT, .place = LOG_STORE_PLACES - 1, .size = 1 },
    };
    struct log_store *store = log_store_new();
    unsigned int returned = 0;
    struct lent lent;

    lent_init(&lent, dup(log_store_fd(store)), count_return, &returned);
    for (size_t i = 0; i < G_N_ELEMENTS(senseless); i++) {
        bool is_lent = senseless[i].kind == LINK_PART_LENT;

        g_assert_false(read_parts(&lent, &senseless[i], 1, is_lent ? 0 : 10));
    }
    g_assert_cmpuint(returned, ==, 0);
    g_assert_true(read_parts(&lent, lent_parts, 2, 0));
    lent_return(&lent);
    g_assert_cmpuint(returned, ==, 1); /* once for both */
    lent_return(&lent);
    g_assert_cmpuint(returned, ==, 1);
    lent_deinit(&lent);
    lent_init(&lent, -1, count_return, &returned);
    g_assert_false(read_parts(&lent, lent_parts, 1, 0));
    lent_deinit(&lent);
    log_store_release(store);
}

/* Each return wakes up the executor, if nothing else is to be sent. */
static void a_little_waits_for_more(void)
{
    static const struct link_part little = { .kind = LINK_PART_LENT,
        .size = 10000 };
    static const struct link_part much = { .kind = LINK_PART_LENT,
        .size = LINK_PLACE_BYTES };
    struct log_store *store = log_store_new();
    unsigned int returned = 0;
    struct lent lent;

    lent_init(&lent, dup(log_store_fd(store)), count_return, &returned);
    for (unsigned int i = 1; i < LENT_PATIENCE; i++)
        g_assert_true(read_parts(&lent, &little, 1, 0));
    g_assert_cmpuint(returned, ==, 0);
    g_assert_true(read_parts(&lent, &little, 1, 0));
    g_assert_cmpuint(returned, ==, LENT_PATIENCE);
    for (int i = 1; i < LENT_PATIENCE_BYTES / LINK_PLACE_BYTES; i++)
        g_assert_true(read_parts(&lent, &much, 1, 0));
    g_assert_cmpuint(returned, ==, LENT_PATIENCE);
    g_assert_true(read_parts(&lent, &much, 1, 0));
    g_assert_cmpuint(returned, ==,
            LENT_PATIENCE + LENT_PATIENCE_BYTES / LINK_PLACE_BYTES);
    lent_deinit(&lent);
    log_store_release(store);
}

static void a_frame_without_all_its_parts_is_refused(void)
{
    struct link_part parts[LINK_MAX_PARTS + 1] = { { .size = 0 } };
    struct link_header header = {
        .kind = LINK_PARTS, .parts = 2, .size = sizeof(parts[0])
    };
    struct lent lent = { .store = NULL };
    struct part out[LINK_MAX_PARTS];
    size_t count;

    g_assert_true(read_parts(&lent, parts, LINK_MAX_PARTS, 0));
    g_assert_false(read_parts(&lent, parts, LINK_MAX_PARTS + 1, 0));
    g_assert_false(lent_read(
            &lent, &header, (const uint8_t *)parts, NULL, out, &count));
    header.parts = UINT32_MAX;
    g_assert_false(lent_read(
            &lent, &header, (const uint8_t *)parts, NULL, out, &count));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/loans", what_lies_in_the_store_is_named_only);
    SUITE_ADD("/loans", what_does_not_or_is_little_is_sent);
    SUITE_ADD("/loans", a_front_without_the_store_is_sent_all);
    SUITE_ADD("/loans", what_is_lent_stays_as_it_was_until_it_is_returned);
    SUITE_ADD("/loans", whatever_is_asked_for_arrives);
    SUITE_ADD("/loans", what_was_not_lent_cannot_be_returned);
    SUITE_ADD("/loans", who_returns_nothing_is_lent_so_much_and_no_more);
    SUITE_ADD("/loans", without_memory_nothing_wrong_arrives);
    SUITE_ADD("/loans", what_makes_no_sense_is_refused);
    SUITE_ADD("/loans", a_little_waits_for_more);
    SUITE_ADD("/loans", a_frame_without_all_its_parts_is_refused);
    return g_test_run();
}
