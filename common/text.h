/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_TEXT_H
#define COMMON_TEXT_H

/*
 * Text for people that comes from, or goes to, somebody else.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/event.h>

/* Well-formed UTF-8 (shortest forms, no surrogates) without a NUL. */
bool text_is_utf8(struct remex_bytes text);

/* Copies as much as fits, whole characters only, and ends it with a NUL.
 * Control characters and malformed bytes become '?'. `size` > 0. */
void text_copy(char *out, size_t size, struct remex_bytes text);

/* Of a C string, without its NUL. Lent as the string is. */
struct remex_bytes text_bytes(const char *string);

#endif
