/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TOP_MODEL_H
#define CLI_TOP_MODEL_H

/*
 * What remex top shows: the processes of several executors in one order, each
 * with the rate of its output since it was looked at before. No I/O, no clock.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/inspect.h>

#define TOP_SOURCES 16

enum top_key {
    TOP_BY_RATE = 0,
    TOP_BY_AGE = 1,
    TOP_BY_KEPT = 2,
    TOP_BY_STATE = 3,
    TOP_BY_ID = 4,
};
#define TOP_KEYS 5

#define TOP_NO_RATE (-1.0)

/* An executor, as it was looked at last. */
struct top_source {
    const char *address;                   /* lent */
    const struct remex_process_list *list; /* lent; NULL: see `error` */
    const char *error;                     /* lent; NULL: not looked at yet */
    int64_t at_ns;                         /* monotonic: when */
};

struct top_row {
    size_t source; /* from 0 */
    const struct remex_process_status *process;
    double rate;   /* bytes a second, or TOP_NO_RATE */
    uint64_t kept; /* bytes of output */
};

struct top_memory;

struct top_model {
    struct top_row *rows; /* lent as the lists are; sorted */
    size_t count;
    struct top_memory *before; /* sorted by what they are of */
    size_t before_count;
};

/* "rate", "age", "kept", "state", "id". */
bool top_model_parse_key(const char *text, enum top_key *out);
const char *top_model_key_name(enum top_key key);

/* Takes what the sources have now. A source that has not been looked at anew
 * keeps its rates. False: no memory, and no rows. */
bool top_model_update(struct top_model *model, const struct top_source *sources,
        size_t count);

/* The most of it first (of state and id the least); `reversed`: last. */
void top_model_sort(struct top_model *model, enum top_key key, bool reversed);

/* Safe on a zeroed one. */
void top_model_deinit(struct top_model *model);

#endif
