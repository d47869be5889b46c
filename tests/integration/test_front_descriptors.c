/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A front that may not have many descriptors: whoever is served is served on,
 * whoever comes waits or is told, it does not run in circles, and with some
 * back it lets others in.
 *
 * ctest-timeout: 120
 */

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/echo.h"
#include "support/secret.h"
#include "support/shown.h"
#include "support/stranger.h"
#include "support/suite.h"
#include "support/tree.h"

enum {
    DESCRIPTORS = 40,
    STRANGERS = 60,
    MOST_CLIENTS = 40,
    CONNECT_MS = 1000,
    PATIENCE_MS = 30 * 1000,
    QUIET_MS = 400,
};

/* A twentieth of the time would be much for doing nothing; half of it is a
 * loop that does not wait. */
enum { MOST_CPU_MS = QUIET_MS / 2 };

struct scene {
    char *pki; /* NULL: no TLS */
    struct daemon daemon;
    struct remex_client *client;
    struct echo echo;
};

static enum remex_status try_connect(const struct scene *scene,
        struct remex_client **out, struct remex_error *error)
{
    enum remex_status status;
    struct shown shown;

    shown_init(&shown, scene->pki, "alice", "alice");
    shown.options.connect_timeout_ms = CONNECT_MS;
    status = remex_client_connect(
            scene->daemon.address, &shown.options, out, error);
    shown_deinit(&shown);
    return status;
}

/* Sooner or later there is room. */
static struct remex_client *connect_at_last(const struct scene *scene)
{
    gint64 deadline = g_get_monotonic_time() + (gint64)PATIENCE_MS * 1000;
    struct remex_client *client;
    struct remex_error error;

    while (try_connect(scene, &client, &error) != REMEX_OK) {
        if (g_get_monotonic_time() >= deadline)
            g_error("nobody is let in: %s", error.text);
    }
    return client;
}

static void scene_init(struct scene *scene, bool by_tls)
{
    *scene = (struct scene){ .pki = NULL };
    if (by_tls) {
        scene->pki = secret_pki();
        daemon_start_tls_limited(&scene->daemon, scene->pki, DESCRIPTORS);
    } else {
        daemon_start_limited(&scene->daemon, DESCRIPTORS);
    }
    scene->client = connect_at_last(scene);
    echo_init(&scene->echo, scene->client);
}

static void scene_deinit(struct scene *scene)
{
    echo_check(&scene->echo);
    echo_deinit(&scene->echo);
    remex_client_free(scene->client);
    daemon_stop(&scene->daemon);
    if (scene->pki)
        secret_free(scene->pki);
}

/* With all that is taken it has nothing to do. */
static void check_calm(const struct scene *scene)
{
    pid_t front = daemon_front(&scene->daemon);
    uint64_t before = tree_cpu_ms(front);
    struct remex_event event;

    g_assert_cmpint(remex_process_next_event(scene->echo.cat, QUIET_MS, &event),
            ==, REMEX_AGAIN);
    g_assert_cmpint(daemon_front(&scene->daemon), ==, front);
    g_assert_cmpuint(tree_cpu_ms(front) - before, <, MOST_CPU_MS);
}

/* --- Those who are served --------------------------------------------------
 */

static void check_full(bool by_tls)
{
    struct remex_client *others[MOST_CLIENTS];
    struct remex_error error;
    struct scene scene;
    size_t count = 0;

    scene_init(&scene, by_tls);
    while (try_connect(&scene, &others[count], &error) == REMEX_OK) {
        count++;
        g_assert_cmpuint(count, <, MOST_CLIENTS);
    }
    g_assert_cmpuint(count, >, 0);
    g_assert_cmpint(error.status, ==, REMEX_UNAVAILABLE);
    check_calm(&scene);
    echo_check(&scene.echo);
    /* Those who stay may want the first for lanes they had to do without. */
    for (size_t left = count / 4; count > left;)
        remex_client_free(others[--count]);
    others[count++] = connect_at_last(&scene);
    while (count > 0)
        remex_client_free(others[--count]);
    scene_deinit(&scene);
}

static void a_full_front_serves_those_it_has(void)
{
    check_full(false);
}

static void a_full_tls_front_serves_those_it_has(void)
{
    check_full(true);
}

/* --- Strangers ------------------------------------------------------------ */

/* They give way to whoever comes next, who may be somebody. */
static void strangers_keep_nobody_out(void)
{
    struct scene scene;
    int fds[STRANGERS];

    scene_init(&scene, true);
    for (uint32_t i = 0; i < STRANGERS; i++)
        fds[i] = stranger_connect_from(
                scene.daemon.address, INADDR_LOOPBACK + 256 + i);
    check_calm(&scene);
    echo_check(&scene.echo);
    remex_client_free(connect_at_last(&scene));
    for (size_t i = 0; i < STRANGERS; i++)
        close(fds[i]);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/front_descriptors", a_full_front_serves_those_it_has);
    SUITE_ADD("/front_descriptors", a_full_tls_front_serves_those_it_has);
    SUITE_ADD("/front_descriptors", strangers_keep_nobody_out);
    return g_test_run();
}
