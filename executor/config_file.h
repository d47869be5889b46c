/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONFIG_FILE_H
#define EXECUTOR_CONFIG_FILE_H

/*
 * A file of options, see remexd.conf(5).
 */

#include <remex/status.h>

#include "executor/config.h"

/* A larger one is a mistake. */
enum { CONFIG_MAX_BYTES = 64 * 1024, CONFIG_MAX_WORD = 4096 };

/* Takes each line as if it had been typed where the file is named. A mistake is
 * told with its line, "FILE:LINE: ...", and nothing behind it is taken. */
REMEX_CHECKED enum remex_status config_load_file(
        struct config *config, const char *path, struct remex_error *error);

/* The same of what was read; for the tests and who else has the text. */
REMEX_CHECKED enum remex_status config_take_text(struct config *config,
        const char *path, const char *text, size_t size,
        struct remex_error *error);

#endif
