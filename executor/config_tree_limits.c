/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_tree_limits.h"

#include "common/error.h"

static unsigned int set_by(const struct config *config)
{
    const struct policy_section *section = config->policy.sections;
    unsigned int those = tree_limits_set(&config->limits.tree);

    for (; section; section = section->next) {
        struct message_limits limits = config->limits;

        policy_set_limits(section, &limits);
        those |= tree_limits_set(&limits.tree);
    }
    return those;
}

enum remex_status config_check_tree_limits(const struct config *config,
        unsigned int available, struct remex_error *error)
{
    unsigned int missing = set_by(config) & ~available;

    for (enum tree_limit i = 0; i < TREE_LIMITS; i++)
        if (missing & TREE_LIMIT(i))
            return error_set(error, REMEX_UNIMPLEMENTED,
                    "the limit %s takes a control group that remexd can limit, "
                    "and there is none here; see CONTAINMENT in remexd(8)",
                    tree_limit_name(i));
    return REMEX_OK;
}
