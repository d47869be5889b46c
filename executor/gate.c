/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/gate.h"

#include <stdio.h>
#include <string.h>

#include "common/error.h"

#define TOKEN_PREFIX "token:"

enum remex_status gate_admits(const struct gate *gate,
        const struct caller *caller, struct remex_error *error)
{
    if (!caller->has_uid)
        return REMEX_OK;
    if (caller->uid != LINK_PEER_UID_UNKNOWN &&
            (caller->uid == gate->own_uid || caller->uid == 0))
        return REMEX_OK;
    return error_set(error, REMEX_PERMISSION_DENIED,
            "This executor serves user %u only.", gate->own_uid);
}

/* By the transport's credentials; false: it has none. */
static bool name_of(const struct caller *caller, char out[PRINCIPAL_NAME_BYTES])
{
    if (caller->has_uid)
        snprintf(out, PRINCIPAL_NAME_BYTES, "uid:%u", caller->uid);
    else if (caller->name[0])
        snprintf(out, PRINCIPAL_NAME_BYTES, "cert:%s", caller->name);
    else
        return false;
    return true;
}

static enum remex_status identify_token(const struct gate *gate,
        struct remex_bytes shown, struct gate_identity *out,
        struct remex_error *error)
{
    const struct token *token = tokens_find(&gate->tokens, shown);

    if (!token)
        return error_set(error, REMEX_UNAUTHENTICATED,
                "This address asks for a token, and the one given is not it.");
    snprintf(out->name, sizeof(out->name), TOKEN_PREFIX "%s", token->name);
    out->role = token->role;
    out->token = *token;
    return REMEX_OK;
}

enum remex_status gate_identify(const struct gate *gate,
        const struct caller *caller, struct remex_bytes token,
        struct gate_identity *out, struct remex_error *error)
{
    enum remex_status status = gate_admits(gate, caller, error);

    if (status != REMEX_OK)
        return status;
    out->token.name[0] = '\0';
    if (!name_of(caller, out->name))
        return identify_token(gate, token, out, error);
    out->role = ROLE_RUN;
    return REMEX_OK;
}

bool gate_is_of(const struct caller *caller, const char *principal)
{
    char name[PRINCIPAL_NAME_BYTES];

    if (name_of(caller, name))
        return strcmp(principal, name) == 0;
    return strncmp(principal, TOKEN_PREFIX, sizeof(TOKEN_PREFIX) - 1) == 0;
}

bool gate_still_knows(
        const struct gate *gate, const struct token *token, enum role *role_out)
{
    const struct token *now;

    if (!token->name[0])
        return true;
    now = tokens_find_again(&gate->tokens, token);
    if (now)
        *role_out = now->role;
    return now != NULL;
}

/* Those that change nothing but the caller's own session. */
static bool only_looks(enum method method)
{
    static const enum method methods[] = { METHOD_OPEN, METHOD_CLOSE,
        METHOD_RENEW, METHOD_FOLLOW, METHOD_UNFOLLOW, METHOD_PULL, METHOD_READ,
        METHOD_WAIT, METHOD_INSPECT, METHOD_LIST };

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (methods[i] == method)
            return true;
    }
    return false;
}

enum remex_status gate_allows(
        enum role role, enum method method, struct remex_error *error)
{
    if (role == ROLE_RUN || role == ROLE_ADMIN ||
            (role == ROLE_OBSERVE && only_looks(method)))
        return REMEX_OK;
    return error_set(error, REMEX_PERMISSION_DENIED,
            "Your role may look at processes, but not use the method %s.",
            message_method_name(method));
}

enum remex_status gate_shows_everybody(
        enum role role, struct remex_error *error)
{
    if (role == ROLE_ADMIN)
        return REMEX_OK;
    return error_set(error, REMEX_PERMISSION_DENIED,
            "Only an administrator may see everybody's processes; ask for your "
            "own.");
}
