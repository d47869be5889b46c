/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TERMINAL_H
#define EXECUTOR_TERMINAL_H

/*
 * Pseudoterminals: a pair of ends, of which a child gets one; the size; and
 * what has to be typed for a program to read an end of file.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/message.h"

/* Both close-on-exec and the caller's to close. Closing the last of ours hangs
 * the terminal up: who still has it reads the end and writes in vain. */
struct terminal {
    int ours; /* does not block */
    int theirs;
};

/* On failure there is nothing to close, and errno says why. Needs no name under
 * /dev but /dev/ptmx. */
bool terminal_open(const struct pty_spec *spec, struct terminal *out);

/* The foreground group gets SIGWINCH, if that is news. `ours` as above. */
bool terminal_resize(int ours, uint32_t rows, uint32_t columns);

#define TERMINAL_EOF_BYTES 2

/* What to type for an end of file: the character that the terminal has for it,
 * behind an unfinished line twice, for the first one only hands that line over.
 * `last` is the byte typed before, or -1. 0 if the terminal has no end of file:
 * in raw mode, or if it was switched off. */
size_t terminal_end_of_file(
        int ours, int last, uint8_t out[TERMINAL_EOF_BYTES]);

#endif
