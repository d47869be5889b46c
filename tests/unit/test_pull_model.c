/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pulls against a simple model: many processes write what can be told from its
 * position; two clients with windows pull, acknowledge, lose replies and
 * resume, one of them there from the start, the other one coming and going.
 * Whatever happens, each of them gets every event once and in order, and loses
 * nothing of a reliable stream while it is there. Nobody holds a lossy stream,
 * and no log grows beyond its bound. ctest-timeout: 120
 */

#include <string.h>

#include <glib.h>

#include "executor/gather.h"
#include "support/desk.h"
#include "support/suite.h"

/* The seed is GLib's: printed at the start, given by --seed. */
enum { STEPS = 1000000, LIFE = 4000 };

enum { PROCESSES = 6, READERS = 2, WINDOW = 50000 };

#define LOG_BYTES (UINT64_C(128) * 1024)

struct source {
    char id[8];
    struct puppet *puppet;
    struct stream_spec streams[2];
    uint64_t written[2]; /* per stream */
    bool sealed[2];
    bool exited;
    bool ended;
};

/* What one follower has had of one process. */
struct track {
    bool follows;
    uint64_t seq;
    uint64_t position;
    uint64_t offsets[2];
    uint64_t head[2]; /* offsets when it came: what is behind them is its own */
    bool hidden[2];   /* what is before them: sealed by then */
    uint64_t until;   /* granted */
    uint64_t consumed; /* told */
    uint64_t lost_bytes[2];
    uint64_t lost_events;
    bool lost_replies; /* and so, may be, told of a loss twice */
    bool saw_exit;
    bool saw_closed;
};

struct reader {
    struct message_id session_id;
    uint64_t attachment;
    struct track tracks[PROCESSES];
    uint64_t pulls[2]; /* their answers are not taken; 0: none */
    size_t most[2];    /* bytes that each asked for; 0: what there is */
};

struct model {
    struct desk desk;
    unsigned int delivery; /* 0: each stream as it likes */
    guint eagerness;       /* of the readers: 1 to 15 */
    struct source sources[PROCESSES];
    struct reader readers[READERS]; /* the first is always there */
    guint gaps;                     /* that were told */
    guint held;                     /* writes that were not taken whole */
};

static guint pick(guint bound)
{
    return (guint)g_test_rand_int_range(0, (gint)bound);
}

/* In the place of the client that asks. */
static struct desk *desk_of(struct model *model, const struct reader *reader)
{
    model->desk.session_id = reader->session_id;
    model->desk.attachment = reader->attachment;
    return &model->desk;
}

static struct remex_bytes id_of(const struct model *model, size_t index)
{
    const char *id = model->sources[index].id;

    return (struct remex_bytes){ id, strlen(id) };
}

/* --- What is written ------------------------------------------------------ */

enum { PERIOD = 8191, PIECE = 64 * 1024 };

static uint8_t patterns[2][PERIOD + PIECE];

static void make_patterns(void)
{
    for (uint32_t i = 0; i < sizeof(patterns[0]); i++) {
        uint32_t at = i % PERIOD;

        patterns[0][i] = (uint8_t)(at * 31 + at / 251);
        patterns[1][i] = (uint8_t)~patterns[0][i];
    }
}

/* What a stream has from that offset on: a PIECE of it. */
static const uint8_t *pattern_at(size_t stream, uint64_t offset)
{
    return &patterns[stream][offset % PERIOD];
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
    stream->chunk_bytes = pick(4) ? 0 : pick(1000) + 1;
}

static void model_start(struct model *model, size_t index)
{
    struct source *source = &model->sources[index];
    struct track *track = &model->readers[0].tracks[index];
    struct follow_spec follow = { .follow_id = index + 1 };
    struct request request;
    struct reply reply;

    g_snprintf(source->id, sizeof(source->id), "p%zu", index);
    request = desk_start_request(source->id, &follow, WINDOW);
    choose_stream(model, &request.start.process.out);
    choose_stream(model, &request.start.process.err);
    source->streams[0] = request.start.process.out;
    source->streams[1] = request.start.process.err;
    reply = desk_call(desk_of(model, &model->readers[0]), &request);
    desk_check_status(&reply, REMEX_OK);
    source->puppet = model->desk.puppets.newest;
    *track = (struct track){ .follows = true, .until = WINDOW };
}

