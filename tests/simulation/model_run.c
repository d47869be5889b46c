/* SPDX-License-Identifier: Apache-2.0 */
#include "simulation/model_run.h"

#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "common/ids.h"
#include "common/text.h"
#include "simulation/memory.h"
#include "simulation/model_run_inside.h"

enum { OUTPUT = 60 };

const char *const run_id_names[MODEL_IDS] = { "a", "b", "c", "d" };

uint64_t run_below(struct run *run, uint64_t bound)
{
    return chance_below(run->chance, bound);
}

bool run_percent(struct run *run, unsigned int chance)
{
    return chance_percent(run->chance, chance);
}

/* --- Both are asked --------------------------------------------------------
 */

/* A place of his own mostly; some have closed meanwhile. */
static void draw_session(struct run *run)
{
    run->who = (unsigned int)run_below(run, MODEL_PRINCIPALS);
    run->session = (int)run_below(run, MODEL_SESSIONS);
    for (unsigned int i = 0; i < 8 && run_percent(run, 90); i++) {
        const struct model_session *session =
                &run->model.sessions[run->session];

        if (session->open && session->who == run->who)
            break;
        run->session = (int)run_below(run, MODEL_SESSIONS);
    }
    if (run_percent(run, 1))
        run->session = -1;
    run->id = (unsigned int)run_below(run, MODEL_IDS);
}

/* The newest one, mostly. */
uint64_t run_attachment(struct run *run)
{
    uint64_t attachment = 1;

    if (run->session >= 0 && run->model.sessions[run->session].open)
        attachment = run->model.sessions[run->session].attachment;
    if (run_percent(run, 96))
        return attachment;
    return attachment + 1 - run_below(run, attachment < 3 ? attachment : 3);
}

struct remex_bytes run_name(const struct run *run)
{
    return text_bytes(run_id_names[run->id]);
}

/* The executor's answer has to be the model's. */
bool run_ask(struct run *run, struct model_answer expected)
{
    const struct remex_error *error;

    run->reply = model_host_ask(&run->host, run->who, &run->request);
    error = &run->reply.error;
    world_tell(run->world, "%u session %d: %s of %s: %s", run->who,
            run->session, message_method_name(run->request.method),
            run_id_names[run->id], remex_status_name(error->status));
    RUN_CHECK(run, error->status == expected.status,
            "%s: %s (%s) instead of %s (%s)",
            message_method_name(run->request.method),
            remex_status_name(error->status), error->text,
            remex_status_name(expected.status),
            expected.name ? expected.name : "");
    RUN_CHECK(run, expected.status == REMEX_OK || error->kind == expected.kind,
            "%s: a detail of kind %d instead of %d",
            message_method_name(run->request.method), (int)error->kind,
            (int)expected.kind);
    RUN_CHECK(run,
            expected.status == REMEX_OK || !expected.name ||
                    strcmp(error->name, expected.name) == 0,
            "%s: %s instead of %s", message_method_name(run->request.method),
            error->name, expected.name);
    return expected.status == REMEX_OK;
}

/* Of a place where nobody has been yet, one that nobody has. */
struct message_id run_session_id(const struct run *run)
{
    static const struct message_id nobodys = { { 1 } };

    if (run->session < 0 || id_is_zero(&run->ids[run->session]))
        return nobodys;
    return run->ids[run->session];
}

/* Begins a request in some session; false: that was refused, by both. */
bool run_enter(struct run *run, enum method method)
{
    struct model_answer answer;

    run->request = (struct request){
        .version = MESSAGE_VERSION,
        .method = method,
        .boot_id = *requests_boot_id(run->host.requests),
        .session_id = run_session_id(run),
        .attachment = run_attachment(run),
    };
    answer = model_use(
            &run->model, run->who, run->session, run->request.attachment);
    if (answer.status == REMEX_OK)
        return true;
    run->request.method = METHOD_RENEW; /* whatever it is */
    run_ask(run, answer);
    return false;
}

/* --- Children --------------------------------------------------------------
 */

static void end_child(
        struct run *run, struct model_process *process, struct puppet *child)
{
    size_t stream = run_below(run, 2);

    if (process->ended >> stream & 1)
        return;
    model_end(&run->model, process, stream);
    model_child_end(child, stream);
}

static void exit_child(
        struct run *run, struct model_process *process, struct puppet *child)
{
    bool by_signal = process->killed || run_percent(run, 20);
    int code = process->killed ? SIGKILL : 1 + (int)run_below(run, 31);

