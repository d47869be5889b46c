/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TRUSTED_FILE_H
#define EXECUTOR_TRUSTED_FILE_H

/*
 * Files that say what an executor is to do: nobody but root and its own user
 * may be able to change them.
 */

#include <stddef.h>

#include <remex/status.h>

/* Reads it whole; at most `most` + 1 bytes, by which one that is too large can
 * be told. `what` is what others could change, for the refusal. The text is
 * yours to free. */
REMEX_CHECKED enum remex_status trusted_file_read(const char *path,
        const char *what, size_t most, char **text_out, size_t *size_out,
        struct remex_error *error);

#endif
