/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define MOST_LETTERS ((size_t)24) /* longer names are not compared */
#define MOST_EDITS 2

static unsigned int least(unsigned int a, unsigned int b)
{
    return a < b ? a : b;
}

static bool is_swap(const char *a, const char *b, size_t i, size_t j)
{
    return i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
}

/* Letters added, left out, mistaken, or two swapped. */
static unsigned int count_edits(const char *a, const char *b)
{
    unsigned int table[MOST_LETTERS + 1][MOST_LETTERS + 1];
    size_t rows = strlen(a);
    size_t columns = strlen(b);

    if (rows > MOST_LETTERS || columns > MOST_LETTERS)
        return MOST_EDITS + 1;
    for (size_t i = 0; i <= rows; i++) {
        for (size_t j = 0; j <= columns; j++) {
            unsigned int *cell = &table[i][j];

            if (i == 0 || j == 0) {
                *cell = (unsigned int)(i + j);
                continue;
            }
            *cell = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            *cell = least(*cell, table[i - 1][j] + 1);
            *cell = least(*cell, table[i][j - 1] + 1);
            if (is_swap(a, b, i, j))
                *cell = least(*cell, table[i - 2][j - 2] + 1);
        }
    }
    return table[rows][columns];
}

struct nearest nearest_to(const char *word)
{
    return (struct nearest){ .word = word, .edits = MOST_EDITS + 1 };
}

void nearest_try(struct nearest *nearest, const char *name)
{
    size_t length = strlen(nearest->word);
    unsigned int edits = count_edits(nearest->word, name);

    /* What was begun is as good as one mistake; what would be half
     * mistakes is none. */
    if (length > 1 && strncmp(name, nearest->word, length) == 0)
        edits = least(edits, 1);
    else if (length <= (size_t)2 * edits)
        return;
    if (edits >= nearest->edits)
        return;
    nearest->name = name;
    nearest->edits = edits;
}
