/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_STATUS_COPY_H
#define CLIENT_STATUS_COPY_H

/*
 * A process's status as the protocol has it, copied for a user.
 */

#include <stddef.h>

#include <remex/inspect.h>

#include "common/message.h"

/* What a copy takes beside the struct itself; never 0. */
size_t status_copy_size(const struct inspect_reply *from);

/* `room` has that many bytes, and is aligned as malloc does it. */
void status_copy(const struct inspect_reply *from, void *room,
        struct remex_process_status *out);

#endif
