/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

/*
 * What verbs have that tell of the processes an executor knows.
 */

#include <remex/inspect.h>

#include "client/cli/answer.h"
#include "client/cli/label.h"

struct listing_options {
    struct answer_options answer; /* first, for answer_specs */
    struct labels labels;
    bool everybody;
};

extern const struct option_spec listing_specs[];

/* A verb's whole run: asks the executor, and has `show` tell of what there is;
 * that returns the exit status, and `list` is lent to it. */
int listing_run(const struct verb *verb, struct words words,
        int (*show)(const struct listing_options *options,
                const struct remex_process_list *list));

#endif
