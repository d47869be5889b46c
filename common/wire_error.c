/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

#include <string.h>

#include "common/text.h"

static uint32_t version_of(uint64_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

/* A printable copy of a name; see text_copy. */
static char *put_name(struct wire *wire, const struct remex_error *error)
{
    size_t size = sizeof(error->name);
    char *name = wire_alloc(wire, 1, size);

    if (name)
        text_copy(name, size,
                (struct remex_bytes){
                        error->name, strnlen(error->name, size) });
    return name;
}

static void put_bad_field(struct wire *wire, const struct remex_error *error,
        Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_BAD_FIELD;
    pb->bad_field = wire_alloc(wire, 1, sizeof(*pb->bad_field));
    if (!pb->bad_field)
        return;
    remex__v1__bad_field__init(pb->bad_field);
    pb->bad_field->field = put_name(wire, error);
}

static void put_limit_hit(struct wire *wire, const struct remex_error *error,
        Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_LIMIT_HIT;
    pb->limit_hit = wire_alloc(wire, 1, sizeof(*pb->limit_hit));
    if (!pb->limit_hit)
        return;
    remex__v1__limit_hit__init(pb->limit_hit);
    pb->limit_hit->limit = put_name(wire, error);
    pb->limit_hit->allowed = error->allowed;
    pb->limit_hit->asked = error->asked;
}

static void put_launch_failed(struct wire *wire,
        const struct remex_error *error, Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_LAUNCH_FAILED;
    pb->launch_failed = wire_alloc(wire, 1, sizeof(*pb->launch_failed));
    if (!pb->launch_failed)
        return;
    remex__v1__launch_failed__init(pb->launch_failed);
    pb->launch_failed->stage = (Remex__V1__LaunchStage)error->stage;
    pb->launch_failed->error = error->os_error;
}

static void put_unsupported_version(struct wire *wire,
        const struct remex_error *error, Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_UNSUPPORTED_VERSION;
    pb->unsupported_version =
            wire_alloc(wire, 1, sizeof(*pb->unsupported_version));
    if (!pb->unsupported_version)
        return;
    remex__v1__unsupported_version__init(pb->unsupported_version);
    pb->unsupported_version->min_version = version_of(error->allowed);
    pb->unsupported_version->max_version = version_of(error->asked);
}

static void put_superseded(struct wire *wire, const struct remex_error *error,
        Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_SUPERSEDED;
    pb->superseded = wire_alloc(wire, 1, sizeof(*pb->superseded));
    if (!pb->superseded)
        return;
    remex__v1__superseded__init(pb->superseded);
    pb->superseded->attachment = error->allowed;
}

static void put_stale_boot(struct wire *wire, Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_STALE_BOOT;
    pb->stale_boot = wire_alloc(wire, 1, sizeof(*pb->stale_boot));
    if (pb->stale_boot)
        remex__v1__stale_boot__init(pb->stale_boot);
}

static void put_session_gone(struct wire *wire, Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_SESSION_GONE;
    pb->session_gone = wire_alloc(wire, 1, sizeof(*pb->session_gone));
    if (pb->session_gone)
        remex__v1__session_gone__init(pb->session_gone);
}

static void put_followed(struct wire *wire, Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_FOLLOWED;
    pb->followed = wire_alloc(wire, 1, sizeof(*pb->followed));
    if (pb->followed)
        remex__v1__followed__init(pb->followed);
}

static void put_policy(struct wire *wire, const struct remex_error *error,
        Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_POLICY_DENIED;
    pb->policy_denied = wire_alloc(wire, 1, sizeof(*pb->policy_denied));
    if (!pb->policy_denied)
        return;
    remex__v1__policy_denied__init(pb->policy_denied);
    pb->policy_denied->rule = put_name(wire, error);
}

static void put_answer_lost(struct wire *wire, Remex__V1__ErrorDetail *pb)
{
    pb->kind_case = REMEX__V1__ERROR_DETAIL__KIND_ANSWER_LOST;
    pb->answer_lost = wire_alloc(wire, 1, sizeof(*pb->answer_lost));
    if (pb->answer_lost)
        remex__v1__answer_lost__init(pb->answer_lost);
}

static void put_kind(struct wire *wire, const struct remex_error *error,
        Remex__V1__ErrorDetail *pb)
{
    switch (error->kind) {
    case REMEX_ERROR_STALE_BOOT:
        put_stale_boot(wire, pb);
        break;
    case REMEX_ERROR_SUPERSEDED:
        put_superseded(wire, error, pb);
        break;
    case REMEX_ERROR_SESSION_GONE:
        put_session_gone(wire, pb);
        break;
    case REMEX_ERROR_BAD_FIELD:
        put_bad_field(wire, error, pb);
        break;
    case REMEX_ERROR_LIMIT_HIT:
        put_limit_hit(wire, error, pb);
        break;
    case REMEX_ERROR_LAUNCH_FAILED:
        put_launch_failed(wire, error, pb);
        break;
    case REMEX_ERROR_UNSUPPORTED_VERSION:
        put_unsupported_version(wire, error, pb);
        break;
    case REMEX_ERROR_FOLLOWED:
        put_followed(wire, pb);
        break;
    case REMEX_ERROR_POLICY:
        put_policy(wire, error, pb);
        break;
    case REMEX_ERROR_ANSWER_LOST:
        put_answer_lost(wire, pb);
        break;
    case REMEX_ERROR_PLAIN:
        break;
    }
}

Remex__V1__ErrorDetail *wire_put_detail(
        struct wire *wire, const struct remex_error *error)
{
    bool plain = error->kind == REMEX_ERROR_PLAIN;
    Remex__V1__ErrorDetail *pb =
            plain ? NULL : wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__error_detail__init(pb);
    put_kind(wire, error, pb);
    return pb;
}

static void take_name(const char *name, struct remex_error *out)
{
    text_copy(out->name, sizeof(out->name), wire_take_text(name));
}

static void take_kind(const Remex__V1__ErrorDetail *pb, struct remex_error *out)
{
    switch (out->kind) {
    case REMEX_ERROR_SUPERSEDED:
        out->allowed = pb->superseded->attachment;
        break;
    case REMEX_ERROR_BAD_FIELD:
        take_name(pb->bad_field->field, out);
        break;
    case REMEX_ERROR_LIMIT_HIT:
        take_name(pb->limit_hit->limit, out);
        out->allowed = pb->limit_hit->allowed;
        out->asked = pb->limit_hit->asked;
        break;
    case REMEX_ERROR_POLICY:
        take_name(pb->policy_denied->rule, out);
        break;
    case REMEX_ERROR_LAUNCH_FAILED:
        out->stage = (enum remex_launch_stage)pb->launch_failed->stage;
        out->os_error = pb->launch_failed->error;
        break;
    case REMEX_ERROR_UNSUPPORTED_VERSION:
        out->allowed = pb->unsupported_version->min_version;
        out->asked = pb->unsupported_version->max_version;
        break;
    case REMEX_ERROR_PLAIN:
    case REMEX_ERROR_STALE_BOOT:
    case REMEX_ERROR_SESSION_GONE:
    case REMEX_ERROR_FOLLOWED:
    case REMEX_ERROR_ANSWER_LOST:
        break;
    }
}

/* A kind that a later version adds is plain here. */
void wire_take_detail(const Remex__V1__ErrorDetail *pb, struct remex_error *out)
{
    if (!pb)
        return;
    out->kind = (enum remex_error_kind)pb->kind_case;
    take_kind(pb, out);
}
