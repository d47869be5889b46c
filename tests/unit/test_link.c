/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/link.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "executor/list.h"
#include "executor/log_block.h"
#include "support/fault.h"
#include "support/suite.h"

/* A link, and the front's end of it in the test's hands. */
struct bench {
    struct loop *loop;
    struct loop_task stop;
    struct link *link;
    int front;
    GString *heard; /* kind:ticket:body; for each frame */
    unsigned int frames;
    unsigned int drained;
    char *broken; /* why; NULL: it is not */
    bool refuse;  /* frames make no sense */
};

static bool on_frame(
        void *user, const struct link_header *header, const void *body)
{
    struct bench *bench = user;

    bench->frames++;
    g_string_append_printf(bench->heard, "%u:%u:%.*s;", header->kind,
            (unsigned int)header->ticket, (int)MIN(header->size, 40U),
            (const char *)body);
    return !bench->refuse;
}

static bool accepts(uint32_t kind, uint32_t size)
{
    switch (kind) {
    case LINK_REQUEST:
        return size <= LINK_MAX_REQUEST;
    case LINK_READY:
    case LINK_REFUSED:
        return size <= LINK_MAX_NOTE;
    default:
        return size == 0 && kind >= LINK_REQUEST && kind <= LINK_ALIVE;
    }
}

static void on_drained(void *user)
{
    struct bench *bench = user;

    bench->drained++;
}

static void on_broken(void *user, const char *why)
{
    struct bench *bench = user;

    bench->broken = g_strdup(why);
    link_free(bench->link);
    bench->link = NULL;
}

static void on_stop(struct loop_task *task)
{
    loop_stop(CONTAINER_OF(task, struct bench, stop)->loop);
}

static void bench_init(struct bench *bench)
{
    struct link_hooks hooks = { bench, accepts, false, on_frame, on_drained,
        on_broken };
    int fds[2];

    *bench = (struct bench){ .stop = { .run = on_stop } };
    bench->heard = g_string_new(NULL);
    g_assert_cmpint(loop_new(&bench->loop), ==, REMEX_OK);
    g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    bench->front = fds[1];
    g_assert_cmpint(
            link_new(bench->loop, fds[0], &hooks, &bench->link), ==, REMEX_OK);
}

static void bench_deinit(struct bench *bench)
{
    link_free(bench->link);
    loop_free(bench->loop);
    if (bench->front >= 0)
        close(bench->front);
    g_string_free(bench->heard, TRUE);
    g_free(bench->broken);
}

/* One turn of the loop. */
static void turn(struct bench *bench)
{
    loop_defer(bench->loop, &bench->stop);
    loop_run(bench->loop);
}

static void say(struct bench *bench, const void *data, size_t size)
{
    g_assert_cmpint(send(bench->front, data, size, 0), ==, (ssize_t)size);
}

static GString *frame(uint32_t kind, uint64_t ticket, const char *body)
{
    struct link_header header = {
        .kind = kind, .ticket = ticket, .size = (uint32_t)strlen(body)
    };
    GString *bytes =
            g_string_new_len((const char *)&header, (gssize)sizeof(header));

    g_string_append(bytes, body);
    return bytes;
}

/* --- In ------------------------------------------------------------------ */

static void frames_are_whole_wherever_they_are_cut(void)
{
    GString *bytes = frame(LINK_REQUEST, 1, "first");
    GString *second = frame(LINK_REQUEST, 2, "");
    GString *third = frame(LINK_REQUEST, 3, "third");

    g_string_append_len(bytes, second->str, (gssize)second->len);
    g_string_append_len(bytes, third->str, (gssize)third->len);
    for (size_t cut = 1; cut < bytes->len; cut++) {
        struct bench bench;

        bench_init(&bench);
        say(&bench, bytes->str, cut);
        turn(&bench);
        say(&bench, bytes->str + cut, bytes->len - cut);
        turn(&bench);
        g_assert_cmpstr(bench.heard->str, ==, "1:1:first;1:2:;1:3:third;");
        bench_deinit(&bench);
    }
    g_string_free(bytes, TRUE);
    g_string_free(second, TRUE);
    g_string_free(third, TRUE);
}

/* One that does not fit into what is taken in per turn, between two small ones.
 */
static void many_frames_are_many_turns(void)
{
    enum { FRAMES = 1000 };
    unsigned int most = 0;
    unsigned int turns = 0;
    GString *all = g_string_new(NULL);
    struct bench bench;

    bench_init(&bench);
    for (uint64_t i = 0; i < FRAMES; i++) {
        GString *bytes = frame(LINK_REQUEST, i, "x");

        g_string_append_len(all, bytes->str, (gssize)bytes->len);
        g_string_free(bytes, TRUE);
    }
    say(&bench, all->str, all->len);
    for (; bench.frames < FRAMES && turns < FRAMES; turns++) {
        unsigned int before = bench.frames;

        turn(&bench);
        most = MAX(most, bench.frames - before);
    }
    g_assert_cmpuint(bench.frames, ==, FRAMES);
    g_assert_cmpuint(most, <=, 32);
    g_assert_null(bench.broken);
    g_string_free(all, TRUE);
    bench_deinit(&bench);
}

