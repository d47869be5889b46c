/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Other tokens, limits and policies than before, while sessions and processes
 * go on.
 */

#include "executor/refusal.h"
#include "executor/requests_state.h"

/* Its processes stay its own, and whoever resumes it by a good token has it
 * back; else its lease ends it. */
static void check_again(struct requests *requests, struct session *session)
{
    struct remex_error error;

    session->revoked = !gate_still_knows(
            &requests->settings.gate, &session->token, &session->role);
    refusal_token_revoked(&error);
    if (session->revoked)
        requests_refuse_session(requests, session, &error);
}

void requests_reload(struct requests *requests,
        const struct requests_settings *settings, int64_t now)
{
    struct list *node = requests->sessions.all.next;

    requests->settings.gate.tokens = settings->gate.tokens;
    requests->settings.limits = settings->limits;
    requests->settings.policy = settings->policy;
    requests->settings.retention_ms = settings->retention_ms;
    principals_change(
            &requests->principals, &settings->limits, settings->policy, now);
    requests->sessions.limits = requests_sessions_limits(settings);
    requests->registry.limits = requests_registry_limits(settings);
    for (; node != &requests->sessions.all; node = node->next)
        check_again(requests, CONTAINER_OF(node, struct session, all));
}
