/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_DESCRIPTION_H
#define EXECUTOR_DESCRIPTION_H

/*
 * What Inspect and List tell of how a process was started, and nothing else
 * needs: arguments, directory, labels. One piece of memory, which lives and is
 * charged with the process's entry.
 */

#include <stdbool.h>
#include <stddef.h>

#include "common/message.h"

enum {
    /* Most memory for the arguments; what is beyond is cut. */
    DESCRIPTION_ARGV_BYTES = 8 * 1024
};

struct description {
    size_t bytes; /* of all that is told, for who has to be brief */
    size_t argv_count;
    bool argv_cut;
    struct remex_bytes cwd;
    struct remex_bytes traceparent; /* for the log */
    size_t label_count;
    struct remex_bytes *argv;
    struct label *labels;
};

/* Copies what it needs. NULL: no memory. Its owner's to free. */
struct description *description_new(const struct process_spec *spec);

/* Whether it has all of these. */
bool description_has_labels(const struct description *description,
        const struct label *labels, size_t count);

#endif
