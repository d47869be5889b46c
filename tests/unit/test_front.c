/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/front.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "common/clock.h"
#include "executor/list.h"
#include "executor/log_block.h"
#include "support/suite.h"

enum { POLL_MS = 2, PATIENCE_MS = 10000 };

/* A front that says that it listens and has its store; takes a byte of what it
 * is sent, hangs up, and lives on. */
static const char script[] = "#!/bin/sh\n"
                             "cat \"$0.ready\" >&3\n"
                             "head -c 1 <&3 >/dev/null\n"
                             "exec 3>&-\n"
                             "exec sleep 1000\n";

static const char ready_body[] = "here\0there";

struct scene {
    struct loop *loop;
    struct reaper *reaper;
    struct log log;
    struct front_site site;
    struct front *front;
    struct log_block *block;
    struct loop_timer poll;
    int64_t until;
    unsigned int when_lost; /* holders of the block, 0: it is not lost */
    char *directory;
};

static void write_file(const char *path, const void *data, size_t size)
{
    g_assert_true(g_file_set_contents_full(
            path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
}

static void make_program(struct scene *scene)
{
    struct link_header header = {
        .size = sizeof(ready_body), .kind = LINK_READY, .parts = 1
    };
    GByteArray *ready = g_byte_array_new();
    char *path;
    char *said;

    scene->directory = g_dir_make_tmp("remex-XXXXXX", NULL);
    path = g_build_filename(scene->directory, "front", NULL);
    said = g_strconcat(path, ".ready", NULL);
    g_byte_array_append(ready, (const guint8 *)&header, sizeof(header));
    g_byte_array_append(ready, (const guint8 *)ready_body, sizeof(ready_body));
    write_file(said, ready->data, ready->len);
    write_file(path, script, strlen(script));
    g_strlcpy(scene->site.program.path, path, sizeof(scene->site.program.path));
    g_byte_array_unref(ready);
    g_free(said);
    g_free(path);
}

static void remove_program(struct scene *scene)
{
    char *said = g_strconcat(scene->site.program.path, ".ready", NULL);

    g_unlink(said);
    g_unlink(scene->site.program.path);
    g_assert_cmpint(g_rmdir(scene->directory), ==, 0);
    g_free(said);
    g_free(scene->directory);
}

/* --- What it reports ------------------------------------------------------ */

static void lend(struct scene *scene)
{
    struct link_header header = { .kind = LINK_REPLY, .ticket = 1 };
    struct link_piece piece = { .data = scene->block->data,
        .size = LOG_BLOCK_BYTES,
        .block = scene->block };

    log_block_hold(scene->block);
    front_send(scene->front, &header, &piece, 1);
}

static void on_listening(struct front_site *site)
{
    lend(CONTAINER_OF(site, struct scene, site));
}

static void on_failed(void *user, const char *why)
{
    (void)user;
    g_error("it failed: %s", why);
}

static void on_lost(void *user, struct front *front)
{
    struct scene *scene = user;

    (void)front;
    scene->when_lost = scene->block->references;
}

static void on_poll(struct loop_timer *timer)
{
    struct scene *scene = CONTAINER_OF(timer, struct scene, poll);
    int64_t now = loop_now(scene->loop);

    g_assert_cmpint(now, <, scene->until);
    if (scene->when_lost > 0 && scene->block->references == 1)
        loop_stop(scene->loop);
    g_assert_cmpint(
            loop_timer_set(scene->loop, timer, now + clock_from_ms(POLL_MS)),
            ==, REMEX_OK);
}

/* --- The scene ------------------------------------------------------------ */

static void scene_open(struct scene *scene)
{
    const struct front_sockets none = FRONT_SOCKETS_NONE;
    struct address address;

    *scene = (struct scene){ .poll = { .due = on_poll } };
    log_init(&scene->log, STDERR_FILENO, LOG_LEVEL_WARNING);
    g_assert_cmpint(loop_new(&scene->loop), ==, REMEX_OK);
    g_assert_cmpint(reaper_new(scene->loop, &scene->reaper), ==, REMEX_OK);
    scene->site = (struct front_site){ .loop = scene->loop,
        .reaper = scene->reaper,
        .log = &scene->log,
        .hooks = { .user = scene, .failed = on_failed, .lost = on_lost },
        .listening = on_listening };
    make_program(scene);
    g_assert_cmpint(
            address_parse("tcp://127.0.0.1:0", &address, NULL), ==, REMEX_OK);
    g_assert_cmpint(
            front_new(&scene->site, &address, &none, &scene->front, NULL), ==,
            REMEX_OK);
    scene->block = log_block_new(front_store(scene->front), LOG_BLOCK_BYTES);
    g_assert_nonnull(scene->block->store);
    scene->until = loop_now(scene->loop) + clock_from_ms(PATIENCE_MS);
    g_assert_cmpint(
            loop_timer_set(scene->loop, &scene->poll, loop_now(scene->loop)),
            ==, REMEX_OK);
}

static void scene_close(struct scene *scene)
{
    loop_timer_cancel(scene->loop, &scene->poll);
    front_free(scene->front);
    log_block_release(scene->block);
    reaper_free(scene->reaper);
    loop_free(scene->loop);
    remove_program(scene);
}

/* It may be amid a system call that sends from there. */
static void what_it_was_lent_stays_as_it_is_until_its_process_is_gone(void)
{
    struct scene scene;

    scene_open(&scene);
    loop_run(scene.loop);
    g_assert_cmpuint(scene.when_lost, ==, 2);
    scene_close(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/front",
            what_it_was_lent_stays_as_it_is_until_its_process_is_gone);
    return g_test_run();
}
