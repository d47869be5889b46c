/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_BATCH_COPY_H
#define CLIENT_BATCH_COPY_H

/*
 * Events copied for a user, out of a reply or of memory.
 */

#include <remex/event.h>

#include "common/message.h"

/* In one allocation, to be freed; output lies behind the events. NULL without
 * memory. */
struct remex_event *batch_copy(const struct batch *batch);

#endif
