/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONFIG_OPTIONS_H
#define EXECUTOR_CONFIG_OPTIONS_H

/*
 * What remexd can be told, each by one name: typed with its dashes, or as a
 * line of a configuration file without them.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/status.h>

#include "executor/config.h"

struct config_option {
    const char *name; /* with its dashes */
    enum remex_status (*take)(struct config *config, const char *value,
            struct remex_error *error);
    bool is_flag;    /* has no value */
    bool only_typed; /* is of no use in a file */
    bool of_start;   /* is of no use once it has been heeded */
};

/* NULL: there is none of that name, dashes and all. */
const struct config_option *config_option_find(const char *name, size_t size);

/* "OPTION: WHAT", and where to look it up. */
enum remex_status config_usage_error(
        struct remex_error *error, const char *option, const char *what);

#endif
