/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A build farm in one file: runs the commands that it reads, a line each for
 * /bin/sh, on several executors, so many at a time on each of them.
 *
 *     farm SLOTS ADDRESS... <commands
 *
 * What a command writes comes out as a whole, when it has ended. If an executor
 * is lost, what ran there runs again elsewhere: commands have to be such that
 * they may. Exits with 0 if all of them did.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <remex/process.h>

enum { MAX_WORKERS = 64, MAX_SLOTS = 256 };

struct job {
    struct remex_process *process; /* NULL: the slot is free */
    char *line;
    FILE *output; /* collects in `text` */
    char *text;
    size_t size;
    bool well; /* exited with 0 */
    bool lost; /* nobody knows how it ended */
};

struct worker {
    const char *address;
    struct remex_client *client; /* NULL: lost */
    struct job *jobs;
};

struct farm {
    struct worker workers[MAX_WORKERS];
    size_t count;
    size_t slots;
    size_t running;
    size_t failed;
    char *again[MAX_WORKERS * MAX_SLOTS]; /* lines of lost workers */
    size_t again_count;
};

/* --- Jobs ---------------------------------------------------------------- */

/* The next line to run, yours to free; NULL: there is none. */
static char *next_line(struct farm *farm)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;

    if (farm->again_count > 0)
        return farm->again[--farm->again_count];
    size = getline(&line, &room, stdin);
    if (size > 0) {
        line[strcspn(line, "\n")] = '\0';
        return line;
    }
    free(line);
    return NULL;
}

static void clear(struct job *job)
{
    remex_process_free(job->process);
    if (job->output)
        fclose(job->output);
    free(job->text);
    free(job->line);
    *job = (struct job){ .process = NULL };
}

static void finish(struct farm *farm, struct job *job)
{
    farm->running--;
    if (job->lost) {
        farm->again[farm->again_count++] = job->line;
        job->line = NULL;
        clear(job);
        return;
    }
    fflush(job->output);
    printf("%s %s\n", job->well ? "ok    " : "FAILED", job->line);
    fwrite(job->text, 1, job->size, stdout);
    if (!job->well)
        farm->failed++;
    clear(job);
}

/* Takes what there is to take; true: that was all of it. */
static bool take_events(struct job *job)
{
    struct remex_event event;
    enum remex_status status;

    while ((status = remex_process_next_event(job->process, 0, &event)) ==
            REMEX_OK) {
        if (event.kind == REMEX_EVENT_OUTPUT)
            fwrite(event.output.data.data, 1, event.output.data.size,
                    job->output);
        else if (event.kind == REMEX_EVENT_EXITED)
            job->well = !event.exited.by_signal && event.exited.code == 0;
        else if (event.kind == REMEX_EVENT_FAILED)
            job->lost = true;
    }
    return status == REMEX_ENDED;
}

/* --- Workers ------------------------------------------------------------- */

/* What runs there still is to be run elsewhere. */
static void lose(struct farm *farm, struct worker *worker, const char *why)
{
    fprintf(stderr, "farm: %s is lost: %s\n", worker->address, why);
    for (size_t i = 0; i < farm->slots; i++)
        if (worker->jobs[i].process) {
            worker->jobs[i].lost = true;
            finish(farm, &worker->jobs[i]);
        }
    remex_client_free(worker->client);
    worker->client = NULL;
}

/* Takes over the line if it runs. */
static enum remex_status start(struct worker *worker, struct job *job,
        char *line, struct remex_error *error)
{
    const char *const argv[] = { "/bin/sh", "-c", line, NULL };
    enum remex_status status = REMEX_NO_MEMORY;

    error->kind = REMEX_ERROR_PLAIN;
    job->output = open_memstream(&job->text, &job->size);
    if (job->output)
        status = remex_process_start(
                worker->client, argv, NULL, &job->process, error);
    if (status == REMEX_OK)
        job->line = line;
    else
        clear(job);
    return status;
}

/* A limit of the executor is a reason to come again, anything else that is not
 * about the command itself one to go elsewhere. */
