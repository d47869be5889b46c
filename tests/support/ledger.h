/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_LEDGER_H
#define SUPPORT_LEDGER_H

/*
 * A file that children append to what is done to them; see children/ledger.c.
 */

/* An empty one; its path, to be given to ledger_free. */
char *ledger_new(void);
void ledger_free(char *path);

/* Waits until it has exactly this text. Fails the test if it has other text, or
 * not all of it in time. */
void ledger_wait(const char *path, const char *text);

#endif
