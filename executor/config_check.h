/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONFIG_CHECK_H
#define EXECUTOR_CONFIG_CHECK_H

/*
 * Whether this host has what a configuration that is right in itself asks for:
 * a look at everything, for remexd --check. Nothing is started, made or
 * changed.
 */

#include <stddef.h>

#include "executor/config.h"

/* Tells each fault by a call with a line of its own; returns how many. */
size_t config_check_host(const struct config *config,
        void (*tell)(void *user, const char *fault), void *user);

/* Of that only whether tls:// addresses could use the files that they are to
 * have. */
size_t config_check_tls(const struct config *config,
        void (*tell)(void *user, const char *fault), void *user);

#endif
