/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pulls against a simple model: many processes write what can be told from its
 * position, clients with windows pull, acknowledge, lose replies and resume.
 * Whatever happens, each of them gets every event once and in order, and a
 * process that is reliable loses nothing.
 */

#include <string.h>

#include <glib.h>

#include "support/desk.h"
#include "support/suite.h"

enum { PROCESSES = 6, STEPS = 4000, WINDOW = 50000 };

/* One process, and what its follower has had of it. */
struct track {
    char id[8];
    struct puppet *puppet;
    struct stream_spec streams[2];
    uint64_t written[2]; /* per stream */
    bool exited;
    bool ended;

    uint64_t seq;
    uint64_t position;
    uint64_t offsets[2];
    uint64_t until;    /* granted */
    uint64_t consumed; /* told */
    bool saw_exit;
    bool saw_closed;
    unsigned int gaps;
};

struct model {
    struct desk desk;
    unsigned int delivery; /* 0: each stream as it likes */
    guint eagerness;       /* of the readers: 1 to 25 */
    struct track tracks[PROCESSES];
    uint64_t pulls[3]; /* parked; 0: none */
};

static uint8_t byte_at(enum remex_stream stream, uint64_t offset)
{
    uint64_t salt = stream;

    return (uint8_t)((offset * 31 + offset / 251) ^ salt * 85);
}

static guint pick(guint bound)
{
    return (guint)g_test_rand_int_range(0, (gint)bound);
}

/* --- The executor's side -------------------------------------------------- */

static void choose_stream(const struct model *model, struct stream_spec *stream)
{
    if (model->delivery != 0) {
        stream->delivery = (enum delivery)model->delivery;
        return;
    }
    stream->delivery = pick(2) ? DELIVERY_RELIABLE : DELIVERY_LOSSY;
    stream->no_follower = pick(2) ? NO_FOLLOWER_HOLD : NO_FOLLOWER_DRAIN;
    stream->retention = (enum retention)(pick(4) + 1);
    stream->retention_amount = pick(5000) + 1;
    stream->chunk_bytes = pick(3) ? 0 : pick(300) + 1;
}

static void model_start(struct model *model, size_t index)
{
    struct track *track = &model->tracks[index];
    struct follow_spec follow = { .follow_id = index + 1 };
    struct request request;
    struct reply reply;

    g_snprintf(track->id, sizeof(track->id), "p%zu", index);
    track->until = WINDOW;
    request = desk_start_request(track->id, &follow, WINDOW);
    choose_stream(model, &request.start.process.out);
    choose_stream(model, &request.start.process.err);
    track->streams[0] = request.start.process.out;
    track->streams[1] = request.start.process.err;
    reply = desk_call(&model->desk, &request);
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    track->puppet = model->desk.puppets.newest;
}

static void write_some(struct track *track)
{
    uint8_t bytes[20000];
    guint which = pick(2);
    enum remex_stream stream = which ? REMEX_STDERR : REMEX_STDOUT;
    size_t size = pick(4) ? pick(500) + 1 : pick(sizeof(bytes)) + 1;

    if (track->ended)
        return;
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(stream, track->written[which] + i);
    track->written[which] += puppet_output(track->puppet, stream, bytes, size);
}

static void end_some(struct track *track)
{
    if (!track->exited) {
        track->exited = true;
        puppet_exit(track->puppet, track->id[1]);
    } else if (!track->ended) {
        track->ended = true;
        puppet_end(track->puppet);
    }
}

/* --- The client's side ---------------------------------------------------- */

static void check_output(struct track *track, const struct remex_event *event)
{
    size_t index = event->output.stream == REMEX_STDERR;
    const uint8_t *bytes = event->output.data.data;

    g_assert_cmpuint(track->position, <, track->until);
    g_assert_cmpuint(event->output.offset, ==, track->offsets[index]);
    if (track->streams[index].chunk_bytes > 0)
        g_assert_cmpuint(
                event->output.data.size, <=, track->streams[index].chunk_bytes);
    for (size_t i = 0; i < event->output.data.size; i++)
        g_assert_cmpuint(bytes[i], ==,
                byte_at(event->output.stream, event->output.offset + i));
    track->offsets[index] += event->output.data.size;
    track->position += event->output.data.size;
}

static void check_gap(struct track *track, const struct remex_event *event)
{
    uint64_t before = track->offsets[0] + track->offsets[1];

    g_assert_cmpuint(event->gap.first_seq, ==, track->seq + 1);
    g_assert_cmpuint(event->seq, >=, event->gap.first_seq);
    for (size_t i = 0; i < 2; i++) {
        g_assert_cmpuint(event->gap.offsets[i], >=, track->offsets[i]);
        if (track->streams[i].delivery == DELIVERY_RELIABLE)
            g_assert_cmpuint(event->gap.offsets[i], ==, track->offsets[i]);
        track->offsets[i] = event->gap.offsets[i];
    }
    g_assert_cmpuint(event->gap.bytes, ==,
            track->offsets[0] + track->offsets[1] - before);
    g_assert_cmpuint(track->position, <, track->until);
    track->position += event->gap.bytes;
    track->until += event->gap.bytes;
    track->gaps++;
}

