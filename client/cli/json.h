/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

/*
 * Writes one JSON document (RFC 8259), readable by people as well: members on
 * lines of their own, ASCII only.
 *
 * JSON knows no text but Unicode. What is not valid UTF-8 is written as an
 * array of its bytes' numbers in the place of the string, so that it stays
 * exact and whoever expects a string notices. (journalctl does the same.)
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH 16

struct json {
    FILE *out; /* lent; its error flag tells whether anything failed */
    int depth;
    char closers[JSON_DEPTH];
    bool is_empty; /* nothing in the innermost one so far */
};

void json_init(struct json *json, FILE *out);

/* In an object each value has a `key`, in an array and outside it is NULL. */
void json_open_object(struct json *json, const char *key);
void json_open_array(struct json *json, const char *key);
void json_close(struct json *json);
void json_text(struct json *json, const char *key, const char *text);
void json_unsigned(struct json *json, const char *key, uint64_t value);
void json_signed(struct json *json, const char *key, int64_t value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* After the last close: ends the line. */
void json_end(struct json *json);

#endif
