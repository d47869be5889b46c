/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines of real processes, and waiting for one of them.
 */

#include <poll.h>
#include <string.h>

#include <glib.h>

#include <remex/lines.h>

#include "support/daemon.h"
#include "support/gate.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"

#define PATIENCE_MS (60 * 1000)

static struct remex_lines *new_lines(struct remex_process *process,
        size_t max_line_bytes, enum remex_overflow overflow)
{
    struct remex_lines_options options = REMEX_DEFAULTS(remex_lines_options);
    struct remex_lines *lines = NULL;

    options.max_line_bytes = max_line_bytes;
    options.overflow = overflow;
    g_assert_cmpint(
            remex_lines_new(process, &options, &lines, NULL), ==, REMEX_OK);
    return lines;
}

static struct remex_process *start_shell(struct remex_client *client,
        const char *script, const struct remex_process_options *options)
{
    return remote_start(client, REMOTE_ARGV("/bin/sh", "-c", script), options);
}

static void check_next(struct remex_lines *lines, enum remex_stream stream,
        const char *text, enum remex_line_end end)
{
    struct remex_line line;
    char *copy;

    g_assert_cmpint(remex_lines_next(lines, PATIENCE_MS, &line), ==, REMEX_OK);
    copy = g_strndup(line.data.data, line.data.size);
    g_assert_cmpstr(copy, ==, text);
    g_assert_cmpint(line.stream, ==, stream);
    g_assert_cmpint(line.end, ==, end);
    g_free(copy);
}

static void check_ends(struct remex_lines *lines, enum remex_status status)
{
    struct remex_line line;

    g_assert_cmpint(remex_lines_next(lines, PATIENCE_MS, &line), ==, status);
    g_assert_cmpint(remex_lines_next(lines, REMEX_FOREVER, &line), ==, status);
}

static void check_exit(const struct remex_lines *lines, int code)
{
    struct remex_ending ending;

    remex_lines_ending(lines, &ending);
    g_assert_cmpint(ending.status, ==, REMEX_OK);
    g_assert_true(ending.has_exit);
    g_assert_cmpint(ending.exit.code, ==, code);
}

static void each_stream_has_its_lines(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            start_shell(client, "printf 'a\\nb'; exit 3", NULL);
    struct remex_lines *lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);

    check_next(lines, REMEX_STDOUT, "a", REMEX_LINE_LF);
    check_next(lines, REMEX_STDOUT, "b", REMEX_LINE_EOF);
    check_ends(lines, REMEX_ENDED);
    check_exit(lines, 3);
    remex_lines_free(lines);
    remex_process_free(process);

    process = start_shell(client, "printf x; printf 'y\\n' >&2; echo z", NULL);
    lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    for (int i = 0; i < 2; i++) {
        struct remex_line line;

        g_assert_cmpint(
                remex_lines_next(lines, PATIENCE_MS, &line), ==, REMEX_OK);
        if (line.stream == REMEX_STDERR)
            g_assert_true(line.data.size == 1 &&
                    *(const char *)line.data.data == 'y');
        else
            g_assert_true(line.data.size == 2 &&
                    memcmp(line.data.data, "xz", 2) == 0);
    }
    check_ends(lines, REMEX_ENDED);
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- Much of it ---------------------------------------------------------- */

/* The lines of seq(1): how many digits, and bytes, come before number n. */
static uint64_t seq_offset(uint64_t number)
{
    uint64_t offset = 0;
    uint64_t digits = 1;

    for (uint64_t first = 1; first < number; first *= 10, digits++)
        offset += (MIN(first * 10, number) - first) * (digits + 1);
    return offset;
}

static uint64_t number_of(const struct remex_line *line)
{
    const char *digits = line->data.data;
    uint64_t number = 0;

    for (size_t i = 0; i < line->data.size; i++) {
        g_assert_true(g_ascii_isdigit(digits[i]));
        number = number * 10 + (uint64_t)(digits[i] - '0');
    }
    return number;
}

static void sixty_four_mebibytes_of_lines_are_exact(void)
{
    const char *count = sanitizers_on() ? "900000" : "8600000";
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            remote_start(client, REMOTE_ARGV("seq", count), NULL);
    struct remex_lines *lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    enum remex_status status;
    struct remex_line line;
    uint64_t number = 0;

    while ((status = remex_lines_next(lines, PATIENCE_MS, &line)) == REMEX_OK)
        if (number_of(&line) != ++number || !line.complete || line.truncated ||
                line.after_gap)
            g_error("wrong line for %" G_GUINT64_FORMAT, number);
    g_assert_cmpint(status, ==, REMEX_ENDED);
    g_assert_cmpuint(number, ==, g_ascii_strtoull(count, NULL, 10));
    check_exit(lines, 0);
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
}

