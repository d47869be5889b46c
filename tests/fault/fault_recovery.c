/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The library, of a program whose executor dies while it holds handles, and
 * which has no memory or a kernel that refuses while it finds that out. Each
 * handle ends once, and by what is so; who asks is told.
 *
 * ctest-timeout: 300
 * ctest-long: 900
 */

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <glib.h>

#include <remex/process.h>
#include <remex/subscription.h>

#include "fault/story.h"
#include "support/daemon.h"
#include "support/remote.h"

/* Of a client that waits for an executor which stays away. */
enum { BRIEFLY_MS = 100 };

static struct daemon executor;

/* What one client holds when it happens. */
struct stage {
    int recovery_ms;
    struct remex_client *client;
    struct remex_process *done;    /* all of it has come, and none is taken */
    struct remex_process *speaker; /* has said a word, which is taken */
    struct remex_subscription *follower; /* of it; the word is to come */
    struct remex_process *eventless;     /* the same, for calls alone */
    struct remex_process *cat;           /* has told what it was told */
    bool is_used;
};

/* --- Stages --------------------------------------------------------------- */

static void expect_output(struct remex_process *process, const char *text)
{
    struct remex_event event;

    g_assert_cmpint(remex_process_next_event(process, REMEX_FOREVER, &event),
            ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(event.output.data.size, ==, strlen(text));
    g_assert_cmpint(memcmp(event.output.data.data, text, strlen(text)), ==, 0);
}

static void connect_client(struct stage *stage)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);

    options.recovery_ms = stage->recovery_ms;
    g_assert_cmpint(remex_client_connect(
                            executor.address, &options, &stage->client, NULL),
            ==, REMEX_OK);
}

static void start_done(struct stage *stage)
{
    stage->done = remote_shell(stage->client, "echo out; exit 3");
    g_assert_cmpint(
            remex_process_wake(stage->done, UINT64_MAX, REMEX_FOREVER, NULL),
            ==, REMEX_ENDED);
}

static void start_speaker(struct stage *stage)
{
    struct remex_attach_options eventless =
            REMEX_DEFAULTS(remex_attach_options);

    eventless.no_events = true;
    stage->speaker = remote_shell(stage->client, "echo word; exec sleep 1000");
    expect_output(stage->speaker, "word\n");
    g_assert_cmpint(remex_process_subscribe(stage->speaker, REMEX_FROM_OLDEST,
                            0, &stage->follower, NULL),
            ==, REMEX_OK);
    g_assert_cmpint(remex_process_attach(stage->client,
                            remex_process_id(stage->speaker), &eventless,
                            &stage->eventless, NULL),
            ==, REMEX_OK);
}

static void start_cat(struct stage *stage)
{
    struct remex_process_options options = remote_with_stdin();

    stage->cat = remote_start(stage->client, REMOTE_ARGV("/bin/cat"), &options);
    g_assert_cmpint(remex_process_write(
                            stage->cat, "hello", 5, REMEX_FOREVER, NULL, NULL),
            ==, REMEX_OK);
    expect_output(stage->cat, "hello");
}

static void prepare(struct stage *stage)
{
    connect_client(stage);
    start_done(stage);
    start_speaker(stage);
    start_cat(stage);
}

static void *begin_with(int recovery_ms)
{
    struct stage *stage = g_new0(struct stage, 1);

    stage->recovery_ms = recovery_ms;
    prepare(stage);
    return stage;
}

static void *begin(void)
{
    return begin_with(0);
}

static void *begin_brief(void)
{
    return begin_with(BRIEFLY_MS);
}

static void let_go(struct stage *stage)
{
    remex_process_free(stage->cat);
    remex_process_free(stage->eventless);
    remex_subscription_free(stage->follower);
    remex_process_free(stage->speaker);
    remex_process_free(stage->done);
    remex_client_free(stage->client);
}

static void end(void *user)
{
    let_go(user);
    g_free(user);
}

/* What a client has lost is lost: told again, it is told on new ones. */
static struct stage *revive(void *user)
{
    struct stage *stage = user;

    if (stage->is_used) {
        let_go(stage);
        prepare(stage);
    }
    stage->is_used = true;
    return stage;
}

/* --- Endings -------------------------------------------------------------- */

/* The worst of what a story has met. */
static void note(enum remex_status *worst, enum remex_status status)
{
    if (*worst == REMEX_OK)
        *worst = status;
}

