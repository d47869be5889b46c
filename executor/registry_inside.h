/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_REGISTRY_INSIDE_H
#define EXECUTOR_REGISTRY_INSIDE_H

/* For executor/registry.c and registry_room.c alone. */

#include "executor/registry.h"

/* The end of an entry, whoever has to do with it. */
void registry_drop(struct entry *entry);

/* For one more process of a principal, that may come to keep so many bytes. */
REMEX_CHECKED enum remex_status registry_make_room(struct registry *registry,
        const struct principal *principal, uint64_t retained,
        struct remex_error *error);

#endif