/* What a reader gets that was asleep while a lossy process wrote. Every line
 * that is not marked must be whole and in its place. */
static void h6_lossy_lines_are_never_spliced(void)
{
    const uint64_t count = 4000000;
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct remex_ending ending;
    struct remex_exit ended;
    struct remex_lines *lines;
    struct remex_line line;
    uint64_t at = 0;
    uint64_t gaps = 0;
    uint64_t lost = 0;

    options.out.delivery = REMEX_DELIVERY_LOSSY;
    options.err.delivery = REMEX_DELIVERY_LOSSY;
    process = remote_start(client, REMOTE_ARGV("seq", "4000000"), &options);
    g_assert_cmpint(
            remex_process_wait(process, PATIENCE_MS, &ended), ==, REMEX_OK);
    lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    while (remex_lines_next(lines, PATIENCE_MS, &line) == REMEX_OK) {
        g_assert_cmpuint(line.offset, ==, at + line.lost_bytes);
        g_assert_cmpint(line.after_gap, ==, line.lost_bytes > 0);
        if (!line.after_gap && line.complete)
            g_assert_cmpuint(seq_offset(number_of(&line)), ==, line.offset);
        at = line.offset + line.data.size + (line.end == REMEX_LINE_LF);
        gaps += line.after_gap;
        lost += line.lost_bytes;
    }
    remex_lines_ending(lines, &ending);
    g_assert_cmpint(ending.status, ==, REMEX_OK);
    g_assert_cmpuint(gaps, >=, 1);
    g_assert_cmpuint(lost, ==, ending.lost_bytes[REMEX_STDOUT - 1]);
    g_assert_cmpuint(at, ==, seq_offset(count + 1));
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
}

static void single_bytes_make_lines_as_well(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_shell(client,
            "seq 200 | dd bs=1 2>/dev/null; printf 20 ; printf 1", NULL);
    struct remex_lines *lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    struct remex_line line;

    for (uint64_t number = 1; number <= 201; number++) {
        g_assert_cmpint(
                remex_lines_next(lines, PATIENCE_MS, &line), ==, REMEX_OK);
        g_assert_cmpuint(number_of(&line), ==, number);
        g_assert_cmpint(
                line.end, ==, number == 201 ? REMEX_LINE_EOF : REMEX_LINE_LF);
    }
    check_ends(lines, REMEX_ENDED);
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
}

static void long_lines_are_cut_or_told_in_pieces(void)
{
    static const char script[] = "head -c 1000000 /dev/zero; echo; echo x";
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_shell(client, script, NULL);
    struct remex_lines *lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    struct remex_line line;
    uint64_t told = 0;

    g_assert_cmpint(remex_lines_next(lines, PATIENCE_MS, &line), ==, REMEX_OK);
    g_assert_cmpuint(line.data.size, ==, 16384);
    g_assert_cmpuint(line.dropped_bytes, ==, 1000000 - 16384);
    g_assert_true(line.truncated && line.complete);
    check_next(lines, REMEX_STDOUT, "x", REMEX_LINE_LF);
    remex_lines_free(lines);
    remex_process_free(process);

    process = start_shell(client, script, NULL);
    lines = new_lines(process, 1000, REMEX_OVERFLOW_SPLIT);
    do {
        g_assert_cmpint(
                remex_lines_next(lines, PATIENCE_MS, &line), ==, REMEX_OK);
        g_assert_cmpuint(line.data.size, ==, 1000);
        g_assert_cmpuint(line.offset, ==, told);
        told += line.data.size;
        g_assert_cmpint(line.end, ==,
                told == 1000000 ? REMEX_LINE_LF : REMEX_LINE_SPLIT);
    } while (line.end == REMEX_LINE_SPLIT);
    check_next(lines, REMEX_STDOUT, "x", REMEX_LINE_LF);
    check_ends(lines, REMEX_ENDED);
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
}

/* --- Other endings ------------------------------------------------------- */

static void an_abandoned_stream_cuts_its_last_line(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;
    struct remex_lines *lines;

    options.eof_linger_ms = 200;
    process = start_shell(
            client, "sleep 1000 2>/dev/null & printf 'a\\nb'", &options);
    lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    check_next(lines, REMEX_STDOUT, "a", REMEX_LINE_LF);
    check_next(lines, REMEX_STDOUT, "b", REMEX_LINE_CUT);
    check_ends(lines, REMEX_ENDED);
    check_exit(lines, 0);
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
}

static void a_killed_child_has_a_last_line(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process =
            start_shell(client, "printf a; kill -9 $$", NULL);
    struct remex_lines *lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    struct remex_ending ending;

    check_next(lines, REMEX_STDOUT, "a", REMEX_LINE_EOF);
    check_ends(lines, REMEX_ENDED);
    remex_lines_ending(lines, &ending);
    g_assert_true(ending.has_exit && ending.exit.by_signal);
    g_assert_cmpint(ending.exit.code, ==, 9);
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
}

