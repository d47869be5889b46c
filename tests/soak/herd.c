/* SPDX-License-Identifier: Apache-2.0 */
#include "soak/herd.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "soak/worker.h"
#include "support/remote.h"

/* A client's lease, and how long one of its children is kept beyond it. A front
 * that stands still is replaced after 3.25 s at the latest, when the client's
 * last request may be a third of a lease old: that is less than a lease. */
enum { LEASE_MS = 6000, KEEP_MS = 2000 };

/* What is late by more than this does not come. */
enum { PATIENCE_MS = 10000 };

enum { LOOK_EVERY_MS = 250, FIRST_NUMBER = 1000 };

/* What a client has left that was killed. */
struct estate {
    struct marks marks;
    bool had_killed; /* it was there when he died */
    bool had_kept;
    int generation;  /* of the executor then */
    gint64 died_at;  /* microseconds, as all */
    gint64 owned_at; /* the session had not ended yet */
    gint64 look_at;
};

static struct marks marks_of(const struct farm *farm, unsigned int number)
{
    return (struct marks){
        .killed = g_strdup_printf("%s.killed-%u", farm->directory, number),
        .kept = g_strdup_printf("%s.kept-%u", farm->directory, number),
    };
}

static void marks_free(struct marks *marks)
{
    g_free(marks->killed);
    g_free(marks->kept);
}

/* --- The client's side ---------------------------------------------------- */

static struct remex_process *start_lasting(struct remex_client *client,
        const char *directory, const char *mark, bool kept)
{
    const char *const argv[] = { REMOTE_CHILD("quiet"), directory, mark, NULL };
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    struct remex_process *process;

    options.owner_loss = kept ? REMEX_OWNER_LOSS_KEEP : REMEX_OWNER_LOSS_KILL;
    options.keep_ms = KEEP_MS;
    if (remex_process_start(client, argv, &options, &process, NULL) != REMEX_OK)
        return NULL; /* the next life tells why */
    return process;
}

static void live_all(struct worker *worker, struct remex_client *client,
        const struct marks *marks)
{
    const char *directory = worker->farm->directory;
    struct remex_process *killed =
            start_lasting(client, directory, marks->killed, false);
    struct remex_process *kept =
            start_lasting(client, directory, marks->kept, true);

    while (!farm_is_over(worker->farm) && worker_live(worker, client))
        ;
    remex_process_free(killed);
    remex_process_free(kept);
}

static void live_among(struct farm *farm, unsigned int number)
{
    struct worker worker = {
        .farm = farm, .number = number, .lease_ms = LEASE_MS
    };
    struct marks marks = marks_of(farm, number);

    while (!farm_is_over(farm)) {
        struct remex_client *client = worker_connect(&worker);

        if (client)
            live_all(&worker, client, &marks);
        remex_client_free(client);
    }
    marks_free(&marks);
}

int herd_live(const char *text)
{
    char **words = g_strsplit(text, " ", FARM_WORDS + 1);
    struct score score = { .violations = 0 };
    struct farm farm;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    farm_join(&farm, &score, (const char *const *)words);
    live_among(&farm, (unsigned int)strtoul(words[FARM_WORDS], NULL, 10));
    farm_leave(&farm);
    g_strfreev(words);
    return score.violations > 0 ? 1 : 0;
}

/* --- Birth ---------------------------------------------------------------- */

/* All it has to know is one word: those of its children are looked for among
 * all programs'. */
static void bear(struct herd *herd, struct herd_client *client)
{
    unsigned int number = FIRST_NUMBER + herd->births++;
    char *words[FARM_WORDS + 2] = { NULL };
    const char *argv[] = { herd->program, HERD_WORD, NULL, NULL };
    char *text;
    GError *error = NULL;

    farm_words(herd->farm, words);
    words[FARM_WORDS] = g_strdup_printf("%u", number);
    text = g_strjoinv(" ", words);
    argv[2] = text;
    client->marks = marks_of(herd->farm, number);
    if (!g_spawn_async(NULL, (char **)(gpointer)argv, NULL,
                G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &client->pid, &error))
        g_error("%s", error->message);
    for (size_t i = 0; words[i]; i++)
        g_free(words[i]);
    g_free(text);
}

