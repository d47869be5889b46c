/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/escape.h"

#include <stdio.h>
#include <string.h>

#define CONTROL(letter) ((letter)&0x1f)

bool escape_parse(const char *text, int *character_out)
{
    size_t length = strlen(text);

    if (strcmp(text, "none") == 0)
        *character_out = ESCAPE_NONE;
    else if (length == 1)
        *character_out = (unsigned char)text[0];
    else if (length == 2 && text[0] == '^' && text[1] >= '@' && text[1] <= '~')
        *character_out = CONTROL(text[1]);
    else
        return false;
    /* It could never be at the beginning of a line. */
    return *character_out != '\r' && *character_out != '\n';
}

void escape_name(int character, char out[ESCAPE_NAME_BYTES])
{
    if (character >= 0 && character < ' ')
        (void)snprintf(out, ESCAPE_NAME_BYTES, "^%c", character + '@');
    else if (character > ' ' && character < 0x7f)
        (void)snprintf(out, ESCAPE_NAME_BYTES, "%c", character);
    else
        (void)snprintf(out, ESCAPE_NAME_BYTES, "\\x%02x",
                (unsigned int)(character & 0xff));
}

/* What the byte behind the escape character asks for. */
static enum escape_order order_of(uint8_t byte)
{
    switch (byte) {
    case '.':
        return ESCAPE_LEAVE;
    case CONTROL('Z'):
        return ESCAPE_STOP;
    case '?':
        return ESCAPE_HELP;
    default:
        return ESCAPE_TYPE;
    }
}

static void type(struct escape *escape, uint8_t byte, uint8_t *out,
        struct escape_step *step)
{
    out[step->text++] = byte;
    escape->inside = byte != '\r' && byte != '\n';
}

struct escape_step escape_take(
        struct escape *escape, const uint8_t *typed, size_t size, uint8_t *out)
{
    struct escape_step step = { .order = ESCAPE_TYPE };

    while (step.taken < size) {
        uint8_t byte = typed[step.taken++];

        if (!escape->pending) {
            escape->pending = byte == escape->character && !escape->inside;
            if (!escape->pending)
                type(escape, byte, out, &step);
            continue;
        }
        escape->pending = false;
        step.order = order_of(byte);
        if (step.order != ESCAPE_TYPE)
            return step;
        type(escape, (uint8_t)escape->character, out, &step);
        if (byte != escape->character)
            type(escape, byte, out, &step);
    }
    return step;
}
