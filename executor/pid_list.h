/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_PID_LIST_H
#define EXECUTOR_PID_LIST_H

/*
 * Processes to look at. What is zeroed is an empty list; its bound is that of
 * the processes of the system. The first of them need no memory, so that a kill
 * gets on without.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PID_LIST_FEW = 64 };

struct pid_list {
    pid_t *pids; /* `few`, or memory of its own */
    size_t count;
    size_t capacity;
    bool incomplete; /* there was no memory or descriptor to see some */
    pid_t few[PID_LIST_FEW];
};

void pid_list_deinit(struct pid_list *list);

/* `pid_list` is a struct pid_list: this visits, as in executor/members.h. */
void pid_list_push(void *pid_list, pid_t pid);

/* Behind each one its children, and so on. */
void pid_list_push_descendants(struct pid_list *list);

/* Leaves one of each. */
void pid_list_remove_doubles(struct pid_list *list);

#endif
