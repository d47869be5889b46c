/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TLS_OUTLET_H
#define EXECUTOR_TLS_OUTLET_H

/*
 * Where the records of a TLS connection leave for the network.
 *
 * OpenSSL writes record by record, of 16 KiB at most. So while an outlet has a
 * basket, records are laid into that, and go out by one system call. What the
 * network does not take is kept, a basketful at most, in front of all that
 * follows.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/bio.h>

#include "executor/front/stream.h"

enum {
    /* A record at its largest, and what TLS may say by itself before it. */
    OUTLET_RECORD_BYTES = 17 * 1024,
    /* More would no longer lie in the processor's nearest caches when it is
     * copied; and it is what the client's library takes in at once. */
    OUTLET_BASKET_BYTES = 4 * OUTLET_RECORD_BYTES
};

/* One serves all connections: it is empty between calls. */
struct outlet_basket {
    size_t size;
    uint8_t bytes[OUTLET_BASKET_BYTES];
};

struct outlet {
    int fd;                       /* lent */
    struct outlet_basket *basket; /* lent, between open and close */
    uint8_t *left;                /* what the network did not take; or NULL */
    size_t left_size;
    size_t left_done;
};

/* A BIO for OpenSSL to write to; lends `outlet`. NULL: no memory. */
BIO *outlet_bio(struct outlet *outlet);

void outlet_deinit(struct outlet *outlet);

/* Sends what is left. STREAM_MOVED: nothing is. */
enum stream_progress outlet_flush(struct outlet *outlet);

/* From now on records are laid into the basket. Nothing may be left. */
void outlet_open(struct outlet *outlet, struct outlet_basket *basket);

/* Room for one more record. */
bool outlet_has_room(const struct outlet *outlet);

/* Sends what lies in the basket. STREAM_WAITS: some of it is left. */
enum stream_progress outlet_close(struct outlet *outlet);

#endif
