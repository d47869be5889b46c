/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "simulation/model_run_inside.h"

/* --- Sessions --------------------------------------------------------------
 */

void run_do_open(struct run *run)
{
    int place = 0;

    while (place < MODEL_SESSIONS && run->model.sessions[place].open)
        place++;
    if (place == MODEL_SESSIONS)
        return;
    run->session = place;
    run->request = (struct request){
        .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1 },
    };
    if (!run_ask(run, model_open(&run->model, run->who, (unsigned int)place)))
        return;
    run->ids[place] = run->reply.open.session_id;
    RUN_CHECK(run,
            run->reply.open.attachment == 1 &&
                    run->reply.open.lease_ms == MODEL_LEASE_MS,
            "a session is not new");
}

static uint64_t position_of(const struct model_process *process, uint64_t seq)
{
    uint64_t position = 0;

    for (uint64_t i = 0; i < seq && i < process->count; i++)
        position += process->events[i].size;
    return position;
}

/* From a cursor that may be, mostly. */
struct follow_spec run_draw_spec(struct run *run, uint64_t follow_id)
{
    const struct model_process *process = run->session < 0
            ? NULL
            : &run->model.processes[run->model.sessions[run->session].who]
                                   [run->id];
    struct follow_spec spec = {
        .process_id = run_name(run),
        .follow_id = follow_id,
        .exclusive = run_percent(run, 10),
        .take_over = run_percent(run, 30),
    };

    if (process && run_percent(run, 60)) {
        spec.after_seq =
                run_below(run, process->count + (run_percent(run, 10) ? 3 : 1));
        spec.after_position = position_of(process, spec.after_seq);
    }
    if (spec.after_seq > 0 && run_percent(run, 3))
        spec.after_position += 1;
    spec.until_position =
            spec.after_position + run_below(run, MODEL_WINDOW + 10);
    return spec;
}

void run_check_state(struct run *run, const struct follow_state *told,
        const struct follow_state *right)
{
    RUN_CHECK(run,
            told->follow_id == right->follow_id &&
                    told->known == right->known &&
                    told->no_room == right->no_room &&
                    told->displaced == right->displaced,
            "follow %llu is %sknown, displaced %d, no room %d; not %sknown, "
            "%d, %d",
            (unsigned long long)right->follow_id, told->known ? "" : "un",
            told->displaced, told->no_room, right->known ? "" : "un",
            right->displaced, right->no_room);
    if (!right->known || right->no_room || right->displaced)
        return;
    RUN_CHECK(run, told->last_seq == right->last_seq,
            "follow %llu: event %llu is the newest, not %llu",
            (unsigned long long)right->follow_id,
            (unsigned long long)told->last_seq,
            (unsigned long long)right->last_seq);
    RUN_CHECK(run,
            told->has_exited == right->has_exited &&
                    (!right->has_exited ||
                            told->exited.code == right->exited.code),
            "follow %llu: another exit", (unsigned long long)right->follow_id);
    RUN_CHECK(run,
            told->has_place == right->has_place &&
                    (!right->has_place ||
                            (told->place.seq == right->place.seq &&
                                    told->place.exited == right->place.exited &&
                                    told->place.closed == right->place.closed &&
                                    memcmp(told->place.offsets,
                                            right->place.offsets,
                                            sizeof(told->place.offsets)) == 0)),
            "follow %llu: another place", (unsigned long long)right->follow_id);
}

void run_do_resume(struct run *run)
{
    struct follow_state states[MODEL_FOLLOW_IDS];
    uint64_t first = run_below(run, MODEL_FOLLOW_IDS);

    run->resume = (struct resume){
        .session_id = run_session_id(run),
        .boot_id = *requests_boot_id(run->host.requests),
        .attachment = run_attachment(run),
        .take_over = run_percent(run, 20),
        .follows = run->specs,
        .follow_count = run_below(run, MODEL_FOLLOW_IDS + 1),
    };
    for (size_t i = 0; i < run->resume.follow_count; i++) {
        run->id = (unsigned int)run_below(run, MODEL_IDS);
        run->specs[i] = run_draw_spec(run, 1 + (first + i) % MODEL_FOLLOW_IDS);
    }
    run->request = (struct request){
        .version = MESSAGE_VERSION,
        .method = METHOD_OPEN,
        .open = { .min_version = 1, .max_version = 1, .resume = &run->resume },
    };
    if (!run_ask(run,
                model_resume(&run->model, run->who, run->session, &run->resume,
                        states)))
        return;
    RUN_CHECK(run,
            run->reply.open.attachment ==
                            run->model.sessions[run->session].attachment &&
                    run->reply.open.follow_count == run->resume.follow_count,
            "a resume is answered otherwise");
    for (size_t i = 0; i < run->resume.follow_count; i++)
        run_check_state(run, &run->reply.open.follows[i], &states[i]);
}

void run_do_close(struct run *run)
{
    if (run_percent(run, 70) || !run_enter(run, METHOD_CLOSE))
        return;
    model_close(&run->model, run->session);
    run_ask(run, (struct model_answer){ .status = REMEX_OK });
}

void run_do_renew(struct run *run)
{
    if (run_enter(run, METHOD_RENEW))
        run_ask(run, (struct model_answer){ .status = REMEX_OK });
}
