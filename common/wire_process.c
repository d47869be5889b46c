/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire_values.h"

/* --- Parts ---------------------------------------------------------------- */

Remex__V1__StreamSpec *wire_put_stream(
        struct wire *wire, const struct stream_spec *spec)
{
    Remex__V1__StreamSpec *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__stream_spec__init(pb);
    pb->capture = (Remex__V1__Capture)spec->capture;
    pb->delivery = (Remex__V1__Delivery)spec->delivery;
    pb->no_follower = (Remex__V1__NoFollower)spec->no_follower;
    pb->retention = (Remex__V1__Retention)spec->retention;
    pb->retention_amount = spec->retention_amount;
    pb->chunk_bytes = spec->chunk_bytes;
    return pb;
}

struct stream_spec wire_take_stream(const Remex__V1__StreamSpec *pb)
{
    static const struct stream_spec none = { .chunk_bytes = 0 };

    if (!pb)
        return none;
    return (struct stream_spec){
        .capture = (enum capture)pb->capture,
        .delivery = (enum delivery)pb->delivery,
        .no_follower = (enum no_follower)pb->no_follower,
        .retention = (enum retention)pb->retention,
        .retention_amount = pb->retention_amount,
        .chunk_bytes = pb->chunk_bytes,
    };
}

static Remex__V1__PtySpec *put_pty(
        struct wire *wire, const struct pty_spec *spec)
{
    Remex__V1__PtySpec *pb = spec ? wire_alloc(wire, 1, sizeof(*pb)) : NULL;

    if (!pb)
        return NULL;
    remex__v1__pty_spec__init(pb);
    pb->rows = spec->rows;
    pb->columns = spec->columns;
    pb->term = wire_put_bytes(spec->term);
    return pb;
}

static const struct pty_spec *take_pty(
        struct wire *wire, const Remex__V1__PtySpec *pb)
{
    struct pty_spec *spec = pb ? wire_alloc(wire, 1, sizeof(*spec)) : NULL;

    if (!spec)
        return NULL;
    spec->rows = pb->rows;
    spec->columns = pb->columns;
    spec->term = wire_take_bytes(pb->term);
    return spec;
}

static Remex__V1__EofLinger *put_linger(
        struct wire *wire, const struct process_spec *spec)
{
    Remex__V1__EofLinger *pb = NULL;

    if (spec->has_eof_linger)
        pb = wire_alloc(wire, 1, sizeof(*pb));
    if (!pb)
        return NULL;
    remex__v1__eof_linger__init(pb);
    pb->wait_ms = spec->eof_linger_ms;
    return pb;
}

/* --- Lists ---------------------------------------------------------------- */

/* protobuf-c wants an array of pointers to messages: the messages are made in
 * an array of their own. */

Remex__V1__StopStep **wire_put_plan(
        struct wire *wire, const struct stop_step *plan, size_t count)
{
    Remex__V1__StopStep *steps = wire_alloc(wire, count, sizeof(*steps));
    Remex__V1__StopStep **pb =
            wire_alloc(wire, count, sizeof(Remex__V1__StopStep *));

    for (size_t i = 0; pb && i < count; i++) {
        remex__v1__stop_step__init(&steps[i]);
        steps[i].signal = plan[i].signal;
        steps[i].wait_ms = plan[i].wait_ms;
        pb[i] = &steps[i];
    }
    return pb;
}

const struct stop_step *wire_take_plan(
        struct wire *wire, Remex__V1__StopStep *const *pb, size_t count)
{
    struct stop_step *plan = wire_alloc(wire, count, sizeof(*plan));

    for (size_t i = 0; plan && i < count; i++) {
        plan[i].signal = pb[i]->signal;
        plan[i].wait_ms = pb[i]->wait_ms;
    }
    return plan;
}

static Remex__V1__ResourceLimit **put_rlimits(
        struct wire *wire, const struct rlimit_spec *rlimits, size_t count)
{
    Remex__V1__ResourceLimit *limits = wire_alloc(wire, count, sizeof(*limits));
    Remex__V1__ResourceLimit **pb =
            wire_alloc(wire, count, sizeof(Remex__V1__ResourceLimit *));

    for (size_t i = 0; pb && i < count; i++) {
        remex__v1__resource_limit__init(&limits[i]);
        limits[i].resource = rlimits[i].resource;
        limits[i].soft = rlimits[i].soft;
        limits[i].hard = rlimits[i].hard;
        pb[i] = &limits[i];
    }
    return pb;
}

static const struct rlimit_spec *take_rlimits(
        struct wire *wire, Remex__V1__ResourceLimit *const *pb, size_t count)
{
    struct rlimit_spec *rlimits = wire_alloc(wire, count, sizeof(*rlimits));

    for (size_t i = 0; rlimits && i < count; i++) {
        rlimits[i].resource = pb[i]->resource;
        rlimits[i].soft = pb[i]->soft;
        rlimits[i].hard = pb[i]->hard;
    }
    return rlimits;
}

Remex__V1__TreeLimits *wire_put_tree_limits(
        struct wire *wire, const struct tree_limits *limits)
{
    bool any = limits->memory_bytes || limits->pids || limits->cpu_millis;
    Remex__V1__TreeLimits *pb = any ? wire_alloc(wire, 1, sizeof(*pb)) : NULL;

