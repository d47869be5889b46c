/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool colour_is_wanted(FILE *out)
{
    const char *refused = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return !(refused && refused[0]) && term && term[0] &&
            strcmp(term, "dumb") != 0 && isatty(fileno(out));
}

const char *colour_begin(enum colour colour, bool wanted)
{
    static const char *const codes[] = {
        [COLOUR_NONE] = "",
        [COLOUR_GOOD] = "\033[32m",
        [COLOUR_DOUBTFUL] = "\033[33m",
        [COLOUR_BAD] = "\033[31m",
    };

    return wanted ? codes[colour] : "";
}

const char *colour_end(enum colour colour, bool wanted)
{
    return wanted && colour != COLOUR_NONE ? "\033[0m" : "";
}