static void check_event(struct track *track, const struct remex_event *event)
{
    g_assert_false(track->saw_closed);
    if (event->kind != REMEX_EVENT_GAP)
        g_assert_cmpuint(event->seq, ==, track->seq + 1);
    switch (event->kind) {
    case REMEX_EVENT_OUTPUT:
        check_output(track, event);
        break;
    case REMEX_EVENT_GAP:
        check_gap(track, event);
        break;
    case REMEX_EVENT_EXITED:
        g_assert_cmpint(track->saw_exit, ==, false);
        g_assert_cmpint(event->exited.code, ==, track->id[1]);
        track->saw_exit = true;
        break;
    case REMEX_EVENT_CLOSED:
        g_assert_cmpint(track->saw_exit, ==, true);
        g_assert_cmpuint(event->closed.ends[0].bytes, ==, track->offsets[0]);
        g_assert_cmpuint(event->closed.ends[1].bytes, ==, track->offsets[1]);
        track->saw_closed = true;
        break;
    case REMEX_EVENT_FAILED:
    default:
        g_assert_not_reached();
    }
    track->seq = event->seq;
}

static void take_in(struct model *model, const struct pull_reply *reply)
{
    for (size_t i = 0; i < reply->batch.count; i++) {
        const struct batch_event *event = &reply->batch.events[i];

        g_assert_cmpuint(event->follow_id - 1, <, PROCESSES);
        check_event(&model->tracks[event->follow_id - 1], &event->event);
    }
    for (size_t i = 0; i < reply->state_count; i++)
        g_assert_true(model->tracks[reply->states[i].follow_id - 1].exited);
}

/* Answered pulls, oldest first: that is their order. */
static void collect(struct model *model)
{
    for (size_t i = 0; i < G_N_ELEMENTS(model->pulls); i++) {
        struct reply reply;

        if (model->pulls[i] == 0 ||
                !desk_take(&model->desk, model->pulls[i], &reply))
            continue;
        g_assert_cmpint(reply.error.status, ==, REMEX_OK);
        model->pulls[i] = 0;
        take_in(model, &reply.pull);
    }
}

static void pull(struct model *model)
{
    struct request request = desk_pull_request(pick(2) ? 5000 : 0);
    struct pull_ack acks[PROCESSES];
    size_t count = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(model->pulls); i++)
        if (model->pulls[i] != 0)
            return; /* in the order in which they are answered, then */
    for (size_t i = 0; i < PROCESSES; i++) {
        struct track *track = &model->tracks[i];
        uint64_t until;

        if (pick(2))
            continue;
        track->consumed += pick((guint)(track->seq - track->consumed) + 1);
        until = track->position + pick(WINDOW);
        track->until = MAX(track->until, until); /* windows never shrink */
        acks[count++] =
                (struct pull_ack){ i + 1, track->consumed, track->until };
    }
    request.pull.acks = acks;
    request.pull.ack_count = count;
    request.pull.max_bytes = pick(3) ? 0 : pick(5000);
    model->pulls[0] = desk_ask(&model->desk, &request);
    if (pick(4) == 0) /* a second one; it can only be answered after it */
        model->pulls[1] = desk_ask(&model->desk,
                &(struct request){
                        .method = METHOD_PULL, .pull = { .wait_ms = 5000 } });
}

static void seal_one(struct model *model, const struct track *track)
{
    struct request request = { .method = METHOD_SEAL,
        .seal = { .process_id = { track->id, strlen(track->id) },
                .streams = { pick(2) ? REMEX_STDOUT : REMEX_STDERR },
                .stream_count = pick(2) } };

    g_assert_cmpint(
            desk_call(&model->desk, &request).error.status, ==, REMEX_OK);
}

/* A reader beside the follower, at any place, disturbs nobody. */
static void read_beside(struct model *model, const struct track *track)
{
    struct request request = { .method = METHOD_READ,
        .read = { .process_id = { track->id, strlen(track->id) } } };
    struct reply reply = desk_call(&model->desk, &request);
    uint64_t next = 1;

    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    for (size_t i = 0; i < reply.read.batch.count; i++) {
        const struct remex_event *event = &reply.read.batch.events[i].event;

        g_assert_cmpuint(event->kind == REMEX_EVENT_GAP ? event->gap.first_seq
                                                        : event->seq,
                ==, next);
        next = event->seq + 1;
    }
}

