/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_ENDING_H
#define REMEX_ENDING_H

/*
 * What is known of how a process ended, all of it together: what the
 * conveniences (<remex/lines.h>, <remex/capture.h>, <remex/copy.h>) tell beside
 * its output, whether it ended well, badly, or not yet.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A plain value: copy it freely. */
struct remex_ending {
    /* REMEX_OK: Closed has come, and `ends` is there. REMEX_DISCONNECTED: the
     * executor can no longer be asked, for `failure`. REMEX_DEADLINE_EXCEEDED:
     * the time was over first. REMEX_AGAIN: nothing of that, yet. */
    enum remex_status status;
    enum remex_failure failure; /* 0: none */
    bool has_exit;              /* may be known without Closed */
    struct remex_exit exit;
    size_t end_count;
    struct remex_stream_end ends[REMEX_STREAMS];
    /* What Gaps stood for. Per stream, index: enum remex_stream - 1. */
    uint64_t lost_bytes[REMEX_STREAMS];
    uint64_t lost_events;
};

#ifdef __cplusplus
}
#endif

#endif