static void write_some(struct model *model, struct source *source)
{
    size_t index = pick(2);
    enum remex_stream stream = index ? REMEX_STDERR : REMEX_STDOUT;
    size_t size = pick(8) ? pick(500) + 1 : pick(20000) + 1;
    size_t taken;

    if (source->ended)
        return;
    taken = puppet_output(source->puppet, stream,
            pattern_at(index, source->written[index]), size);
    if (source->streams[index].delivery == DELIVERY_LOSSY)
        g_assert_cmpuint(taken, ==, size);
    model->held += taken < size;
    source->written[index] += taken;
}

static void end_some(struct source *source)
{
    if (!source->exited) {
        source->exited = true;
        puppet_exit(source->puppet, source->id[1]);
    } else if (!source->ended) {
        source->ended = true;
        puppet_end(source->puppet);
    }
}

/* --- What comes ----------------------------------------------------------- */

static void check_output(const struct source *source, struct track *track,
        const struct remex_event *event)
{
    size_t index = event->output.stream == REMEX_STDERR;
    struct remex_bytes data = event->output.data;

    g_assert_cmpuint(track->position, <, track->until);
    g_assert_cmpuint(event->output.offset, ==, track->offsets[index]);
    if (track->hidden[index])
        g_assert_cmpuint(event->output.offset, >=, track->head[index]);
    if (source->streams[index].chunk_bytes > 0)
        g_assert_cmpuint(data.size, <=, source->streams[index].chunk_bytes);
    g_assert_cmpuint(data.size, <=, PIECE);
    g_assert_true(memcmp(data.data, pattern_at(index, track->offsets[index]),
                          data.size) == 0);
    track->offsets[index] += data.size;
    track->position += data.size;
}

/* Of a reliable stream only what had gone before it came is lost to it. */
static void check_loss(const struct source *source, const struct track *track,
        size_t index, uint64_t next)
{
    g_assert_cmpuint(next, >=, track->offsets[index]);
    g_assert_cmpuint(next, <=, source->written[index]);
    if (source->streams[index].delivery == DELIVERY_RELIABLE)
        g_assert_cmpuint(
                next, <=, MAX(track->offsets[index], track->head[index]));
}

static void check_gap(const struct source *source, struct track *track,
        const struct remex_event *event)
{
    uint64_t bytes = 0;

    g_assert_cmpuint(event->gap.first_seq, ==, track->seq + 1);
    g_assert_cmpuint(event->seq, >=, event->gap.first_seq);
    g_assert_cmpuint(track->position, <, track->until);
    for (size_t i = 0; i < 2; i++) {
        uint64_t next = event->gap.offsets[i];

        check_loss(source, track, i, next);
        track->lost_bytes[i] += next - track->offsets[i];
        bytes += next - track->offsets[i];
        track->offsets[i] = next;
    }
    g_assert_cmpuint(event->gap.bytes, ==, bytes);
    track->position += bytes;
    track->until += bytes;
    track->lost_events += event->seq - event->gap.first_seq + 1;
}

static void check_ending(struct track *track, const struct remex_event *event)
{
    g_assert_true(track->saw_exit);
    for (size_t i = 0; i < 2; i++)
        g_assert_cmpuint(event->closed.ends[i].bytes, ==, track->offsets[i]);
    track->saw_closed = true;
}