/* The link is lost, and with it, maybe, replies that were on their way. */
static void resume(struct model *model)
{
    struct follow_spec follows[PROCESSES];
    struct resume value = { .session_id = model->desk.session_id,
        .boot_id = *requests_boot_id(model->desk.requests),
        .attachment = model->desk.attachment,
        .follows = follows,
        .follow_count = PROCESSES };
    struct request request = { .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1, .resume = &value } };
    struct caller caller = desk_caller(&model->desk);
    struct reply reply;

    for (size_t i = 0; i < PROCESSES; i++) {
        struct track *track = &model->tracks[i];

        track->until = track->position + pick(WINDOW);
        track->consumed = track->seq;
        follows[i] = (struct follow_spec){
            .process_id = { track->id, strlen(track->id) },
            .follow_id = i + 1,
            .after_seq = track->seq,
            .after_position = track->position,
            .until_position = track->until,
        };
    }
    memset(model->pulls, 0, sizeof(model->pulls));
    g_assert_true(desk_take(
            &model->desk, desk_send(&model->desk, &caller, &request), &reply));
    g_assert_cmpint(reply.error.status, ==, REMEX_OK);
    model->desk.attachment = reply.open.attachment;
    for (size_t i = 0; i < PROCESSES; i++)
        g_assert_true(reply.open.follows[i].known);
}

static void step(struct model *model)
{
    struct track *track = &model->tracks[pick(PROCESSES)];
    guint what = pick(100);

    if (model->delivery == 0 && pick(200) == 0)
        seal_one(model, track);
    else if (pick(50) == 0)
        read_beside(model, track);
    else if (what < 55 || (what >= 70 + model->eagerness && what < 95))
        write_some(track);
    else if (what < 56)
        end_some(track);
    else if (what < 70)
        desk_settle(&model->desk);
    else if (what < 70 + model->eagerness)
        pull(model);
    else if (what < 97)
        resume(model);
    else
        desk_pass(&model->desk, pick(3000));
    if (pick(3))
        collect(model);
}

/* Everybody ends, and everything is fetched. */
static void finish(struct model *model)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        end_some(&model->tracks[i]);
        end_some(&model->tracks[i]);
    }
    desk_settle(&model->desk);
    collect(model);
    for (guint left = PROCESSES; left > 0;) {
        left = 0;
        resume(model);
        pull(model);
        desk_pass(&model->desk, 5000);
        collect(model);
        for (size_t i = 0; i < PROCESSES; i++)
            left += !model->tracks[i].saw_closed;
    }
}

static void run_model(struct model *model, unsigned int delivery)
{
    memset(model, 0, sizeof(*model));
    model->delivery = delivery;
    model->eagerness = delivery == DELIVERY_RELIABLE ? 25 : 3;
    desk_init(&model->desk);
    model->desk.settings.limits.retained_bytes = UINT64_C(128) * 1024;
    model->desk.settings.retention_ms = 3600 * 1000; /* nobody is forgotten */
    desk_start(&model->desk);
    desk_open(&model->desk);
    for (size_t i = 0; i < PROCESSES; i++)
        model_start(model, i);
    for (int i = 0; i < STEPS; i++)
        step(model);
    finish(model);
    desk_deinit(&model->desk);
}

static void check_whole(const struct track *track)
{
    g_assert_cmpuint(track->gaps, ==, 0);
    g_assert_cmpuint(track->offsets[0], ==, track->written[0]);
    g_assert_cmpuint(track->offsets[1], ==, track->written[1]);
}

static void reliable_followers_get_all_of_it(void)
{
    for (int i = 0; i < 10; i++) {
        struct model model;

        run_model(&model, DELIVERY_RELIABLE);
        for (size_t j = 0; j < PROCESSES; j++)
            check_whole(&model.tracks[j]);
    }
}

/* Of every stream that is reliable, whatever the other one is, is sealed or
 * keeps: see check_gap. */
static void streams_of_all_kinds_keep_what_they_promise(void)
{
    guint gaps = 0;

    for (int i = 0; i < 15; i++) {
        struct model model;

        run_model(&model, 0);
        for (size_t j = 0; j < PROCESSES; j++) {
            const struct track *track = &model.tracks[j];

            gaps += track->gaps;
            for (size_t k = 0; k < 2; k++)
                if (track->streams[k].delivery == DELIVERY_RELIABLE)
                    g_assert_cmpuint(track->offsets[k], ==, track->written[k]);
        }
    }
    g_assert_cmpuint(gaps, >, 0);
}

static void lossy_followers_are_told_what_they_miss(void)
{
    guint gaps = 0;

    for (int i = 0; i < 10; i++) {
        struct model model;

        run_model(&model, DELIVERY_LOSSY);
        for (size_t j = 0; j < PROCESSES; j++)
            gaps += model.tracks[j].gaps;
    }
    g_assert_cmpuint(gaps, >, 0); /* or this would prove nothing */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/pull_model", reliable_followers_get_all_of_it);
    SUITE_ADD("/pull_model", streams_of_all_kinds_keep_what_they_promise);
    SUITE_ADD("/pull_model", lossy_followers_are_told_what_they_miss);
    return g_test_run();
}
