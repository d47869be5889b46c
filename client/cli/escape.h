/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_ESCAPE_H
#define CLI_ESCAPE_H

/*
 * What is typed is all for the program, but for an escape: at the beginning of
 * a line, `~.` and its likes are orders to us, as ssh has them.
 *
 *     ~.    leave            ~^Z   stop, as a job of our shell
 *     ~?    tell these       ~~    type one ~
 *
 * Before anything else, ~ is typed as it is.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESCAPE_NONE (-1)
#define ESCAPE_USUAL '~'
#define ESCAPE_NAME_BYTES 5

enum escape_order {
    ESCAPE_TYPE = 0, /* nothing but what is for the program */
    ESCAPE_LEAVE = 1,
    ESCAPE_STOP = 2,
    ESCAPE_HELP = 3,
};

struct escape {
    int character; /* ESCAPE_NONE: there is none */
    bool inside;   /* a line has begun */
    bool pending;  /* the character was typed, and what comes next counts */
};

struct escape_step {
    enum escape_order order;
    size_t taken; /* of what was typed; less than all of it behind an order */
    size_t text;  /* bytes for the program */
};

/* "~", "^B" (or "^b") and the like, or "none". */
bool escape_parse(const char *text, int *character_out);

/* The same for people: "~", "^B", "\xNN". */
void escape_name(int character, char out[ESCAPE_NAME_BYTES]);

/* Takes what was typed, up to an order. `out` has room for size + 1 bytes. */
struct escape_step escape_take(
        struct escape *escape, const uint8_t *typed, size_t size, uint8_t *out);

#endif
