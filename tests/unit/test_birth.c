/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/birth.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "executor/child_inside.h"
#include "executor/process.h"
#include "support/far.h"
#include "support/stage.h"
#include "support/suite.h"
#include "support/tree.h"

/* Children on their way, several at a time, with a loop that goes on. */

enum { CROWD = 3 * SPAWN_BERTHS };

static struct actor *begin(struct stage *stage, const char *const *argv)
{
    struct process_spec spec = stage_spec(argv);
    struct remex_error error = { 0 };
    struct actor *actor = stage_begin(stage, &spec, &error);

    if (!actor)
        g_error("%s: %s", argv[0], error.text);
    stage_spec_free(&spec);
    return actor;
}

static struct actor *begin_sh(struct stage *stage, const char *script)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };

    return begin(stage, argv);
}

static struct actor *begin_missing(struct stage *stage)
{
    const char *const argv[] = { "/nowhere/at/all", NULL };

    return begin(stage, argv);
}

static void a_crowd_has_its_programs_and_its_own_output(void)
{
    struct stage stage;

    stage_open(&stage);
    for (int i = 0; i < CROWD; i++) {
        char *script = g_strdup_printf(
                "echo %d; echo %d >&2; exit %d", i, 1000 + i, i);

        begin_sh(&stage, script);
        g_free(script);
    }
    stage_until_all_closed(&stage);
    for (int i = 0; i < CROWD; i++) {
        const struct actor *actor = stage.actors->pdata[i];
        char *out = g_strdup_printf("%d\n", i);
        char *err = g_strdup_printf("%d\n", 1000 + i);
        char *end = g_strdup_printf("exit %d\n", i);

        g_assert_cmpstr(actor->out->str, ==, out);
        g_assert_cmpstr(actor->err->str, ==, err);
        g_assert_nonnull(strstr(actor->told->str, end));
        g_free(out);
        g_free(err);
        g_free(end);
    }
    stage_close(&stage);
}

static void who_has_no_program_in_a_crowd_disturbs_nobody(void)
{
    struct stage stage;

    stage_open(&stage);
    for (int i = 0; i < CROWD; i++) {
        if (i % 3 == 1)
            begin_missing(&stage);
        else
            begin_sh(&stage, "exit 0");
    }
    stage_until_all_closed(&stage);
    for (int i = 0; i < CROWD; i++) {
        const struct actor *actor = stage.actors->pdata[i];

        if (i % 3 != 1) {
            g_assert_cmpstr(actor->told->str, ==, "exit 0\nclosed eof eof\n");
            continue;
        }
        g_assert_null(actor->process);
        g_assert_cmpint(actor->failure.status, ==, REMEX_NOT_FOUND);
        g_assert_cmpint(actor->failure.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
        g_assert_cmpint(actor->failure.stage, ==, REMEX_STAGE_EXEC);
        g_assert_cmpstr(actor->failure.text, ==,
                "cannot execute '/nowhere/at/all': No such file or directory");
    }
    stage_close(&stage);
}

static bool has_no_child(void *user)
{
    siginfo_t info;

    (void)user;
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 &&
            errno == ECHILD;
}

/* Neither their programs nor descriptors nor the dead are left. */
static void who_is_let_go_of_on_its_way_leaves_nothing(void)
{
    unsigned int before;
    struct stage stage;

    stage_open(&stage);
    before = tree_descriptors(getpid());
    for (int round = 0; round < 20; round++) {
        guint first = stage.actors->len;

        for (int i = 0; i < SPAWN_BERTHS; i++)
            begin_sh(&stage, "exec sleep 1000");
        for (guint i = first; i < stage.actors->len; i++)
            stage_free_process(stage.actors->pdata[i]);
    }
    stage_poll_until(&stage, has_no_child, NULL);
    g_assert_cmpuint(tree_descriptors(getpid()), ==, before);
    stage_close(&stage);
}

/* Those who are long on their way are not waited for; whoever comes as well is
 * told so. */
static void where_nobody_gets_on_there_is_no_room(void)
{
    struct process_spec spec;
    struct remex_error error = { 0 };
    struct stage stage;
    struct far far;

    stage_open(&stage);
    far_init(&far);
    spec = stage_spec((const char *const[]){ far.path, NULL });
    while (births_have_room(&stage.host->births))
        g_assert_nonnull(stage_begin(&stage, &spec, NULL));
    g_assert_cmpuint(stage.actors->len, ==, SPAWN_BERTHS);
    g_assert_null(stage_begin(&stage, &spec, &error));
    g_assert_cmpint(error.kind, ==, REMEX_ERROR_LAUNCH_FAILED);
    g_assert_cmpint(error.os_error, ==, EAGAIN);
    far_come(&far);
    stage_until_all_closed(&stage);
    g_assert_true(births_have_room(&stage.host->births));
    stage_spec_free(&spec);
    far_deinit(&far);
    stage_close(&stage);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/birth", a_crowd_has_its_programs_and_its_own_output);
    SUITE_ADD("/birth", who_has_no_program_in_a_crowd_disturbs_nobody);
    SUITE_ADD("/birth", who_is_let_go_of_on_its_way_leaves_nothing);
    SUITE_ADD("/birth", where_nobody_gets_on_there_is_no_room);
    return g_test_run();
}
