/* SPDX-License-Identifier: Apache-2.0 */
#include "common/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/ids.h"

void random_bytes(void *out, size_t size)
{
    unsigned char *at = out;

    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort(); /* guessable ids would be worse */
        at += got;
        size -= (size_t)got;
    }
}

void random_id(struct message_id *out)
{
    do
        random_bytes(out->bytes, sizeof(out->bytes));
    while (id_is_zero(out));
}
