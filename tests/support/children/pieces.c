/* SPDX-License-Identifier: Apache-2.0 */

/*
 * pieces COUNT BYTES [wait]: writes so many pieces of so many bytes to stdout,
 * each by one write and with a newline at its end; with "wait" not before there
 * is something to read at stdin, or its end. The bytes are always the same: it
 * is for measuring, and making them would be measured with it.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_all(const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, data, size);

        if (written < 0)
            return -1;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

int main(int argc, char **argv)
{
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    size_t size = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    char *piece = size > 0 ? malloc(size) : NULL;

    if (!piece)
        return 1;
    memset(piece, '.', size);
    piece[size - 1] = '\n';
    if (argc > 3 && read(STDIN_FILENO, &(char){ 0 }, 1) < 0)
        return 1;
    for (unsigned long i = 0; i < count; i++)
        if (write_all(piece, size) < 0)
            return 1;
    free(piece);
    return 0;
}
