/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_SECRET_FILE_H
#define EXECUTOR_SECRET_FILE_H

/*
 * Files whose content nobody else may know.
 */

#include <remex/status.h>

/* Opens one for reading. It must be a file that belongs to us or root, and that
 * nobody but its owner can read or write; otherwise nothing is opened and the
 * error says what to change. `what` names it in the text: "the token". */
REMEX_CHECKED enum remex_status secret_file_open(const char *path,
        const char *what, int *fd_out, struct remex_error *error);

#endif
