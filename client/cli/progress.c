/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_BYTES 80 /* no more than a line has */

struct progress progress_new(void)
{
    return (struct progress){ .is_wanted = isatty(STDERR_FILENO) };
}

void progress_show(struct progress *progress, const char *format, ...)
{
    char line[LINE_BYTES];
    va_list arguments;

    if (!progress->is_wanted)
        return;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    fprintf(stderr, "\r\033[K%s", line);
    (void)fflush(stderr);
    progress->is_shown = true;
}

void progress_clear(struct progress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
    (void)fflush(stderr);
    progress->is_shown = false;
}