static void check_event(struct model *model, const struct source *source,
        struct track *track, const struct remex_event *event)
{
    g_assert_true(track->follows);
    g_assert_false(track->saw_closed);
    if (event->kind == REMEX_EVENT_GAP)
        model->gaps++;
    else
        g_assert_cmpuint(event->seq, ==, track->seq + 1);
    if (event->kind == REMEX_EVENT_OUTPUT) {
        check_output(source, track, event);
    } else if (event->kind == REMEX_EVENT_GAP) {
        check_gap(source, track, event);
    } else if (event->kind == REMEX_EVENT_EXITED) {
        g_assert_false(track->saw_exit);
        g_assert_cmpint(event->exited.code, ==, source->id[1]);
        track->saw_exit = true;
    } else {
        g_assert_cmpint(event->kind, ==, REMEX_EVENT_CLOSED);
        check_ending(track, event);
    }
    track->seq = event->seq;
}

/* No more than was asked for, but for a first event that is larger by itself.
 */
static void check_size(const struct batch *batch, size_t most)
{
    size_t size = 0;

    if (most == 0 || most > GATHER_BYTES)
        most = GATHER_BYTES;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->events[i].event.kind == REMEX_EVENT_OUTPUT)
            size += batch->events[i].event.output.data.size;
    if (batch->count != 1)
        g_assert_cmpuint(size, <=, most);
}

static void take_in(struct model *model, struct reader *reader,
        const struct pull_reply *reply)
{
    for (size_t i = 0; i < reply->batch.count; i++) {
        const struct batch_event *event = &reply->batch.events[i];
        uint64_t index = event->follow_id - 1;

        g_assert_cmpuint(index, <, PROCESSES);
        check_event(model, &model->sources[index], &reader->tracks[index],
                &event->event);
    }
    for (size_t i = 0; i < reply->state_count; i++)
        g_assert_true(model->sources[reply->states[i].follow_id - 1].exited);
}

/* Answered pulls, oldest first: that is their order. */
static void collect(struct model *model, struct reader *reader)
{
    for (size_t i = 0; i < G_N_ELEMENTS(reader->pulls); i++) {
        struct reply reply;

        if (reader->pulls[i] == 0 ||
                !desk_take(&model->desk, reader->pulls[i], &reply))
            continue;
        desk_check_status(&reply, REMEX_OK);
        reader->pulls[i] = 0;
        check_size(&reply.pull.batch, reader->most[i]);
        take_in(model, reader, &reply.pull);
    }
}

/* A pull that waits has nothing to wait for but its windows, and what is yet to
 * be written. */
static void check_idle(const struct model *model, const struct reader *reader)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        const struct source *source = &model->sources[i];
        const struct track *track = &reader->tracks[i];

        if (!track->follows || track->position >= track->until)
            continue;
        for (size_t j = 0; j < 2; j++)
            g_assert_cmpuint(track->offsets[j], ==, source->written[j]);
        g_assert_true(track->saw_exit == source->exited);
        g_assert_true(track->saw_closed == source->ended);
    }
}

static void settle(struct model *model)
{
    desk_settle(&model->desk);
    for (size_t i = 0; i < READERS; i++) {
        struct reader *reader = &model->readers[i];

        collect(model, reader);
        if (reader->pulls[0] != 0)
            check_idle(model, reader);
    }
}

/* --- The clients' side ---------------------------------------------------- */

static size_t choose_acks(struct reader *reader, struct pull_ack *out)
{
    size_t count = 0;

    for (size_t i = 0; i < PROCESSES; i++) {
        struct track *track = &reader->tracks[i];
        uint64_t until;

        if (!track->follows || pick(2))
            continue;
        track->consumed += pick((guint)(track->seq - track->consumed) + 1);
        until = track->position + pick(WINDOW);
        out[count++] =
                (struct pull_ack){ i + 1, track->consumed, until, false };
        track->until = MAX(track->until, until); /* windows never shrink */
    }
    return count;
}

static void pull(struct model *model, struct reader *reader)
{
    struct request request = desk_pull_request(pick(2) ? 5000 : 0);
    struct request second = desk_pull_request(5000);
    struct pull_ack acks[PROCESSES];

    for (size_t i = 0; i < G_N_ELEMENTS(reader->pulls); i++)
        if (reader->pulls[i] != 0)
            return; /* in the order in which they are answered, then */
    request.pull.acks = acks;
    request.pull.ack_count = choose_acks(reader, acks);
    request.pull.max_bytes = pick(3) ? 0 : pick(5000);
    reader->pulls[0] = desk_ask(desk_of(model, reader), &request);
    reader->most[0] = request.pull.max_bytes;
    if (pick(4) == 0) /* it can only be answered after the first one */
        reader->pulls[1] = desk_ask(&model->desk, &second);
    reader->most[1] = 0;
}

