/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONVENIENCE_SINK_H
#define CLIENT_CONVENIENCE_SINK_H

/*
 * Where the output of one stream is written: a descriptor, a file, or nowhere.
 * After the first error nothing is written to it any more.
 */

#include <stdio.h>

#include <remex/copy.h>

#include "client/convenience/patience.h"

struct sink {
    int fd;                    /* -1: a file, or nowhere */
    FILE *file;                /* NULL: a descriptor, or nowhere */
    struct remex_copied *told; /* the caller's */
};

/* Counts every byte as written or not. False: there was an error, now. */
bool sink_write(struct sink *sink, struct remex_bytes bytes,
        const struct patience *patience);

#endif
