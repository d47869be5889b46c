/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_RULES_H
#define SUPPORT_RULES_H

/*
 * Saying a rule of messages: what is fine, and what is refused for which field.
 */

#include <stddef.h>

#include "common/message.h"

void rules_fine(const struct request *request);

/* With a sentence, too. */
void rules_refused(const struct request *request, const char *field);

void rules_reply_fine(const struct reply *reply);
void rules_reply_refused(const struct reply *reply, const char *field);

/* `size` bytes, at most 4096, which is more than any rule allows. Static. */
struct remex_bytes rules_many(size_t size);

#endif
