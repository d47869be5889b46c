/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/target.h"

#include <stddef.h>
#include <string.h>

#include "client/cli/ending.h"
#include "client/cli/quantity.h"
#include "client/cli/report.h"

bool target_parse_from(const char *text, struct target_from *out)
{
    uint64_t seq;

    *out = (struct target_from){ REMEX_FROM_OLDEST, 0 };
    if (strcmp(text, "oldest") == 0)
        return true;
    if (strcmp(text, "live") == 0) {
        out->from = REMEX_FROM_LIVE;
        return true;
    }
    if (!quantity_parse_count(text, &seq) || seq == 0)
        return false;
    *out = (struct target_from){ REMEX_FROM_AFTER, seq - 1 };
    return true;
}

bool target_parse_stream(const char *text, enum remex_stream *out)
{
    if (strcmp(text, "stdout") == 0)
        *out = REMEX_STDOUT;
    else if (strcmp(text, "stderr") == 0)
        *out = REMEX_STDERR;
    else
        return false;
    return true;
}

bool target_is_asked(enum remex_stream wanted, enum remex_stream stream)
{
    return !wanted || stream == wanted ||
            (wanted == REMEX_STDOUT && stream == REMEX_TERMINAL);
}

/* Why the executor cannot be asked, as far as it is known. */
static const char *find_loss(
        const struct target *target, const struct remex_error *error)
{
    struct remex_event event;

    while (target->process &&
            remex_process_next_event(target->process, 0, &event) == REMEX_OK)
        if (event.kind == REMEX_EVENT_FAILED)
            return ending_failure(event.failure);
    return error->text;
}

int target_explain(const struct target *target, const struct remex_error *error)
{
    if (error->status == REMEX_NOT_FOUND)
        report("%s: the executor %s knows no process '%s'; see 'remex ps'",
                target->verb, target->address, target->id);
    else if (error->status == REMEX_DISCONNECTED)
        report("lost the executor %s: %s", target->address,
                find_loss(target, error));
    else if (error->kind == REMEX_ERROR_FOLLOWED)
        report("%s: %s: it is followed already, and one of the two wants to be "
               "alone; attach --take-over displaces the other, logs -f reads "
               "beside it",
                target->verb, target->id);
    else
        report("%s: %s: %s", target->verb, target->id, error->text);
    return REPORT_EXIT_FAILED;
}

static bool get_hold(struct target *target,
        const struct connect_options *connect,
        const struct remex_attach_options *options)
{
    struct remex_error error;

    target->client = connect_to_lasting(connect);
    if (!target->client)
        return false;
    if (remex_process_attach(target->client, target->id, options,
                &target->process, &error) == REMEX_OK)
        return true;
    (void)target_explain(target, &error);
    remex_client_free(target->client);
    return false;
}

bool target_init(struct target *target, const struct verb *verb,
        const struct connect_options *connect, const char *id)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);

    *target = (struct target){
        .address = connect_address(connect),
        .id = id,
        .verb = verb->name,
    };
    options.no_events = true;
    return get_hold(target, connect, &options);
}

bool target_follow(struct target *target, const struct verb *verb,
        const struct connect_options *connect, const char *id,
        struct target_from from, struct target_claim claim)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);

    *target = (struct target){
        .address = connect_address(connect),
        .id = id,
        .verb = verb->name,
    };
    options.from = from.from;
    options.after_seq = from.after_seq;
    options.exclusive = claim.exclusive;
    options.take_over = claim.take_over;
    return get_hold(target, connect, &options);
}

void target_deinit(struct target *target)
{
    remex_process_free(target->process);
    remex_client_free(target->client);
}
