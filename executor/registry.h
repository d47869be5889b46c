/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_REGISTRY_H
#define EXECUTOR_REGISTRY_H

/*
 * The processes by their names: (principal, process id).
 *
 * A name is taken before its program is started, given back if that fails, and
 * otherwise stays taken until the process has been closed for the retention
 * time. So a start can be repeated: the same name with the same request is the
 * same process. A principal at a limit of processes, or of what they keep,
 * loses closed ones earlier, oldest first, but none that somebody is still to
 * be told about. Nobody loses anything for somebody else.
 * Their ids stay taken for as long as they would have been, see former.h.
 *
 * No I/O of its own: the process_host does it, the time is an argument.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/digest.h"
#include "common/message.h"
#include "executor/agenda.h"
#include "executor/description.h"
#include "executor/list.h"
#include "executor/principals.h"
#include "executor/process.h"
#include "executor/table.h"

struct entry {
    struct registry *registry;
    struct table_node node;
    struct principal *principal;
    uint8_t id[MESSAGE_PROCESS_ID_BYTES];
    size_t id_size;
    struct digest digest; /* of what it was started with */
    uint64_t retained;    /* of the bytes in all, charged to it */
    struct list of_principal;
    struct description *description;
    struct process *process;

    struct list launching; /* in the registry's list, while it is on its way */
    int64_t began;         /* its start */
    bool is_lost; /* its owner was, on its way: that has yet to be acted upon */
    struct list owned;   /* in its session's processes; in none: not owned */
    struct list follows; /* who follows it */
    struct list waiting; /* requests that are parked for it */
    struct list changed; /* in the list of entries to be looked after */
    uint64_t told_seq;   /* its followers' sessions know of events up to here */

    enum owner_loss owner_loss;
    int64_t keep; /* nanoseconds */
    struct stop_step stop_plan[MESSAGE_STOP_STEPS];
    size_t stop_plan_count;

    struct list closed; /* in the registry's list, once it is */
    int64_t kill_at;    /* CLOCK_NEVER: not for its owner's sake */
    int64_t forget_at;  /* CLOCK_NEVER: not closed yet */
    struct appointment tick;
};

struct registry_limits {
    uint64_t processes_in_all;
    uint64_t retained_bytes_in_all;
    int64_t retention; /* nanoseconds after Closed */
};

struct registry_hooks {
    void *user;
    /* One that was on its way runs, or has come to nothing (`failure`), and is
     * forgotten next. */
    void (*launched)(
            void *user, struct entry *entry, const struct remex_error *failure);
    /* Something happened to it; registry_settle has to be called before the
     * executor waits again. Nothing may be done to the process in here. */
    void (*changed)(void *user, struct entry *entry);
    /* Whether somebody is still to be told about a closed process. */
    bool (*wanted)(void *user, const struct entry *entry);
    /* Or has not said yet that what he was told has arrived. */
    bool (*owed)(void *user, const struct entry *entry);
    /* Its end: nobody may follow it, wait for it or own it when this returns.
     */
    void (*forgotten)(void *user, struct entry *entry);
};

struct registry {
    struct registry_limits limits;
    struct registry_hooks hooks;
    struct process_host *host; /* lent */
    struct agenda *agenda;     /* lent */
    struct digest_key key;
    struct table by_name;
    uint64_t retained;  /* charged to all of them */
    uint64_t started;   /* ever */
    struct list closed; /* oldest first */
    struct list launching;
};

void registry_init(struct registry *registry,
        const struct registry_limits *limits,
        const struct registry_hooks *hooks, struct process_host *host,
        struct agenda *agenda);

/* Kills what is left of all processes. */
void registry_deinit(struct registry *registry);

/* All is lent for the call, but for the store. */
struct registry_order {
    const struct process_spec *spec;
    /* What a Run writes to it, and a Start does not have (NULL). It is part of
     * the request, but writing it is the caller's business. */
    const struct remex_bytes *input;
    struct log_store *store; /* for its log; NULL: none */
};

/* Starts a process, or finds the one that the same request started before.
 * REMEX_AGAIN: it is on its way, and the hook will tell. Whoever asks for
 * anything but its start has to wait for that.
 * REMEX_ALREADY_EXISTS: its id names another. REMEX_DATA_LOSS: one that was
 * forgotten early. A new one has to be settled. */
REMEX_CHECKED enum remex_status registry_start(struct registry *registry,
        struct principal *principal, const struct registry_order *order,
        int64_t now, struct entry **out, struct remex_error *error);

/* Of an unknown id. REMEX_DATA_LOSS: it is one that was forgotten early. */
REMEX_CHECKED enum remex_status registry_check_former(struct registry *registry,
        struct principal *principal, struct remex_bytes id, int64_t now,
        struct remex_error *error);

/* NULL: unknown, or another principal's. It may be on its way. */
struct entry *registry_find(const struct registry *registry,
        const struct principal *principal, struct remex_bytes id);

bool registry_is_launching(const struct entry *entry);

/* Whether he may have one more on its way. As many programs as may be could lie
 * where they do not come from; those of one principal must not be all of them.
 * False: when one of those is decided, he is to ask again. */
bool registry_has_room(const struct registry *registry,
        const struct principal *principal, int64_t now);

/* Frees the name of a closed process. REMEX_FAILED_PRECONDITION: it is not
 * closed, or somebody is still to be told about it. */
REMEX_CHECKED enum remex_status registry_forget(
        struct entry *entry, struct remex_error *error);

/* How it stands; lent until the next call that changes something. */
void registry_tell_status(
        const struct entry *entry, struct process_status *out);

/* To be called for every entry that changed. */
void registry_settle(struct entry *entry, int64_t now);

/* See process_terminate. */
bool registry_terminate(struct entry *entry, const struct stop_step *plan,
        size_t count, int64_t now);

/* Nothing runs, and nobody has yet to say that he was told. */
bool registry_is_over(const struct registry *registry);

/* It belongs to the session whose list this is, unless it has an owner already.
 * One that was kept without is not killed for that any more. */
void registry_own(struct entry *entry, struct list *owner);

/* Its session is over: does to the process what was chosen at the start, once
 * it is not on its way any more. */
void registry_owner_lost(struct entry *entry, int64_t now);

#endif