static void put_back(struct farm *farm, struct worker *worker, char *line,
        const struct remex_error *error)
{
    if (error->kind == REMEX_ERROR_LAUNCH_FAILED) {
        printf("FAILED %s\n%s\n", line, error->text);
        farm->failed++;
        free(line);
        return;
    }
    farm->again[farm->again_count++] = line;
    if (error->kind != REMEX_ERROR_LIMIT_HIT)
        lose(farm, worker, error->text);
}

static void fill(struct farm *farm, struct worker *worker)
{
    struct remex_error error;

    for (size_t i = 0; worker->client && i < farm->slots; i++) {
        char *line;

        if (worker->jobs[i].process)
            continue;
        line = next_line(farm);
        if (!line)
            return;
        if (start(worker, &worker->jobs[i], line, &error) == REMEX_OK) {
            farm->running++;
            continue;
        }
        put_back(farm, worker, line, &error);
        if (error.kind == REMEX_ERROR_LIMIT_HIT)
            return;
    }
}

static void serve(struct farm *farm, struct worker *worker)
{
    struct remex_process *process;
    bool lost = false;

    while ((process = remex_client_next_ready(worker->client)))
        for (size_t i = 0; i < farm->slots; i++) {
            struct job *job = &worker->jobs[i];

            if (job->process == process && take_events(job)) {
                lost = lost || job->lost;
                finish(farm, job);
                break;
            }
        }
    if (lost)
        lose(farm, worker, "its jobs go elsewhere");
}

/* --- All ----------------------------------------------------------------- */

static void wait_for_events(struct farm *farm)
{
    struct pollfd polls[MAX_WORKERS];

    for (size_t i = 0; i < farm->count; i++) {
        struct remex_client *client = farm->workers[i].client;

        polls[i].fd = client ? remex_client_fd(client) : -1;
        polls[i].events = POLLIN;
    }
    /* Who was over a limit has to ask again. */
    poll(polls, farm->count, farm->again_count > 0 ? 100 : -1);
    for (size_t i = 0; i < farm->count; i++)
        if (farm->workers[i].client)
            serve(farm, &farm->workers[i]);
}

static bool has_worker(const struct farm *farm)
{
    for (size_t i = 0; i < farm->count; i++)
        if (farm->workers[i].client)
            return true;
    return false;
}

static void run(struct farm *farm)
{
    for (;;) {
        for (size_t i = 0; i < farm->count; i++)
            fill(farm, &farm->workers[i]);
        if (!has_worker(farm) || (farm->running == 0 && farm->again_count == 0))
            break;
        wait_for_events(farm);
    }
}

/* What nobody is left to run. Returns how many. */
static size_t give_up(struct farm *farm)
{
    size_t count = 0;
    char *line;

    for (; (line = next_line(farm)); count++) {
        printf("FAILED %s\nthere is no executor left\n", line);
        free(line);
    }
    return count;
}

static void add(struct farm *farm, const char *address)
{
    struct worker *worker = &farm->workers[farm->count++];
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_error error;

    options.connect_timeout_ms = 20000;
    options.recovery_ms = 5000; /* then its jobs are better elsewhere */
    worker->address = address;
    worker->jobs = calloc(farm->slots, sizeof(*worker->jobs));
    if (worker->jobs &&
            remex_client_connect(address, &options, &worker->client, &error) !=
                    REMEX_OK)
        fprintf(stderr, "farm: %s: %s\n", address, error.text);
}

int main(int argc, char **argv)
{
    static struct farm farm;

    if (argc < 3 || argc - 2 > MAX_WORKERS)
        return 2;
    farm.slots = strtoul(argv[1], NULL, 10);
    if (farm.slots < 1 || farm.slots > MAX_SLOTS)
        return 2;
    for (int i = 2; i < argc; i++)
        add(&farm, argv[i]);
    run(&farm);
    farm.failed += give_up(&farm);
    for (size_t i = 0; i < farm.count; i++) {
        remex_client_free(farm.workers[i].client);
        free(farm.workers[i].jobs);
    }
    return farm.failed > 0 ? 1 : 0;
}
