/* SPDX-License-Identifier: Apache-2.0 */
#include "common/text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Bytes that a character beginning with `lead` has; 0: none begins so. */
static size_t length_after(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead >= 0xc2 && lead <= 0xdf)
        return 2;
    if (lead >= 0xe0 && lead <= 0xef)
        return 3;
    if (lead >= 0xf0 && lead <= 0xf4)
        return 4;
    return 0;
}

/* Whether `second` may follow `lead`: keeps out longer forms than needed,
 * surrogates, and what lies above U+10FFFF. */
static bool may_follow(uint8_t lead, uint8_t second)
{
    if (lead == 0xe0)
        return second >= 0xa0 && second <= 0xbf;
    if (lead == 0xed)
        return second >= 0x80 && second <= 0x9f;
    if (lead == 0xf0)
        return second >= 0x90 && second <= 0xbf;
    if (lead == 0xf4)
        return second >= 0x80 && second <= 0x8f;
    return second >= 0x80 && second <= 0xbf;
}

/* Bytes of the character at `text`; 0: malformed. `size` > 0. */
static size_t character_length(const uint8_t *text, size_t size)
{
    size_t length = length_after(text[0]);

    if (length > size)
        return 0;
    if (length > 1 && !may_follow(text[0], text[1]))
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

/* C0 and C1 controls and DEL, for they move cursors and end lines. */
static bool is_control(const uint8_t *text, size_t length)
{
    if (length == 1)
        return text[0] < 0x20 || text[0] == 0x7f;
    return length == 2 && text[0] == 0xc2 && text[1] < 0xa0;
}

bool text_is_utf8(struct remex_bytes text)
{
    const uint8_t *at = text.data;
    size_t left = text.size;

    while (left > 0) {
        size_t length = character_length(at, left);

        if (length == 0 || *at == 0)
            return false;
        at += length;
        left -= length;
    }
    return true;
}

void text_copy(char *out, size_t size, struct remex_bytes text)
{
    const uint8_t *at = text.data;
    size_t left = text.size;
    size_t used = 0;

    assert(size > 0);
    while (left > 0) {
        size_t length = character_length(at, left);
        bool fine = length > 0 && !is_control(at, length);
        size_t taken = length > 0 ? length : 1;
        size_t added = fine ? length : 1;

        if (added >= size - used)
            break;
        if (fine)
            memcpy(out + used, at, length);
        else
            out[used] = '?';
        used += added;
        at += taken;
        left -= taken;
    }
    out[used] = '\0';
}

struct remex_bytes text_bytes(const char *string)
{
    return (struct remex_bytes){ string, strlen(string) };
}
