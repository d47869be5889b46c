/* SPDX-License-Identifier: Apache-2.0 */

/*
 * oracle DIRECTORY NAME BYTES: makes DIRECTORY/NAME, which must not be there
 * yet, and writes so many bytes of the pattern, to it and then to stdout. If it
 * is there, this program was started twice: that is told by NAME.twice.
 * link: static
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pattern.h"

enum { PIECE_BYTES = 1000, PATH_BYTES = 256 };

static void tell_twice(const char *path)
{
    char twice[PATH_BYTES + 8];

    snprintf(twice, sizeof(twice), "%s.twice", path);
    close(open(twice, O_WRONLY | O_CREAT, 0600));
}

static int put(int fd, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);

        if (written < 0)
            return -1;
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

int main(int argc, char **argv)
{
    uint8_t piece[PIECE_BYTES];
    char path[PATH_BYTES];
    uint64_t left = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;
    uint64_t offset = 0;
    int file;

    if (argc != 4)
        return 2;
    snprintf(path, sizeof(path), "%s/%s", argv[1], argv[2]);
    file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0600);
    if (file < 0) {
        if (errno == EEXIST)
            tell_twice(path);
        return 3;
    }
    while (left > 0) {
        size_t size = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;

        pattern_fill(piece, size, offset);
        if (put(file, piece, size) < 0 || put(STDOUT_FILENO, piece, size) < 0)
            return 1;
        offset += size;
        left -= size;
    }
    return 0;
}
