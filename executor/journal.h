/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_JOURNAL_H
#define EXECUTOR_JOURNAL_H

/*
 * Whether what we write ends up in systemd's journal, which takes the priority
 * of a line from its beginning.
 */

#include <stdbool.h>

/* By the environment, which names the journal's end of a descriptor: one that
 * has been redirected since is not it. */
bool journal_reads(int fd);

#endif
