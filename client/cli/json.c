/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/json.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#define INDENT 2
#define BEYOND_BMP 0x10000

void json_init(struct json *json, FILE *out)
{
    *json = (struct json){ .out = out, .is_empty = true };
}

/* The code point at `text` and how many bytes it has; 0 bytes: there is none.
 * The table is that of RFC 3629: no form but the shortest, no surrogates. */
static size_t decode(const unsigned char *text, uint32_t *out)
{
    uint32_t first = text[0];
    unsigned int low = 0x80;
    unsigned int high = 0xbf;
    size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    *out = first;
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    *out = first & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if (text[i] < low || text[i] > high)
            return 0; /* also where it is cut off by the NUL */
        *out = *out << 6 | (text[i] & 0x3fU);
        low = 0x80;
        high = 0xbf;
    }
    return size;
}

static bool is_utf8(const unsigned char *text)
{
    uint32_t point;

    while (*text) {
        size_t size = decode(text, &point);

        if (size == 0)
            return false;
        text += size;
    }
    return true;
}

static void print_point(FILE *out, uint32_t point)
{
    if (point == '"' || point == '\\')
        fprintf(out, "\\%c", (char)point);
    else if (point >= ' ' && point < 0x7f)
        fputc((int)point, out);
    else if (point < BEYOND_BMP)
        fprintf(out, "\\u%04" PRIx32, point);
    else
        fprintf(out, "\\u%04" PRIx32 "\\u%04" PRIx32,
                0xd800 + ((point - BEYOND_BMP) >> 10),
                0xdc00 + ((point - BEYOND_BMP) & 0x3ff));
}

static void print_string(FILE *out, const unsigned char *text)
{
    uint32_t point;

    fputc('"', out);
    while (*text) {
        text += decode(text, &point);
        print_point(out, point);
    }
    fputc('"', out);
}

static void print_bytes(FILE *out, const unsigned char *bytes)
{
    fputc('[', out);
    for (size_t i = 0; bytes[i]; i++)
        fprintf(out, "%s%d", i > 0 ? ", " : "", bytes[i]);
    fputc(']', out);
}

static void print_text(FILE *out, const char *text)
{
    const unsigned char *bytes = (const unsigned char *)text;

    if (is_utf8(bytes))
        print_string(out, bytes);
    else
        print_bytes(out, bytes);
}

static void begin_line(struct json *json)
{
    fprintf(json->out, "\n%*s", json->depth * INDENT, "");
}

/* What stands before a value. */
static void begin_value(struct json *json, const char *key)
{
    assert(!key == (json->depth == 0 || json->closers[json->depth - 1] == ']'));
    if (!json->is_empty)
        fputc(',', json->out);
    if (json->depth > 0)
        begin_line(json);
    json->is_empty = false;
    if (key) {
        print_text(json->out, key);
        fputs(": ", json->out);
    }
}

static void open(struct json *json, const char *key, const char pair[2])
{
    begin_value(json, key);
    assert(json->depth < JSON_DEPTH);
    fputc(pair[0], json->out);
    json->closers[json->depth++] = pair[1];
    json->is_empty = true;
}

void json_open_object(struct json *json, const char *key)
{
    open(json, key, "{}");
}

void json_open_array(struct json *json, const char *key)
{
    open(json, key, "[]");
}

void json_close(struct json *json)
{
    assert(json->depth > 0);
    json->depth--;
    if (!json->is_empty)
        begin_line(json);
    fputc(json->closers[json->depth], json->out);
    json->is_empty = false;
}

void json_text(struct json *json, const char *key, const char *text)
{
    begin_value(json, key);
    print_text(json->out, text);
}

void json_unsigned(struct json *json, const char *key, uint64_t value)
{
    begin_value(json, key);
    fprintf(json->out, "%" PRIu64, value);
}

void json_signed(struct json *json, const char *key, int64_t value)
{
    begin_value(json, key);
    fprintf(json->out, "%" PRId64, value);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin_value(json, key);
    fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
    begin_value(json, key);
    fputs("null", json->out);
}

void json_end(struct json *json)
{
    assert(json->depth == 0);
    fputc('\n', json->out);
}
