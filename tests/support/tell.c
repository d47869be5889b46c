/* SPDX-License-Identifier: Apache-2.0 */
#include "support/tell.h"

#include <inttypes.h>

#include <glib.h>

/* --- Values --------------------------------------------------------------- */

static void number(GString *out, const char *name, uint64_t value)
{
    g_string_append_printf(out, "%s=%" PRIu64 "\n", name, value);
}

static void signed_number(GString *out, const char *name, int64_t value)
{
    g_string_append_printf(out, "%s=%" PRId64 "\n", name, value);
}

static void bytes(GString *out, const char *name, struct remex_bytes value)
{
    const uint8_t *data = value.data;

    g_string_append_printf(out, "%s=(%zu)", name, value.size);
    for (size_t i = 0; i < value.size; i++)
        if (g_ascii_isgraph(data[i]))
            g_string_append_c(out, (char)data[i]);
        else
            g_string_append_printf(out, "\\x%02x", data[i]);
    g_string_append_c(out, '\n');
}

static void text(GString *out, const char *name, const char *value)
{
    g_string_append_printf(out, "%s=\"%s\"\n", name, value);
}

static void id(GString *out, const char *name, const struct message_id *value)
{
    bytes(out, name, (struct remex_bytes){ value->bytes, MESSAGE_ID_BYTES });
}

static void list(GString *out, const char *name,
        const struct remex_bytes *items, size_t count)
{
    number(out, name, count);
    for (size_t i = 0; i < count; i++)
        bytes(out, name, items[i]);
}

/* --- Requests ------------------------------------------------------------- */

static void follow(GString *out, const struct follow_spec *spec)
{
    bytes(out, "follow.process_id", spec->process_id);
    number(out, "follow.follow_id", spec->follow_id);
    number(out, "follow.after_seq", spec->after_seq);
    number(out, "follow.until_position", spec->until_position);
    number(out, "follow.after_position", spec->after_position);
    number(out, "follow.from", spec->from);
    number(out, "follow.exclusive", spec->exclusive);
    number(out, "follow.take_over", spec->take_over);
}

static void resume(GString *out, const struct resume *resume)
{
    id(out, "resume.session_id", &resume->session_id);
    id(out, "resume.boot_id", &resume->boot_id);
    number(out, "resume.attachment", resume->attachment);
    number(out, "resume.take_over", resume->take_over);
    number(out, "resume.follows", resume->follow_count);
    for (size_t i = 0; i < resume->follow_count; i++)
        follow(out, &resume->follows[i]);
}

static void open_request(GString *out, const struct open_request *open)
{
    bytes(out, "client_name", open->client_name);
    number(out, "min_version", open->min_version);
    number(out, "max_version", open->max_version);
    bytes(out, "token", open->token);
    number(out, "lease_ms", open->lease_ms);
    if (open->resume)
        resume(out, open->resume);
}

static void stream(
        GString *out, const char *name, const struct stream_spec *spec)
{
    text(out, "stream", name);
    number(out, "capture", spec->capture);
    number(out, "delivery", spec->delivery);
    number(out, "no_follower", spec->no_follower);
    number(out, "retention", spec->retention);
    number(out, "retention_amount", spec->retention_amount);
    number(out, "chunk_bytes", spec->chunk_bytes);
}

static void pty(GString *out, const struct pty_spec *spec)
{
    number(out, "pty.rows", spec->rows);
    number(out, "pty.columns", spec->columns);
    bytes(out, "pty.term", spec->term);
}

static void plan(GString *out, const struct stop_step *steps, size_t count)
{
    number(out, "plan", count);
    for (size_t i = 0; i < count; i++) {
        number(out, "signal", steps[i].signal);
        number(out, "wait_ms", steps[i].wait_ms);
    }
}

static void rlimits(GString *out, const struct process_spec *spec)
{
    number(out, "rlimits", spec->rlimit_count);
    for (size_t i = 0; i < spec->rlimit_count; i++) {
        number(out, "resource", spec->rlimits[i].resource);
        number(out, "soft", spec->rlimits[i].soft);
        number(out, "hard", spec->rlimits[i].hard);
    }
}

static void labels(GString *out, const struct label *labels, size_t count)
{
    number(out, "labels", count);
    for (size_t i = 0; i < count; i++) {
        bytes(out, "label", labels[i].name);
        bytes(out, "value", labels[i].value);
    }
}

