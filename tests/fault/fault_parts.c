/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The parts that read what comes from outside: messages, frames, files.
 *
 * ctest-timeout: 300
 */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "client/cli/tail.h"
#include "common/arena.h"
#include "common/wire.h"
#include "executor/cgroup.h"
#include "executor/config.h"
#include "executor/credentials.h"
#include "executor/link.h"
#include "executor/list.h"
#include "executor/policy_parse.h"
#include "executor/server.h"
#include "fault/story.h"
#include "support/samples.h"
#include "support/secret.h"

static void *begin_without(void)
{
    return NULL;
}

static void end_without(void *user)
{
    (void)user;
}

/* --- Messages ------------------------------------------------------------- */

enum { ARENA_BYTES = 1024 * 1024 };

/* Every kind of message, encoded. */
struct messages {
    GPtrArray *requests; /* GBytes */
    GPtrArray *replies;
};

static void keep(GPtrArray *array, struct remex_bytes bytes)
{
    g_ptr_array_add(array, g_bytes_new(bytes.data, bytes.size));
    sample_free(bytes);
}

static void *begin_messages(void)
{
    struct messages *messages = g_new(struct messages, 1);

    messages->requests =
            g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    messages->replies =
            g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (int method = METHOD_OPEN; method <= (int)METHOD_FORGET; method++) {
        struct request request = sample_request((enum method)method);
        struct reply reply = sample_reply((enum method)method);

        keep(messages->requests, sample_encode_request(&request));
        keep(messages->replies, sample_encode_reply(&reply));
    }
    return messages;
}

static void end_messages(void *user)
{
    struct messages *messages = user;

    g_ptr_array_free(messages->requests, TRUE);
    g_ptr_array_free(messages->replies, TRUE);
    g_free(messages);
}

static struct remex_bytes bytes_at(const GPtrArray *array, guint index)
{
    gsize size;
    const void *data = g_bytes_get_data(g_ptr_array_index(array, index), &size);

    return (struct remex_bytes){ data, size };
}

static enum remex_status decode_requests(void *user)
{
    struct messages *messages = user;
    enum remex_status status = REMEX_OK;

    for (guint i = 0; i < messages->requests->len && status == REMEX_OK; i++) {
        struct arena arena;
        struct request request;

        arena_init(&arena, ARENA_BYTES);
        status = wire_decode_request(
                bytes_at(messages->requests, i), &arena, &request, NULL);
        arena_deinit(&arena);
    }
    return status;
}

static enum remex_status decode_replies(void *user)
{
    struct messages *messages = user;
    enum remex_status status = REMEX_OK;

    for (guint i = 0; i < messages->replies->len && status == REMEX_OK; i++) {
        struct arena arena;
        struct reply reply;

        arena_init(&arena, ARENA_BYTES);
        status = wire_decode_reply(
                bytes_at(messages->replies, i), &arena, &reply, NULL);
        arena_deinit(&arena);
    }
    return status;
}

static enum remex_status encode_all(void *user)
{
    struct hint hint = sample_hint();
    struct wire_head head = { NULL, 0 };
    enum remex_status status = wire_encode_hint(&hint, &head);

    (void)user;
    wire_head_free(&head);
    for (int i = METHOD_OPEN; i <= (int)METHOD_FORGET; i++) {
        struct request request = sample_request((enum method)i);
        struct reply reply = sample_reply((enum method)i);

        if (status == REMEX_OK)
            status = wire_encode_request(&request, &head);
        if (status == REMEX_OK)
            wire_head_free(&head);
        if (status == REMEX_OK)
            status = wire_encode_reply(&reply, reply.payload.size, &head);
        if (status == REMEX_OK)
            wire_head_free(&head);
    }
    return status;
}

/* --- Frames --------------------------------------------------------------- */

/* A link and the other end of it, on a loop. */
struct bench {
    struct loop *loop;
    struct loop_task stop;
    struct link *link; /* NULL: it broke */
    int other;
    size_t heard;
};

static bool on_frame(
        void *user, const struct link_header *header, const void *body)
{
    (void)body;
    ((struct bench *)user)->heard += header->size;
    return true;
}

static bool accepts(uint32_t kind, uint32_t size)
{
    return kind == LINK_REQUEST && size <= LINK_MAX_REQUEST;
}

static void on_drained(void *user)
{
    (void)user;
}

