/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Real children, while the executor has no memory.
 *
 * ctest-timeout: 300
 */

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib.h>

#include "common/text.h"
#include "executor/cgroup.h"
#include "executor/credentials.h"
#include "executor/policy_parse.h"
#include "fault/story.h"
#include "support/stage.h"

struct scene {
    struct stage stage;
    struct cgroup_home *groups;
    struct credentials user;
    struct policy policy;
};

/* --- The stage ------------------------------------------------------------ */

/* A life before the story, so that the loop has its timers. */
static void warm_up(struct scene *scene)
{
    const char *const argv[] = { "true", NULL };

    stage_until_closed(stage_run(&scene->stage, argv));
}

static void *begin(void)
{
    struct scene *scene = g_new0(struct scene, 1);

    stage_open(&scene->stage);
    warm_up(scene);
    return scene;
}

/* Where groups cannot be made, it is as without. */
static void *begin_in_groups(void)
{
    struct scene *scene = g_new0(struct scene, 1);

    scene->groups = cgroup_home_new();
    stage_open_in(&scene->stage, scene->groups);
    warm_up(scene);
    return scene;
}

/* For root; others' children are themselves. */
static void *begin_as_nobody(void)
{
    struct scene *scene = g_new0(struct scene, 1);

    if (geteuid() == 0)
        g_assert_cmpint(
                credentials_find("nobody", &scene->user, NULL), ==, REMEX_OK);
    stage_open_as(&scene->stage, geteuid() == 0 ? &scene->user : NULL);
    warm_up(scene);
    return scene;
}

/* What may be run is opened, looked at, and executed as it was opened. */
static void *begin_by_policy(struct scene *scene)
{
    static const char text[] = "for *\n"
                               "    allow /bin/sh -c ...\n"
                               "    allow /bin/true\n"
                               "    deny /bin/*\n";
    struct policy_mistake mistake;

    g_assert_true(
            policy_parse(text, sizeof(text) - 1, &scene->policy, &mistake));
    scene->stage.policy = policy_section_of(&scene->policy, "uid:0");
    return scene;
}

static void *begin_as_we_by_policy(void)
{
    return begin_by_policy(begin());
}

static void *begin_as_nobody_by_policy(void)
{
    return begin_by_policy(begin_as_nobody());
}

static void end(void *user)
{
    struct scene *scene = user;

    stage_close(&scene->stage);
    policy_deinit(&scene->policy);
    cgroup_home_remove(scene->groups);
    cgroup_home_free(scene->groups);
    g_free(scene);
}

/* --- Telling -------------------------------------------------------------- */

/* What a child has to have said and how it has to have ended, whenever memory
 * was short: output may be told after the exit then. */
struct lines {
    const char *out; /* or of a terminal */
    const char *err;
    const char *exit;
    const char *closed;
};

/* It has one stream. EIO is how that ends, and so it may be early. */
static bool is_terminal(const struct lines *lines)
{
    return strcmp(lines->closed, "closed eof\n") == 0;
}

/* REMEX_DATA_LOSS: a stream could not be read on, and its end says so; or it
 * lost its terminal for that. */
static enum remex_status check_told(
        const struct actor *actor, const struct lines *lines)
{
    if (strstr(actor->told->str, "signal 1\n"))
        return REMEX_DATA_LOSS;
    g_assert_nonnull(strstr(actor->told->str, lines->exit));
    if (g_str_has_suffix(actor->told->str, " error\n") ||
            strstr(actor->told->str, "closed error"))
        return REMEX_DATA_LOSS;
    if (is_terminal(lines) && actor->out->len < strlen(lines->out)) {
        g_assert_true(g_str_has_prefix(lines->out, actor->out->str));
        return REMEX_DATA_LOSS;
    }
    g_assert_cmpstr(actor->out->str, ==, lines->out);
    g_assert_cmpstr(actor->err->str, ==, lines->err);
    g_assert_true(g_str_has_suffix(actor->told->str, lines->closed));
    return REMEX_OK;
}

static enum remex_status play_with(struct scene *scene,
        struct process_spec *spec, struct remex_bytes input,
        const struct lines *lines)
{
    struct remex_error error = { 0 };
    struct actor *actor = stage_start(&scene->stage, spec, &error);

    if (!actor)
        return error.status;
    if (spec->stdin_kind == STDIN_PIPE) {
        const struct write_request write = { .eof = true };
        struct write_reply reply;
        enum remex_status status =
                process_write(actor->process, &write, input, &reply, &error);

        if (status != REMEX_OK) {
            stage_free_process(actor);
            return status;
        }
    }
    stage_until_closed(actor);
    return check_told(actor, lines);
}

