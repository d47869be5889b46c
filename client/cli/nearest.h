/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

/*
 * Which name somebody meant who wrote another.
 */

struct nearest {
    const char *word;   /* lent */
    const char *name;   /* the best so far, lent; NULL: none is near */
    unsigned int edits; /* from one to the other */
};

struct nearest nearest_to(const char *word);

/* Names come one by one; of those equally near the first one stays. */
void nearest_try(struct nearest *nearest, const char *name);

#endif