static void tree_limits(GString *out, const struct tree_limits *limits)
{
    number(out, "memory_bytes", limits->memory_bytes);
    number(out, "pids", limits->pids);
    number(out, "cpu_millis", limits->cpu_millis);
}

static void process(GString *out, const struct process_spec *spec)
{
    bytes(out, "process_id", spec->process_id);
    list(out, "argv", spec->argv, spec->argv_count);
    bytes(out, "arg0", spec->arg0);
    bytes(out, "cwd", spec->cwd);
    number(out, "env_base", spec->env_base);
    list(out, "env", spec->env, spec->env_count);
    number(out, "stdin_kind", spec->stdin_kind);
    if (spec->pty)
        pty(out, spec->pty);
    stream(out, "out", &spec->out);
    stream(out, "err", &spec->err);
    number(out, "wall_time_ms", spec->wall_time_ms);
    rlimits(out, spec);
    plan(out, spec->stop_plan, spec->stop_plan_count);
    number(out, "owner_loss", spec->owner_loss);
    number(out, "keep_ms", spec->keep_ms);
    number(out, "has_eof_linger", spec->has_eof_linger);
    number(out, "eof_linger_ms", spec->eof_linger_ms);
    labels(out, spec->labels, spec->label_count);
    tree_limits(out, &spec->tree_limits);
    bytes(out, "traceparent", spec->traceparent);
}

static void start(GString *out, const struct start_request *start)
{
    process(out, &start->process);
    if (start->follow)
        follow(out, start->follow);
}

static void pull(GString *out, const struct pull_request *pull)
{
    number(out, "acks", pull->ack_count);
    for (size_t i = 0; i < pull->ack_count; i++) {
        number(out, "follow_id", pull->acks[i].follow_id);
        number(out, "consumed_seq", pull->acks[i].consumed_seq);
        number(out, "until_position", pull->acks[i].until_position);
        number(out, "let_go", pull->acks[i].let_go);
    }
    number(out, "wait_ms", pull->wait_ms);
    number(out, "max_bytes", pull->max_bytes);
    number(out, "heads", pull->heads);
}

static void read_request(GString *out, const struct read_request *read)
{
    bytes(out, "process_id", read->process_id);
    number(out, "after_seq", read->after_seq);
    number(out, "max_bytes", read->max_bytes);
    number(out, "wait_ms", read->wait_ms);
    number(out, "after_position", read->after_position);
}

static void write_request(GString *out, const struct write_request *write)
{
    bytes(out, "process_id", write->process_id);
    number(out, "offset", write->offset);
    number(out, "eof", write->eof);
    number(out, "wait_ms", write->wait_ms);
}

static void signal_request(GString *out, const struct signal_request *signal)
{
    bytes(out, "process_id", signal->process_id);
    number(out, "signal", signal->signal);
    number(out, "target", signal->target);
    number(out, "number", signal->number);
}

static void terminate(GString *out, const struct terminate_request *terminate)
{
    bytes(out, "process_id", terminate->process_id);
    plan(out, terminate->plan, terminate->plan_count);
    number(out, "default_plan", terminate->default_plan);
}

static void list_request(GString *out, const struct list_request *list)
{
    bytes(out, "after_process_id", list->after_process_id);
    bytes(out, "after_principal", list->after_principal);
    number(out, "max_count", list->max_count);
    number(out, "everybody", list->everybody);
    labels(out, list->labels, list->label_count);
}

static void seal(GString *out, const struct seal_request *seal)
{
    bytes(out, "process_id", seal->process_id);
    number(out, "streams", seal->stream_count);
    for (size_t i = 0; i < seal->stream_count; i++)
        number(out, "stream", seal->streams[i]);
}

/* The methods that look at a process, or at many. */
static void look(GString *out, const struct request *request)
{
    if (request->method == METHOD_RESIZE) {
        bytes(out, "process_id", request->resize.process_id);
        number(out, "rows", request->resize.rows);
        number(out, "columns", request->resize.columns);
    }
    if (request->method == METHOD_WAIT) {
        bytes(out, "process_id", request->wait.process_id);
        number(out, "until", request->wait.until);
        number(out, "wait_ms", request->wait.wait_ms);
    }
    if (request->method == METHOD_INSPECT)
        bytes(out, "process_id", request->inspect.process_id);
    if (request->method == METHOD_LIST)
        list_request(out, &request->list);
    if (request->method == METHOD_SEAL)
        seal(out, &request->seal);
    if (request->method == METHOD_FORGET)
        bytes(out, "process_id", request->forget.process_id);
}

