/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/signal_name.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/cli/quantity.h"

bool signal_name_parse(const char *text, int *out)
{
    uint64_t number;

    if (quantity_parse_count(text, &number)) {
        *out = number < NSIG ? (int)number : 0;
        return *out > 0;
    }
    if (strncasecmp(text, "SIG", 3) == 0)
        text += 3;
    for (int i = 1; i < NSIG; i++) {
        const char *name = sigabbrev_np(i);

        if (name && strcasecmp(name, text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

void signal_name_print(int number, char out[SIGNAL_NAME_BYTES])
{
    const char *name = sigabbrev_np(number);

    if (name)
        (void)snprintf(out, SIGNAL_NAME_BYTES, "%s", name);
    else
        (void)snprintf(out, SIGNAL_NAME_BYTES, "%d", number);
}
