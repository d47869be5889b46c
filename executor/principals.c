/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/principals.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void principals_init(struct principals *principals)
{
    list_init(&principals->all);
}

static struct principal *find(
        const struct principals *principals, const char *name)
{
    struct list *node = principals->all.next;

    for (; node != &principals->all; node = node->next) {
        struct principal *principal = CONTAINER_OF(node, struct principal, all);

        if (strcmp(principal->name, name) == 0)
            return principal;
    }
    return NULL;
}

struct principal *principals_hold(
        struct principals *principals, const char *name)
{
    struct principal *principal = find(principals, name);

    assert(strlen(name) < PRINCIPAL_NAME_BYTES);
    if (principal)
        return principal_hold(principal);
    principal = calloc(1, sizeof(*principal));
    if (!principal)
        return NULL;
    snprintf(principal->name, sizeof(principal->name), "%s", name);
    list_init(&principal->all);
    list_init(&principal->entries);
    former_init(&principal->former);
    list_append(&principals->all, &principal->all);
    return principal_hold(principal);
}

struct principal *principal_hold(struct principal *principal)
{
    principal->holders++;
    return principal;
}

void principal_release(struct principal *principal)
{
    if (!principal || --principal->holders > 0)
        return;
    assert(principal->sessions == 0 && principal->processes == 0);
    list_remove(&principal->all);
    former_deinit(&principal->former);
    free(principal);
}