static void a_large_frame_is_gathered(void)
{
    size_t size = LINK_MAX_REQUEST;
    char *text = g_malloc(size + 1);
    GString *bytes = frame(LINK_REQUEST, 1, "small");
    GString *large, *last = frame(LINK_REQUEST, 3, "last");
    struct bench bench;

    memset(text, 'x', size);
    text[size] = '\0';
    large = frame(LINK_REQUEST, 2, text);
    g_string_append_len(bytes, large->str, (gssize)large->len);
    g_string_append_len(bytes, last->str, (gssize)last->len);
    bench_init(&bench);
    for (size_t sent = 0; sent < bytes->len;) {
        ssize_t more = send(bench.front, bytes->str + sent, bytes->len - sent,
                MSG_DONTWAIT);

        sent += more > 0 ? (size_t)more : 0;
        turn(&bench);
    }
    turn(&bench);
    turn(&bench);
    g_assert_cmpstr(bench.heard->str, ==,
            "1:1:small;1:2:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;1:3:last;");
    bench_deinit(&bench);
    g_free(text);
    g_string_free(bytes, TRUE);
    g_string_free(large, TRUE);
    g_string_free(last, TRUE);
}

static void check_breaks(const struct link_header *header)
{
    struct bench bench;

    bench_init(&bench);
    say(&bench, header, sizeof(*header));
    turn(&bench);
    g_assert_nonnull(bench.broken);
    g_assert_cmpuint(bench.frames, ==, 0);
    bench_deinit(&bench);
}

static void a_header_that_lies_breaks_the_link(void)
{
    check_breaks(&(struct link_header){ .kind = 0 });
    check_breaks(&(struct link_header){ .kind = LINK_ALIVE + 1 });
    check_breaks(&(struct link_header){ .kind = LINK_REPLY });
    check_breaks(&(struct link_header){
            .kind = LINK_REQUEST, .size = LINK_MAX_REQUEST + 1 });
    check_breaks(
            &(struct link_header){ .kind = LINK_REQUEST, .size = UINT32_MAX });
    check_breaks(&(struct link_header){ .kind = LINK_ALIVE, .size = 1 });
    check_breaks(&(struct link_header){
            .kind = LINK_READY, .size = LINK_MAX_NOTE + 1 });
}

static void a_frame_that_makes_no_sense_breaks_the_link(void)
{
    GString *bytes = frame(LINK_REQUEST, 1, "one");
    struct bench bench;

    bench_init(&bench);
    bench.refuse = true;
    say(&bench, bytes->str, bytes->len);
    say(&bench, bytes->str, bytes->len);
    turn(&bench);
    g_assert_nonnull(bench.broken);
    g_assert_cmpuint(bench.frames, ==, 1);
    bench_deinit(&bench);
    g_string_free(bytes, TRUE);
}

static void its_end_is_told_after_its_last_words(void)
{
    GString *bytes = frame(LINK_REFUSED, 0, "in use");
    struct bench bench;

    bench_init(&bench);
    say(&bench, bytes->str, bytes->len);
    close(bench.front);
    bench.front = -1;
    turn(&bench);
    turn(&bench);
    g_assert_cmpstr(bench.heard->str, ==, "4:0:in use;");
    g_assert_nonnull(bench.broken);
    bench_deinit(&bench);
    g_string_free(bytes, TRUE);
}

static void a_request_there_is_no_memory_for_breaks_the_link(void)
{
    struct link_header header = { .kind = LINK_REQUEST,
        .size = LINK_MAX_REQUEST };
    struct bench bench;

    bench_init(&bench);
    say(&bench, &header, sizeof(header));
    fault_fail_allocation(1);
    turn(&bench);
    g_assert_true(fault_happened());
    g_assert_nonnull(bench.broken);
    bench_deinit(&bench);
}

/* --- Out ----------------------------------------------------------------- */

static struct link_piece heap_piece(size_t size, char fill)
{
    char *data = g_malloc(size);

    memset(data, fill, size);
    return (struct link_piece){ .data = data, .size = size, .heap = data };
}

/* Reads a frame that was sent, whose body is `size` times one byte. */
static void hear(struct bench *bench, uint64_t ticket, size_t size, char fill)
{
    struct link_header header;
    char *body = g_malloc(size + 1);
    size_t got = 0;

    g_assert_cmpint(recv(bench->front, &header, sizeof(header), MSG_WAITALL),
            ==, sizeof(header));
    g_assert_cmpuint(header.kind, ==, LINK_REPLY);
    g_assert_cmpuint(header.ticket, ==, ticket);
    g_assert_cmpuint(header.size, ==, size);
    while (got < size) {
        ssize_t more = recv(bench->front, body + got, size - got, MSG_DONTWAIT);

        if (more > 0)
            got += (size_t)more;
        else
            turn(bench);
    }
    for (size_t i = 0; i < size; i++)
        g_assert_cmpint(body[i], ==, fill);
    g_free(body);
}

