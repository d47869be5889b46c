/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_COLOUR_H
#define CLI_COLOUR_H

/*
 * Colours: on a terminal that has them, unless $NO_COLOR says otherwise.
 */

#include <stdbool.h>
#include <stdio.h>

enum colour {
    COLOUR_NONE = 0,
    COLOUR_GOOD = 1,
    COLOUR_DOUBTFUL = 2,
    COLOUR_BAD = 3,
};

bool colour_is_wanted(FILE *out);

/* What begins and what ends it; "" if it is not wanted. Static. */
const char *colour_begin(enum colour colour, bool wanted);
const char *colour_end(enum colour colour, bool wanted);

#endif
