/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_SUBSCRIPTION_H
#define REMEX_SUBSCRIPTION_H

/*
 * Local followers of one handle, as many as are wanted. Each reads the handle's
 * own log with a cursor of its own: what is there first, then what comes,
 * without a seam. The rules of <remex/client.h> hold here too.
 *
 * They neither hold the process up nor make its output come: taking events from
 * the handle does that, so somebody has to. What was taken stays for a while
 * (history_bytes of <remex/client.h>). Who is slower than that gets a Gap in
 * the place of what he missed, the same for everybody who missed the same, and
 * may mend it by remex_process_read. Exited, Closed and Failed reach everybody,
 * however late.
 */

#include <stdint.h>

#include <remex/event.h>
#include <remex/process.h>
#include <remex/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct remex_subscription;

/* Begins where `from` says; `after_seq` counts for REMEX_FROM_AFTER only.
 * REMEX_OUT_OF_RANGE: that event has not come here yet. Free it before the
 * handle. */
REMEX_API REMEX_CHECKED enum remex_status remex_process_subscribe(
        struct remex_process *process, enum remex_from from, uint64_t after_seq,
        struct remex_subscription **out, struct remex_error *error);

/*
 * The next event. REMEX_AGAIN: none within `timeout_ms`; REMEX_ENDED: the last
 * one has been told. Output is lent until the next call of this function on
 * this subscription, or its free. The bytes of a Gap are 0 if nobody here knows
 * how many were lost.
 */
REMEX_API REMEX_CHECKED enum remex_status remex_subscription_next(
        struct remex_subscription *subscription, int timeout_ms,
        struct remex_event *out);

/* NULL is allowed. */
REMEX_API void remex_subscription_free(struct remex_subscription *subscription);

#ifdef __cplusplus
}
#endif

#endif
