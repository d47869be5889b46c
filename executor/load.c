/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/load.h"

#include <assert.h>
#include <stdlib.h>

struct load *load_new(size_t size)
{
    struct load *load = malloc(sizeof(*load) + size);

    if (load)
        *load = (struct load){ .references = 1, .size = size };
    return load;
}

void load_hold(struct load *load)
{
    assert(load->references > 0);
    load->references++;
}

void load_release(struct load *load)
{
    if (!load)
        return;
    assert(load->references > 0);
    if (--load->references > 0)
        return;
    if (load->gone)
        load->gone(load);
    free(load);
}
