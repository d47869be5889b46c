/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/pid_list.h"

#include <stdlib.h>

#include "executor/members.h"

void pid_list_deinit(struct pid_list *list)
{
    free(list->pids);
}

void pid_list_push(void *pid_list, pid_t pid)
{
    struct pid_list *list = pid_list;

    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 64;
        pid_t *pids = realloc(list->pids, capacity * sizeof(*pids));

        if (!pids) {
            list->incomplete = true;
            return;
        }
        list->pids = pids;
        list->capacity = capacity;
    }
    list->pids[list->count++] = pid;
}

static int compare_pids(const void *left, const void *right)
{
    const pid_t *a = left;
    const pid_t *b = right;

    return (*a > *b) - (*a < *b);
}

void pid_list_remove_doubles(struct pid_list *list)
{
    size_t kept = 0;

    if (list->count > 0)
        qsort(list->pids, list->count, sizeof(*list->pids), compare_pids);
    for (size_t i = 0; i < list->count; i++) {
        if (kept == 0 || list->pids[kept - 1] != list->pids[i])
            list->pids[kept++] = list->pids[i];
    }
    list->count = kept;
}

void pid_list_push_descendants(struct pid_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        members_each_child(list->pids[i], pid_list_push, list);
}
