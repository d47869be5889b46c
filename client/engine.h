/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLIENT_ENGINE_H
#define CLIENT_ENGINE_H

/*
 * Everything a client decides: its session, what is sent on which lane, where
 * replies go, what happens when the link breaks.
 *
 * Logic only: no thread, no clock, no descriptor. What happens comes in, with
 * its time (monotonic, nanoseconds); what is to be done goes out through a
 * transport and through hooks. Whoever owns it keeps calls apart by a lock.
 *
 * The lanes: the first CALLS_LANES carry calls, opened as they are needed; the
 * next one a parked Pull, from the beginning, and the last one another Pull
 * when output is bulky or what the user has taken must be told at once. A lane
 * that does not come up is replaced by another.
 *
 * Files: engine.c what comes in, engine_session.c Open, Resume, Close and the
 * end; engine_calls.c calls; engine_pull.c events; engine_handles.c handles.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>
#include <remex/info.h>
#include <remex/status.h>

#include "client/calls.h"
#include "client/handles.h"
#include "client/recovery.h"
#include "client/transport.h"
#include "common/arena.h"

enum { ENGINE_PULL_LANE = CALLS_LANES, ENGINE_BULK_LANE, ENGINE_LANES };

/* What the request under way on a lane is. */
enum engine_use {
    ENGINE_IDLE = 0,
    ENGINE_OPENS, /* Open or Resume */
    ENGINE_CALLS,
    ENGINE_PULLS,
    ENGINE_PROBES, /* Renew */
};

struct engine_lane {
    bool opened;
    bool up;
    bool broke; /* since the request was sent */
    enum engine_use use;
    uint64_t attachment; /* that the request stated */
    uint64_t pull;       /* number of the Pull, from 1 */
    bool parked;         /* the Pull may wait for events */
};

struct engine_options {
    struct remex_bytes name;  /* lent as the engine is */
    struct remex_bytes token; /* likewise */
    uint32_t lease_ms;
    int64_t recovery_ns;
    size_t window;      /* of each handle, unless it has one of its own */
    size_t history;     /* likewise, see client/event_queue.h */
    size_t batch_bytes; /* at most, in one answer to a Pull; 0: usual */
};

/* Called from within the call that caused it. */
struct engine_hooks {
    void *user;
    /* Events came, the exit is known, or it failed. Not for freed ones. */
    void (*changed)(void *user, struct handle *handle);
    /* The engine no longer knows a handle that was freed. */
    void (*gone)(void *user, struct handle *handle);
    /* Opened, failed, closed, or a lane became quiet. */
    void (*moved)(void *user);
};

struct engine {
    struct engine_options options;
    struct engine_hooks hooks;
    struct transport *transport;
    struct engine_lane lanes[ENGINE_LANES];
    struct recovery recovery;
    struct calls calls;
    struct handles handles;
    struct arena arena; /* for decoding; capped */
    int64_t wake_at;    /* what the transport was asked */

    /* The session. */
    struct message_id session_id;
    struct message_id boot_id;
    uint64_t attachment;
    struct message_limits limits;
    uint32_t lease_ms;
    const struct remex_client_info *facts; /* NULL: never opened */
    uint64_t next_follow_id;               /* from 1 */
    uint64_t next_signal;                  /* from 1 */
    unsigned int refusals;    /* connections closed without an answer to Open */
    struct remex_error error; /* why it failed */

    /* Pulling. */
    uint64_t pulls;     /* sent so far */
    size_t batch_bytes; /* what a batch may hold, as links have held lately */
    bool batched;       /* one came since the last resume */
    bool bulky;         /* the last batch was large */
    bool hurry;         /* acks are to be told at once */
    bool holes;         /* some handle has one */
    bool look;          /* ask for the heads of what is held up */
    int64_t look_at;    /* at the latest; CLOCK_NEVER */
    uint64_t news;      /* the newest hint told of so many events */
    int64_t park_at;    /* the Pull's lane is down: park on another one then */
    int64_t ack_at;     /* tell them then; CLOCK_NEVER */
    struct handle *first_ack; /* handles with something to tell */
    struct handle *last_ack;

    /* Ending. */
    bool closing;
    struct call close;
};

/* `options` are copied, what they point to is not. */
void engine_init(struct engine *engine, const struct engine_options *options,
        const struct engine_hooks *hooks, struct transport *transport);

/* Every handle must be gone. Safe on a zeroed engine. */
void engine_deinit(struct engine *engine);

/* --- What the transport tells -------------------------------------------- */

void engine_on_up(struct engine *engine, unsigned int lane, int64_t now);
void engine_on_down(struct engine *engine, unsigned int lane, int64_t now);
void engine_on_reply(struct engine *engine, unsigned int lane,
        struct packet *packet, int64_t now);
