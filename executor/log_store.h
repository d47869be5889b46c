/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_LOG_STORE_H
#define EXECUTOR_LOG_STORE_H

/*
 * Where the large blocks of logs lie so that a front can send from them as
 * well: a file in memory, which the executor writes, and of which a front gets
 * a descriptor that can only be read. So output does not have to be copied to
 * the front before it is copied to a client.
 *
 * Each front has one of its own, for what is started through it: a front that
 * was taken over sees nothing of what others pass on.
 *
 * It has LOG_STORE_PLACES places, but memory only for what was written to. The
 * place that was given back last is taken first; those that were free since the
 * last look (log_store_cool) lose their memory. One thread owns it.
 */

#include <stdint.h>

struct log_store;

enum {
    LOG_STORE_PLACES = 4096,
    LOG_STORE_COOLED = 256 /* of them, at one look */
};

/* With one reference, the caller's. NULL: there is none to be had here, and
 * logs do without. */
struct log_store *log_store_new(void);

/* Lives as long as somebody holds it: logs and their blocks. NULL is allowed.
 */
void log_store_hold(struct log_store *store);
void log_store_release(struct log_store *store);

/* For a front; above all LINK_ descriptors. Lent while the store is held. */
int log_store_fd(const struct log_store *store);

/* A place for LOG_BLOCK_BYTES, whatever they are now; LOG_STORE_PLACES: none is
 * free. */
uint32_t log_store_take(struct log_store *store);
void log_store_give(struct log_store *store, uint32_t place);

/* A look, now and then. NULL is allowed. */
void log_store_cool(struct log_store *store);

uint8_t *log_store_at(const struct log_store *store, uint32_t place);

#endif
