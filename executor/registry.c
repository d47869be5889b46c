/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/registry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/error.h"
#include "common/random.h"
#include "common/text.h"
#include "executor/process_host.h"
#include "executor/refusal.h"
#include "executor/registry_inside.h"

enum {
    /* A closed process that somebody is still to be told about is looked at
     * again after so long. */
    AGAIN_MS = 1000,
    /* So many of one principal may be on their way that are not expected. */
    FAR_EACH = 4,
};

void registry_init(struct registry *registry,
        const struct registry_limits *limits,
        const struct registry_hooks *hooks, struct process_host *host,
        struct agenda *agenda)
{
    registry->limits = *limits;
    registry->hooks = *hooks;
    registry->host = host;
    registry->agenda = agenda;
    random_bytes(&registry->key, sizeof(registry->key));
    table_init(&registry->by_name);
    list_init(&registry->closed);
    list_init(&registry->launching);
}

/* All of it, or less than before: what is over a limit that was lowered since
 * could not be given back and taken again. */
static void charge(struct entry *entry, uint64_t retained)
{
    struct allowance *allowance = &entry->principal->retained;

    entry->registry->retained -= entry->retained;
    entry->registry->retained += retained;
    if (retained > entry->retained)
        allowance_take(allowance, retained - entry->retained);
    else
        allowance_give_back(allowance, entry->retained - retained);
    entry->retained = retained;
}

/* The last of it. */
static void entry_release(struct entry *entry)
{
    agenda_unbook(entry->registry->agenda, &entry->tick);
    charge(entry, 0);
    list_remove(&entry->of_principal);
    list_remove(&entry->launching);
    entry->principal->processes--;
    principal_release(entry->principal);
    free(entry->description);
    free(entry);
}

void registry_drop(struct entry *entry)
{
    struct registry *registry = entry->registry;

    registry->hooks.forgotten(registry->hooks.user, entry);
    assert(list_is_empty(&entry->follows) && list_is_empty(&entry->waiting));
    assert(!list_is_linked(&entry->owned));
    process_free(entry->process);
    list_remove(&entry->changed);
    list_remove(&entry->closed);
    table_remove(&registry->by_name, &entry->node);
    entry_release(entry);
}

void registry_deinit(struct registry *registry)
{
    struct table_node *node;

    while ((node = table_any(&registry->by_name)))
        registry_drop(CONTAINER_OF(node, struct entry, node));
    table_deinit(&registry->by_name);
}

/* --- Time ---------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void reschedule(struct entry *entry)
{
    int64_t at = process_due(entry->process);

    at = earlier(at, entry->kill_at);
    at = earlier(at, entry->forget_at);
    if (entry->is_lost)
        at = 0;
    if (registry_is_launching(entry))
        at = CLOCK_NEVER;
    agenda_set(entry->registry->agenda, &entry->tick, at);
}

static bool is_wanted(const struct entry *entry)
{
    const struct registry_hooks *hooks = &entry->registry->hooks;

    return hooks->wanted(hooks->user, entry);
}

/* For its owner's sake. */
static void end_process(struct entry *entry, size_t steps, int64_t now)
{
    process_terminate(entry->process, entry->stop_plan, steps,
            REMEX_EXIT_OWNER_LOST, now);
    process_let_go(entry->process);
}

static void tick(struct appointment *appointment, int64_t now)
{
    struct entry *entry = CONTAINER_OF(appointment, struct entry, tick);

    if (entry->is_lost)
        registry_owner_lost(entry, now);
    if (entry->forget_at <= now && !is_wanted(entry)) {
        registry_drop(entry);
        return;
    }
    if (entry->forget_at <= now)
        entry->forget_at = clock_after(now, clock_from_ms(AGAIN_MS));
    if (entry->kill_at <= now) {
        entry->kill_at = CLOCK_NEVER;
        end_process(entry, 0, now);
    }
    process_tick(entry->process, now);
    reschedule(entry);
}

void registry_settle(struct entry *entry, int64_t now)
{
    struct registry *registry = entry->registry;

    if (process_state(entry->process) == PROCESS_CLOSED &&
            !list_is_linked(&entry->closed)) {
        list_append(&registry->closed, &entry->closed);
        charge(entry, event_log_kept_bytes(process_log(entry->process)));
        entry->forget_at = clock_after(now, registry->limits.retention);
    }
    reschedule(entry);
}

/* --- Names --------------------------------------------------------------- */

/* Not by an address: what is done for all of them in turn is then done in the
 * same order whenever the same has happened. */
static uint64_t hash_of(
        const struct principal *principal, struct remex_bytes id)
{
    const char *name = principal->name;

    return table_hash(id.data, id.size) ^ table_hash(name, strlen(name));
}

struct entry *registry_find(const struct registry *registry,
        const struct principal *principal, struct remex_bytes id)
{
    struct table_node *node =
            table_first(&registry->by_name, hash_of(principal, id));

    for (; node; node = table_next(node)) {
        struct entry *entry = CONTAINER_OF(node, struct entry, node);

        if (entry->principal == principal && entry->id_size == id.size &&
                memcmp(entry->id, id.data, id.size) == 0)
            return entry;
    }
    return NULL;
}

