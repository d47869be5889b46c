/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/tail.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

#define EVENTS 16

struct page {
    struct remex_event events[EVENTS];
    size_t count;
};

static void add(struct page *page, enum remex_stream stream, const char *text)
{
    struct remex_event *event = &page->events[page->count++];

    event->kind = REMEX_EVENT_OUTPUT;
    event->seq = page->count * 3; /* others in between */
    event->output.stream = stream;
    event->output.data = (struct remex_bytes){ text, strlen(text) };
}

/* What is left of it, with those many last lines, must be that. */
static void check(const struct page *page, size_t lines, const char *expected)
{
    GString *left = g_string_new(NULL);
    struct tail tail;

    g_assert_true(tail_init(&tail, lines));
    for (size_t i = 0; i < page->count; i++)
        tail_count(&tail, &page->events[i]);
    for (size_t i = 0; i < page->count; i++) {
        const struct remex_bytes *data = &page->events[i].output.data;
        size_t skip = tail_skip(&tail, &page->events[i]);

        g_assert_cmpuint(skip, <=, data->size);
        if (skip < data->size)
            g_assert_cmpuint(page->events[i].seq, >=, tail_first_seq(&tail));
        g_string_append_len(left, (const char *)data->data + skip,
                (gssize)(data->size - skip));
    }
    tail_deinit(&tail);
    g_assert_cmpstr(left->str, ==, expected);
    g_string_free(left, TRUE);
}

static void the_last_lines_are_left(void)
{
    struct page page = { .count = 0 };

    add(&page, REMEX_STDOUT, "one\ntwo\nth");
    add(&page, REMEX_STDOUT, "ree\n");
    add(&page, REMEX_STDOUT, "\nfive");
    check(&page, 0, "");
    check(&page, 1, "five");
    check(&page, 2, "\nfive");
    check(&page, 3, "three\n\nfive");
    check(&page, 4, "two\nthree\n\nfive");
    check(&page, 5, "one\ntwo\nthree\n\nfive");
    check(&page, 100, "one\ntwo\nthree\n\nfive");
}

static void streams_have_lines_of_their_own(void)
{
    struct page page = { .count = 0 };

    add(&page, REMEX_STDOUT, "a\nb");
    add(&page, REMEX_STDERR, "x\ny\n");
    add(&page, REMEX_STDOUT, "c\n");
    check(&page, 1, "y\n");
    check(&page, 2, "x\ny\n");
    check(&page, 3, "bx\ny\nc\n");
}

static void what_comes_after_the_count_is_left(void)
{
    struct page page = { .count = 0 };
    struct tail tail;

    add(&page, REMEX_STDOUT, "old\n");
    add(&page, REMEX_STDOUT, "new\n");
    g_assert_true(tail_init(&tail, 0));
    tail_count(&tail, &page.events[0]);
    g_assert_cmpuint(tail_first_seq(&tail), ==, 0);
    g_assert_cmpuint(tail_skip(&tail, &page.events[0]), ==, 4);
    g_assert_cmpuint(tail_skip(&tail, &page.events[1]), ==, 0);
    tail_deinit(&tail);
}

static void nothing_has_no_lines(void)
{
    struct page page = { .count = 0 };

    check(&page, 3, "");
    add(&page, REMEX_STDOUT, "");
    check(&page, 3, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/tail", the_last_lines_are_left);
    SUITE_ADD("/tail", streams_have_lines_of_their_own);
    SUITE_ADD("/tail", what_comes_after_the_count_is_left);
    SUITE_ADD("/tail", nothing_has_no_lines);
    return g_test_run();
}
