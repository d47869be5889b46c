/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/model_run_inside.h"

/* --- Events ----------------------------------------------------------------
 */

static void check_event(struct run *run, const struct model_process *process,
        uint64_t seq, const struct remex_event *told)
{
    const struct model_event *right = &process->events[seq - 1];

    RUN_CHECK(run, told->seq == seq && told->kind == right->kind,
            "event %llu of kind %d instead of %llu of kind %d",
            (unsigned long long)told->seq, (int)told->kind,
            (unsigned long long)seq, (int)right->kind);
    if (told->kind == REMEX_EVENT_OUTPUT) {
        const uint8_t *bytes = told->output.data.data;

        RUN_CHECK(run,
                told->output.stream == right->stream &&
                        told->output.offset == right->offset &&
                        told->output.data.size == right->size,
                "event %llu is another output", (unsigned long long)seq);
        for (size_t i = 0; i < right->size; i++)
            RUN_CHECK(run,
                    bytes[i] == model_byte(right->stream, right->offset + i),
                    "event %llu has other bytes", (unsigned long long)seq);
    } else if (told->kind == REMEX_EVENT_EXITED) {
        RUN_CHECK(run,
                told->exited.by_signal == process->exit.by_signal &&
                        told->exited.code == process->exit.code &&
                        told->exited.reason == process->exit.reason,
                "event %llu is another exit, for reason %d instead of %d",
                (unsigned long long)seq, (int)told->exited.reason,
                (int)process->exit.reason);
    }
}

/* What is left could have been sent as well: only if some of it did not fit. */
static bool is_sent(struct run *run, size_t count, size_t bytes, size_t most)
{
    const struct model_session *session = &run->model.sessions[run->session];
    bool is_left = false;

    for (size_t i = 1; i <= MODEL_FOLLOW_IDS; i++) {
        const struct model_event *next = model_next(&session->follows[i]);

        if (next && (bytes > most || next->size > most - bytes))
            return count > 0;
        is_left |= next != NULL;
    }
    return !is_left;
}

static void check_pulled(struct run *run, size_t most)
{
    struct model_session *session = &run->model.sessions[run->session];
    const struct batch *batch = &run->reply.pull.batch;
    size_t bytes = 0;

    for (size_t i = 0; i < batch->count; i++) {
        const struct batch_event *item = &batch->events[i];
        struct model_follow *follow = &session->follows[item->follow_id];

        RUN_CHECK(run,
                item->follow_id <= MODEL_FOLLOW_IDS && model_next(follow),
                "an event of follow %llu, which has none to get",
                (unsigned long long)item->follow_id);
        check_event(run, follow->process, follow->seq + 1, &item->event);
        bytes += model_next(follow)->size;
        model_sent(follow);
    }
    RUN_CHECK(run, is_sent(run, batch->count, bytes, most),
            "there is more than the %zu events", batch->count);
}

static void check_states(struct run *run)
{
    const struct pull_reply *pull = &run->reply.pull;
    const struct model_session *session = &run->model.sessions[run->session];

    for (size_t i = 0; i < pull->state_count; i++) {
        const struct follow_state *told = &pull->states[i];
        const struct model_follow *follow = &session->follows[told->follow_id];
        struct follow_state right = { .follow_id = told->follow_id };

        if (follow->process)
            right = model_state(follow->process, told->follow_id);
        else if (follow->displaced)
            right.known = right.displaced = true;
        run_check_state(run, told, &right);
    }
}

static size_t count_told_unknown(const struct run *run)
{
    size_t count = 0;

    for (size_t i = 0; i < run->reply.pull.state_count; i++)
        count += !run->reply.pull.states[i].known;
    return count;
}

static void draw_acks(struct run *run)
{
    run->request.pull.acks = run->acks;
    run->request.pull.ack_count = run_below(run, RUN_ACKS + 1);
    for (size_t i = 0; i < run->request.pull.ack_count; i++) {
        uint64_t id = 1 + run_below(run, MODEL_FOLLOW_IDS);
        const struct model_follow *follow =
                &run->model.sessions[run->session].follows[id];

        run->acks[i] = (struct pull_ack){
            .follow_id = id,
            .consumed_seq = run_below(run, follow->seq + 3),
            .until_position =
                    follow->position + run_below(run, MODEL_WINDOW + 2),
            .let_go = run_below(run, 4) == 0,
        };
    }
}

/* How many of them are for what is not followed, or not any more: they are told
 * so. */
static size_t acknowledge(struct run *run)
{
    const struct model_session *session = &run->model.sessions[run->session];
    size_t unknown = 0;

    for (size_t i = 0; i < run->request.pull.ack_count; i++) {
        const struct pull_ack *ack = &run->acks[i];

        unknown += !model_is_there(&session->follows[ack->follow_id]);
        if (ack->let_go)
            model_unfollow(&run->model, run->session, ack->follow_id);
        else
            model_acknowledge(&run->model, run->session, ack);
    }
    return unknown;
}

void run_do_pull(struct run *run)
{
    struct pull_request *pull = &run->request.pull;
    struct model_answer answer;
    size_t unknown = 0;

    if (!run_enter(run, METHOD_PULL))
        return;
    draw_acks(run);
    pull->max_bytes = (uint32_t)(1 + run_below(run, 300));
    answer = model_check_acks(
            &run->model, run->session, run->acks, pull->ack_count);
    if (answer.status == REMEX_OK)
        unknown = acknowledge(run);
    if (!run_ask(run, answer))
        return;
    check_pulled(run, pull->max_bytes);
    check_states(run);
    RUN_CHECK(run, count_told_unknown(run) == unknown,
            "%zu follows are said to be unknown, not %zu",
            count_told_unknown(run), unknown);
}

void run_do_read(struct run *run)
{
    struct read_request *read = &run->request.read;
    const struct read_reply *told = &run->reply.read;
    const struct model_process *process;
    uint64_t seq;

    if (!run_enter(run, METHOD_READ))
        return;
    process = model_find(&run->model, run->session, run->id);
    seq = run_below(run, (process ? process->count : 0) + 2U);
    *read = (struct read_request){ .process_id = run_name(run),
        .after_seq = seq,
        .max_bytes = (uint32_t)(1 + run_below(run, 300)) };
    if (!run_ask(run, model_read(&run->model, run->session, run->id, seq)))
        return;
    for (size_t i = 0; i < told->batch.count; i++)
        check_event(run, process, ++seq, &told->batch.events[i].event);
    RUN_CHECK(run,
            told->next_seq == process->count + 1U &&
                    (told->batch.count > 0 || seq == process->count),
            "a read ends at %llu", (unsigned long long)seq);
    RUN_CHECK(run,
            told->closed ==
                    (process->state == PROCESS_CLOSED && seq == process->count),
            "a read knows another end");
}