static void seal_one(struct model *model, size_t index)
{
    size_t stream = pick(2);
    struct request request = { .method = METHOD_SEAL,
        .seal = { .process_id = id_of(model, index),
                .streams = { (enum remex_stream)(REMEX_STDOUT + stream) },
                .stream_count = 1 } };
    struct reply reply =
            desk_call(desk_of(model, &model->readers[0]), &request);

    desk_check_status(&reply, REMEX_OK);
    model->sources[index].sealed[stream] = true;
}

/* A reader beside the followers, at any place, disturbs nobody. */
static void read_beside(struct model *model, size_t index)
{
    struct request request = { .method = METHOD_READ,
        .read = {
                .process_id = id_of(model, index), .max_bytes = pick(5000) } };
    struct reply reply =
            desk_call(desk_of(model, &model->readers[0]), &request);
    uint64_t next = 1;

    desk_check_status(&reply, REMEX_OK);
    check_size(&reply.read.batch, request.read.max_bytes);
    for (size_t i = 0; i < reply.read.batch.count; i++) {
        const struct remex_event *event = &reply.read.batch.events[i].event;

        g_assert_cmpuint(event->kind == REMEX_EVENT_GAP ? event->gap.first_seq
                                                        : event->seq,
                ==, next);
        next = event->seq + 1;
    }
}

/* Told or not yet: a loss is counted as soon as nothing stands before it. */
static void check_counts(
        const struct track *track, const struct follower_status *told)
{
    if (track->lost_replies)
        return;
    g_assert_cmpuint(told->sent_seq, ==, track->seq);
    g_assert_cmpuint(told->acknowledged_seq, ==, track->consumed);
    g_assert_cmpuint(told->lost_events, >=, track->lost_events);
    for (size_t i = 0; i < 2; i++) {
        g_assert_cmpuint(told->lost_bytes[i], >=, track->lost_bytes[i]);
        if (told->lost_events == track->lost_events)
            g_assert_cmpuint(told->lost_bytes[i], ==, track->lost_bytes[i]);
    }
}

static void inspect(struct model *model, size_t index)
{
    struct request request = { .method = METHOD_INSPECT,
        .inspect = { .process_id = id_of(model, index) } };
    const struct source *source = &model->sources[index];
    struct inspect_reply told;
    uint64_t kept = 0;

    for (size_t i = 0; i < READERS; i++)
        collect(model, &model->readers[i]);
    told = desk_call(desk_of(model, &model->readers[0]), &request).inspect;
    for (size_t i = 0; i < 2; i++) {
        const struct stream_status *stream = &told.process.streams[i];

        kept += stream->retained_bytes;
        g_assert_cmpuint(stream->bytes_read, ==, source->written[i]);
        if (source->streams[i].delivery == DELIVERY_RELIABLE)
            g_assert_cmpuint(stream->dropped_bytes, ==, 0);
    }
    g_assert_cmpuint(kept, <=, LOG_BYTES);
    g_assert_cmpuint(told.follower_count, ==,
            model->readers[0].tracks[index].follows +
                    model->readers[1].tracks[index].follows);
    for (size_t i = 0; i < told.follower_count; i++)
        check_counts(&model->readers[i].tracks[index], &told.followers[i]);
}

/* --- Coming and going ----------------------------------------------------- */

static void note_place(struct track *track, const struct follow_place *place)
{
    track->seq = place->seq;
    track->consumed = place->seq;
    track->saw_exit = place->exited;
    track->saw_closed = place->closed;
    for (size_t i = 0; i < 2; i++) {
        track->offsets[i] = place->offsets[i];
        track->position += place->offsets[i];
    }
}

