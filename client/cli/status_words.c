/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/status_words.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "client/cli/signal_name.h"

#define COUNT(words) (sizeof(words) / sizeof((words)[0]))

static const char *pick(
        const char *const *words, size_t count, unsigned int index)
{
    return index < count && words[index] ? words[index] : "?";
}

const char *status_words_state(enum remex_process_state state)
{
    static const char *const words[] = {
        [REMEX_PROCESS_RUNNING] = "running",
        [REMEX_PROCESS_EXITED] = "exited",
        [REMEX_PROCESS_CLOSED] = "closed",
    };

    return pick(words, COUNT(words), (unsigned int)state);
}

const char *status_words_stream(enum remex_stream stream)
{
    static const char *const words[] = {
        [REMEX_STDOUT] = "stdout",
        [REMEX_STDERR] = "stderr",
        [REMEX_TERMINAL] = "terminal",
    };

    return pick(words, COUNT(words), (unsigned int)stream);
}

const char *status_words_capture(enum remex_capture capture)
{
    static const char *const words[] = {
        [REMEX_CAPTURE_PIPE] = "pipe",
        [REMEX_CAPTURE_DISCARD] = "discard",
    };

    return pick(words, COUNT(words), (unsigned int)capture);
}

const char *status_words_delivery(enum remex_delivery delivery)
{
    static const char *const words[] = {
        [REMEX_DELIVERY_RELIABLE] = "reliable",
        [REMEX_DELIVERY_LOSSY] = "lossy",
    };

    return pick(words, COUNT(words), (unsigned int)delivery);
}

const char *status_words_no_follower(enum remex_no_follower no_follower)
{
    static const char *const words[] = {
        [REMEX_NO_FOLLOWER_DRAIN] = "drain",
        [REMEX_NO_FOLLOWER_HOLD] = "hold",
    };

    return pick(words, COUNT(words), (unsigned int)no_follower);
}

const char *status_words_retention(enum remex_retention retention)
{
    static const char *const words[] = {
        [REMEX_RETAIN_ALL] = "all",
        [REMEX_RETAIN_NONE] = "none",
        [REMEX_RETAIN_BYTES] = "bytes",
        [REMEX_RETAIN_CHUNKS] = "chunks",
    };

    return pick(words, COUNT(words), (unsigned int)retention);
}

const char *status_words_end(enum remex_stream_end_kind kind)
{
    static const char *const words[] = {
        [REMEX_END_EOF] = "eof",
        [REMEX_END_READ_ERROR] = "read error",
        [REMEX_END_ABANDONED] = "abandoned",
        [REMEX_END_DISCARDED] = "discarded",
    };

    return pick(words, COUNT(words), (unsigned int)kind);
}

const char *status_words_reason(enum remex_exit_reason reason)
{
    static const char *const words[] = {
        [REMEX_EXIT_OWN] = "own",
        [REMEX_EXIT_WALL_TIME] = "wall time",
        [REMEX_EXIT_TERMINATED] = "terminated",
        [REMEX_EXIT_OWNER_LOST] = "owner lost",
    };

    return pick(words, COUNT(words), (unsigned int)reason);
}

const char *status_words_owner_loss(enum remex_owner_loss owner_loss)
{
    static const char *const words[] = {
        [REMEX_OWNER_LOSS_KILL] = "kill",
        [REMEX_OWNER_LOSS_KEEP] = "keep",
        [REMEX_OWNER_LOSS_TERMINATE] = "terminate",
    };

    return pick(words, COUNT(words), (unsigned int)owner_loss);
}

void status_words_size(uint64_t bytes, char out[STATUS_WORDS_BYTES])
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    size_t unit = 0;

    while (unit < COUNT(units) - 1 && bytes > 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(
            out, STATUS_WORDS_BYTES, "%" PRIu64 " %s", bytes, units[unit]);
}

const char *status_words_role(enum remex_role role)
{
    static const char *const words[] = {
        [REMEX_ROLE_RUN] = "run",
        [REMEX_ROLE_OBSERVE] = "observe",
        [REMEX_ROLE_ADMIN] = "admin",
    };

    return pick(words, COUNT(words), (unsigned int)role);
}

void status_words_summary(
        const struct remex_process_status *status, char out[STATUS_WORDS_BYTES])
{
    char name[SIGNAL_NAME_BYTES];

    signal_name_print(status->exit.code, name);
    if (!status->has_exit)
        (void)snprintf(out, STATUS_WORDS_BYTES, "%s",
                status_words_state(status->state));
    else if (status->exit.reason == REMEX_EXIT_WALL_TIME)
        (void)snprintf(out, STATUS_WORDS_BYTES, "timeout");
    else if (status->exit.by_signal)
        (void)snprintf(out, STATUS_WORDS_BYTES, "signal %s", name);
    else
        (void)snprintf(out, STATUS_WORDS_BYTES, "exit %d", status->exit.code);
}
