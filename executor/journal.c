/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/journal.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A decimal number and what ends it. */
static bool parse(const char *text, char end, uint64_t *out, char **rest)
{
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, rest, 10);
    return errno == 0 && **rest == end;
}

bool journal_reads(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* DEVICE:INODE */
    struct stat status;
    uint64_t device;
    uint64_t inode;
    char *rest;

    return stream && parse(stream, ':', &device, &rest) &&
            parse(rest + 1, '\0', &inode, &rest) && fstat(fd, &status) == 0 &&
            status.st_dev == device && status.st_ino == inode;
}
