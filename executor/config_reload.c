/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_reload.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "executor/config_check.h"
#include "executor/config_tree_limits.h"

/* --- What takes a restart --------------------------------------------------
 */

static bool same_address(const struct address *a, const struct address *b)
{
    char text_a[ADDRESS_TEXT_BYTES];
    char text_b[ADDRESS_TEXT_BYTES];

    address_format(a, text_a);
    address_format(b, text_b);
    return strcmp(text_a, text_b) == 0;
}

static bool listens_alike(
        const struct config *config, const struct config *fresh)
{
    if (fresh->address_count == 0)
        return config->listens_by_default;
    if (fresh->address_count != config->address_count)
        return false;
    for (size_t i = 0; i < fresh->address_count; i++)
        if (!same_address(&config->addresses[i], &fresh->addresses[i]))
            return false;
    return true;
}

static bool measures_alike(
        const struct config *config, const struct config *fresh)
{
    return config->has_metrics == fresh->has_metrics &&
            (!config->has_metrics ||
                    same_address(&config->metrics, &fresh->metrics));
}

static bool same_user(const struct credentials *a, const struct credentials *b)
{
    return strcmp(a->name, b->name) == 0 && a->uid == b->uid &&
            a->gid == b->gid && a->group_count == b->group_count &&
            memcmp(a->groups, b->groups,
                    a->group_count * sizeof(a->groups[0])) == 0;
}

static void note(struct config_change *change, bool same, const char *option)
{
    if (same)
        return;
    assert(change->pending_count < CONFIG_PENDING);
    change->pending[change->pending_count++] = option;
}

static void compare(struct config_change *change, const struct config *config,
        const struct config *fresh)
{
    note(change, listens_alike(config, fresh), "--listen");
    note(change, config->insecure_tcp == fresh->insecure_tcp, "--insecure-tcp");
    note(change, measures_alike(config, fresh), "--metrics");
    note(change, same_user(&config->run_as, &fresh->run_as), "--run-as");
    note(change,
            config->names_front_user == fresh->names_front_user &&
                    same_user(&config->front_user, &fresh->front_user),
            "--front-user");
    note(change, config->log_priorities || !fresh->log_priorities,
            "--log-priorities");
}

/* --- What can change -------------------------------------------------------
 */

static void swap_bytes(void *a, void *b, size_t size)
{
    unsigned char *one = a;
    unsigned char *other = b;

    for (size_t i = 0; i < size; i++) {
        unsigned char byte = one[i];

        one[i] = other[i];
        other[i] = byte;
    }
}

static void swap(struct config *a, struct config *b)
{
    swap_bytes(&a->tokens, &b->tokens, sizeof(a->tokens));
    swap_bytes(&a->policy, &b->policy, sizeof(a->policy));
    swap_bytes(&a->limits, &b->limits, sizeof(a->limits));
    swap_bytes(&a->retention_ms, &b->retention_ms, sizeof(a->retention_ms));
    swap_bytes(&a->drain_s, &b->drain_s, sizeof(a->drain_s));
    swap_bytes(
            a->tls_certificate, b->tls_certificate, sizeof(a->tls_certificate));
    swap_bytes(a->tls_key, b->tls_key, sizeof(a->tls_key));
    swap_bytes(a->tls_clients, b->tls_clients, sizeof(a->tls_clients));
}

/* --- Together --------------------------------------------------------------
 */

/* The first one is told. */
static void take_fault(void *user, const char *fault)
{
    struct remex_error *error = user;

    if (error->status == REMEX_OK)
        error_set(error, REMEX_INVALID_ARGUMENT, "%s", fault);
}

/* Whether anybody at all runs as another is settled by what was given up at the
 * start. */
static enum remex_status check_users(
        const struct config *config, struct remex_error *error)
{
    const struct policy_section *section = config->policy.sections;
    bool changes = config->run_as.name[0] != '\0';

    for (; section; section = section->next)
        changes = changes || section->user;
    if (changes == config->changes_user)
        return REMEX_OK;
    return error_set(error, REMEX_FAILED_PRECONDITION,
            changes ? "the policy names users, and no program had another's "
                      "rights so far: that takes a restart"
                    : "no program is to run as another user any more: that "
                      "takes a restart");
}

static enum remex_status check(const struct config *config,
        unsigned int tree_limits, struct remex_error *error)
{
    enum remex_status status = check_users(config, error);

    if (status == REMEX_OK)
        status = config_check_whole(config, error);
    if (status == REMEX_OK)
        status = config_check_tree_limits(config, tree_limits, error);
    if (status != REMEX_OK)
        return status;
    error->status = REMEX_OK;
    config_check_tls(config, take_fault, error);
    return error->status;
}

/* Those that are wanted and cannot be had yet may be why the rest is wrong. */
static void tell_pending(
        const struct config_change *change, struct remex_error *error)
{
    struct remex_error why = *error;

    if (change->pending_count > 0)
        error_set(error, why.status, "%s (as long as %s %s)", why.text,
                change->pending[0],
                change->pending_count > 1 ? "and others are what they are"
                                          : "is what it is");
}

static enum remex_status change_to(struct config *config, struct config *fresh,
        const struct config_source *source, struct config_change *out,
        struct remex_error *error)
{
    enum remex_status status = config_parse_again(
            fresh, source->argument_count, source->arguments, error);

    if (status != REMEX_OK)
        return status;
    compare(out, config, fresh);
    swap(config, fresh);
    status = check(config, source->tree_limits, error);
    if (status == REMEX_OK)
        return REMEX_OK;
    swap(config, fresh);
    tell_pending(out, error);
    return status;
}

enum remex_status config_reload(struct config *config,
        const struct config_source *source, struct config_change *out,
        struct remex_error *error)
{
    enum remex_status status;

    *out = (struct config_change){ .before = calloc(1, sizeof(*out->before)) };
    if (!out->before)
        return error_set(error, REMEX_NO_MEMORY, "no memory for it");
    status = change_to(config, out->before, source, out, error);
    if (status != REMEX_OK)
        config_change_deinit(out);
    return status;
}

void config_change_deinit(struct config_change *change)
{
    config_deinit(change->before);
    free(change->before);
    change->before = NULL;
}