/* --- On their way -------------------------------------------------------- */

bool registry_is_launching(const struct entry *entry)
{
    return list_is_linked(&entry->launching);
}

bool registry_has_room(const struct registry *registry,
        const struct principal *principal, int64_t now)
{
    struct list *node = registry->launching.next;
    unsigned int far = 0;

    for (; node != &registry->launching; node = node->next) {
        const struct entry *entry = CONTAINER_OF(node, struct entry, launching);

        far += entry->principal == principal &&
                now - entry->began > clock_from_ms(PROCESS_YOUNG_MS);
    }
    return far < FAR_EACH && process_has_room(registry->host);
}

static void on_launched(
        void *user, struct process *process, const struct remex_error *failure)
{
    struct entry *entry = user;
    struct registry *registry = entry->registry;

    (void)process;
    list_remove(&entry->launching);
    if (!failure)
        registry->started++;
    registry->hooks.launched(registry->hooks.user, entry, failure);
    if (failure)
        registry_drop(entry);
    else
        reschedule(entry);
}

/* --- Starting ------------------------------------------------------------ */

static void on_published(void *user, struct process *process)
{
    struct entry *entry = user;

    (void)process;
    entry->registry->hooks.changed(entry->registry->hooks.user, entry);
}

static void init_lists(struct entry *entry)
{
    list_init(&entry->launching);
    list_init(&entry->owned);
    list_init(&entry->follows);
    list_init(&entry->waiting);
    list_init(&entry->changed);
    list_init(&entry->closed);
    list_init(&entry->of_principal);
}

static void copy_spec(struct entry *entry, const struct process_spec *spec)
{
    size_t count = spec->stop_plan_count;

    assert(spec->process_id.size <= sizeof(entry->id));
    assert(count <= MESSAGE_STOP_STEPS);
    memcpy(entry->id, spec->process_id.data, spec->process_id.size);
    entry->id_size = spec->process_id.size;
    if (count > 0)
        memcpy(entry->stop_plan, spec->stop_plan,
                count * sizeof(entry->stop_plan[0]));
    entry->stop_plan_count = count;
    entry->owner_loss = spec->owner_loss;
    entry->keep = clock_from_ms(spec->keep_ms);
    entry->kill_at = CLOCK_NEVER;
    entry->forget_at = CLOCK_NEVER;
}

static struct entry *entry_new(struct registry *registry,
        struct principal *principal, const struct process_spec *spec)
{
    struct entry *entry = calloc(1, sizeof(*entry));

    if (!entry)
        return NULL;
    if (agenda_book(registry->agenda, &entry->tick, tick) != REMEX_OK) {
        free(entry);
        return NULL;
    }
    entry->registry = registry;
    init_lists(entry);
    copy_spec(entry, spec);
    entry->principal = principal_hold(principal);
    principal->processes++;
    list_append(&principal->entries, &entry->of_principal);
    entry->description = description_new(spec);
    if (entry->description)
        return entry;
    entry_release(entry);
    return NULL;
}

/* What a process may come to keep; a terminal's output is `out`. */
static uint64_t retained_by(
        const struct principal *principal, const struct process_spec *spec)
{
    bool captures = spec->out.capture == CAPTURE_PIPE ||
            (!spec->pty && spec->err.capture == CAPTURE_PIPE);

    return captures ? principal->limits.retained_bytes : 0;
}

static enum remex_status start(struct registry *registry,
        struct principal *principal, const struct registry_order *order,
        struct entry **out, struct remex_error *error)
{
    const struct process_spec *spec = order->spec;
    struct entry *entry = entry_new(registry, principal, spec);
    const struct message_limits *allowed = &principal->limits;
    struct process_limits limits = {
        .log = { (size_t)allowed->retained_bytes,
                (size_t)allowed->retained_events },
        .store = order->store,
        .stdin_bytes = (size_t)allowed->stdin_bytes,
        .input = &principal->input,
        .input_bytes = order->input ? order->input->size : 0,
        .wall_time_ms = allowed->wall_time_ms,
        .tree = allowed->tree,
        .policy = principal->policy,
    };
    struct process_hooks hooks = {
        .user = entry,
        .launched = on_launched,
        .published = on_published,
        .stdin_moved = on_published,
    };
    enum remex_status status;

    if (!entry)
        return refusal_no_memory(error, "a process");
    charge(entry, retained_by(principal, spec));
    status = process_start(
            registry->host, spec, &limits, &hooks, &entry->process, error);
    if (status != REMEX_OK && status != REMEX_AGAIN) {
        entry_release(entry);
        return status;
    }
    if (status == REMEX_OK)
        registry->started++;
    else
        list_append(&registry->launching, &entry->launching);
    table_add(&registry->by_name, &entry->node,
            hash_of(principal, spec->process_id));
    *out = entry;
    return status;
}

/* What a Run is told apart by is no longer than two digests, and nobody can
 * make a ProcessSpec of such bytes without the key. */
