/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TRUSTED_FILE_H
#define EXECUTOR_TRUSTED_FILE_H

/*
 * Files that an executor goes by. They belong to root or to its own user; what
 * others may do with them is told by what they are for.
 */

#include <stddef.h>

#include <remex/status.h>

enum trusted_file_kind {
    TRUSTED_ORDER, /* says what to do: others may read it, and not change it */
    TRUSTED_SECRET /* others may not even know what is in it */
};

/* Opens one for reading. It must be such a file; otherwise nothing is opened
 * and the error says what to change. `what` names what is in it: "the policy",
 * or for a secret "the key". */
REMEX_CHECKED enum remex_status trusted_file_open(const char *path,
        enum trusted_file_kind kind, const char *what, int *fd_out,
        struct remex_error *error);

/* Reads an order whole; at most `most` + 1 bytes, by which one that is too
 * large can be told. The text is yours to free. */
REMEX_CHECKED enum remex_status trusted_file_read(const char *path,
        const char *what, size_t most, char **text_out, size_t *size_out,
        struct remex_error *error);

#endif
