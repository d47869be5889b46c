/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define REPORT_BYTES 1024
#define ESCAPE_BYTES 4

static int is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte != 0x7f;
}

/* Copies `text` to `out`, which has room for `size` bytes and a newline. */
static size_t escape(const char *text, char *out, size_t size)
{
    size_t used = 0;

    for (; *text && used + ESCAPE_BYTES <= size; text++) {
        unsigned char byte = (unsigned char)*text;

        if (is_plain(byte))
            out[used++] = *text;
        else
            used += (size_t)snprintf(
                    out + used, ESCAPE_BYTES + 1, "\\x%02x", byte);
    }
    out[used++] = '\n';
    return used;
}

void report(const char *format, ...)
{
    char text[REPORT_BYTES] = "remex: ";
    char line[REPORT_BYTES + ESCAPE_BYTES + 1];
    const size_t prefix = sizeof("remex: ") - 1;
    va_list arguments;
    size_t size;
    ssize_t ignored;

    va_start(arguments, format);
    (void)vsnprintf(text + prefix, sizeof(text) - prefix, format, arguments);
    va_end(arguments);
    size = escape(text, line, REPORT_BYTES);
    /* Nobody is left to tell if this fails. */
    ignored = write(STDERR_FILENO, line, size);
    (void)ignored;
}
