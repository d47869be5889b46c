/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_TELL_H
#define SUPPORT_TELL_H

/*
 * Everything in a message as text, a line for each field: to compare two of
 * them, and to see what differs. Yours to g_free.
 */

#include "common/message.h"

char *tell_request(const struct request *request);
char *tell_reply(const struct reply *reply);
char *tell_hint(const struct hint *hint);

#endif
