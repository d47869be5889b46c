/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_TOKENS_H
#define EXECUTOR_TOKENS_H

/*
 * The tokens that let in whoever comes without credentials of his transport's.
 * Only their SHA-256 is known here. A file has a line for each:
 *
 *     NAME ROLE DIGEST
 *
 * with ROLE run, observe or admin and DIGEST in hexadecimal; empty lines and
 * those that begin with '#' are skipped. Several lines may have one name: they
 * let in the same principal.
 */

#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/status.h>

#include "common/message.h"
#include "executor/link_frame.h"

enum { TOKENS_MAX = 1024, TOKEN_DIGEST_BYTES = 32 };

struct token {
    char name[LINK_NAME_BYTES + 1];
    enum role role;
    uint8_t digest[TOKEN_DIGEST_BYTES];
};

struct tokens {
    struct token *all;
    size_t count; /* at most TOKENS_MAX */
};

/* Adds those in the file, which must be a secret one. The error names the line
 * that is wrong. */
REMEX_CHECKED enum remex_status tokens_load(
        struct tokens *tokens, const char *path, struct remex_error *error);

/* Safe on a zeroed struct. */
void tokens_deinit(struct tokens *tokens);

/* Takes as long whichever it is, and if it is none: NULL. */
const struct token *tokens_find(
        const struct tokens *tokens, struct remex_bytes shown);

/* The one that was found before, perhaps in another file: NULL if it is not in
 * this one, or under another name. */
const struct token *tokens_find_again(
        const struct tokens *tokens, const struct token *before);

#endif
