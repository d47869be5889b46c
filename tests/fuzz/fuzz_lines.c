/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Lines are cut so that nothing vanishes untold. The first two bytes choose the
 * maximum, the policy and the ending; then, again and again, a byte says how
 * many of the next ones come as one piece, or, if it is above PIECE, that some
 * are lost.
 */

#include <stdint.h>

#include "fuzz/fuzz.h"

#include "client/convenience/line_splitter.h"

enum { PIECE = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct checker {
    struct line_splitter splitter;
    uint64_t told;  /* this much of the stream is accounted for */
    uint64_t given; /* came, was lost */
};

static void check_size(
        const struct checker *checker, const struct remex_line *line)
{
    size_t max = checker->splitter.max_bytes;

    FUZZ_REQUIRE(line->data.size <= max);
    FUZZ_REQUIRE(line->truncated == (line->dropped_bytes > 0));
    if (line->truncated)
        FUZZ_REQUIRE(line->data.size == max &&
                checker->splitter.overflow == REMEX_OVERFLOW_DROP);
    if (line->end == REMEX_LINE_SPLIT)
        FUZZ_REQUIRE(line->data.size == max &&
                checker->splitter.overflow == REMEX_OVERFLOW_SPLIT);
}

/* Each byte of the stream is its offset's lowest bits, or an LF. */
static void check(struct checker *checker, const struct remex_line *line)
{
    const uint8_t *bytes = line->data.data;

    check_size(checker, line);
    FUZZ_REQUIRE(line->offset == checker->told + line->lost_bytes);
    FUZZ_REQUIRE(line->after_gap == (line->lost_bytes > 0));
    for (size_t i = 0; i < line->data.size; i++)
        FUZZ_REQUIRE(bytes[i] == (uint8_t)((line->offset + i) | 0x80));
    checker->told = line->offset + line->data.size + line->dropped_bytes +
            (line->end == REMEX_LINE_LF);
    FUZZ_REQUIRE(checker->told <= checker->given);
    /* An empty one is an LF, or all there is to tell of a gap. */
    FUZZ_REQUIRE(line->data.size > 0 || line->end == REMEX_LINE_LF ||
            line->after_gap);
}

static void give(struct checker *checker, const uint8_t *data, size_t size)
{
    uint8_t piece[PIECE];
    struct remex_bytes input = { piece, size };
    struct remex_line line;
    enum remex_status status;

    for (size_t i = 0; i < size; i++)
        piece[i] =
                data[i] == '\n' ? '\n' : (uint8_t)((checker->given + i) | 0x80);
    checker->given += size;
    while ((status = line_splitter_next(&checker->splitter, &input, &line)) ==
            REMEX_OK)
        check(checker, &line);
    FUZZ_REQUIRE(status == REMEX_AGAIN && input.size == 0);
}

static void lose(struct checker *checker, uint64_t lost)
{
    struct remex_line line;

    checker->given += lost;
    if (line_splitter_gap(&checker->splitter, checker->given, lost, &line)) {
        FUZZ_REQUIRE(line.end == REMEX_LINE_CUT);
        checker->given -= lost; /* told lines end before it */
        check(checker, &line);
        checker->given += lost;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct checker checker = { .told = 0 };
    struct remex_line line;
    size_t at = 2;

    if (size < 2)
        return 0;
    line_splitter_init(&checker.splitter, REMEX_STDOUT, (size_t)data[0] + 1,
            data[1] & 1 ? REMEX_OVERFLOW_SPLIT : REMEX_OVERFLOW_DROP);
    while (at < size) {
        size_t count = data[at++];

        if (count > PIECE) {
            lose(&checker, count - PIECE);
            continue;
        }
        count = count < size - at ? count : size - at;
        give(&checker, data + at, count);
        at += count;
    }
    if (line_splitter_finish(&checker.splitter, data[1] & 2, &line))
        check(&checker, &line);
    FUZZ_REQUIRE(checker.told == checker.given);
    FUZZ_REQUIRE(!line_splitter_finish(&checker.splitter, data[1] & 2, &line));
    line_splitter_deinit(&checker.splitter);
    return 0;
}