char *tell_request(const struct request *request)
{
    GString *out = g_string_new("");

    text(out, "request", message_method_name(request->method));
    number(out, "version", request->version);
    id(out, "session_id", &request->session_id);
    id(out, "boot_id", &request->boot_id);
    number(out, "attachment", request->attachment);
    number(out, "deadline_ms", request->deadline_ms);
    if (request->method == METHOD_OPEN)
        open_request(out, &request->open);
    if (request->method == METHOD_START)
        start(out, &request->start);
    if (request->method == METHOD_FOLLOW)
        follow(out, &request->follow.follow);
    if (request->method == METHOD_UNFOLLOW)
        number(out, "follow_id", request->unfollow.follow_id);
    if (request->method == METHOD_PULL)
        pull(out, &request->pull);
    if (request->method == METHOD_READ)
        read_request(out, &request->read);
    if (request->method == METHOD_WRITE)
        write_request(out, &request->write);
    if (request->method == METHOD_SIGNAL)
        signal_request(out, &request->signal);
    if (request->method == METHOD_TERMINATE)
        terminate(out, &request->terminate);
    if (request->method == METHOD_RUN) {
        process(out, &request->run.process);
        number(out, "max_output_bytes", request->run.max_output_bytes);
    }
    look(out, request);
    bytes(out, "payload", request->payload);
    return g_string_free(out, FALSE);
}

/* --- Replies -------------------------------------------------------------- */

static void error(GString *out, const struct remex_error *error)
{
    text(out, "status", remex_status_name(error->status));
    number(out, "kind", error->kind);
    text(out, "stage", remex_launch_stage_name(error->stage));
    signed_number(out, "os_error", error->os_error);
    number(out, "allowed", error->allowed);
    number(out, "asked", error->asked);
    text(out, "name", error->name);
    text(out, "text", error->text);
}

static void exited(GString *out, const struct remex_exit *exited)
{
    number(out, "by_signal", exited->by_signal);
    signed_number(out, "code", exited->code);
    number(out, "core", exited->core);
    number(out, "reason", exited->reason);
    number(out, "user_us", exited->user_us);
    number(out, "system_us", exited->system_us);
    number(out, "max_rss_kib", exited->max_rss_kib);
    number(out, "wall_us", exited->wall_us);
    number(out, "minor_faults", exited->minor_faults);
    number(out, "major_faults", exited->major_faults);
    number(out, "voluntary_switches", exited->voluntary_switches);
    number(out, "involuntary_switches", exited->involuntary_switches);
    number(out, "out_of_memory", exited->out_of_memory);
}

static void place(GString *out, const struct follow_place *place)
{
    number(out, "place.seq", place->seq);
    for (size_t i = 0; i < REMEX_STREAMS; i++)
        number(out, "offset", place->offsets[i]);
    number(out, "exited", place->exited);
    number(out, "closed", place->closed);
}

static void state(GString *out, const struct follow_state *state)
{
    number(out, "state.follow_id", state->follow_id);
    number(out, "known", state->known);
    number(out, "last_seq", state->last_seq);
    number(out, "displaced", state->displaced);
    number(out, "no_room", state->no_room);
    if (state->has_exited)
        exited(out, &state->exited);
    if (state->has_place)
        place(out, &state->place);
}

static void states(
        GString *out, const struct follow_state *states, size_t count)
{
    number(out, "states", count);
    for (size_t i = 0; i < count; i++)
        state(out, &states[i]);
}

