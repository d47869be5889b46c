/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_IDS_H
#define COMMON_IDS_H

/*
 * Comparing and showing 128-bit ids. All zero means "none".
 */

#include <stdbool.h>

#include "common/message.h"

enum { ID_TEXT_BYTES = 2 * MESSAGE_ID_BYTES + 1 };

/* Takes as long for any two ids: session ids are secrets. */
bool id_equal(const struct message_id *a, const struct message_id *b);

bool id_is_zero(const struct message_id *id);

/* As 32 hexadecimal digits. Not for session ids in logs. */
void id_format(const struct message_id *id, char out[ID_TEXT_BYTES]);

#endif
