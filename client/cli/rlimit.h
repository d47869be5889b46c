/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_RLIMIT_H
#define CLI_RLIMIT_H

/*
 * Resource limits by name.
 */

#include <stdbool.h>

#include <remex/process.h>

/* "nofile=1024", "as=1G:2G", "core=0:unlimited"; one value stands for both. */
bool rlimit_parse(const char *text, struct remex_rlimit *out);

#endif
