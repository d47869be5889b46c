/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/model_run_inside.h"

/* --- Processes -------------------------------------------------------------
 */

void run_do_start(struct run *run)
{
    static const struct stream_spec stream = {
        .capture = CAPTURE_PIPE,
        .delivery = DELIVERY_RELIABLE,
        .no_follower = NO_FOLLOWER_DRAIN,
        .retention = RETENTION_ALL,
    };
    static const struct remex_bytes argv[] = { { "program", 7 }, { "x", 1 } };
    unsigned int variant = run_percent(run, 25);
    struct process_spec *spec = &run->request.start.process;
    const struct follow_spec *follow = NULL;
    struct model_answer answer;

    if (!run_enter(run, METHOD_START))
        return;
    if (run_percent(run, 60)) {
        run->specs[0] =
                run_draw_spec(run, 1 + run_below(run, MODEL_FOLLOW_IDS));
        follow = run->specs;
    }
    *spec = (struct process_spec){
        .process_id = run_name(run),
        .argv = argv,
        .argv_count = 1 + variant,
        .env_base = ENV_EMPTY,
        .stdin_kind = variant ? STDIN_CLOSED : STDIN_PIPE,
        .out = stream,
        .err = stream,
        .owner_loss = OWNER_LOSS_KILL,
        .has_eof_linger = true,
    };
    run->request.start.follow = follow;
    answer = model_start(&run->model, run->session, run->id, variant, follow);
    if (run_ask(run, answer) && run->host.started)
        run->children[run->model.sessions[run->session].who][run->id] =
                run->host.started;
    RUN_CHECK(run, answer.status == REMEX_OK || !run->host.started,
            "%s is started, and refused", run_id_names[run->id]);
}

void run_do_follow(struct run *run)
{
    struct follow_state state;

    if (!run_enter(run, METHOD_FOLLOW))
        return;
    run->specs[0] = run_draw_spec(run, 1 + run_below(run, MODEL_FOLLOW_IDS));
    run->specs[0].from = (enum follow_from)run_below(run, 3);
    if (run->specs[0].from != FOLLOW_FROM_CURSOR) {
        run->specs[0].after_position = 0;
        run->specs[0].until_position = run_below(run, MODEL_WINDOW + 10);
    }
    if (run->specs[0].from == FOLLOW_FROM_LIVE)
        run->specs[0].after_seq = 0;
    run->request.follow.follow = run->specs[0];
    if (run_ask(run,
                model_follow(&run->model, run->session, run->id, run->specs,
                        &state)))
        run_check_state(run, &run->reply.follow.state, &state);
}

void run_do_unfollow(struct run *run)
{
    if (!run_enter(run, METHOD_UNFOLLOW))
        return;
    run->request.unfollow.follow_id = 1 + run_below(run, MODEL_FOLLOW_IDS);
    model_unfollow(&run->model, run->session, run->request.unfollow.follow_id);
    run_ask(run, (struct model_answer){ .status = REMEX_OK });
}

/* --- Control ---------------------------------------------------------------
 */

void run_do_write(struct run *run)
{
    const struct model_process *process;
    struct write_reply right = { .outcome = WRITE_ACCEPTED };
    const struct write_reply *told = &run->reply.write;
    uint64_t next;

    if (!run_enter(run, METHOD_WRITE))
        return;
    process = model_find(&run->model, run->session, run->id);
    next = process ? process->stdin_next : 0;
    run->request.write = (struct write_request){
        .process_id = run_name(run),
        .offset = run_percent(run, 60) ? next : run_below(run, next + 3),
        .eof = run_percent(run, 10),
    };
    run->request.payload =
            (struct remex_bytes){ run->payload, run_below(run, RUN_PAYLOAD) };
    if (!run_ask(run,
                model_write(&run->model, run->session, run->id,
                        run->request.write.offset, run->request.payload.size,
                        run->request.write.eof, &right)))
        return;
    RUN_CHECK(run,
            told->outcome == right.outcome &&
                    told->next_offset == right.next_offset &&
                    told->room == right.room && told->eof == right.eof,
            "a write is answered %d %llu %llu %d instead of %d %llu %llu %d",
            (int)told->outcome, (unsigned long long)told->next_offset,
            (unsigned long long)told->room, told->eof, (int)right.outcome,
            (unsigned long long)right.next_offset,
            (unsigned long long)right.room, right.eof);
}