static void limits(GString *out, const struct message_limits *limits)
{
    number(out, "request_bytes", limits->request_bytes);
    number(out, "reply_bytes", limits->reply_bytes);
    number(out, "argument_bytes", limits->argument_bytes);
    number(out, "argument_count", limits->argument_count);
    number(out, "sessions", limits->sessions);
    number(out, "processes", limits->processes);
    number(out, "retained_bytes", limits->retained_bytes);
    number(out, "stdin_bytes", limits->stdin_bytes);
    number(out, "parked", limits->parked);
    number(out, "park_ms", limits->park_ms);
    number(out, "window_bytes", limits->window_bytes);
    number(out, "follows", limits->follows);
    number(out, "lease_ms", limits->lease_ms);
    number(out, "retained_events", limits->retained_events);
    number(out, "retention_ms", limits->retention_ms);
    number(out, "starts_per_second", limits->starts_per_second);
    number(out, "starts_burst", limits->starts_burst);
    number(out, "wall_time_ms", limits->wall_time_ms);
    number(out, "sessions_in_all", limits->sessions_in_all);
    number(out, "processes_in_all", limits->processes_in_all);
    number(out, "retained_bytes_in_all", limits->retained_bytes_in_all);
    number(out, "retained_bytes_per_principal",
            limits->retained_bytes_per_principal);
    number(out, "stdin_bytes_per_principal", limits->stdin_bytes_per_principal);
    tree_limits(out, &limits->tree);
}

static void open_reply(GString *out, const struct open_reply *open)
{
    number(out, "version", open->version);
    id(out, "session_id", &open->session_id);
    number(out, "attachment", open->attachment);
    number(out, "lease_ms", open->lease_ms);
    bytes(out, "principal", open->principal);
    number(out, "role", open->role);
    limits(out, &open->limits);
    list(out, "capabilities", open->capabilities, open->capability_count);
    bytes(out, "hint_address", open->hint_address);
    bytes(out, "hint_topic",
            (struct remex_bytes){ open->hint_topic, MESSAGE_TOPIC_BYTES });
    number(out, "heartbeat_ms", open->heartbeat_ms);
    bytes(out, "executor_version", open->executor_version);
    states(out, open->follows, open->follow_count);
}

static void closed(
        GString *out, const struct remex_stream_end *ends, size_t count)
{
    number(out, "ends", count);
    for (size_t i = 0; i < count; i++) {
        number(out, "end.stream", ends[i].stream);
        number(out, "end.kind", ends[i].kind);
        signed_number(out, "end.os_error", ends[i].os_error);
        number(out, "end.bytes", ends[i].bytes);
    }
}

static void gap(GString *out, const struct remex_event *event)
{
    number(out, "first_seq", event->gap.first_seq);
    number(out, "bytes", event->gap.bytes);
    for (size_t i = 0; i < REMEX_STREAMS; i++)
        number(out, "offset", event->gap.offsets[i]);
}

static void event(GString *out, const struct batch_event *entry)
{
    const struct remex_event *event = &entry->event;

    number(out, "event.kind", event->kind);
    number(out, "follow_id", entry->follow_id);
    number(out, "seq", event->seq);
    signed_number(out, "time_ns", event->time_ns);
    if (event->kind == REMEX_EVENT_OUTPUT) {
        number(out, "stream", event->output.stream);
        number(out, "offset", event->output.offset);
        bytes(out, "data", event->output.data);
    }
    if (event->kind == REMEX_EVENT_EXITED)
        exited(out, &event->exited);
    if (event->kind == REMEX_EVENT_CLOSED)
        closed(out, event->closed.ends, event->closed.count);
    if (event->kind == REMEX_EVENT_GAP)
        gap(out, event);
}

static void batch(GString *out, const struct batch *batch)
{
    number(out, "events", batch->count);
    for (size_t i = 0; i < batch->count; i++)
        event(out, &batch->events[i]);
}

static void pull_reply(GString *out, const struct pull_reply *pull)
{
    batch(out, &pull->batch);
    states(out, pull->states, pull->state_count);
}

static void read_reply(GString *out, const struct read_reply *read)
{
    batch(out, &read->batch);
    number(out, "first_seq", read->first_seq);
    number(out, "next_seq", read->next_seq);
    number(out, "exited", read->exited);
    number(out, "closed", read->closed);
}

static void write_reply(GString *out, const struct write_reply *write)
{
    number(out, "outcome", write->outcome);
    number(out, "next_offset", write->next_offset);
    number(out, "room", write->room);
    number(out, "eof", write->eof);
}

static void ending(GString *out, const struct process_ending *ending)
{
    number(out, "state", ending->state);
    if (ending->has_exited)
        exited(out, &ending->exited);
    if (ending->has_closed)
        closed(out, ending->ends, ending->end_count);
}

