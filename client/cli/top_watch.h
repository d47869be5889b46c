/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_TOP_WATCH_H
#define CLI_TOP_WATCH_H

/*
 * A thread that looks at an executor again and again, and connects anew when it
 * is lost, so that whoever shows what it saw never waits for one.
 */

#include <pthread.h>
#include <stdbool.h>

#include "client/cli/connect.h"
#include "client/cli/top_model.h"

struct top_watch {
    pthread_t thread;
    struct remex_error told; /* to whoever took; his */
    struct connect_options connect;
    bool everybody;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t moved;
    bool stopping;
    int interval_ms;
    unsigned int looks;              /* so far */
    struct remex_process_list *list; /* what was seen; NULL: nothing */
    struct remex_error error;        /* why there is none */
    int64_t at_ns;
};

/* False, and a report, if there is no thread for it. `connect`, `everybody` and
 * `interval_ms` are set. */
bool top_watch_start(struct top_watch *watch);

/* Waits until it has looked so often. */
void top_watch_wait(struct top_watch *watch, unsigned int looks);

/* What was seen: the list is lent until the next call of this, or the stop. */
struct top_source top_watch_take(
        struct top_watch *watch, struct remex_process_list **held);

void top_watch_set_interval(struct top_watch *watch, int interval_ms);

void top_watch_stop(struct top_watch *watch);

#endif