/* What a handle says that had to fail for `due`. */
static enum remex_status judge(
        enum remex_failure failure, enum remex_failure due)
{
    if (failure == due)
        return REMEX_OK;
    g_assert_cmpint(failure, ==, REMEX_FAILURE_NO_MEMORY);
    return REMEX_NO_MEMORY;
}

/* It fails with nothing before it, and once. */
static void expect_failed(struct remex_process *process, enum remex_failure due,
        enum remex_status *worst)
{
    struct remex_event event;

    g_assert_cmpint(remex_process_next_event(process, REMEX_FOREVER, &event),
            ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    g_assert_cmpuint(event.seq, ==, 0);
    note(worst, judge(event.failure, due));
    g_assert_cmpint(
            remex_process_next_event(process, 0, &event), ==, REMEX_ENDED);
}

static void expect_follower_failed(struct remex_subscription *follower,
        enum remex_failure due, enum remex_status *worst)
{
    struct remex_event event;

    g_assert_cmpint(remex_subscription_next(follower, REMEX_FOREVER, &event),
            ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    g_assert_cmpuint(event.output.data.size, ==, 5);
    g_assert_cmpint(remex_subscription_next(follower, REMEX_FOREVER, &event),
            ==, REMEX_OK);
    g_assert_cmpint(event.kind, ==, REMEX_EVENT_FAILED);
    note(worst, judge(event.failure, due));
    g_assert_cmpint(
            remex_subscription_next(follower, 0, &event), ==, REMEX_ENDED);
}

/* What has come is true, whatever became of who told it. */
static void expect_done(struct remex_process *done)
{
    static const enum remex_event_kind kinds[] = { REMEX_EVENT_OUTPUT,
        REMEX_EVENT_EXITED, REMEX_EVENT_CLOSED };
    struct remex_event event;
    struct remex_exit exited;

    g_assert_cmpint(remex_process_wait(done, 0, &exited), ==, REMEX_OK);
    g_assert_false(exited.by_signal);
    g_assert_cmpint(exited.code, ==, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_assert_cmpint(
                remex_process_next_event(done, 0, &event), ==, REMEX_OK);
        g_assert_cmpint(event.kind, ==, kinds[i]);
        g_assert_cmpuint(event.seq, ==, i + 1);
    }
    g_assert_cmpint(remex_process_next_event(done, 0, &event), ==, REMEX_ENDED);
}

static void expect_all_failed(
        struct stage *stage, enum remex_failure due, enum remex_status *worst)
{
    expect_failed(stage->speaker, due, worst);
    expect_follower_failed(stage->follower, due, worst);
    expect_failed(stage->eventless, due, worst);
    expect_failed(stage->cat, due, worst);
    expect_done(stage->done);
}

/* --- Calls ---------------------------------------------------------------- */

/* Why a client is lost, its handles tell. */
static void note_unless_lost(enum remex_status *worst, enum remex_status status)
{
    if (status != REMEX_DISCONNECTED)
        note(worst, status);
}

/* Nobody is there any more to do what was asked. */
static void note_refusal(enum remex_status *worst, enum remex_status status)
{
    g_assert_cmpint(status, !=, REMEX_OK);
    note_unless_lost(worst, status);
}

/* Is under way when it happens: there is no second event. */
static void *read_on(void *user)
{
    struct stage *stage = user;
    struct remex_log *log;
    enum remex_status status =
            remex_process_read(stage->speaker, 1, 0, REMEX_FOREVER, &log, NULL);

    return GINT_TO_POINTER(status);
}

static void ask_for_more(struct stage *stage, enum remex_status *worst)
{
    struct remex_process *another;
    size_t written;

    note_refusal(worst,
            remex_process_write(
                    stage->cat, "more", 4, REMEX_FOREVER, &written, NULL));
    g_assert_cmpuint(written, ==, 0);
    note_refusal(worst,
            remex_process_start(stage->client, REMOTE_ARGV("/bin/true"), NULL,
                    &another, NULL));
}

/* --- Stories -------------------------------------------------------------- */

/* Kills it, and brings another one if `comes_back`. */
static void strike(bool comes_back)
{
    story_suspend();
    daemon_kill_executor(&executor);
    if (comes_back)
        daemon_restart(&executor);
    story_resume();
}

static void bring_back(void)
{
    story_suspend();
    daemon_restart(&executor);
    story_resume();
}

static enum remex_status die(struct stage *stage, bool comes_back)
{
    GThread *reader = g_thread_new("read", read_on, stage);
    enum remex_failure due = comes_back ? REMEX_FAILURE_EXECUTOR_RESTARTED
                                        : REMEX_FAILURE_LINK_LOST;
    enum remex_status worst = REMEX_OK;

