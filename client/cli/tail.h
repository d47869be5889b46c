/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TAIL_H
#define CLI_TAIL_H

/*
 * Where the last lines of a log begin, streams together. The log is shown to it
 * once, to be counted, and then a second time, to be cut; what it holds in
 * between is not output but places in it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>

#define TAIL_LINES_MAX 100000

struct tail_mark {
    uint64_t seq;
    size_t offset; /* in the output of that event */
    enum remex_stream stream;
};

struct tail {
    struct tail_mark *marks;       /* a ring: where the last lines begin */
    size_t lines;                  /* its size; at most TAIL_LINES_MAX */
    uint64_t count;                /* of all that were seen */
    uint64_t last_seq;             /* of what was counted */
    bool is_inside[REMEX_STREAMS]; /* a line that has begun */
};

/* False if there is no memory. */
bool tail_init(struct tail *tail, size_t lines);

void tail_deinit(struct tail *tail);

/* Counts an output; they come in their order. */
void tail_count(struct tail *tail, const struct remex_event *output);

/* The first event of which something is wanted; 0: none so far. */
uint64_t tail_first_seq(const struct tail *tail);

/* How many bytes of the output come before what is wanted of it. */
size_t tail_skip(const struct tail *tail, const struct remex_event *output);

#endif
