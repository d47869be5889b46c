/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/config_reload.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/fault.h"
#include "support/secret.h"
#include "support/suite.h"

/* A configuration that was read, and the files it was read from. */
struct scene {
    char *directory;
    char *argv[5];
    struct config config;
};

static void put(const struct scene *scene, const char *name, const char *text)
{
    char *path = g_build_filename(scene->directory, name, NULL);
    char **parts = g_strsplit(text, "@", 0);
    char *all = g_strjoinv(scene->directory, parts);

    g_assert_true(g_file_set_contents_full(
            path, all, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
    g_free(all);
    g_strfreev(parts);
    g_free(path);
}

static void put_token(const struct scene *scene, const char *name)
{
    char *line = secret_token_line(name, "run", name);

    put(scene, "tokens", line);
    g_free(line);
}

static void scene_init(struct scene *scene, const char *conf)
{
    struct remex_error error;

    scene->directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    scene->argv[0] = g_strdup("remexd");
    scene->argv[1] = g_strdup("--config");
    scene->argv[2] = g_build_filename(scene->directory, "conf", NULL);
    scene->argv[3] = g_strdup("--limit=sessions=3");
    scene->argv[4] = NULL;
    put_token(scene, "ann");
    put(scene, "policy", "for *\nallow /bin/true\n");
    put(scene, "conf", conf);
    if (config_parse(&scene->config, 4, scene->argv, &error) != REMEX_OK)
        g_error("%s", error.text);
}

static void scene_deinit(struct scene *scene)
{
    config_deinit(&scene->config);
    for (size_t i = 0; scene->argv[i]; i++)
        g_free(scene->argv[i]);
    secret_free(scene->directory);
}

static enum remex_status reload(struct scene *scene,
        struct config_change *change, struct remex_error *error)
{
    const struct config_source source = { 4, scene->argv, 0 };

    return config_reload(&scene->config, &source, change, error);
}

/* The options that take a restart are these, with blanks between them. */
static void check_taken(struct scene *scene, const char *pending)
{
    struct config_change change;
    struct remex_error error;
    GString *told = g_string_new("");

    if (reload(scene, &change, &error) != REMEX_OK)
        g_error("%s", error.text);
    for (size_t i = 0; i < change.pending_count; i++)
        g_string_append_printf(
                told, "%s%s", i > 0 ? " " : "", change.pending[i]);
    g_assert_cmpstr(told->str, ==, pending);
    g_string_free(told, TRUE);
    config_change_deinit(&change);
}

static void check_refused(struct scene *scene, const char *reason)
{
    struct config_change change;
    struct remex_error error = { 0 };

    g_assert_cmpint(reload(scene, &change, &error), !=, REMEX_OK);
    if (!strstr(error.text, reason))
        g_error("'%s' does not say '%s'", error.text, reason);
}

#define PLAIN "listen tcp://127.0.0.1:0\ntokens @/tokens\n"

static void what_can_change_does(void)
{
    struct scene scene;

    scene_init(&scene, PLAIN);
    put_token(&scene, "joe");
    put(&scene, "conf",
            PLAIN "policy @/policy\nretention 7\ndrain 8\n"
                  "limit sessions=9\nlimit processes=9\n");
    check_taken(&scene, "");
    g_assert_cmpuint(scene.config.tokens.count, ==, 1);
    g_assert_cmpstr(scene.config.tokens.all[0].name, ==, "joe");
    g_assert_nonnull(scene.config.policy.sections);
    g_assert_cmpuint(scene.config.retention_ms, ==, 7000);
    g_assert_cmpuint(scene.config.drain_s, ==, 8);
    g_assert_cmpuint(scene.config.limits.processes, ==, 9);
    g_assert_cmpuint(scene.config.limits.sessions, ==, 3); /* was typed */
    put(&scene, "conf", PLAIN);
    check_taken(&scene, "");
    g_assert_null(scene.config.policy.sections);
    g_assert_cmpuint(scene.config.retention_ms, ==, 0);
    scene_deinit(&scene);
}

static void what_cannot_is_named(void)
{
    struct scene scene;

    scene_init(&scene, PLAIN);
    put(&scene, "conf",
            PLAIN "listen ipc://@/socket\ninsecure-tcp\n"
                  "metrics 127.0.0.1:0\nlog-priorities\nretention 7\n");
    check_taken(&scene, "--listen --insecure-tcp --metrics --log-priorities");
    g_assert_cmpuint(scene.config.address_count, ==, 1);
    g_assert_false(scene.config.insecure_tcp);
    g_assert_false(scene.config.has_metrics);
    g_assert_cmpuint(scene.config.retention_ms, ==, 7000);
    put(&scene, "conf", "listen tcp://127.0.0.1:7712\ntokens @/tokens\n");
    check_taken(&scene, "--listen");
    put(&scene, "conf", PLAIN);
    check_taken(&scene, "");
    scene_deinit(&scene);
}

/* What is new may be good, and what stays as well, but not both. */
static void it_has_to_go_with_what_stays(void)
{
    struct scene scene;

    scene_init(&scene, PLAIN);
    put(&scene, "conf", "listen ipc://@/socket\nretention 7\n");
    check_refused(
            &scene, "give a --tokens file (as long as --listen is what it is)");
    g_assert_cmpuint(scene.config.retention_ms, ==, 0);
    g_assert_cmpuint(scene.config.tokens.count, ==, 1);
    put(&scene, "conf",
            "listen ipc://@/socket\nmetrics 127.0.0.1:0\nretention 7\n");
    check_refused(&scene, "(as long as --listen and others are what they are)");
    put(&scene, "conf", PLAIN "limit memory_bytes=67108864\n");
    check_refused(&scene, "the limit memory_bytes takes a control group");
    g_assert_cmpuint(scene.config.limits.tree.memory_bytes, ==, 0);
    scene_deinit(&scene);
}

static void who_starts_to_change_users_starts_again(void)
{
    struct scene scene;

    if (geteuid() != 0) {
        g_test_skip("only root can change its user");
        return;
    }
    scene_init(&scene, PLAIN "policy @/policy\n");
    put(&scene, "policy", "for *\nuser 65534:65534\nallow /bin/true\n");
    check_refused(&scene, "the policy names users");
    g_assert_null(scene.config.policy.sections->user);
    put(&scene, "policy", "for *\nallow /bin/true\n");
    put(&scene, "conf", PLAIN "policy @/policy\nrun-as 65534:65534\n");
    check_taken(&scene, "--run-as");
    g_assert_cmpstr(scene.config.run_as.name, ==, "");
    scene_deinit(&scene);

    scene_init(&scene, PLAIN "policy @/policy\nrun-as 65534:65534\n");
    put(&scene, "policy", "for *\nuser 65533:65533\nallow /bin/true\n");
    check_taken(&scene, "");
    g_assert_nonnull(scene.config.policy.sections->credentials);
    scene_deinit(&scene);
}

static void who_changes_users_goes_on_to(void)
{
    struct scene scene;

    if (geteuid() != 0) {
        g_test_skip("only root can change its user");
        return;
    }
    scene_init(&scene, PLAIN "run-as 65534:65534\nfront-user 65533:65533\n");
    check_taken(&scene, "");
    put(&scene, "conf", PLAIN "run-as 65534:65532\nfront-user 65533:65533\n");
    check_taken(&scene, "--run-as");
    put(&scene, "conf", PLAIN "run-as 65534:65534\nfront-user 65532:65533\n");
    check_taken(&scene, "--front-user");
    put(&scene, "conf", PLAIN "run-as 65531:65534\n");
    check_taken(&scene, "--run-as --front-user");
    g_assert_cmpuint(scene.config.run_as.uid, ==, 65534);
    scene_deinit(&scene);
}

static void metrics_and_priorities_stay_where_they_are(void)
{
    struct scene scene;

    scene_init(&scene, PLAIN "metrics 127.0.0.1:0\nlog-priorities\n");
    check_taken(&scene, "");
    put(&scene, "conf", PLAIN "metrics 127.0.0.1:0\n");
    check_taken(&scene, ""); /* what the journal reads has them anyway */
    put(&scene, "conf", PLAIN "metrics 127.0.0.1:7713\n");
    check_taken(&scene, "--metrics");
    g_assert_cmpint(scene.config.metrics.port, ==, 0);
    scene_deinit(&scene);
}

static void mistakes_are_told_with_file_and_line(void)
{
    struct scene scene;

    scene_init(&scene, PLAIN);
    put(&scene, "conf", PLAIN "policy @/policy\n");
    put(&scene, "policy", "for *\n\nallow true\n");
    check_refused(&scene, "/policy:3: ");
    put(&scene, "policy", "for *\n\nfor uid:0\nlimit parked=100\n");
    check_refused(&scene, "/policy:3: ");
    put(&scene, "tokens", "# none\nann run\n");
    check_refused(&scene, "/tokens:2: ");
    g_assert_null(scene.config.policy.sections);
    g_assert_cmpuint(scene.config.tokens.count, ==, 1);
    scene_deinit(&scene);
}

/* Whatever there is no memory for, all of it is new or nothing. */
static void without_memory_nothing_is_changed(void)
{
    struct scene scene;
    unsigned int number = 1;
    bool failed;

    scene_init(&scene, PLAIN);
    put_token(&scene, "joe");
    put(&scene, "conf", PLAIN "policy @/policy\nretention 7\n");
    do {
        struct config_change change;
        struct remex_error error;
        enum remex_status status;

        fault_fail_allocation(number++);
        status = reload(&scene, &change, &error);
        failed = fault_happened();
        if (status != REMEX_OK) {
            g_assert_true(failed);
            g_assert_cmpstr(scene.config.tokens.all[0].name, ==, "ann");
            g_assert_null(scene.config.policy.sections);
            g_assert_cmpuint(scene.config.retention_ms, ==, 0);
        } else {
            g_assert_cmpstr(scene.config.tokens.all[0].name, ==, "joe");
            config_change_deinit(&change);
        }
    } while (failed);
    g_assert_cmpuint(number, >, 3);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/config_reload", what_can_change_does);
    SUITE_ADD("/config_reload", what_cannot_is_named);
    SUITE_ADD("/config_reload", it_has_to_go_with_what_stays);
    SUITE_ADD("/config_reload", who_starts_to_change_users_starts_again);
    SUITE_ADD("/config_reload", who_changes_users_goes_on_to);
    SUITE_ADD("/config_reload", metrics_and_priorities_stay_where_they_are);
    SUITE_ADD("/config_reload", mistakes_are_told_with_file_and_line);
    SUITE_ADD("/config_reload", without_memory_nothing_is_changed);
    return g_test_run();
}
