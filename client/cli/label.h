/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LABEL_H
#define CLI_LABEL_H

/*
 * Labels: the option of the verbs that give them or look for them.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/process.h>

/* As many as an executor takes. */
#define LABELS_MAX 32

struct labels {
    struct remex_label items[LABELS_MAX];
    size_t count;
};

/* Adds "NAME=VALUE", which is cut in two and lent. False, and unchanged, if it
 * has no name or no '=', or there are too many. */
bool label_add(struct labels *labels, char *text);

#endif