/* At the oldest, live, or after some event. */
static void join(struct model *model, size_t index)
{
    struct source *source = &model->sources[index];
    struct reader *reader = &model->readers[1];
    struct track *track = &reader->tracks[index];
    guint ahead = pick(WINDOW);
    struct request request = { .method = METHOD_FOLLOW,
        .follow.follow = { .process_id = id_of(model, index),
                .follow_id = index + 1,
                .until_position = ahead,
                .from = (enum follow_from)pick(3) } };
    struct follow_spec *spec = &request.follow.follow;
    struct reply reply;

    if (spec->from == FOLLOW_FROM_SEQ)
        spec->after_seq = pick((guint)model->readers[0].tracks[index].seq + 1);
    reply = desk_call(desk_of(model, reader), &request);
    desk_check_status(&reply, REMEX_OK);
    *track = (struct track){ .follows = true };
    if (spec->from != FOLLOW_FROM_CURSOR)
        note_place(track, &reply.follow.state.place);
    track->until = track->position + ahead;
    memcpy(track->head, source->written, sizeof(track->head));
    memcpy(track->hidden, source->sealed, sizeof(track->hidden));
}

static void leave(struct model *model, size_t index)
{
    struct request request = { .method = METHOD_UNFOLLOW,
        .unfollow = { .follow_id = index + 1 } };
    struct reply reply =
            desk_call(desk_of(model, &model->readers[1]), &request);

    desk_check_status(&reply, REMEX_OK);
    model->readers[1].tracks[index].follows = false;
}

static void come_or_go(struct model *model, size_t index)
{
    collect(model, &model->readers[1]); /* what was sent to it before */
    if (model->readers[1].tracks[index].follows)
        leave(model, index);
    else
        join(model, index);
}

static size_t state_cursors(
        struct model *model, struct reader *reader, struct follow_spec *out)
{
    bool lost = reader->pulls[0] != 0 || reader->pulls[1] != 0;
    size_t count = 0;

    for (size_t i = 0; i < PROCESSES; i++) {
        struct track *track = &reader->tracks[i];

        if (!track->follows)
            continue;
        track->lost_replies = track->lost_replies || lost;
        track->until = track->position + pick(WINDOW);
        track->consumed = track->seq;
        out[count++] = (struct follow_spec){
            .process_id = id_of(model, i),
            .follow_id = i + 1,
            .after_seq = track->seq,
            .after_position = track->position,
            .until_position = track->until,
        };
    }
    return count;
}

/* The link is lost, and with it, maybe, replies that were on their way. */
static void resume(struct model *model, struct reader *reader)
{
    struct follow_spec follows[PROCESSES];
    struct resume value = { .session_id = reader->session_id,
        .boot_id = *requests_boot_id(model->desk.requests),
        .attachment = reader->attachment,
        .follows = follows };
    struct request request = { .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1, .resume = &value } };
    struct caller caller = desk_caller(&model->desk);
    struct reply reply;

    value.follow_count = state_cursors(model, reader, follows);
    memset(reader->pulls, 0, sizeof(reader->pulls));
    g_assert_true(desk_take(
            &model->desk, desk_send(&model->desk, &caller, &request), &reply));
    desk_check_status(&reply, REMEX_OK);
    reader->attachment = reply.open.attachment;
    for (size_t i = 0; i < value.follow_count; i++)
        g_assert_true(reply.open.follows[i].known);
}

/* --- The whole ------------------------------------------------------------ */

/* What is seldom done. */
static void step_aside(struct model *model, size_t index)
{
    switch (pick(4)) {
    case 0:
        if (model->delivery == 0 && pick(4) == 0)
            seal_one(model, index);
        break;
    case 1:
        read_beside(model, index);
        break;
    case 2:
        inspect(model, index);
        break;
    default:
        come_or_go(model, index);
    }
}