static enum remex_status play(struct scene *scene, struct process_spec *spec,
        const struct lines *lines)
{
    return play_with(scene, spec, text_bytes("input\n"), lines);
}

static enum remex_status play_sh(
        struct scene *scene, const char *script, const struct lines *lines)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    struct process_spec spec = stage_spec(argv);
    enum remex_status status = play(scene, &spec, lines);

    stage_spec_free(&spec);
    return status;
}

static enum remex_status say_something(void *user)
{
    return play_sh(user, "echo out",
            &(struct lines){ "out\n", "", "exit 0\n", "closed eof eof\n" });
}

static enum remex_status fail(void *user)
{
    return play_sh(user, "echo err >&2; exit 3",
            &(struct lines){ "", "err\n", "exit 3\n", "closed eof eof\n" });
}

static enum remex_status be_killed(void *user)
{
    return play_sh(user, "kill -9 $$",
            &(struct lines){ "", "", "signal 9\n", "closed eof eof\n" });
}

static enum remex_status feed(void *user)
{
    const char *const argv[] = { "cat", NULL };
    struct process_spec spec = stage_spec(argv);
    enum remex_status status;

    spec.stdin_kind = STDIN_PIPE;
    status = play(user, &spec,
            &(struct lines){ "input\n", "", "exit 0\n", "closed eof eof\n" });
    stage_spec_free(&spec);
    return status;
}

/* More than a pipe holds. */
static enum remex_status feed_much(void *user)
{
    static const char input[200000];
    const char *const argv[] = { "wc", "-c", NULL };
    struct process_spec spec = stage_spec(argv);
    enum remex_status status;

    spec.stdin_kind = STDIN_PIPE;
    status = play_with(user, &spec,
            (struct remex_bytes){ input, sizeof(input) },
            &(struct lines){ "200000\n", "", "exit 0\n", "closed eof eof\n" });
    stage_spec_free(&spec);
    return status;
}

static enum remex_status type(void *user)
{
    static const struct pty_spec pty = { .rows = 3, .columns = 4 };
    const char *const argv[] = { "sh", "-c", "stty size", NULL };
    struct process_spec spec = stage_spec(argv);
    enum remex_status status;

    spec.pty = &pty;
    spec.stdin_kind = STDIN_CLOSED;
    status = play(user, &spec,
            &(struct lines){ "3 4\r\n", "", "exit 0\n", "closed eof\n" });
    stage_spec_free(&spec);
    return status;
}

/* With a directory, a name, limits, and an environment of its own. */
static enum remex_status have_it_all(void *user)
{
    static const struct rlimit_spec limits[] = { { RLIMIT_NOFILE, 64, 64 } };
    const struct remex_bytes env[] = { text_bytes("A=b"),
        text_bytes("PATH=/usr/bin:/bin") };
    const char *const argv[] = { "sh", "-c", "echo $0 $A $PWD $(ulimit -n)",
        NULL };
    struct process_spec spec = stage_spec(argv);
    enum remex_status status;

    spec.env_base = ENV_EMPTY;
    spec.env = env;
    spec.env_count = 2;
    spec.cwd = text_bytes("/usr");
    spec.arg0 = text_bytes("name");
    spec.rlimits = limits;
    spec.rlimit_count = 1;
    status = play(user, &spec,
            &(struct lines){
                    "name b /usr 64\n", "", "exit 0\n", "closed eof eof\n" });
    stage_spec_free(&spec);
    return status;
}

/* A program that is not there, looked for in all of the PATH. */
static enum remex_status look_in_vain(void *user)
{
    const char *const argv[] = { "no-such-program", NULL };
    struct process_spec spec = stage_spec(argv);
    enum remex_status status = play(user, &spec, NULL);

    stage_spec_free(&spec);
    return status == REMEX_NOT_FOUND ? REMEX_OK : status;
}

/* Somebody outlives it in a session of his own and keeps its streams. */
static enum remex_status leave_an_heir(void *user)
{
    const char *const argv[] = { "sh", "-c", "setsid sleep 1000 & echo out",
        NULL };
    struct process_spec spec = stage_spec(argv);
    enum remex_status status;

    spec.has_eof_linger = true;
    spec.eof_linger_ms = 1;
    status = play(user, &spec,
            &(struct lines){
                    "out\n", "", "exit 0\n", "closed abandoned abandoned\n" });
    stage_spec_free(&spec);
    return status;
}

