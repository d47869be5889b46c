/* SPDX-License-Identifier: Apache-2.0 */
#include "soak/worker.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "support/remote.h"
#include "support/transcript.h"

#define SLOW_BYTES "3000000"

enum {
    MOST_BYTES = 3000,
    SLOW_MS = 10,
    CONNECT_AGAIN_MS = 20,
    EVENT_PATIENCE_MS = 60 * 1000,
};

/* One child. */
struct life {
    struct worker *worker;
    char *name; /* of its file */
    uint64_t bytes;
    struct remex_process *process;
};

/* --- Endings -------------------------------------------------------------- */

/* Whether it is the executor's end that explains it. */
static bool is_explained(const struct life *life)
{
    const struct worker *worker = life->worker;

    return farm_generation(worker->farm) != worker->generation ||
            worker->generation % 2 != 0;
}

static void check_file(
        const struct life *life, const struct transcript *story, char *path)
{
    struct score *score = life->worker->farm->score;
    const GByteArray *told = story->streams[REMEX_STDOUT - 1];
    char *made = NULL;
    gsize size;

    if (!g_file_get_contents(path, &made, &size, NULL))
        score_violation(score, "%s: told, but not done", life->name);
    else if (size != life->bytes || told->len != size ||
            (size > 0 && memcmp(made, told->data, size) != 0))
        score_violation(score, "%s: %u bytes told of %" G_GSIZE_FORMAT,
                life->name, told->len, size);
    g_free(made);
}

static void check_closed(const struct life *life, struct transcript *story)
{
    struct farm *farm = life->worker->farm;
    char *path = g_build_filename(farm->directory, life->name, NULL);

    if (story->exit.by_signal || story->exit.code != 0)
        score_violation(
                farm->score, "%s: exit %d", life->name, story->exit.code);
    else if (!life->worker->is_slow)
        check_file(life, story, path);
    unlink(path);
    farm_count(farm, life->worker->is_slow ? SCORE_SLOW : SCORE_LIVES);
    g_free(path);
}

static void check_failed(const struct life *life, const struct remex_event *end)
{
    struct score *score = life->worker->farm->score;

    if (!is_explained(life))
        score_violation(score, "%s: failed for reason %d, without cause",
                life->name, (int)end->failure);
    farm_count(life->worker->farm, SCORE_LOST);
}

/* --- A life --------------------------------------------------------------- */

/* The transcript itself minds the rules of events, and ends it all. */
static void follow(struct life *life)
{
    struct score *score = life->worker->farm->score;
    enum remex_status status;
    struct transcript story;
    struct remex_event event;

    transcript_init(&story);
    story.verify = life->worker->is_slow;
    while ((status = remex_process_next_event(
                    life->process, EVENT_PATIENCE_MS, &event)) == REMEX_OK) {
        transcript_take(&story, &event);
        if (life->worker->is_slow && !farm_is_over(life->worker->farm))
            poll(NULL, 0, SLOW_MS);
    }
    if (status != REMEX_ENDED)
        score_violation(score, "%s: hangs", life->name);
    else if (story.ending.kind == REMEX_EVENT_CLOSED)
        check_closed(life, &story);
    else
        check_failed(life, &story.ending);
    transcript_deinit(&story);
}

static enum remex_status start(struct life *life, struct remex_client *client,
        struct remex_error *error)
{
    const char *directory = life->worker->farm->directory;
    char bytes[32];
    const char *const oracle[] = { REMOTE_CHILD("oracle"), directory,
        life->name, bytes, NULL };
    const char *const spew[] = { REMOTE_CHILD("spew"), SLOW_BYTES, NULL };

    g_snprintf(bytes, sizeof(bytes), "%" G_GUINT64_FORMAT, life->bytes);
    return remex_process_start(client, life->worker->is_slow ? spew : oracle,
            NULL, &life->process, error);
}

bool worker_live(struct worker *worker, struct remex_client *client)
{
    struct life life = { .worker = worker,
        .bytes = worker->lives * 37 % MOST_BYTES };
    struct remex_error error;
    bool fine;

    life.name = g_strdup_printf(
            "%u-%" G_GUINT64_FORMAT, worker->number, worker->lives++);
    fine = start(&life, client, &error) == REMEX_OK;
    if (fine) {
        follow(&life);
        remex_process_free(life.process);
    } else {
        if (!is_explained(&life))
            score_violation(worker->farm->score, "%s: no start: %s", life.name,
                    error.text);
        farm_count(worker->farm, SCORE_UNKNOWN);
    }
    g_free(life.name);
    return fine;
}

struct remex_client *worker_connect(struct worker *worker)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    const char *address = worker->by_cut_link ? worker->farm->cut_address
                                              : worker->farm->address;
    struct remex_client *client;

    options.lease_ms = worker->lease_ms;
    worker->generation = farm_generation(worker->farm);
    if (remex_client_connect(address, &options, &client, NULL) == REMEX_OK)
        return client;
    poll(NULL, 0, CONNECT_AGAIN_MS);
    return NULL;
}

static void *work(void *data)
{
    struct worker *worker = data;

    while (!farm_is_over(worker->farm)) {
        struct remex_client *client = worker_connect(worker);

        while (client && !farm_is_over(worker->farm) &&
                worker_live(worker, client))
            ;
        remex_client_free(client);
    }
    return NULL;
}

void worker_begin(struct worker *worker)
{
    worker->thread = g_thread_new("worker", work, worker);
}

void worker_end(struct worker *worker)
{
    g_thread_join(worker->thread);
}