static void step(struct model *model)
{
    size_t index = pick(PROCESSES);
    struct reader *reader = &model->readers[pick(READERS)];
    guint what = pick(100);

    if (pick(40) == 0)
        step_aside(model, index);
    else if (what < 55 || (what >= 70 + model->eagerness && what < 95))
        write_some(model, &model->sources[index]);
    else if (what < 56)
        end_some(&model->sources[index]);
    else if (what < 70)
        settle(model);
    else if (what < 70 + model->eagerness)
        pull(model, reader);
    else if (what < 97)
        resume(model, reader);
    else
        desk_pass(&model->desk, pick(3000));
    if (pick(3))
        collect(model, reader);
}

static bool has_more(const struct reader *reader)
{
    for (size_t i = 0; i < PROCESSES; i++)
        if (reader->tracks[i].follows && !reader->tracks[i].saw_closed)
            return true;
    return false;
}

/* Everybody ends, and everything is fetched. */
static void finish(struct model *model)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        end_some(&model->sources[i]);
        end_some(&model->sources[i]);
    }
    desk_settle(&model->desk);
    for (size_t i = 0; i < READERS; i++) {
        struct reader *reader = &model->readers[i];

        collect(model, reader);
        while (has_more(reader)) {
            resume(model, reader);
            pull(model, reader);
            desk_pass(&model->desk, 5000);
            collect(model, reader);
        }
    }
}

static void begin(struct model *model, unsigned int delivery)
{
    struct desk *desk = &model->desk;

    memset(model, 0, sizeof(*model));
    model->delivery = delivery;
    model->eagerness = delivery == DELIVERY_RELIABLE ? 15 : 3;
    desk_init(desk);
    desk->settings.limits.retained_bytes = LOG_BYTES;
    desk->settings.retention_ms = 3600 * 1000; /* nobody is forgotten */
    desk_start(desk);
    for (size_t i = 0; i < READERS; i++) {
        desk_open(desk);
        model->readers[i].session_id = desk->session_id;
        model->readers[i].attachment = desk->attachment;
    }
    for (size_t i = 0; i < PROCESSES; i++)
        model_start(model, i);
}

/* All of each stream that is reliable, whatever the other one is, is sealed or
 * keeps, has come to who was always there. */
static void check_whole(const struct model *model)
{
    for (size_t i = 0; i < PROCESSES; i++) {
        const struct source *source = &model->sources[i];
        const struct track *track = &model->readers[0].tracks[i];

        for (size_t j = 0; j < 2; j++) {
            g_assert_cmpuint(track->offsets[j], ==, source->written[j]);
            if (source->streams[j].delivery == DELIVERY_RELIABLE)
                g_assert_cmpuint(track->lost_bytes[j], ==, 0);
        }
    }
}

/* So many steps, in lives of models. All that can happen does, or they would
 * prove nothing. */
static void run(unsigned int delivery, guint steps)
{
    guint gaps = 0;
    guint held = 0;

    for (guint done = 0; done < steps; done += LIFE) {
        struct model model;

        begin(&model, delivery);
        for (guint i = 0; i < LIFE; i++)
            step(&model);
        finish(&model);
        check_whole(&model);
        gaps += model.gaps;
        held += model.held;
        desk_deinit(&model.desk);
    }
    g_test_message("%u steps: %u gaps, %u writes held", steps, gaps, held);
    g_assert_cmpuint(gaps, >, 0); /* of who comes late, at least */
    if (delivery != DELIVERY_LOSSY)
        g_assert_cmpuint(held, >, 0);
}

static void reliable_followers_get_all_of_it(void)
{
    run(DELIVERY_RELIABLE, STEPS / 4);
}

static void streams_of_all_kinds_keep_what_they_promise(void)
{
    run(0, STEPS / 2);
}

static void lossy_followers_are_told_what_they_miss(void)
{
    run(DELIVERY_LOSSY, STEPS / 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    make_patterns();
    SUITE_ADD("/pull_model", reliable_followers_get_all_of_it);
    SUITE_ADD("/pull_model", streams_of_all_kinds_keep_what_they_promise);
    SUITE_ADD("/pull_model", lossy_followers_are_told_what_they_miss);
    return g_test_run();
}
