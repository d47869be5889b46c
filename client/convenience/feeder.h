/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_CONVENIENCE_FEEDER_H
#define CLIENT_CONVENIENCE_FEEDER_H

/*
 * Writes all of an input to a process's stdin, and closes it, beside a caller
 * that takes the output: either could hold the other up for ever.
 */

#include <pthread.h>
#include <stdatomic.h>

#include <remex/process.h>

struct feeder {
    struct remex_process *process;
    struct remex_bytes input;
    pthread_t thread;
    bool has_thread;
    atomic_bool given_up;
    uint64_t taken;
    enum remex_status status;
};

/* Without input this closes stdin, and there is no thread. The input is lent
 * until feeder_end. */
void feeder_begin(struct feeder *feeder, struct remex_process *process,
        struct remex_bytes input);

/* Once the process has ended, or will not be waited for any longer: returns
 * when the writing has ended, and `taken` and `status` tell how. */
void feeder_end(struct feeder *feeder);

#endif
