/* SPDX-License-Identifier: Apache-2.0 */
#include "client/recovery.h"

#include <assert.h>

#include "common/clock.h"

#define MILLISECOND ((int64_t)1000 * 1000)
#define FIRST_BACK_OFF (20 * MILLISECOND)
#define MAX_BACK_OFF (1000 * MILLISECOND)

/* The same where the executor lets us in, but the link breaks again. */
#define MAX_PAUSE (160 * MILLISECOND)

/* A link that lives for so long, or was of use, has earned a quick first
 * attempt. */
#define STABLE (1000 * MILLISECOND)

/* In beats. */
#define SUSPECT_AFTER 2
#define LOST_AFTER 3

void recovery_init(struct recovery *recovery, int64_t patience)
{
    *recovery = (struct recovery){
        .state = RECOVERY_CONNECTING,
        .patience = patience,
        .back_off = FIRST_BACK_OFF,
    };
}

void recovery_opened(struct recovery *recovery, int64_t beat, int64_t now)
{
    assert(recovery->state == RECOVERY_CONNECTING);
    assert(beat > 0);
    recovery->state = RECOVERY_OPEN;
    recovery->beat = beat;
    recovery->heard_at = now;
    recovery->resumed_at = now;
    recovery->useful = false;
}

void recovery_heard(struct recovery *recovery, int64_t now)
{
    recovery->heard_at = now;
    if (recovery->state == RECOVERY_SUSPECT)
        recovery->state = RECOVERY_OPEN;
}

void recovery_used(struct recovery *recovery)
{
    if (recovery_is_linked(recovery))
        recovery->useful = true;
}

static void pause_attempts(struct recovery *recovery, int64_t now, int64_t most)
{
    if (recovery->back_off > most)
        recovery->back_off = most;
    recovery->attempting = false;
    recovery->retry_at = clock_after(now, recovery->back_off);
    recovery->back_off *= 2;
}

void recovery_lost(struct recovery *recovery, int64_t now)
{
    if (!recovery_is_linked(recovery))
        return;
    recovery->state = RECOVERY_RESUMING;
    recovery->deadline = clock_after(now, recovery->patience);
    recovery->attempting = false;
    recovery->retry_at = now;
    if (recovery->useful || now - recovery->resumed_at >= STABLE)
        recovery->back_off = FIRST_BACK_OFF;
    else /* it broke again at once: do not run in circles */
        pause_attempts(recovery, now, MAX_PAUSE);
}

void recovery_attempted(struct recovery *recovery)
{
    assert(recovery->state == RECOVERY_RESUMING && !recovery->attempting);
    recovery->attempting = true;
}

void recovery_attempt_failed(struct recovery *recovery, int64_t now)
{
    pause_attempts(recovery, now, MAX_BACK_OFF);
}

void recovery_resumed(struct recovery *recovery, int64_t now)
{
    assert(recovery->state == RECOVERY_RESUMING);
    recovery->state = RECOVERY_OPEN;
    recovery->attempting = false;
    recovery->heard_at = now;
    recovery->resumed_at = now;
    recovery->useful = false;
}

void recovery_fail(struct recovery *recovery, enum remex_failure reason)
{
    if (recovery->state == RECOVERY_FAILED)
        return;
    recovery->state = RECOVERY_FAILED;
    recovery->reason = reason;
}

/* When a link that stays silent gets worse. */
static int64_t silent_until(const struct recovery *recovery)
{
    int64_t beats =
            recovery->state == RECOVERY_OPEN ? SUSPECT_AFTER : LOST_AFTER;

    return clock_after(recovery->heard_at, beats * recovery->beat);
}

static enum recovery_action tick_linked(struct recovery *recovery, int64_t now)
{
    if (now < silent_until(recovery))
        return RECOVERY_NOTHING;
    if (recovery->state == RECOVERY_OPEN) {
        recovery->state = RECOVERY_SUSPECT;
        return RECOVERY_PROBE;
    }
    recovery_lost(recovery, now);
    return RECOVERY_SILENT;
}

static enum recovery_action tick_resuming(
        struct recovery *recovery, bool can_send, int64_t now)
{
    if (now >= recovery->deadline) {
        recovery_fail(recovery, REMEX_FAILURE_LINK_LOST);
        return RECOVERY_FAIL;
    }
    if (recovery->attempting || !can_send || now < recovery->retry_at)
        return RECOVERY_NOTHING;
    return RECOVERY_RESUME;
}

enum recovery_action recovery_tick(
        struct recovery *recovery, bool can_send, int64_t now)
{
    switch (recovery->state) {
    case RECOVERY_OPEN:
    case RECOVERY_SUSPECT:
        return tick_linked(recovery, now);
    case RECOVERY_RESUMING:
        return tick_resuming(recovery, can_send, now);
    case RECOVERY_CONNECTING:
    case RECOVERY_FAILED:
        break;
    }
    return RECOVERY_NOTHING;
}

int64_t recovery_next(const struct recovery *recovery, bool can_send)
{
    if (recovery_is_linked(recovery))
        return silent_until(recovery);
    if (recovery->state != RECOVERY_RESUMING)
        return CLOCK_NEVER;
    if (!recovery->attempting && can_send &&
            recovery->retry_at < recovery->deadline)
        return recovery->retry_at;
    return recovery->deadline;
}

bool recovery_is_linked(const struct recovery *recovery)
{
    return recovery->state == RECOVERY_OPEN ||
            recovery->state == RECOVERY_SUSPECT;
}
