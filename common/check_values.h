/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_CHECK_VALUES_H
#define COMMON_CHECK_VALUES_H

/*
 * Inside check: the rules for values that several messages have. Each answers
 * whether all is well; if not, it has filled in the error.
 */

#include <stdbool.h>

#include "common/message.h"

struct check {
    struct remex_error *error; /* may be NULL */
    /* What a field's name begins with; NULL: nothing. */
    const char *method;
    const char *within; /* a message of the method's */
};

/* The same, within a message. */
struct check check_within(const struct check *check, const char *message);

/* Whether `fine`; if not, `text` is what to change about `field`. */
bool check_that(const struct check *check, bool fine, const char *field,
        const char *text);

/* 1 to `last`: what an enum of the .proto may be, where unspecified is an
 * error. */
bool check_choice(const struct check *check, unsigned int value,
        unsigned int last, const char *field);

bool check_process_id(
        const struct check *check, struct remex_bytes id, const char *field);
bool check_follow_id(
        const struct check *check, uint64_t follow_id, const char *field);
bool check_signal(
        const struct check *check, uint32_t signal, const char *field);
bool check_plan(const struct check *check, const struct stop_step *plan,
        size_t count, const char *field);

/* Free of NUL: fit for the kernel. */
bool check_no_nul(
        const struct check *check, struct remex_bytes bytes, const char *field);

/* UTF-8 of at most `most` bytes. */
bool check_text(const struct check *check, struct remex_bytes text, size_t most,
        const char *field);

bool check_labels(
        const struct check *check, const struct label *labels, size_t count);
/* Rows or columns of a terminal. */
bool check_cells(const struct check *check, uint32_t cells, const char *field);
bool check_stream(const struct check *check, const struct stream_spec *spec);
bool check_process(const struct check *check, const struct process_spec *spec);
bool check_ending(
        const struct check *check, const struct process_ending *ending);
bool check_status(
        const struct check *check, const struct process_status *status);
bool check_followers(const struct check *check,
        const struct follower_status *followers, size_t count);
bool check_follow(const struct check *check, const struct follow_spec *follow);
bool check_batch(const struct check *check, const struct batch *batch,
        bool followed, size_t *size_out);
bool check_exit(const struct check *check, const struct remex_exit *exited);
bool check_end(const struct check *check, const struct remex_stream_end *end);
/* The ends of Closed, each stream's once. */
bool check_ends(const struct check *check, const struct remex_stream_end *ends,
        size_t count);

#endif
