/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_LABEL_H
#define CLI_LABEL_H

/*
 * Labels: the option of the verbs that give them or look for them.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/process.h>

/* As many, and with names as long, as an executor takes. */
#define LABELS_MAX 32
#define LABEL_NAME_BYTES 128

/* Not to be copied: the items point into it. */
struct labels {
    struct remex_label items[LABELS_MAX];
    char names[LABELS_MAX][LABEL_NAME_BYTES + 1];
    size_t count;
};

/* Adds "NAME=VALUE"; the value is lent. False, and unchanged, if it has no '=',
 * no name or one that is too long, or if there are too many. */
bool label_add(struct labels *labels, const char *text);

#endif
