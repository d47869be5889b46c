/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/*
 * What takes long, told on stderr in one line that is written over and then
 * wiped out; where that is no terminal, nothing is.
 */

#include <stdbool.h>

struct progress {
    bool is_wanted;
    bool is_shown;
};

struct progress progress_new(void);

__attribute__((format(printf, 2, 3))) void progress_show(
        struct progress *progress, const char *format, ...);

void progress_clear(struct progress *progress);

#endif