static struct actor *start_tree(struct scene *scene, const char *script)
{
    struct actor *actor;

    story_suspend();
    actor = stage_sh(&scene->stage, script);
    stage_until_said(actor, "\n");
    story_resume();
    return actor;
}

/* Nobody is left, whatever goes wrong. */
static enum remex_status kill_whole(struct scene *scene, const char *script)
{
    struct actor *actor = start_tree(scene, script);
    pid_t pid = stage_pid_said(actor);

    stage_free_process(actor);
    stage_until_dead(&scene->stage, pid);
    return REMEX_OK;
}

/* Nobody is told to have left who is there. */
static enum remex_status signal_whole(struct scene *scene, const char *script)
{
    struct actor *actor = start_tree(scene, script);
    enum signal_outcome outcome;
    enum remex_status status =
            process_signal(actor->process, 15, SIGNAL_TREE, &outcome, NULL);

    if (status == REMEX_OK)
        g_assert_cmpint(outcome, ==, SIGNAL_DELIVERED);
    stage_free_process(actor);
    return status;
}

/* In a session of its own. */
#define AN_HEIR "setsid sh -c 'echo $$; exec sleep 1000'"
/* More than are listed without memory. */
#define MANY "for i in $(seq 70); do sleep 1000 & done;" AN_HEIR

static enum remex_status kill_tree(void *user)
{
    return kill_whole(user, MANY);
}

static enum remex_status kill_heir(void *user)
{
    return kill_whole(user, AN_HEIR);
}

static enum remex_status signal_tree(void *user)
{
    return signal_whole(user, MANY);
}

static enum remex_status signal_heir(void *user)
{
    return signal_whole(user, AN_HEIR);
}

/* It is there, and no line allows it: however it is told, it does not run. */
static enum remex_status be_forbidden(void *user)
{
    const char *const argv[] = { "/bin/echo", "out", NULL };
    struct process_spec spec = stage_spec(argv);
    struct remex_error error = { 0 };
    struct scene *scene = user;

    g_assert_null(stage_start(&scene->stage, &spec, &error));
    stage_spec_free(&spec);
    return error.status == REMEX_PERMISSION_DENIED ? REMEX_OK : error.status;
}

/* --- All of them ---------------------------------------------------------- */

/* What waits for memory is given it after a while: it goes on then, and nothing
 * is lost. */
enum { SHORT_MS = 5 };

#define STORY(name, begin, tell, faults) \
    { \
        name, begin, tell, end, { REMEX_DATA_LOSS, REMEX_INVALID_ARGUMENT }, \
                SHORT_MS, faults \
    }

/* Who cannot be himself again after he has looked as another ends at once, and
 * tells no story. */
static const struct story stories[] = {
    STORY("say something", begin, say_something, 0),
    STORY("fail", begin, fail, 0),
    STORY("be killed", begin, be_killed, 0),
    STORY("be fed", begin, feed, 0),
    STORY("be fed much", begin, feed_much, 0),
    STORY("have a terminal", begin, type, 0),
    STORY("have it all", begin, have_it_all, 0),
    STORY("be looked for in vain", begin, look_in_vain, 0),
    STORY("leave an heir", begin, leave_an_heir, 0),
    STORY("be killed with all", begin, kill_tree, STORY_MEMORY),
    STORY("be signalled with all", begin, signal_tree, STORY_MEMORY),
    STORY("be killed with an heir", begin, kill_heir, STORY_KERNEL),
    STORY("be signalled with an heir", begin, signal_heir, STORY_KERNEL),
    STORY("be killed with an heir in a group", begin_in_groups, kill_heir,
            STORY_KERNEL),
    STORY("live in a group", begin_in_groups, say_something, 0),
    STORY("be killed in a group", begin_in_groups, kill_tree, STORY_MEMORY),
    STORY("live as nobody", begin_as_nobody, say_something, 0),
    STORY("live by a policy", begin_as_we_by_policy, say_something, 0),
    STORY("live as nobody by a policy", begin_as_nobody_by_policy,
            say_something, STORY_MEMORY),
    STORY("be forbidden", begin_as_we_by_policy, be_forbidden, 0),
    STORY("be forbidden as nobody", begin_as_nobody_by_policy, be_forbidden,
            STORY_MEMORY),
};

int main(int argc, char **argv)
{
    return story_main(argc, argv, STORY_MEMORY | STORY_KERNEL, stories,
            STORY_COUNT(stories));
}