void engine_on_failure(struct engine *engine, unsigned int lane, int64_t now);
void engine_on_hint(
        struct engine *engine, struct remex_bytes hint, int64_t now);
void engine_tick(struct engine *engine, int64_t now);

/* --- The session --------------------------------------------------------- */

/* Connects and opens a session; `moved` tells. */
REMEX_CHECKED enum remex_status engine_connect(struct engine *engine);

/* The session is there, whether or not the link is just now. */
bool engine_is_open(const struct engine *engine);

/* It has failed for good, see `error`. */
bool engine_has_failed(const struct engine *engine);

/* Gives up, for this reason: what is pending ends, every handle fails. The
 * first reason stays. */
void engine_fail(struct engine *engine, enum remex_failure reason,
        const struct remex_error *error);

/* Ends the session: sends Close (within `deadline`), pulls no more. */
void engine_close(struct engine *engine, int64_t deadline, int64_t now);

/* Close is over, and nothing is under way on any lane. */
bool engine_is_quiet(const struct engine *engine);

/* Calls and freed handles that are not done yet. */
bool engine_has_business(const struct engine *engine);

/* --- Calls, handles ------------------------------------------------------ */

/* Begins a call; its `done` may come at once. */
void engine_call(struct engine *engine, struct call *call, int64_t now);

/* Its maker waits no longer. `done` comes before this returns. */
void engine_abandon(struct engine *engine, struct call *call, int64_t now);

/* Makes a handle known, before its process is started or followed. `window` 0:
 * the one of all. */
REMEX_CHECKED enum remex_status engine_add(struct engine *engine,
        struct handle *handle, const char *id, size_t id_size, size_t window);

/* It was not started: forgets it, without `gone`. */
void engine_remove(struct engine *engine, struct handle *handle);

/* It was: events it has had are told about from now on. */
void engine_started(struct engine *engine, struct handle *handle, int64_t now);

/* It is followed, and its events begin where the answer says. */
void engine_followed(struct engine *engine, struct handle *handle,
        const struct follow_state *state);

/* The user has taken an event. */
void engine_taken(struct engine *engine, struct handle *handle, int64_t now);

/* The user is done with it. Unless detached or over, its process is killed.
 * `gone` comes when the executor has been told; it may come at once. */
void engine_release(struct engine *engine, struct handle *handle, int64_t now);

/* --- Between engine_*.c -------------------------------------------------- */

/* Does whatever can be done now. Every call above ends with it. */
void engine_pump(struct engine *engine, int64_t now);

/* Sends a request, with the session's names on it, on an idle lane that is up.
 * REMEX_INVALID_ARGUMENT: what the user gave breaks a rule of the protocol;
 * REMEX_RESOURCE_EXHAUSTED: over what the executor takes; REMEX_NO_MEMORY. */
REMEX_CHECKED enum remex_status engine_send(struct engine *engine,
        unsigned int lane, struct request *request, enum engine_use use,
        int timeout_ms, struct remex_error *error);

/* What keeps a session alive cannot be sent, for that reason: it is given up,
 * for want of memory or because of an executor that leaves no room for it. */
void engine_cannot_send(struct engine *engine, const struct remex_error *error);

bool engine_lane_is_free(const struct engine *engine, unsigned int lane);

/* Opens a lane if it has not been. */
void engine_open_lane(struct engine *engine, unsigned int lane);

void engine_session_pump(struct engine *engine, int64_t now);
void engine_session_on_reply(
        struct engine *engine, const struct reply *reply, int64_t now);
void engine_session_on_failure(struct engine *engine, int64_t now);

/* Whether the reply, to a request sent on `lane`, ends the session. */
bool engine_session_ends(struct engine *engine, const struct reply *reply,
        const struct engine_lane *lane, int64_t now);

/* Whether it did nothing, and the same may be asked once more after a Resume.
 */
bool engine_wants_resume(const struct reply *reply);

/* Opens one more lane of calls, if there is one to open. */
void engine_open_another(struct engine *engine);

void engine_calls_pump(struct engine *engine, int64_t now);
void engine_calls_on_reply(struct engine *engine, unsigned int lane,
        const struct reply *reply, int64_t now);
void engine_calls_on_failure(struct engine *engine, unsigned int lane);

void engine_pull_pump(struct engine *engine, int64_t now);
void engine_pull_on_reply(struct engine *engine, unsigned int lane,
        const struct reply *reply, struct packet *packet, int64_t now);
/* So many events have been published for the session. */
void engine_pull_hinted(struct engine *engine, uint64_t news, int64_t now);
/* After a resume: every cursor has been stated, nothing is under way. */
void engine_pull_resume(struct engine *engine);

/* Takes it off the list of handles with acks. */
void engine_pull_forget(struct engine *engine, struct handle *handle);

#endif
