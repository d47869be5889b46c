/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A front that may not have many descriptors: whoever is served is served on,
 * whoever comes waits or is told, it does not run in circles, and with some
 * back it lets others in.
 *
 * ctest-timeout: 120
 */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>

#include "common/address.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/secret.h"
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
    struct remex_process *cat;
    uint64_t echoed;
};

static enum remex_status try_connect(const struct scene *scene,
        struct remex_client **out, struct remex_error *error)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    char *authority = NULL;
    char *certificate = NULL;
    char *key = NULL;
    enum remex_status status;

    if (scene->pki) {
        authority = g_build_filename(scene->pki, "authority.pem", NULL);
        certificate = g_build_filename(scene->pki, "alice.pem", NULL);
        key = g_build_filename(scene->pki, "alice.key", NULL);
    }
    options.connect_timeout_ms = CONNECT_MS;
    options.tls_authority = authority;
    options.tls_certificate = certificate;
    options.tls_key = key;
    status = remex_client_connect(scene->daemon.address, &options, out, error);
    g_free(key);
    g_free(certificate);
    g_free(authority);
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

static void echo(struct scene *scene)
{
    static const char word[] = "still here\n";
    struct remex_event event;
    size_t written;

    g_assert_cmpint(remex_process_write(scene->cat, word, sizeof(word),
                            PATIENCE_MS, &written, NULL),
            ==, REMEX_OK);
    scene->echoed += written;
    do {
        g_assert_cmpint(
                remex_process_next_event(scene->cat, PATIENCE_MS, &event), ==,
                REMEX_OK);
        g_assert_cmpint(event.kind, ==, REMEX_EVENT_OUTPUT);
    } while (event.output.offset + event.output.data.size < scene->echoed);
}

static void scene_init(struct scene *scene, bool by_tls)
{
    struct remex_process_options options = remote_with_stdin();

    *scene = (struct scene){ .echoed = 0 };
    if (by_tls) {
        scene->pki = secret_pki();
        daemon_start_tls_limited(&scene->daemon, scene->pki, DESCRIPTORS);
    } else {
        daemon_start_limited(&scene->daemon, DESCRIPTORS);
    }
    scene->client = connect_at_last(scene);
    scene->cat = remote_start(scene->client, REMOTE_ARGV("cat"), &options);
    echo(scene);
}

static void scene_deinit(struct scene *scene)
{
    echo(scene);
    remex_process_free(scene->cat);
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

    g_assert_cmpint(remex_process_next_event(scene->cat, QUIET_MS, &event), ==,
            REMEX_AGAIN);
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
    echo(&scene);
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

/* From an address of the host itself, as if from elsewhere. */
static int stranger_from(const struct scene *scene, uint32_t source)
{
    struct sockaddr_in from = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(source) };
    struct sockaddr_in to = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct address address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(
            address_parse(scene->daemon.address, &address, NULL), ==, REMEX_OK);
    to.sin_port = htons(address.port);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&from, sizeof(from)), ==, 0);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&to, sizeof(to)), ==, 0);
    return fd;
}

/* They give way to whoever comes next, who may be somebody. */
static void strangers_keep_nobody_out(void)
{
    struct scene scene;
    int fds[STRANGERS];

    scene_init(&scene, true);
    for (uint32_t i = 0; i < STRANGERS; i++)
        fds[i] = stranger_from(&scene, INADDR_LOOPBACK + 256 + i);
    check_calm(&scene);
    echo(&scene);
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