static struct digest digest_of_start(const struct registry *registry,
        const struct process_spec *spec, const struct remex_bytes *input)
{
    struct digest both[2] = { digest_of(&registry->key, spec->encoded) };

    if (!input)
        return both[0];
    both[1] = digest_of(&registry->key, *input);
    return digest_of(
            &registry->key, (struct remex_bytes){ both, sizeof(both) });
}

/* There may be one more, of that id. */
static enum remex_status check_new(struct registry *registry,
        struct principal *principal, const struct process_spec *spec,
        int64_t now, struct remex_error *error)
{
    enum remex_status status = registry_check_former(
            registry, principal, spec->process_id, now, error);

    if (status != REMEX_OK)
        return status;
    return registry_make_room(
            registry, principal, retained_by(principal, spec), error);
}

enum remex_status registry_start(struct registry *registry,
        struct principal *principal, const struct registry_order *order,
        int64_t now, struct entry **out, struct remex_error *error)
{
    const struct process_spec *spec = order->spec;
    struct digest digest = digest_of_start(registry, spec, order->input);
    struct entry *known = registry_find(registry, principal, spec->process_id);
    enum remex_status status;

    if (known && !digest_equal(&known->digest, &digest))
        return error_set(error, REMEX_ALREADY_EXISTS,
                "The process id names a process that was started otherwise; "
                "choose another id.");
    if (known) {
        *out = known;
        return registry_is_launching(known) ? REMEX_AGAIN : REMEX_OK;
    }
    status = check_new(registry, principal, spec, now, error);
    if (status == REMEX_OK)
        status = start(registry, principal, order, out, error);
    if (status == REMEX_OK || status == REMEX_AGAIN) {
        (*out)->digest = digest;
        (*out)->began = now;
    }
    return status;
}

/* --- Ending -------------------------------------------------------------- */

bool registry_terminate(struct entry *entry, const struct stop_step *plan,
        size_t count, int64_t now)
{
    bool running = process_terminate(
            entry->process, plan, count, REMEX_EXIT_TERMINATED, now);

    reschedule(entry);
    return running;
}

void registry_own(struct entry *entry, struct list *owner)
{
    if (list_is_linked(&entry->owned))
        return;
    list_append(owner, &entry->owned);
    entry->is_lost = false;
    entry->kill_at = CLOCK_NEVER;
    reschedule(entry);
}

/* Whoever is on his way cannot be killed in whole: it is done as soon as he has
 * his program. */
void registry_owner_lost(struct entry *entry, int64_t now)
{
    list_remove(&entry->owned);
    entry->is_lost = registry_is_launching(entry);
    if (entry->is_lost)
        return;
    if (process_state(entry->process) == PROCESS_CLOSED)
        return;
    if (entry->owner_loss == OWNER_LOSS_KEEP)
        entry->kill_at = clock_after(now, entry->keep);
    else if (entry->owner_loss == OWNER_LOSS_TERMINATE)
        end_process(entry, entry->stop_plan_count, now);
    else
        end_process(entry, 0, now);
    reschedule(entry);
}

enum remex_status registry_forget(
        struct entry *entry, struct remex_error *error)
{
    if (process_state(entry->process) != PROCESS_CLOSED)
        return error_set(error, REMEX_FAILED_PRECONDITION,
                "The process has not closed yet; terminate it, and wait for "
                "that.");
    if (is_wanted(entry))
        return error_set(error, REMEX_FAILED_PRECONDITION,
                "A follower is still to be told of its end; let it have that, "
                "or unfollow.");
    registry_drop(entry);
    return REMEX_OK;
}

/* --- Telling ------------------------------------------------------------- */

static uint32_t followers_of(const struct entry *entry)
{
    const struct list *node = entry->follows.next;
    uint32_t count = 0;

    for (; node != &entry->follows; node = node->next)
        count++;
    return count;
}

void registry_tell_status(const struct entry *entry, struct process_status *out)
{
    const struct description *description = entry->description;
    bool closed = entry->forget_at != CLOCK_NEVER;
    int64_t expires = closed ? entry->forget_at : entry->kill_at;

    *out = (struct process_status){
        .process_id = { entry->id, entry->id_size },
        .principal = text_bytes(entry->principal->name),
        .argv = description->argv,
        .argv_count = description->argv_count,
        .argv_cut = description->argv_cut,
        .cwd = description->cwd,
        .labels = description->labels,
        .label_count = description->label_count,
        .followers = followers_of(entry),
        .owned = list_is_linked(&entry->owned),
        .owner_loss = entry->owner_loss,
    };
    process_tell_status(entry->process, out);
    if (expires != CLOCK_NEVER)
        out->expires_ns = process_time_of(entry->process, expires);
}

bool registry_is_over(const struct registry *registry)
{
    const struct registry_hooks *hooks = &registry->hooks;
    struct list *node = registry->closed.next;
    size_t closed = 0;

    for (; node != &registry->closed; node = node->next, closed++)
        if (hooks->owed(hooks->user, CONTAINER_OF(node, struct entry, closed)))
            return false;
    return closed == registry->by_name.count;
}