    strike(comes_back);
    ask_for_more(stage, &worst);
    expect_all_failed(stage, due, &worst);
    note_refusal(
            &worst, (enum remex_status)GPOINTER_TO_INT(g_thread_join(reader)));
    return worst;
}

static enum remex_status die_and_come_back(void *user)
{
    return die(revive(user), true);
}

static enum remex_status die_and_stay_away(void *user)
{
    enum remex_status status = die(revive(user), false);

    bring_back();
    return status;
}

/* All that it says from now on, until it is over; true: well. */
static bool take_the_rest(struct remex_process *cat, GString *said)
{
    struct remex_event event = { .kind = REMEX_EVENT_GAP };
    enum remex_event_kind last = REMEX_EVENT_GAP;
    enum remex_status status;
    uint64_t seq = 1;

    while ((status = remex_process_next_event(cat, REMEX_FOREVER, &event)) ==
            REMEX_OK) {
        g_assert_cmpint(last, !=, REMEX_EVENT_FAILED);
        last = event.kind;
        if (last == REMEX_EVENT_FAILED)
            g_assert_cmpint(event.failure, ==, REMEX_FAILURE_NO_MEMORY);
        else
            g_assert_cmpuint(event.seq, ==, ++seq);
        if (last == REMEX_EVENT_OUTPUT)
            g_string_append_len(said, event.output.data.data,
                    (gssize)event.output.data.size);
    }
    g_assert_cmpint(status, ==, REMEX_ENDED);
    return last == REMEX_EVENT_CLOSED;
}

/* Who does not know what became of his word finds out: it was said, or not. */
static void expect_said(struct remex_process *cat, const char *word,
        enum remex_status written, enum remex_status *worst)
{
    GString *said = g_string_new(NULL);
    enum remex_status status;

    do
        status = remex_process_close_stdin(cat, NULL);
    while (status == REMEX_NO_MEMORY || status == REMEX_OUTCOME_UNKNOWN);
    note_unless_lost(worst, status);
    if (!take_the_rest(cat, said))
        note(worst, REMEX_NO_MEMORY);
    else if (written == REMEX_OK || said->len > 0)
        g_assert_cmpstr(said->str, ==, word);
    g_string_free(said, TRUE);
}

/* Every connection of this process to the executor breaks. */
static void cut(void)
{
    GDir *dir = g_dir_open("/proc/self/fd", 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        int fd = (int)g_ascii_strtoll(name, NULL, 10);
        struct sockaddr_un peer = { .sun_family = AF_UNSPEC };
        socklen_t size = sizeof(peer) - 1;

        if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
                peer.sun_family == AF_UNIX &&
                g_str_has_prefix(peer.sun_path, executor.directory))
            shutdown(fd, SHUT_RDWR);
    }
    g_dir_close(dir);
}

/* Nobody has died: all is to be found again, and goes on where it was. */
static enum remex_status lose_link(void *user)
{
    struct stage *stage = revive(user);
    enum remex_status worst = REMEX_OK;
    enum remex_status written;

    cut();
    written = remex_process_write(
            stage->cat, "more", 4, REMEX_FOREVER, NULL, NULL);
    note_unless_lost(&worst, written);
    expect_said(stage->cat, "more", written, &worst);
    expect_done(stage->done);
    return worst;
}

/* --- All of them ---------------------------------------------------------- */

/* Until there is memory again: so long that another executor has come, most of
 * the time; and shorter, where it is there all along. */
enum { LONG_MS = 150, SHORT_MS = 15 };

#define STORY(name, begin, tell, relief_ms, faults) \
    { \
        name, begin, tell, end, { REMEX_OUTCOME_UNKNOWN }, relief_ms, faults \
    }

static const struct story stories[] = {
    STORY("the link breaks", begin, lose_link, SHORT_MS, 0),
    STORY("the executor dies, another comes", begin, die_and_come_back, LONG_MS,
            STORY_MEMORY | STORY_KERNEL_SLOWLY),
    STORY("the executor dies, none comes", begin_brief, die_and_stay_away,
            LONG_MS, STORY_MEMORY | STORY_KERNEL_SLOWLY),
};

int main(int argc, char **argv)
{
    int status;

    daemon_start(&executor);
    status = story_main(argc, argv, STORY_MEMORY | STORY_KERNEL, stories,
            STORY_COUNT(stories));
    daemon_stop(&executor);
    return status;
}