static void pieces_of_all_kinds_leave_in_order_and_are_let_go(void)
{
    struct link_header header = { .kind = LINK_REPLY };
    struct log_block *block = log_block_new(NULL, LOG_BLOCK_BYTES);
    struct bench bench;

    bench_init(&bench);
    memset(block->data, 'b', LOG_BLOCK_BYTES);
    for (header.ticket = 0; header.ticket < 20; header.ticket++) {
        struct link_piece pieces[] = {
            heap_piece(3, 'b'),
            { .data = block->data, .size = 50000, .block = block },
            { .data = block->data + 50000, .size = 99, .block = block },
        };

        log_block_hold(block);
        log_block_hold(block);
        link_send(bench.link, &header, pieces, G_N_ELEMENTS(pieces));
    }
    turn(&bench);
    for (uint64_t ticket = 0; ticket < 20; ticket++)
        hear(&bench, ticket, 50102, 'b');
    turn(&bench);
    g_assert_cmpuint(block->references, ==, 1);
    log_block_release(block);
    bench_deinit(&bench);
}

static void over_the_bound_it_takes_nothing_in_until_it_is_drained(void)
{
    struct link_header header = { .kind = LINK_REPLY };
    GString *request = frame(LINK_REQUEST, 7, "");
    GString *more = g_string_new(NULL);
    unsigned int requests = 4000; /* more than is taken in at once */
    size_t size = (size_t)1024 * 1024;
    struct bench bench;
    uint64_t sent = 0;

    bench_init(&bench);
    while (!link_is_full(bench.link)) {
        struct link_piece piece = heap_piece(size, 'x');

        header.ticket = sent++;
        link_send(bench.link, &header, &piece, 1);
    }
    g_assert_cmpuint(sent, ==, LINK_FULL_BYTES / size);
    for (unsigned int i = 0; i < requests; i++)
        g_string_append_len(more, request->str, (gssize)request->len);
    say(&bench, more->str, more->len);
    for (int i = 0; i < 5; i++)
        turn(&bench);
    g_assert_cmpuint(bench.frames, ==, 0);
    g_assert_true(link_is_full(bench.link));
    for (uint64_t ticket = 0; ticket < sent; ticket++)
        hear(&bench, ticket, size, 'x');
    for (unsigned int i = 0; i < requests; i++)
        turn(&bench);
    g_assert_false(link_is_full(bench.link));
    g_assert_cmpuint(bench.drained, ==, 1);
    g_assert_cmpuint(bench.frames, ==, requests);
    bench_deinit(&bench);
    g_string_free(more, TRUE);
    g_string_free(request, TRUE);
}

static void a_full_link_notices_that_the_front_is_gone(void)
{
    struct link_header header = { .kind = LINK_REPLY };
    struct bench bench;

    bench_init(&bench);
    while (!link_is_full(bench.link)) {
        struct link_piece piece = heap_piece((size_t)1024 * 1024, 'x');

        link_send(bench.link, &header, &piece, 1);
    }
    turn(&bench);
    close(bench.front);
    bench.front = -1;
    turn(&bench);
    turn(&bench);
    g_assert_nonnull(bench.broken);
    bench_deinit(&bench);
}

static void check_breaks_without_memory(unsigned int nth)
{
    struct link_header header = { .kind = LINK_REPLY };
    struct link_piece piece = heap_piece(10, 'x');
    struct bench bench;

    bench_init(&bench);
    fault_fail_allocation(nth);
    link_send(bench.link, &header, &piece, 1);
    g_assert_true(fault_happened());
    turn(&bench);
    g_assert_nonnull(bench.broken);
    bench_deinit(&bench);
}

static void a_frame_there_is_no_memory_for_breaks_the_link(void)
{
    check_breaks_without_memory(1);
    check_breaks_without_memory(2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/link", frames_are_whole_wherever_they_are_cut);
    SUITE_ADD("/link", many_frames_are_many_turns);
    SUITE_ADD("/link", a_large_frame_is_gathered);
    SUITE_ADD("/link", a_header_that_lies_breaks_the_link);
    SUITE_ADD("/link", a_frame_that_makes_no_sense_breaks_the_link);
    SUITE_ADD("/link", its_end_is_told_after_its_last_words);
    SUITE_ADD("/link", a_request_there_is_no_memory_for_breaks_the_link);
    SUITE_ADD("/link", pieces_of_all_kinds_leave_in_order_and_are_let_go);
    SUITE_ADD("/link", over_the_bound_it_takes_nothing_in_until_it_is_drained);
    SUITE_ADD("/link", a_full_link_notices_that_the_front_is_gone);
    SUITE_ADD("/link", a_frame_there_is_no_memory_for_breaks_the_link);
    return g_test_run();
}
