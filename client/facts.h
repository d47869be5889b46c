/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_FACTS_H
#define CLIENT_FACTS_H

/*
 * What Open told of the executor, kept for whoever asks: one allocation, shared
 * by the engine and by users, gone with the last of them.
 */

#include <stdbool.h>

#include <remex/info.h>

#include "common/message.h"

/* NULL without memory. */
const struct remex_client_info *facts_new(
        const struct open_reply *open, const struct message_id *boot_id);

/* Of this capability. */
bool facts_tell(const struct remex_client_info *info, const char *capability);

/* One holder more. */
const struct remex_client_info *facts_hold(
        const struct remex_client_info *info);

/* One holder less. NULL is allowed. */
void facts_drop(const struct remex_client_info *info);

#endif
