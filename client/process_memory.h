/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_PROCESS_MEMORY_H
#define CLIENT_PROCESS_MEMORY_H

/*
 * Reading a process's events when its executor can no longer be asked: what the
 * handle has of them.
 */

#include <stddef.h>
#include <stdint.h>

#include <remex/process.h>

#include "client/event_queue.h"

/* As remex_process_read. REMEX_DISCONNECTED: there is nothing there. */
REMEX_CHECKED enum remex_status process_memory_read(
        const struct event_queue *queue, uint64_t after_seq, size_t max_bytes,
        struct remex_log **out);

#endif
