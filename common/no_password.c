/* SPDX-License-Identifier: Apache-2.0 */
#include "common/no_password.h"

#include <stdbool.h>

int no_password(char *out, int size, int writes, void *asked)
{
    bool *told = asked;

    (void)out;
    (void)size;
    (void)writes;
    if (told)
        *told = true;
    return -1;
}
