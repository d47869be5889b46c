/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/former.h"

#include <stdlib.h>
#include <string.h>

struct former_id {
    struct table_node node;
    struct former_id *younger;
    int64_t until;
};

void former_init(struct former *former)
{
    memset(former, 0, sizeof(*former));
    table_init(&former->by_hash);
}

static void drop_oldest(struct former *former)
{
    struct former_id *oldest = former->oldest;

    table_remove(&former->by_hash, &oldest->node);
    former->oldest = oldest->younger;
    if (!former->oldest)
        former->newest = NULL;
    free(oldest);
}

void former_deinit(struct former *former)
{
    while (former->oldest)
        drop_oldest(former);
    table_deinit(&former->by_hash);
}

bool former_add(struct former *former, uint64_t hash, int64_t until)
{
    struct former_id *made = malloc(sizeof(*made));

    if (!made)
        return false;
    made->younger = NULL;
    made->until = until;
    table_add(&former->by_hash, &made->node, hash);
    if (former->newest)
        former->newest->younger = made;
    else
        former->oldest = made;
    former->newest = made;
    return true;
}

void former_expire(struct former *former, int64_t now)
{
    while (former->oldest && former->oldest->until <= now)
        drop_oldest(former);
}

bool former_has(const struct former *former, uint64_t hash)
{
    return table_first(&former->by_hash, hash) != NULL;
}

size_t former_count(const struct former *former)
{
    return former->by_hash.count;
}
