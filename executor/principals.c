/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/principals.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "executor/limits.h"

void principals_init(struct principals *principals,
        const struct message_limits *limits, const struct policy *policy)
{
    list_init(&principals->all);
    principals->limits = *limits;
    principals->policy = policy;
}

static void principal_free(struct principal *principal)
{
    assert(principal->sessions == 0 && principal->processes == 0);
    assert(principal->retained.used == 0 && principal->input.used == 0);
    list_remove(&principal->all);
    former_deinit(&principal->former);
    free(principal);
}

/* Nobody holds it, and none of its ids stays taken. */
static bool is_idle(const struct principal *principal)
{
    return principal->holders == 0 && former_count(&principal->former) == 0;
}

/* Those that have paid for all they started, too. */
static void free_idle(struct principals *principals, int64_t now)
{
    struct list *node = principals->all.next;

    while (node != &principals->all) {
        struct principal *principal = CONTAINER_OF(node, struct principal, all);

        node = node->next;
        former_expire(&principal->former, now);
        if (principal->starts_paid <= now && is_idle(principal))
            principal_free(principal);
    }
}

void principals_deinit(struct principals *principals)
{
    free_idle(principals, CLOCK_NEVER);
    assert(list_is_empty(&principals->all));
}

static struct principal *find(
        const struct principals *principals, const char *name)
{
    struct list *node = principals->all.next;

    for (; node != &principals->all; node = node->next) {
        struct principal *principal = CONTAINER_OF(node, struct principal, all);

        if (strcmp(principal->name, name) == 0)
            return principal;
    }
    return NULL;
}

/* By what is in force. */
static void settle(
        const struct principals *principals, struct principal *principal)
{
    principal->limits = principals->limits;
    principal->policy = NULL;
    if (principals->policy) {
        principal->policy =
                policy_section_of(principals->policy, principal->name);
        policy_set_limits(principal->policy, &principal->limits);
    }
    limits_settle(&principal->limits, principal->name);
    principal->retained.limit = principal->limits.retained_bytes_per_principal;
    principal->input.limit = principal->limits.stdin_bytes_per_principal;
}

/* What one start costs, of the time; 0: nothing. */
static int64_t price(const struct principal *principal)
{
    uint64_t rate = principal->limits.starts_per_second;

    return rate > 0 ? clock_from_ms(1000) / (int64_t)rate : 0;
}

/* As many starts are owed as before, at the new price. */
static void settle_again(const struct principals *principals,
        struct principal *principal, int64_t now)
{
    int64_t before = price(principal);
    int64_t owed = principal->starts_paid > now && before > 0
            ? (principal->starts_paid - now) / before
            : 0;

    settle(principals, principal);
    if (principal->starts_paid > now)
        principal->starts_paid = now + owed * price(principal);
}

void principals_change(struct principals *principals,
        const struct message_limits *limits, const struct policy *policy,
        int64_t now)
{
    struct list *node = principals->all.next;

    principals->limits = *limits;
    principals->policy = policy;
    for (; node != &principals->all; node = node->next)
        settle_again(
                principals, CONTAINER_OF(node, struct principal, all), now);
}

struct principal *principals_hold(
        struct principals *principals, const char *name, int64_t now)
{
    struct principal *principal;

    assert(strlen(name) < PRINCIPAL_NAME_BYTES);
    free_idle(principals, now);
    principal = find(principals, name);
    if (principal)
        return principal_hold(principal);
    principal = calloc(1, sizeof(*principal));
    if (!principal)
        return NULL;
    snprintf(principal->name, sizeof(principal->name), "%s", name);
    settle(principals, principal);
    list_init(&principal->all);
    list_init(&principal->entries);
    former_init(&principal->former);
    list_append(&principals->all, &principal->all);
    return principal_hold(principal);
}

struct principal *principal_hold(struct principal *principal)
{
    principal->holders++;
    return principal;
}

void principal_release(struct principal *principal)
{
    if (!principal)
        return;
    principal->holders--;
    if (principal->starts_paid == 0 && is_idle(principal))
        principal_free(principal);
}

/* Each start pays for a fraction of a second, and as many as may come at once
 * are let ahead of the time. */
bool principal_take_start(struct principal *principal, int64_t now)
{
    int64_t each = price(principal);
    int64_t ahead;

    if (each == 0)
        return true;
    ahead = each * (int64_t)(principal->limits.starts_burst - 1);
    if (principal->starts_paid > clock_after(now, ahead))
        return false;
    if (principal->starts_paid < now)
        principal->starts_paid = now;
    principal->starts_paid += each;
    return true;
}