void run_do_signal(struct run *run)
{
    enum signal_outcome outcome = SIGNAL_EXITED;

    if (!run_enter(run, METHOD_SIGNAL))
        return;
    run->request.signal = (struct signal_request){
        .process_id = run_name(run),
        .signal = 1 + (uint32_t)run_below(run, 31),
        .target = (enum signal_target)(1 + run_below(run, 3)),
        .number = run_below(run, 120),
    };
    if (run_ask(run,
                model_signal(&run->model, run->session, run->id,
                        &run->request.signal, &outcome)))
        RUN_CHECK(run, run->reply.signal.outcome == outcome,
                "a signal is answered %d instead of %d",
                (int)run->reply.signal.outcome, (int)outcome);
}

void run_do_terminate(struct run *run)
{
    bool running = false;

    if (!run_enter(run, METHOD_TERMINATE))
        return;
    run->request.terminate.process_id = run_name(run);
    if (run_ask(run,
                model_terminate(&run->model, run->session, run->id, &running)))
        RUN_CHECK(run, run->reply.terminate.running == running,
                "what is terminated is said to run, or not to");
}

void run_do_wait(struct run *run)
{
    const struct model_process *process;
    const struct process_ending *told = &run->reply.wait.ending;

    if (!run_enter(run, METHOD_WAIT))
        return;
    process = model_find(&run->model, run->session, run->id);
    run->request.wait = (struct wait_request){ run_name(run),
        (enum process_state)(1 + run_below(run, 3)), 0 };
    if (!run_ask(run,
                (struct model_answer){
                        .status = process ? REMEX_OK : REMEX_NOT_FOUND }))
        return;
    RUN_CHECK(run,
            told->state == process->state &&
                    (told->state == PROCESS_RUNNING ||
                            (told->exited.code == process->exit.code &&
                                    told->exited.reason ==
                                            process->exit.reason)),
            "a process is in state %d instead of %d", (int)told->state,
            (int)process->state);
}

static unsigned int followers_of(
        const struct run *run, const struct model_process *process)
{
    unsigned int count = 0;

    for (size_t i = 0; i < MODEL_SESSIONS; i++)
        for (size_t id = 1; id <= MODEL_FOLLOW_IDS; id++)
            count += run->model.sessions[i].follows[id].process == process;
    return count;
}

static void check_status(struct run *run, const struct process_status *told,
        const struct model_process *process)
{
    RUN_CHECK(run,
            told->ending.state == process->state &&
                    told->next_seq == process->count + 1U &&
                    told->first_seq == 1,
            "a process has %llu events instead of %u",
            (unsigned long long)told->next_seq - 1, process->count);
    RUN_CHECK(run,
            told->owned == (process->owner >= 0) &&
                    told->followers == followers_of(run, process),
            "a process is followed by %u", told->followers);
    RUN_CHECK(run, told->stdin_next_offset == process->stdin_next,
            "stdin is at another offset");
}

void run_do_inspect(struct run *run)
{
    const struct model_process *process;

    if (!run_enter(run, METHOD_INSPECT))
        return;
    process = model_find(&run->model, run->session, run->id);
    run->request.inspect.process_id = run_name(run);
    if (run_ask(run,
                (struct model_answer){
                        .status = process ? REMEX_OK : REMEX_NOT_FOUND }))
        check_status(run, &run->reply.inspect.process, process);
}

void run_do_list(struct run *run)
{
    const struct list_reply *told = &run->reply.list;
    uint32_t most;
    size_t count = 0;

    if (!run_enter(run, METHOD_LIST))
        return;
    most = (uint32_t)run_below(run, 4);
    run->request.list = (struct list_request){ .max_count = most };
    if (run_percent(run, 30))
        run->request.list.after_process_id = run_name(run);
    run_ask(run, (struct model_answer){ .status = REMEX_OK });
    for (unsigned int id = run->request.list.after_process_id.size > 0
                    ? run->id + 1
                    : 0;
            id < MODEL_IDS; id++) {
        const struct model_process *process =
                model_find(&run->model, run->session, id);

        if (!process)
            continue;
        if (most > 0 && count == most) {
            RUN_CHECK(run, told->more, "a list says that there is no more");
            return;
        }
        RUN_CHECK(
                run, count < told->count, "%s is not listed", run_id_names[id]);
        check_status(run, &told->processes[count++], process);
    }
    RUN_CHECK(run, count == told->count && !told->more,
            "%zu are listed, not %zu", told->count, count);
}

void run_do_forget(struct run *run)
{
    if (!run_enter(run, METHOD_FORGET))
        return;
    run->request.forget.process_id = run_name(run);
    run_ask(run, model_forget(&run->model, run->session, run->id));
}