    if (process->state != PROCESS_RUNNING)
        return;
    model_exit(&run->model, process, by_signal, code);
    model_child_exit(child, by_signal, code);
}

static void write_child(
        struct run *run, struct model_process *process, struct puppet *child)
{
    size_t stream = run_below(run, 2);
    size_t size = 1 + run_below(run, OUTPUT);

    if ((process->ended >> stream & 1) || process->count >= MODEL_EVENTS - 2)
        return;
    model_output(process, (enum remex_stream)(REMEX_STDOUT + stream), size);
    model_child_write(child, (enum remex_stream)(REMEX_STDOUT + stream), size);
}

static void read_child(
        struct run *run, struct model_process *process, struct puppet *child)
{
    size_t size = run_below(run, process->stdin_waits + 1);

    if (process->stdin_ended)
        return;
    model_take_stdin(process, size);
    model_child_read(child, size);
}

static void do_child(struct run *run)
{
    static void (*const deeds[])(struct run * run,
            struct model_process * process,
            struct puppet * child) = { write_child, write_child, write_child,
        read_child, exit_child, end_child, end_child };
    size_t who = run_below(run, MODEL_PRINCIPALS);
    struct model_process *process = &run->model.processes[who][run->id];

    if (!process->known || process->state == PROCESS_CLOSED)
        return;
    world_tell(
            run->world, "%s of %zu does something", run_id_names[run->id], who);
    deeds[run_below(run, G_N_ELEMENTS(deeds))](
            run, process, run->children[who][run->id]);
}

/* --- Time ------------------------------------------------------------------
 */

/* Everything at its time: what is late would come in another order. */
static void pass(struct run *run, int64_t length)
{
    int64_t until = run->world->now + length;
    int64_t due;

    while ((due = model_due(&run->model)) <= until) {
        run->world->now = due;
        run->model.now = due;
        model_host_tick(&run->host);
        model_tick(&run->model);
    }
    run->world->now = until;
    run->model.now = until;
    model_host_tick(&run->host);
}

static void check_kills(struct run *run)
{
    for (size_t who = 0; who < MODEL_PRINCIPALS; who++)
        for (size_t id = 0; id < MODEL_IDS; id++) {
            const struct model_process *process =
                    &run->model.processes[who][id];

            RUN_CHECK(run,
                    !process->known ||
                            run->children[who][id]->killed == process->killed,
                    "%s of %zu is %skilled", run_id_names[id], who,
                    process->killed ? "not " : "");
        }
}

/* --- All of it -------------------------------------------------------------
 */

static void (*const operations[])(struct run *run) = { run_do_open, run_do_open,
    run_do_resume, run_do_close, run_do_renew, run_do_start, run_do_start,
    run_do_start, run_do_follow, run_do_follow, run_do_unfollow, run_do_pull,
    run_do_pull, run_do_pull, run_do_pull, run_do_read, run_do_write,
    run_do_write, run_do_signal, run_do_terminate, run_do_wait, run_do_inspect,
    run_do_list, run_do_forget, do_child, do_child, do_child, do_child,
    do_child, do_child, do_child };

static void operate(struct run *run)
{
    draw_session(run);
    operations[run_below(run, G_N_ELEMENTS(operations))](run);
    check_kills(run);
    pass(run,
            1 +
                    (int64_t)run_below(run,
                            run_percent(run, 5) ? (uint64_t)(SECOND / 2)
                                                : (uint64_t)MS));
}

void model_run(const struct program_options *options, struct program_end *out)
{
    size_t in_use = memory_in_use();
    struct run *run = g_new0(struct run, 1);
    struct chance chance = chance_new(options->seed, 'd', 0);
    struct world world;
    int64_t began_at;

    world_allow(options->seconds);
    world_init(&world, options->seed, options->mask, options->tracing);
    began_at = world.now;
    run->world = &world;
    run->chance = &chance;
    model_init(&run->model);
    run->model.now = world.now;
    model_host_init(&run->host, &world);
    for (unsigned int i = 0; i < MODEL_RUN_OPERATIONS; i++)
        operate(run);
    model_host_deinit(&run->host);
    *out = (struct program_end){ world.hash, world.now - began_at };
    world_deinit(&world);
    g_free(run);
    WORLD_CHECK(&world, memory_in_use() == in_use, "%zd blocks are never freed",
            (ssize_t)(memory_in_use() - in_use));
    world_allow(0);
}
