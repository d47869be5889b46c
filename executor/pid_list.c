/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/pid_list.h"

#include <stdlib.h>
#include <string.h>

#include "executor/members.h"

void pid_list_deinit(struct pid_list *list)
{
    if (list->pids != list->few)
        free(list->pids);
}

static bool grow(struct pid_list *list)
{
    pid_t *own = list->pids == list->few ? NULL : list->pids;
    pid_t *pids = realloc(own, 2 * list->capacity * sizeof(*pids));

    if (!pids)
        return false;
    if (!own)
        memcpy(pids, list->few, sizeof(list->few));
    list->pids = pids;
    list->capacity *= 2;
    return true;
}

void pid_list_push(void *pid_list, pid_t pid)
{
    struct pid_list *list = pid_list;

    if (list->capacity == 0) {
        list->pids = list->few;
        list->capacity = PID_LIST_FEW;
    }
    if (list->count < list->capacity || grow(list))
        list->pids[list->count++] = pid;
    else
        list->incomplete = true;
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
        if (!members_each_child(list->pids[i], pid_list_push, list))
            list->incomplete = true;
}
