/* SPDX-License-Identifier: Apache-2.0 */
#include "support/puppet.h"

#include <signal.h>

#include <string.h>

#include <glib.h>

#include "executor/list.h"

/* The host's idea of a child is a puppet. */
static struct puppet *of_child(struct process_child *child)
{
    return (struct puppet *)(void *)child;
}

static struct remex_error failure_of(enum remex_status status)
{
    return (struct remex_error){ .status = status,
        .kind = REMEX_ERROR_LAUNCH_FAILED,
        .stage = REMEX_STAGE_EXEC,
        .os_error = 2 };
}

static enum remex_status start(struct process_host *host,
        const struct process_spec *spec, const struct policy_section *policy,
        struct process *process, struct process_started *out,
        struct remex_error *error)
{
    struct puppets *puppets = CONTAINER_OF(host, struct puppets, host);
    struct puppet *puppet;

    (void)spec;
    (void)policy;
    if (puppets->next_start != REMEX_OK && puppets->next_start != REMEX_AGAIN) {
        *error = failure_of(puppets->next_start);
        return puppets->next_start;
    }
    puppet = g_new0(struct puppet, 1);
    puppet->puppets = puppets;
    puppet->process = process;
    puppet->on_way = puppets->next_start == REMEX_AGAIN;
    puppet->next = puppets->newest;
    puppets->newest = puppet;
    puppets->living++;
    out->child = (struct process_child *)(void *)puppet;
    puppet->pid = 1000 + puppets->started++;
    out->pid = puppet->pid;
    out->now = puppets->now;
    out->time_ns = puppets->now;
    return puppets->next_start;
}

static bool has_room(struct process_host *host)
{
    return !CONTAINER_OF(host, struct puppets, host)->full;
}

void puppet_launch(struct puppet *puppet, enum remex_status status)
{
    struct remex_error failure = failure_of(status);

    g_assert_true(puppet->on_way);
    puppet->on_way = false;
    process_on_launched(
            puppet->process, puppet->pid, status == REMEX_OK ? NULL : &failure);
}

static enum remex_status send_signal(struct process_child *child,
        int signal_number, enum signal_target target)
{
    struct puppet *puppet = of_child(child);

    (void)target;
    g_assert_false(puppet->on_way);
    if (signal_number != SIGCONT)
        puppet->last_signal = signal_number;
    return puppet->exited ? REMEX_ENDED : REMEX_OK;
}

static void kill_tree(struct process_child *child)
{
    g_assert_false(of_child(child)->on_way);
    of_child(child)->killed = true;
}

static void no_stream(struct process_child *child, enum remex_stream stream)
{
    (void)child;
    (void)stream;
}

static void nothing(struct process_child *child)
{
    (void)child;
}

static void release(struct process_child *child)
{
    struct puppet *puppet = of_child(child);
    struct puppet **link = &puppet->puppets->newest;

    while (*link != puppet)
        link = &(*link)->next;
    *link = puppet->next;
    puppet->puppets->living--;
    g_free(puppet);
}

static const struct process_host_calls calls = {
    .start = start,
    .has_room = has_room,
    .signal = send_signal,
    .kill_tree = kill_tree,
    .resume = no_stream,
    .abandon = no_stream,
    .feed = nothing,
    .close_stdin = nothing,
    .release = release,
};

void puppets_init(struct puppets *puppets)
{
    *puppets = (struct puppets){ .host = { &calls }, .now = 1 };
}

size_t puppet_output(struct puppet *puppet, enum remex_stream stream,
        const void *data, size_t size)
{
    const uint8_t *from = data;
    size_t taken = 0;

    while (taken < size) {
        void *room;
        size_t room_size;

        if (process_reserve(puppet->process, stream, size - taken, &room,
                    &room_size) != REMEX_OK)
            break;
        memcpy(room, from + taken, room_size);
        process_on_output(
                puppet->process, stream, room_size, puppet->puppets->now);
        taken += room_size;
    }
    return taken;
}

static void end_by(struct puppet *puppet, const struct remex_exit *exited)
{
    puppet->exited = true;
    process_on_exit(puppet->process, exited, puppet->puppets->now);
}

void puppet_exit(struct puppet *puppet, int code)
{
    end_by(puppet, &(struct remex_exit){ .code = code });
}

void puppet_die(struct puppet *puppet, int signal_number)
{
    end_by(puppet,
            &(struct remex_exit){ .by_signal = true, .code = signal_number });
}

void puppet_end_stream(struct puppet *puppet, enum remex_stream stream)
{
    process_on_stream_end(
            puppet->process, stream, REMEX_END_EOF, 0, puppet->puppets->now);
}

void puppet_end(struct puppet *puppet)
{
    puppet->ended = true;
    puppet_end_stream(puppet, REMEX_STDOUT);
    puppet_end_stream(puppet, REMEX_STDERR);
}

size_t puppet_take_stdin(struct puppet *puppet, void *out, size_t size)
{
    struct remex_bytes bytes = process_stdin_peek(puppet->process);

    if (size > bytes.size)
        size = bytes.size;
    if (size == 0)
        return 0;
    memcpy(out, bytes.data, size);
    process_on_stdin_fed(puppet->process, size);
    return size;
}
