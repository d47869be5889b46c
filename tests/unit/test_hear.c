/* SPDX-License-Identifier: Apache-2.0 */
#include "common/hear.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "common/clock.h"
#include "support/suite.h"

#define LONG_NS ((int64_t)60 * 1000 * 1000 * 1000)
#define SHORT_NS ((int64_t)1000 * 1000)

struct line {
    int ours;
    int theirs;
    char text[8];
};

static int64_t within(int64_t delay)
{
    return clock_after(clock_monotonic_ns(), delay);
}

/* What was said, by one who goes on or has ended. */
static struct line line_of(const char *said, bool ended)
{
    int pair[2];
    ssize_t size = (ssize_t)strlen(said);

    g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), ==, 0);
    g_assert_cmpint(write(pair[1], said, (size_t)size), ==, size);
    if (ended)
        g_assert_cmpint(shutdown(pair[1], SHUT_WR), ==, 0);
    return (struct line){ .ours = pair[0], .theirs = pair[1] };
}

static void done(struct line *line)
{
    close(line->ours);
    close(line->theirs);
}

static bool hear(struct line *line, int64_t delay)
{
    return hear_line(line->ours, within(delay), line->text, sizeof(line->text));
}

static void a_line_is_heard_and_nothing_behind_it(void)
{
    struct line line = line_of("one\ntwo\n", false);

    g_assert_true(hear(&line, LONG_NS));
    g_assert_cmpstr(line.text, ==, "one");
    g_assert_true(hear(&line, LONG_NS));
    g_assert_cmpstr(line.text, ==, "two");
    done(&line);
}

static void what_has_no_end_is_no_line(void)
{
    struct line line = line_of("half", true);

    g_assert_false(hear(&line, LONG_NS));
    g_assert_cmpstr(line.text, ==, "half");
    done(&line);
    line = line_of("late", false);
    g_assert_false(hear(&line, SHORT_NS));
    g_assert_cmpstr(line.text, ==, "late");
    done(&line);
}

static void a_line_has_to_fit(void)
{
    struct line line = line_of("1234567\n", false);

    g_assert_false(hear(&line, LONG_NS));
    g_assert_cmpstr(line.text, ==, "1234567");
    done(&line);
    line = line_of("123456\n", false);
    g_assert_true(hear(&line, LONG_NS));
    g_assert_cmpstr(line.text, ==, "123456");
    done(&line);
}

static void an_end_is_waited_for(void)
{
    struct line line = line_of("what is said is not heard", true);
    char byte;

    hear_end(line.ours, within(LONG_NS));
    g_assert_cmpint(read(line.theirs, &byte, 1), ==, 0); /* it was told */
    done(&line);
    line = line_of("", false);
    hear_end(line.ours, within(SHORT_NS)); /* not for ever */
    done(&line);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/hear", a_line_is_heard_and_nothing_behind_it);
    SUITE_ADD("/hear", what_has_no_end_is_no_line);
    SUITE_ADD("/hear", a_line_has_to_fit);
    SUITE_ADD("/hear", an_end_is_waited_for);
    return g_test_run();
}
