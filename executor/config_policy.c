/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_policy.h"

#include "common/error.h"
#include "executor/policy_file.h"

static enum remex_status refuse(struct remex_error *error,
        const struct policy *policy, const struct policy_section *section,
        const struct remex_error *why)
{
    return error_set(error, why->status, "%s:%u: %s", policy->path,
            section->line, why->text);
}

static enum remex_status find_user(struct policy *policy,
        struct policy_section *section, struct remex_error *error)
{
    struct credentials *found = arena_alloc(&policy->arena, sizeof(*found));
    enum remex_status status;

    if (!found)
        return error_set(error, REMEX_NO_MEMORY, "no memory for a user");
    status = credentials_find(section->user, found, error);
    if (status == REMEX_OK)
        status = credentials_check_means(error);
    section->credentials = found;
    return status;
}

enum remex_status config_load_policy(
        struct config *config, const char *path, struct remex_error *error)
{
    enum remex_status status = policy_load(&config->policy, path, error);
    struct policy_section *section = config->policy.sections;

    for (; status == REMEX_OK && section; section = section->next) {
        struct remex_error why;

        if (!section->user)
            continue;
        config->changes_user = true;
        status = find_user(&config->policy, section, &why);
        if (status != REMEX_OK)
            refuse(error, &config->policy, section, &why);
    }
    if (status != REMEX_OK)
        policy_deinit(&config->policy);
    return status;
}

/* Programs of the fronts' user could get hold of them. Once we can become
 * others, what runs as ourselves could as well. */
static enum remex_status check_user(const struct config *config,
        const struct policy_section *section, struct remex_error *error)
{
    if (config->names_front_user && section->user &&
            section->credentials->uid == config->front_user.uid)
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "they cannot have the user of --front-user");
    if (!config->changes_user || section->user || !section->rules ||
            config->run_as.name[0])
        return REMEX_OK;
    return error_set(error, REMEX_INVALID_ARGUMENT,
            "others have a user, so these must have one; or say --run-as");
}

enum remex_status config_check_policy(
        const struct config *config, struct remex_error *error)
{
    const struct policy_section *section = config->policy.sections;

    for (; section; section = section->next) {
        struct message_limits limits = config->limits;
        struct remex_error why;
        enum remex_status status;

        policy_set_limits(section, &limits);
        status = limits_check(&limits, &why);
        if (status == REMEX_OK)
            status = check_user(config, section, &why);
        if (status != REMEX_OK)
            return refuse(error, &config->policy, section, &why);
    }
    return REMEX_OK;
}