static void on_broken(void *user, const char *why)
{
    struct bench *bench = user;

    g_assert_nonnull(why);
    link_free(bench->link);
    bench->link = NULL;
}

static void on_stop(struct loop_task *task)
{
    loop_stop(CONTAINER_OF(task, struct bench, stop)->loop);
}

static void turn(struct bench *bench)
{
    loop_defer(bench->loop, &bench->stop);
    loop_run(bench->loop);
}

static enum remex_status bench_open(struct bench *bench)
{
    struct link_hooks hooks = { bench, accepts, false, on_frame, on_drained,
        on_broken };
    int fds[2];
    enum remex_status status;

    *bench = (struct bench){ .stop = { .run = on_stop }, .other = -1 };
    status = loop_new(&bench->loop);
    if (status != REMEX_OK)
        return status;
    story_suspend();
    g_assert_cmpint(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
    story_resume();
    bench->other = fds[1];
    return link_new(bench->loop, fds[0], &hooks, &bench->link);
}

static void bench_close(struct bench *bench)
{
    if (bench->loop) {
        link_free(bench->link);
        loop_free(bench->loop);
    }
    if (bench->other >= 0)
        close(bench->other);
}

/* From the other end, as much of it as there is room for. */
static size_t say(struct bench *bench, const void *data, size_t size)
{
    ssize_t sent;

    story_suspend();
    sent = send(bench->other, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    story_resume();
    return sent > 0 ? (size_t)sent : 0;
}

/* At the other end; how much. */
static size_t hear(struct bench *bench)
{
    static char data[64 * 1024];
    ssize_t got;

    story_suspend();
    got = recv(bench->other, data, sizeof(data), MSG_DONTWAIT);
    story_resume();
    return got > 0 ? (size_t)got : 0;
}

/* One that does not fit into what is taken in per turn, in pieces. */
static enum remex_status take_frame(void *user)
{
    struct link_header header = { .kind = LINK_REQUEST,
        .size = LINK_MAX_REQUEST };
    static char body[16 * 1024];
    struct bench bench;
    enum remex_status status = bench_open(&bench);

    (void)user;
    if (status == REMEX_OK)
        say(&bench, &header, sizeof(header));
    for (size_t sent = 0; bench.link && sent < header.size;) {
        sent += say(&bench, body, MIN(sizeof(body), header.size - sent));
        turn(&bench);
    }
    if (status == REMEX_OK && !bench.link)
        status = REMEX_NO_MEMORY;
    if (status == REMEX_OK)
        g_assert_cmpuint(bench.heard, ==, header.size);
    bench_close(&bench);
    return status;
}

static bool send_piece(struct bench *bench, size_t size)
{
    struct link_header header = { .kind = LINK_REPLY };
    struct link_piece piece = { .size = size };

    story_suspend();
    piece.heap = calloc(1, size);
    piece.data = piece.heap;
    story_resume();
    link_send(bench->link, &header, &piece, 1);
    turn(bench);
    return bench->link;
}

/* More than the other end takes at once; all of it comes. */
static enum remex_status send_frames(void *user)
{
    enum { FRAMES = 40, BYTES = 16 * 1024 };

    size_t left = FRAMES * (sizeof(struct link_header) + BYTES);
    struct bench bench;
    enum remex_status status = bench_open(&bench);

    (void)user;
    for (int i = 0; i < FRAMES && status == REMEX_OK; i++)
        if (!send_piece(&bench, BYTES))
            status = REMEX_NO_MEMORY;
    while (status == REMEX_OK && left > 0) {
        left -= hear(&bench);
        turn(&bench);
        if (!bench.link)
            status = REMEX_NO_MEMORY;
    }
    bench_close(&bench);
    return status;
}

/* --- Files ---------------------------------------------------------------- */

/* A directory, and what can be read in it. */
struct files {
    char *directory;
    char *policy;
    char *tokens;
    char *address;
    char *config;
    char *pki; /* NULL: see secret_pki */
};

static const char policy_text[] = "for uid:* token:joe\n"
                                  "    allow /bin/sh -c ...\n"
                                  "    allow /usr/bin/* \"an argument\" ...\n"
                                  "    deny /bin/*\n"
                                  "    env allow LANG\n"
                                  "    env deny *\n"
                                  "    limit processes=9\n"
                                  "    limit stdin_bytes=1024\n"
                                  "for *\n"
                                  "    allow /bin/true\n";

static char *put(const struct files *files, const char *name, const char *text)
{
    char *path = g_build_filename(files->directory, name, NULL);

    g_assert_true(g_file_set_contents_full(
            path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    return path;
}

static char *put_config(const struct files *files)
{
    char *text = g_strdup_printf("# all of it\n"
                                 "listen \"%s\"\n"
                                 "policy %s\n"
                                 "tokens %s\n"
                                 "limit processes=64\n"
                                 "retention 600\n",
            files->address, files->policy, files->tokens);
    char *path = put(files, "config", text);

    g_free(text);
    return path;
}

static void *begin_files(void)
{
    struct files *files = g_new0(struct files, 1);
    char *joe = secret_token_line("joe", "run", "joe's own");
    char *eve = secret_token_line("eve", "observe", "eve's own");
    char *both = g_strconcat(joe, eve, NULL);

    files->directory = g_dir_make_tmp("remex-fault-XXXXXX", NULL);
    files->policy = put(files, "policy", policy_text);
    files->tokens = put(files, "tokens", both);
    files->address = g_strdup_printf("ipc://%s/executor", files->directory);
    files->config = put_config(files);
    g_free(both);
    g_free(eve);
    g_free(joe);
    return files;
}

static void *begin_keys(void)
{
    struct files *files = begin_files();

    files->pki = secret_pki();
    return files;
}

static void end_files(void *user)
{
    struct files *files = user;

    if (files->pki)
        secret_free(files->pki);
    g_unlink(files->config);
    g_free(files->config);
    g_unlink(files->policy);
    g_unlink(files->tokens);
    g_assert_cmpint(g_rmdir(files->directory), ==, 0);
    g_free(files->address);
    g_free(files->tokens);
    g_free(files->policy);
    g_free(files->directory);
    g_free(files);
}

static enum remex_status load_tokens(void *user)
{
    struct files *files = user;
    struct tokens tokens = { .all = NULL };
    struct remex_error error;
    enum remex_status status = tokens_load(&tokens, files->tokens, &error);

    if (status == REMEX_OK)
        g_assert_cmpuint(tokens.count, ==, 2);
    tokens_deinit(&tokens);
    return status;
}

static enum remex_status parse_policy(void *user)
{
    struct policy_mistake mistake;
    struct policy policy;

    (void)user;
    if (!policy_parse(
                policy_text, sizeof(policy_text) - 1, &policy, &mistake)) {
        g_assert_nonnull(strstr(mistake.what, "memory"));
        return mistake.status;
    }
    policy_deinit(&policy);
    return REMEX_OK;
}

static enum remex_status parse_config(void *user)
{
    struct files *files = user;
    char words[6][256] = { "remexd", "--listen", "", "--policy", "", "" };
    char *argv[] = { words[0], words[1], words[2], words[3], words[4], NULL };
    struct remex_error error;
    struct config config;
    enum remex_status status;

    g_strlcpy(words[2], files->address, sizeof(words[2]));
    g_strlcpy(words[4], files->policy, sizeof(words[4]));
    status = config_parse(&config, 5, argv, &error);
    config_deinit(&config);
    return status;
}

static enum remex_status read_config(void *user)
{
    struct files *files = user;
    char words[2][16] = { "remexd", "--config" };
    char *argv[] = { words[0], words[1], files->config, NULL };
    struct remex_error error;
    struct config config;
    enum remex_status status = config_parse(&config, 3, argv, &error);

    if (status == REMEX_OK)
        g_assert_cmpuint(config.address_count, ==, 1);
    config_deinit(&config);
    return status;
}

/* The host's books are a library's to read, our buffer is ours. */
static enum remex_status find_user(void *user)
{
    struct credentials credentials;
    struct remex_error error;

    (void)user;
    return credentials_find("nobody", &credentials, &error);
}

static enum remex_status tail(void *user)
{
    struct tail lines;
    bool made = tail_init(&lines, 1000);

    (void)user;
    if (made)
        tail_deinit(&lines);
    return made ? REMEX_OK : REMEX_NO_MEMORY;
}

/* Whoever cannot make groups does without. */
static enum remex_status make_groups(void *user)
{
    struct cgroup_home *home = cgroup_home_new();

    (void)user;
    cgroup_home_remove(home);
    cgroup_home_free(home);
    return REMEX_OK;
}

/* --- The whole executor --------------------------------------------------- */

struct life {
    struct loop *loop;
    enum remex_status status;
};

static void on_ready(void *user, struct server *server)
{
    struct life *life = user;

    g_assert_nonnull(server_address(server, 0));
    loop_stop(life->loop);
}

static void on_failed(void *user, const char *why)
{
    struct life *life = user;

    g_assert_nonnull(why);
    life->status = REMEX_UNAVAILABLE;
    loop_stop(life->loop);
}

static enum remex_status listen_on(
        struct life *life, struct server *server, const char *text)
{
    struct remex_error error;
    struct address address;

    g_assert_cmpint(address_parse(text, &address, NULL), ==, REMEX_OK);
    life->status = server_listen(server, &address,
            &(const struct front_sockets)FRONT_SOCKETS_NONE, &error);
    if (life->status == REMEX_OK)
        loop_run(life->loop);
    return life->status;
}

/* It listens, by a front of its own, and ends. */
static enum remex_status serve_at(
        const char *address, const struct front_tls *tls)
{
    struct life life = { .loop = NULL };
    struct server_hooks hooks = { &life, on_ready, on_failed, NULL };
    struct server_settings settings = { .tls = *tls }; /* and no log */
    struct server *server;
    struct remex_error error;
    enum remex_status status = loop_new(&life.loop);

    if (status != REMEX_OK)
        return status;
    requests_default_settings(&settings.requests);
    settings.requests.gate.own_uid = getuid();
    status = server_new(life.loop, &settings, &hooks, &server, &error);
    if (status == REMEX_OK) {
        status = listen_on(&life, server, address);
        server_free(server);
    }
    loop_free(life.loop);
    return status;
}

static enum remex_status serve(void *user)
{
    static const struct front_tls none = { .certificate = NULL };
    const struct files *files = user;

    return serve_at(files->address, &none);
}

static enum remex_status serve_by_tls(void *user)
{
    const struct files *files = user;
    char *certificate = g_build_filename(files->pki, "executor.pem", NULL);
    char *key = g_build_filename(files->pki, "executor.key", NULL);
    char *clients = g_build_filename(files->pki, "authority.pem", NULL);
    const struct front_tls tls = {
        .certificate = certificate, .key = key, .clients = clients
    };
    enum remex_status status = serve_at("tls://127.0.0.1:0", &tls);

    g_free(clients);
    g_free(key);
    g_free(certificate);
    return status;
}

/* --- All of them ---------------------------------------------------------- */

/* A file that could not be opened, for what its text says. */
#define UNREAD \
    { \
        REMEX_NOT_FOUND \
    }

static const struct story stories[] = {
    { "encode messages", begin_without, encode_all, end_without, { 0 }, 0, 0 },
    { "decode requests", begin_messages, decode_requests, end_messages, { 0 },
            0, 0 },
    { "decode replies", begin_messages, decode_replies, end_messages, { 0 }, 0,
            0 },
    { "take a frame", begin_without, take_frame, end_without, { 0 }, 0, 0 },
    { "send frames", begin_without, send_frames, end_without, { 0 }, 0, 0 },
    { "load tokens", begin_files, load_tokens, end_files, UNREAD, 0, 0 },
    { "parse a policy", begin_without, parse_policy, end_without, { 0 }, 0, 0 },
    { "parse a configuration", begin_files, parse_config, end_files, UNREAD, 0,
            0 },
    { "read a configuration's file", begin_files, read_config, end_files,
            UNREAD, 0, 0 },
    { "find a user", begin_without, find_user, end_without, { 0 }, 0, 0 },
    { "make groups", begin_without, make_groups, end_without, { 0 }, 0, 0 },
    { "begin a tail", begin_without, tail, end_without, { 0 }, 0, 0 },
    { "serve", begin_files, serve, end_files, { REMEX_UNAVAILABLE }, 0, 0 },
    { "serve by TLS", begin_keys, serve_by_tls, end_files,
            { REMEX_UNAVAILABLE }, 0, 0 },
};

int main(int argc, char **argv)
{
    return story_main(argc, argv, STORY_MEMORY | STORY_KERNEL, stories,
            STORY_COUNT(stories));
}
