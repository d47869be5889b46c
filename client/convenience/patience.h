/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONVENIENCE_PATIENCE_H
#define CLIENT_CONVENIENCE_PATIENCE_H

/*
 * What is left of a timeout that covers several calls.
 */

#include <stdbool.h>
#include <stdint.h>

struct patience {
    bool endless;
    int64_t until_ns; /* by the monotonic clock */
};

int64_t patience_now_ns(void);

/* `timeout_ms` as everywhere: REMEX_FOREVER never ends. */
struct patience patience_start(int timeout_ms);

/* As a timeout for the next call: REMEX_FOREVER, or at least 0. */
int patience_left_ms(const struct patience *patience);

/* The shorter one, of two timeouts. */
int patience_shorter(int timeout_ms, int other_ms);

#endif
