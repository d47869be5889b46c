/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ids.h"

#include "common/secret.h"

bool id_equal(const struct message_id *a, const struct message_id *b)
{
    return secret_equal(a->bytes, b->bytes, MESSAGE_ID_BYTES);
}

bool id_is_zero(const struct message_id *id)
{
    static const struct message_id none;

    return id_equal(id, &none);
}

void id_format(const struct message_id *id, char out[ID_TEXT_BYTES])
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < MESSAGE_ID_BYTES; i++) {
        *out++ = digits[id->bytes[i] >> 4];
        *out++ = digits[id->bytes[i] & 15];
    }
    *out = '\0';
}
