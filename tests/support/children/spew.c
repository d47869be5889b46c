/* SPDX-License-Identifier: Apache-2.0 */

/*
 * spew BYTES [FD]: writes so many bytes of the pattern to FD, stdout if there
 * is none given.
 */

#include <stdlib.h>
#include <unistd.h>

#include "pattern.h"

#define PIECE_BYTES 65536

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);

        if (written < 0)
            return -1;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

int main(int argc, char **argv)
{
    static uint8_t piece[PIECE_BYTES];
    uint64_t size = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    int fd = argc > 2 ? (int)strtol(argv[2], NULL, 10) : STDOUT_FILENO;
    uint64_t at = 0;

    while (at < size) {
        size_t count =
                size - at < PIECE_BYTES ? (size_t)(size - at) : PIECE_BYTES;

        pattern_fill(piece, count, at);
        if (write_all(fd, piece, count) < 0)
            return 1;
        at += count;
    }
    return 0;
}