void herd_begin(struct herd *herd, struct farm *farm, const char *program)
{
    *herd = (struct herd){ .farm = farm, .program = program };
    herd->estates = g_ptr_array_new();
    for (size_t i = 0; i < HERD_CLIENTS; i++)
        bear(herd, &herd->clients[i]);
}

/* --- Harm ----------------------------------------------------------------- */

static struct herd_client *next_of(struct herd *herd)
{
    return &herd->clients[herd->turn++ % HERD_CLIENTS];
}

void herd_stop_one(struct herd *herd, unsigned int ms)
{
    const struct herd_client *client = next_of(herd);

    farm_stop(herd->farm, client->pid, ms);
}

static int end_of(struct herd_client *client)
{
    int status = 0;

    while (waitpid(client->pid, &status, 0) < 0)
        ;
    client->pid = 0;
    return status;
}

void herd_kill_one(struct herd *herd)
{
    struct herd_client *client = next_of(herd);
    struct estate *estate = g_new0(struct estate, 1);

    estate->marks = client->marks;
    estate->had_killed = daemon_count_marked(client->marks.killed) > 0;
    estate->had_kept = daemon_count_marked(client->marks.kept) > 0;
    estate->generation = farm_generation(herd->farm);
    kill(client->pid, SIGKILL);
    end_of(client);
    estate->died_at = g_get_monotonic_time();
    estate->look_at = estate->died_at;
    estate->owned_at = estate->died_at;
    g_ptr_array_add(herd->estates, estate);
    farm_count(herd->farm, SCORE_CLIENTS);
    bear(herd, client);
}

/* --- What is left --------------------------------------------------------- */

/* True: it is there. */
static bool check_mark(struct farm *farm, const char *mark, bool had,
        gint64 least_until, gint64 most_until)
{
    gint64 before = g_get_monotonic_time();
    bool there = daemon_count_marked(mark) > 0;

    if (had && !there && g_get_monotonic_time() < least_until)
        score_violation(farm->score, "%s: gone before its time", mark);
    if (there && before > most_until)
        score_violation(farm->score, "%s: still there", mark);
    return there;
}

static gint64 after(gint64 at, gint64 ms)
{
    return at + ms * 1000;
}

/* The last request was sent a third of a lease before he died, at the earliest;
 * what is kept has its time from the end of the session on, when the other
 * goes. True: something is there. */
static bool look_at_both(struct farm *farm, struct estate *estate)
{
    gint64 most_ms = LEASE_MS + PATIENCE_MS;
    gint64 began = g_get_monotonic_time();
    bool owned = check_mark(farm, estate->marks.killed, estate->had_killed,
            after(estate->died_at, LEASE_MS / 2),
            after(estate->died_at, most_ms));
    bool kept;

    if (owned)
        estate->owned_at = began;
    kept = check_mark(farm, estate->marks.kept, estate->had_kept,
            after(estate->owned_at, KEEP_MS),
            after(estate->died_at, most_ms + KEEP_MS));
    return owned || kept;
}

/* The executor has ended meanwhile, and all its children. */
static bool is_void(const struct herd *herd, const struct estate *estate)
{
    return farm_generation(herd->farm) != estate->generation;
}

/* True: no more of it can be expected. */
static bool look_at(struct herd *herd, struct estate *estate)
{
    gint64 now = g_get_monotonic_time();

    if (is_void(herd, estate))
        return true;
    if (now < estate->look_at)
        return false;
    estate->look_at = after(now, LOOK_EVERY_MS);
    return !look_at_both(herd->farm, estate);
}

static void settle(struct herd *herd, struct estate *estate)
{
    g_ptr_array_remove_fast(herd->estates, estate);
    marks_free(&estate->marks);
    g_free(estate);
}

void herd_look(struct herd *herd)
{
    for (guint i = herd->estates->len; i > 0; i--) {
        struct estate *estate = g_ptr_array_index(herd->estates, i - 1);

        if (look_at(herd, estate))
            settle(herd, estate);
    }
}

void herd_end(struct herd *herd)
{
    for (size_t i = 0; i < HERD_CLIENTS; i++) {
        struct herd_client *client = &herd->clients[i];

        if (end_of(client) != 0)
            score_violation(herd->farm->score, "a client has ended badly");
        marks_free(&client->marks);
    }
    while (herd->estates->len > 0) {
        herd_look(herd);
        poll(NULL, 0, LOOK_EVERY_MS);
    }
    g_ptr_array_unref(herd->estates);
}