static struct remex_client *connect_without_recovery(const char *address)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client = NULL;

    options.recovery_ms = REMEX_AT_ONCE;
    g_assert_cmpint(remex_client_connect(address, &options, &client, NULL), ==,
            REMEX_OK);
    return client;
}

static void h8_a_lost_link_leaves_what_had_come(void)
{
    struct daemon daemon;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_lines *lines;
    struct remex_ending ending;
    struct remex_line line;

    daemon_start(&daemon);
    client = connect_without_recovery(daemon.address);
    process = start_shell(client, "printf 'a\\nb'; sleep 1000", NULL);
    lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    check_next(lines, REMEX_STDOUT, "a", REMEX_LINE_LF);
    daemon_kill_executor(&daemon);
    g_assert_cmpint(remex_lines_wait_text(lines, "ready", PATIENCE_MS, &line),
            ==, REMEX_LINE_LOST);
    check_ends(lines, REMEX_DISCONNECTED);
    remex_lines_ending(lines, &ending);
    g_assert_cmpint(ending.status, ==, REMEX_DISCONNECTED);
    g_assert_cmpint(ending.failure, !=, 0);
    g_assert_false(ending.has_exit);
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
    daemon_stop(&daemon);
}

/* --- Waiting ------------------------------------------------------------- */

static void waiting_for_a_line_has_its_outcomes(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process;
    struct remex_lines *lines;
    struct remex_line line;
    struct gate gate;
    char *script;

    gate_init(&gate);
    script = g_strdup_printf("echo a; echo is ready; echo b; printf c;"
                             "read line <%s; echo d; exit 3",
            gate.path);
    process = start_shell(client, script, NULL);
    lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    g_assert_cmpint(remex_lines_wait_text(lines, "ready", PATIENCE_MS, &line),
            ==, REMEX_LINE_MATCH);
    g_assert_cmpuint(line.offset, ==, 2);
    check_next(lines, REMEX_STDOUT, "b", REMEX_LINE_LF);
    g_assert_cmpint(remex_lines_wait_text(lines, "c", 50, &line), ==,
            REMEX_LINE_TIMEOUT);
    gate_open(&gate);
    g_assert_cmpint(remex_lines_wait_text(lines, "cd", PATIENCE_MS, &line), ==,
            REMEX_LINE_MATCH);
    g_assert_cmpint(remex_lines_wait_text(lines, "e", PATIENCE_MS, &line), ==,
            REMEX_LINE_CLOSED);
    check_exit(lines, 3);
    remex_lines_free(lines);
    remex_process_free(process);
    gate_deinit(&gate);
    remex_client_free(client);
    g_free(script);
}

static void a_loop_of_ones_own_reads_lines(void)
{
    struct remex_client *client = remote_connect();
    struct remex_process *process = start_shell(client, "seq 20000", NULL);
    struct remex_lines *lines = new_lines(process, 0, REMEX_OVERFLOW_DROP);
    struct pollfd poll_fd = { .fd = remex_client_fd(client), .events = POLLIN };
    enum remex_status status = REMEX_AGAIN;
    struct remex_line line;
    uint64_t number = 0;

    while (status == REMEX_AGAIN) {
        g_assert_cmpint(poll(&poll_fd, 1, PATIENCE_MS), ==, 1);
        if (!remex_client_next_ready(client))
            continue;
        while ((status = remex_lines_next(lines, 0, &line)) == REMEX_OK)
            g_assert_cmpuint(number_of(&line), ==, ++number);
    }
    g_assert_cmpint(status, ==, REMEX_ENDED);
    g_assert_cmpuint(number, ==, 20000);
    remex_lines_free(lines);
    remex_process_free(process);
    remex_client_free(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/lines", each_stream_has_its_lines);
    SUITE_ADD("/lines", sixty_four_mebibytes_of_lines_are_exact);
    SUITE_ADD("/lines", h6_lossy_lines_are_never_spliced);
    SUITE_ADD("/lines", single_bytes_make_lines_as_well);
    SUITE_ADD("/lines", long_lines_are_cut_or_told_in_pieces);
    SUITE_ADD("/lines", an_abandoned_stream_cuts_its_last_line);
    SUITE_ADD("/lines", a_killed_child_has_a_last_line);
    SUITE_ADD("/lines", h8_a_lost_link_leaves_what_had_come);
    SUITE_ADD("/lines", waiting_for_a_line_has_its_outcomes);
    SUITE_ADD("/lines", a_loop_of_ones_own_reads_lines);
    return g_test_run();
}