    if (!pb)
        return NULL;
    remex__v1__tree_limits__init(pb);
    pb->memory_bytes = limits->memory_bytes;
    pb->pids = limits->pids;
    pb->cpu_millis = limits->cpu_millis;
    return pb;
}

struct tree_limits wire_take_tree_limits(const Remex__V1__TreeLimits *pb)
{
    static const struct tree_limits none = { .memory_bytes = 0 };

    if (!pb)
        return none;
    return (struct tree_limits){ pb->memory_bytes, pb->pids, pb->cpu_millis };
}

Remex__V1__Label **wire_put_labels(
        struct wire *wire, const struct label *labels, size_t count)
{
    Remex__V1__Label *made = wire_alloc(wire, count, sizeof(*made));
    Remex__V1__Label **pb = wire_alloc(wire, count, sizeof(Remex__V1__Label *));

    for (size_t i = 0; pb && i < count; i++) {
        remex__v1__label__init(&made[i]);
        made[i].name = wire_put_text(wire, labels[i].name);
        made[i].value = wire_put_text(wire, labels[i].value);
        pb[i] = &made[i];
    }
    return pb;
}

const struct label *wire_take_labels(
        struct wire *wire, Remex__V1__Label *const *pb, size_t count)
{
    struct label *labels = wire_alloc(wire, count, sizeof(*labels));

    for (size_t i = 0; labels && i < count; i++) {
        labels[i].name = wire_take_text(pb[i]->name);
        labels[i].value = wire_take_text(pb[i]->value);
    }
    return labels;
}

/* --- ProcessSpec ---------------------------------------------------------- */

static void put_lists(struct wire *wire, const struct process_spec *spec,
        Remex__V1__ProcessSpec *pb)
{
    pb->argv = wire_put_list(wire, spec->argv, spec->argv_count);
    pb->n_argv = spec->argv_count;
    pb->env = wire_put_list(wire, spec->env, spec->env_count);
    pb->n_env = spec->env_count;
    pb->rlimits = put_rlimits(wire, spec->rlimits, spec->rlimit_count);
    pb->n_rlimits = spec->rlimit_count;
    pb->stop_plan = wire_put_plan(wire, spec->stop_plan, spec->stop_plan_count);
    pb->n_stop_plan = spec->stop_plan_count;
    pb->labels = wire_put_labels(wire, spec->labels, spec->label_count);
    pb->n_labels = spec->label_count;
}

Remex__V1__ProcessSpec *wire_put_process(
        struct wire *wire, const struct process_spec *spec)
{
    Remex__V1__ProcessSpec *pb = wire_alloc(wire, 1, sizeof(*pb));

    if (!pb)
        return NULL;
    remex__v1__process_spec__init(pb);
    pb->process_id = wire_put_bytes(spec->process_id);
    pb->arg0 = wire_put_bytes(spec->arg0);
    pb->cwd = wire_put_bytes(spec->cwd);
    pb->env_base = (Remex__V1__EnvBase)spec->env_base;
    pb->stdin_kind = (Remex__V1__Stdin)spec->stdin_kind;
    pb->pty = put_pty(wire, spec->pty);
    pb->stdout_spec = wire_put_stream(wire, &spec->out);
    if (!spec->pty)
        pb->stderr_spec = wire_put_stream(wire, &spec->err);
    pb->wall_time_ms = spec->wall_time_ms;
    pb->owner_loss = (Remex__V1__OwnerLoss)spec->owner_loss;
    pb->keep_ms = spec->keep_ms;
    pb->eof_linger = put_linger(wire, spec);
    pb->tree_limits = wire_put_tree_limits(wire, &spec->tree_limits);
    put_lists(wire, spec, pb);
    return pb;
}

static void take_lists(struct wire *wire, const Remex__V1__ProcessSpec *pb,
        struct process_spec *out)
{
    out->argv = wire_take_list(wire, pb->argv, pb->n_argv);
    out->argv_count = pb->n_argv;
    out->env = wire_take_list(wire, pb->env, pb->n_env);
    out->env_count = pb->n_env;
    out->rlimits = take_rlimits(wire, pb->rlimits, pb->n_rlimits);
    out->rlimit_count = pb->n_rlimits;
    out->stop_plan = wire_take_plan(wire, pb->stop_plan, pb->n_stop_plan);
    out->stop_plan_count = pb->n_stop_plan;
    out->labels = wire_take_labels(wire, pb->labels, pb->n_labels);
    out->label_count = pb->n_labels;
}

void wire_take_process(struct wire *wire, const Remex__V1__ProcessSpec *pb,
        struct process_spec *out)
{
    *out = (struct process_spec){
        .process_id = wire_take_bytes(pb->process_id),
        .arg0 = wire_take_bytes(pb->arg0),
        .cwd = wire_take_bytes(pb->cwd),
        .env_base = (enum env_base)pb->env_base,
        .stdin_kind = (enum stdin_kind)pb->stdin_kind,
        .pty = take_pty(wire, pb->pty),
        .out = wire_take_stream(pb->stdout_spec),
        .err = wire_take_stream(pb->stderr_spec),
        .wall_time_ms = pb->wall_time_ms,
        .owner_loss = (enum owner_loss)pb->owner_loss,
        .keep_ms = pb->keep_ms,
        .has_eof_linger = pb->eof_linger != NULL,
        .eof_linger_ms = pb->eof_linger ? pb->eof_linger->wait_ms : 0,
        .tree_limits = wire_take_tree_limits(pb->tree_limits),
    };
    take_lists(wire, pb, out);
}
