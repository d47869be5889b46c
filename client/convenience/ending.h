/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONVENIENCE_ENDING_H
#define CLIENT_CONVENIENCE_ENDING_H

/*
 * Gathers a remex_ending from the events of a process.
 */

#include <remex/ending.h>

struct ending {
    struct remex_ending told;
    uint64_t positions[REMEX_STREAMS]; /* all before that has come or is lost */
};

void ending_init(struct ending *ending);

void ending_take(struct ending *ending, const struct remex_event *event);

/* How many bytes of the stream a Gap stands for; asked before it is taken. */
uint64_t ending_lost(const struct ending *ending, const struct remex_event *gap,
        enum remex_stream stream);

/* Closed or Failed has come. */
bool ending_is_final(const struct ending *ending);

/* Whether the stream ended so. */
bool ending_has(const struct ending *ending, enum remex_stream stream,
        enum remex_stream_end_kind kind);

#endif