static void stream_status(GString *out, const struct stream_status *status)
{
    number(out, "stream.number", status->stream);
    stream(out, "status", &status->spec);
    number(out, "bytes_read", status->bytes_read);
    number(out, "retained_bytes", status->retained_bytes);
    number(out, "retained_events", status->retained_events);
    number(out, "dropped_bytes", status->dropped_bytes);
    number(out, "dropped_events", status->dropped_events);
    number(out, "sealed", status->sealed);
    number(out, "held", status->held);
    if (status->has_ended)
        closed(out, &status->end, 1);
}

static void status(GString *out, const struct process_status *status)
{
    bytes(out, "process_id", status->process_id);
    bytes(out, "principal", status->principal);
    signed_number(out, "pid", status->pid);
    signed_number(out, "started_ns", status->started_ns);
    list(out, "argv", status->argv, status->argv_count);
    number(out, "argv_cut", status->argv_cut);
    bytes(out, "cwd", status->cwd);
    labels(out, status->labels, status->label_count);
    number(out, "first_seq", status->first_seq);
    number(out, "next_seq", status->next_seq);
    number(out, "streams", status->stream_count);
    for (size_t i = 0; i < status->stream_count; i++)
        stream_status(out, &status->streams[i]);
    number(out, "stdin_next_offset", status->stdin_next_offset);
    number(out, "stdin_room", status->stdin_room);
    number(out, "followers", status->followers);
    number(out, "owned", status->owned);
    number(out, "owner_loss", status->owner_loss);
    signed_number(out, "expires_ns", status->expires_ns);
    tree_limits(out, &status->tree_limits);
    ending(out, &status->ending);
}

static void inspect_reply(GString *out, const struct inspect_reply *inspect)
{
    status(out, &inspect->process);
    number(out, "followers_told", inspect->follower_count);
    for (size_t i = 0; i < inspect->follower_count; i++) {
        const struct follower_status *follower = &inspect->followers[i];

        bytes(out, "follower.client_name", follower->client_name);
        number(out, "exclusive", follower->exclusive);
        number(out, "connected", follower->connected);
        number(out, "sent_seq", follower->sent_seq);
        number(out, "acknowledged_seq", follower->acknowledged_seq);
        number(out, "window_bytes", follower->window_bytes);
        number(out, "lost_events", follower->lost_events);
        for (size_t j = 0; j < REMEX_STREAMS; j++)
            number(out, "lost_bytes", follower->lost_bytes[j]);
    }
}

static void list_reply(GString *out, const struct list_reply *list)
{
    number(out, "processes", list->count);
    for (size_t i = 0; i < list->count; i++)
        status(out, &list->processes[i]);
    number(out, "more", list->more);
}

char *tell_reply(const struct reply *reply)
{
    GString *out = g_string_new("");

    text(out, "reply", message_method_name(reply->method));
    number(out, "version", reply->version);
    id(out, "boot_id", &reply->boot_id);
    error(out, &reply->error);
    if (reply->method == METHOD_OPEN)
        open_reply(out, &reply->open);
    if (reply->method == METHOD_START)
        signed_number(out, "pid", reply->start.pid);
    if (reply->method == METHOD_FOLLOW)
        state(out, &reply->follow.state);
    if (reply->method == METHOD_PULL)
        pull_reply(out, &reply->pull);
    if (reply->method == METHOD_READ)
        read_reply(out, &reply->read);
    if (reply->method == METHOD_WRITE)
        write_reply(out, &reply->write);
    if (reply->method == METHOD_SIGNAL)
        number(out, "outcome", reply->signal.outcome);
    if (reply->method == METHOD_TERMINATE)
        number(out, "running", reply->terminate.running);
    if (reply->method == METHOD_RUN)
        batch(out, &reply->run.batch);
    if (reply->method == METHOD_WAIT)
        ending(out, &reply->wait.ending);
    if (reply->method == METHOD_INSPECT)
        inspect_reply(out, &reply->inspect);
    if (reply->method == METHOD_LIST)
        list_reply(out, &reply->list);
    bytes(out, "payload", reply->payload);
    return g_string_free(out, FALSE);
}

/* --- Hints ---------------------------------------------------------------- */

char *tell_hint(const struct hint *hint)
{
    GString *out = g_string_new("");

    bytes(out, "topic",
            (struct remex_bytes){ hint->topic, MESSAGE_TOPIC_BYTES });
    id(out, "boot_id", &hint->boot_id);
    number(out, "beat", hint->beat);
    number(out, "news", hint->news);
    return g_string_free(out, FALSE);
}
