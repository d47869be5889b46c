/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_FILES_H
#define EXECUTOR_FRONT_FILES_H

/*
 * What a front of tls:// reads when it starts, and whether that is still as it
 * was: the files are looked at, not read.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Their paths, see remexd(8). Lent; what they are may change in place. */
struct front_tls {
    const char *certificate;
    const char *key;
    const char *clients; /* who signs them; "": they come without */
    bool tokens;         /* a client may show a token instead */
};

struct file_mark {
    dev_t device;
    ino_t inode; /* 0: there is none */
    off_t size;
    int64_t changed; /* nanoseconds since 1970: what is in it, or whose it is */
};

struct front_files {
    struct file_mark certificate;
    struct file_mark key;
    struct file_mark clients;
    bool tokens;
};

struct front_files front_files_now(const struct front_tls *tls);

bool front_files_equal(
        const struct front_files *a, const struct front_files *b);

#endif
