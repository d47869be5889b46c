/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A process that says much while its client is cut off. Elsewhere it overran
 * what was kept and was killed for it. Here a reliable one is held and loses
 * nothing; of a lossy one so much is missing as a Gap tells, and it lives on.
 */

#include <remex/process.h>

#include <string.h>

#include <glib.h>

#include "support/daemon.h"
#include "support/gate.h"
#include "support/proxy.h"
#include "support/remote.h"
#include "support/suite.h"
#include "support/transcript.h"
#include "support/tree.h"

#define BYTES ((uint64_t)9000000) /* more than log, window and pipe hold */

enum { LOG_BYTES = 1024 * 1024 };

/* `beside` has a link of its own. */
struct scene {
    struct daemon daemon;
    struct proxy *proxy;
    struct remex_client *client;
    struct remex_client *beside;
    struct gate gate;
};

static void scene_init(struct scene *scene)
{
    daemon_start(&scene->daemon);
    scene->proxy =
            proxy_new(scene->daemon.address, (uint32_t)g_test_rand_int());
    scene->client = remote_connect_to(proxy_address(scene->proxy));
    scene->beside = remote_connect_to(scene->daemon.address);
    gate_init(&scene->gate);
}

static void scene_deinit(struct scene *scene)
{
    gate_deinit(&scene->gate);
    remex_client_free(scene->beside);
    remex_client_free(scene->client);
    proxy_free(scene->proxy);
    daemon_stop(&scene->daemon);
}

/* It begins to say something when the gate opens, which is when the link is
 * gone. */
static struct remex_process *start(
        struct scene *scene, enum remex_delivery delivery)
{
    struct remex_process_options options =
            REMEX_DEFAULTS(remex_process_options);
    char *script = g_strdup_printf("read line <%s; exec %s %" G_GUINT64_FORMAT,
            scene->gate.path, REMOTE_CHILD("spew"), BYTES);
    struct remex_process *process;

    options.out.delivery = delivery;
    process = remote_start(
            scene->client, REMOTE_ARGV("/bin/sh", "-c", script), &options);
    g_free(script);
    proxy_refuse(scene->proxy, true);
    proxy_cut_all(scene->proxy);
    gate_open(&scene->gate);
    return process;
}

static struct remex_process *attach_beside(
        struct scene *scene, const struct remex_process *process)
{
    struct remex_attach_options options = REMEX_DEFAULTS(remex_attach_options);
    struct remex_process *beside;

    options.no_events = true;
    g_assert_cmpint(remex_process_attach(scene->beside,
                            remex_process_id(process), &options, &beside, NULL),
            ==, REMEX_OK);
    return beside;
}

static void a_gap_that_arose_in_an_outage_is_told_and_no_more(void)
{
    struct remex_process *process;
    struct remex_process *beside;
    struct remex_event event;
    struct remex_exit ended;
    struct transcript story;
    struct scene scene;
    uint64_t lost = 0;
    uint64_t told = 0;

    scene_init(&scene);
    process = start(&scene, REMEX_DELIVERY_LOSSY);
    beside = attach_beside(&scene, process);
    g_assert_cmpint(remex_process_wait(beside, 60000, &ended), ==, REMEX_OK);
    proxy_refuse(scene.proxy, false);
    transcript_init(&story);
    story.verify = true;
    while (remex_process_next_event(process, 60000, &event) == REMEX_OK) {
        transcript_take(&story, &event);
        if (event.kind == REMEX_EVENT_GAP)
            lost += event.gap.bytes;
        else if (event.kind == REMEX_EVENT_OUTPUT)
            told += event.output.data.size;
    }
    g_assert_cmpint(story.order->str[0], ==, 'G');
    g_assert_null(strpbrk(story.order->str + 1, "GF"));
    transcript_check_exit(&story, 0);
    g_assert_cmpuint(lost + told, ==, BYTES);
    g_assert_cmpuint(told, >=, LOG_BYTES / 4);
    transcript_deinit(&story);
    remex_process_free(beside);
    remex_process_free(process);
    scene_deinit(&scene);
}

static void what_is_reliable_is_held_through_an_outage(void)
{
    struct remex_process *process;
    struct transcript story;
    struct scene scene;

    scene_init(&scene);
    process = start(&scene, REMEX_DELIVERY_RELIABLE);
    g_assert_cmpuint(
            tree_wait_held((pid_t)remex_process_pid(process), LOG_BYTES / 2), <,
            BYTES);
    proxy_refuse(scene.proxy, false);
    transcript_init(&story);
    story.verify = true;
    transcript_follow(&story, process);
    g_assert_null(strpbrk(story.order->str, "GF"));
    transcript_check_exit(&story, 0);
    g_assert_cmpuint(story.bytes[0], ==, BYTES);
    transcript_deinit(&story);
    remex_process_free(process);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD(
            "/noisy_outage", a_gap_that_arose_in_an_outage_is_told_and_no_more);
    SUITE_ADD("/noisy_outage", what_is_reliable_is_held_through_an_outage);
    return g_test_run();
}
