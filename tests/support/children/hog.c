/* SPDX-License-Identifier: Apache-2.0 */

/*
 * hog MIB: takes so much memory, a MiB at a time, says so, and ends.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1024 * 1024)

int main(int argc, char **argv)
{
    long count = argc == 2 ? strtol(argv[1], NULL, 10) : 0;

    for (long i = 0; i < count; i++) {
        /* A compiler that sees nobody look at it would take none. */
        void *volatile piece = malloc(MIB);

        if (!piece)
            return 1;
        memset(piece, 1, MIB);
    }
    puts("fed");
    return 0;
}
