/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/status_json.h"

#include "client/cli/status_words.h"
#include "client/cli/text.h"

static void write_time(struct json *json, const char *key, int64_t time_ns)
{
    char text[TEXT_TIME_BYTES];

    text_time(time_ns, text);
    if (time_ns == 0)
        json_null(json, key);
    else
        json_text(json, key, text);
}

static void write_command(
        struct json *json, const struct remex_process_status *status)
{
    json_open_array(json, "argv");
    for (size_t i = 0; status->argv[i]; i++)
        json_text(json, NULL, status->argv[i]);
    json_close(json);
    json_bool(json, "argv_cut", status->argv_cut);
    if (status->cwd[0])
        json_text(json, "cwd", status->cwd);
    else
        json_null(json, "cwd");
    json_open_object(json, "labels");
    for (size_t i = 0; i < status->label_count; i++)
        json_text(json, status->labels[i].name, status->labels[i].value);
    json_close(json);
}

static void write_end(struct json *json, const struct remex_stream_end *end)
{
    json_open_object(json, "end");
    json_text(json, "kind", status_words_end(end->kind));
    json_signed(json, "errno", end->os_error);
    json_close(json);
}

static void write_policy(
        struct json *json, const struct remex_stream_options *options)
{
    json_text(json, "capture", status_words_capture(options->capture));
    json_text(json, "delivery", status_words_delivery(options->delivery));
    json_text(json, "no_follower",
            status_words_no_follower(options->no_follower));
    json_text(json, "retention", status_words_retention(options->retention));
    json_unsigned(json, "retention_amount", options->retention_amount);
    json_unsigned(json, "chunk_bytes", options->chunk_bytes);
}

static void write_stream(
        struct json *json, const struct remex_stream_status *stream)
{
    json_open_object(json, NULL);
    json_text(json, "stream", status_words_stream(stream->stream));
    write_policy(json, &stream->options);
    json_unsigned(json, "bytes", stream->bytes);
    json_unsigned(json, "retained_bytes", stream->retained_bytes);
    json_unsigned(json, "retained_events", stream->retained_events);
    json_unsigned(json, "dropped_bytes", stream->dropped_bytes);
    json_unsigned(json, "dropped_events", stream->dropped_events);
    json_bool(json, "sealed", stream->sealed);
    json_bool(json, "held", stream->held);
    if (stream->ended)
        write_end(json, &stream->end);
    else
        json_null(json, "end");
    json_close(json);
}

static void write_lost(
        struct json *json, const struct remex_follower_status *follower)
{
    json_unsigned(json, "lost_events", follower->lost_events);
    json_open_object(json, "lost_bytes");
    for (int i = REMEX_STDOUT; i <= REMEX_TERMINAL; i++)
        json_unsigned(json, status_words_stream((enum remex_stream)i),
                follower->lost_bytes[i - REMEX_STDOUT]);
    json_close(json);
}

static void write_followers(
        struct json *json, const struct remex_process_status *status)
{
    json_unsigned(json, "followers", status->followers);
    json_open_array(json, "follower_list");
    for (size_t i = 0; i < status->follower_count; i++) {
        const struct remex_follower_status *follower =
                &status->follower_list[i];

        json_open_object(json, NULL);
        json_text(json, "client", follower->client);
        json_bool(json, "exclusive", follower->exclusive);
        json_bool(json, "connected", follower->connected);
        json_unsigned(json, "sent_seq", follower->sent_seq);
        json_unsigned(json, "taken_seq", follower->taken_seq);
        json_unsigned(json, "window_bytes", follower->window_bytes);
        write_lost(json, follower);
        json_close(json);
    }
    json_close(json);
}

static void write_limit(struct json *json, const char *key, uint64_t value)
{
    if (value > 0)
        json_unsigned(json, key, value);
    else
        json_null(json, key);
}

static void write_limits(
        struct json *json, const struct remex_tree_limits *limits)
{
    json_open_object(json, "tree_limits");
    write_limit(json, "memory_bytes", limits->memory_bytes);
    write_limit(json, "pids", limits->pids);
    write_limit(json, "cpu_millis", limits->cpu_millis);
    json_close(json);
}

void status_json_write_exit(struct json *json, const struct remex_exit *ended)
{
    json_open_object(json, "exit");
    json_bool(json, "by_signal", ended->by_signal);
    json_signed(json, "code", ended->code);
    json_bool(json, "core", ended->core);
    json_text(json, "reason", status_words_reason(ended->reason));
    json_unsigned(json, "wall_us", ended->wall_us);
    json_unsigned(json, "user_us", ended->user_us);
    json_unsigned(json, "system_us", ended->system_us);
    json_unsigned(json, "max_rss_kib", ended->max_rss_kib);
    json_bool(json, "out_of_memory", ended->out_of_memory);
    json_close(json);
}

void status_json_write(struct json *json, const char *key,
        const struct remex_process_status *status)
{
    json_open_object(json, key);
    json_text(json, "id", status->id);
    json_text(json, "principal", status->principal);
    json_text(json, "state", status_words_state(status->state));
    json_signed(json, "pid", status->pid);
    write_time(json, "started", status->started_ns);
    write_command(json, status);
    json_unsigned(json, "first_seq", status->first_seq);
    json_unsigned(json, "next_seq", status->next_seq);
    json_open_array(json, "streams");
    for (size_t i = 0; i < status->stream_count; i++)
        write_stream(json, &status->streams[i]);
    json_close(json);
    json_unsigned(json, "stdin_offset", status->stdin_offset);
    json_unsigned(json, "stdin_room", status->stdin_room);
    write_followers(json, status);
    json_bool(json, "owned", status->owned);
    json_text(json, "owner_loss", status_words_owner_loss(status->owner_loss));
    write_limits(json, &status->tree_limits);
    write_time(json, "expires", status->expires_ns);
    if (status->has_exit)
        status_json_write_exit(json, &status->exit);
    else
        json_null(json, "exit");
    json_close(json);
}
