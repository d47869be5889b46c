/* SPDX-License-Identifier: Apache-2.0 */

/*
 * make_corpus DIRECTORY: writes the samples (support/samples.h) as seeds for
 * the fuzzers, into DIRECTORY/request, reply and hint, and as conversations
 * into sp, peer and lane. To be run when the protocol has changed; the seeds
 * are kept in git, so that no fuzzer begins from nothing. Those of the other
 * fuzzers were written by hand, or are the few by which a fuzzer got far.
 */

#include <stdio.h>

#include <glib.h>

#include "common/sp.h"
#include "support/samples.h"

static const char *root;

/* Frees the bytes. */
static void put(const char *kind, const char *name, struct remex_bytes bytes)
{
    char *folder = g_build_filename(root, kind, NULL);
    char *path = g_build_filename(folder, name, NULL);
    GError *error = NULL;

    if (g_mkdir_with_parents(folder, 0755) != 0)
        g_error("%s cannot be made", folder);
    if (!g_file_set_contents(path, bytes.data, (gssize)bytes.size, &error))
        g_error("%s", error->message);
    g_free(path);
    g_free(folder);
    sample_free(bytes);
}

static void put_request(const char *name, struct request request)
{
    put("request", name, sample_encode_request(&request));
}

static void put_reply(const char *name, struct reply reply)
{
    put("reply", name, sample_encode_reply(&reply));
}

static void put_failures(void)
{
    for (int i = REMEX_ERROR_PLAIN; i <= REMEX_ERROR_ANSWER_LOST; i++) {
        char *name = g_strdup_printf("failure%d", i);

        put_reply(name, sample_failure((enum remex_error_kind)i));
        g_free(name);
    }
}

/* --- Conversations -------------------------------------------------------- */

static void put_script(const char *kind, const char *name, GByteArray *script)
{
    put(kind, name, sample_copy(script->data, script->len));
    g_byte_array_free(script, TRUE);
}

static GByteArray *begin(uint8_t first)
{
    GByteArray *script = g_byte_array_new();

    return g_byte_array_append(script, &first, 1);
}

/* A message as it is on its way; frees it. */
static void add_framed(GByteArray *script, enum sp_framing framing,
        const char *word, struct remex_bytes message)
{
    uint8_t head[SP_MAX_HEAD_BYTES];
    size_t size = sp_put_head(head, framing, 4 + message.size);

    g_byte_array_append(script, head, (guint)size);
    g_byte_array_append(script, (const uint8_t *)word, 4);
    g_byte_array_append(script, message.data, (guint)message.size);
    sample_free(message);
}

/* To fuzz_sp: its first byte chooses as it says there. */
static void put_stream(const char *name, uint8_t choice,
        enum sp_protocol protocol, enum method method)
{
    GByteArray *script = begin(choice);
    enum sp_framing framing = choice & 1 ? SP_IPC : SP_PLAIN;
    uint8_t hello[SP_HELLO_BYTES];
    struct request request = sample_request(method);

    sp_put_hello(hello, protocol);
    g_byte_array_append(script, hello, sizeof(hello));
    add_framed(script, framing, "\x80\0\0\1", sample_encode_request(&request));
    add_framed(script, framing, "\x80\0\0\2", sample_encode_request(&request));
    put_script("sp", name, script);
}

/* To fuzz_peer and fuzz_lane: a step with some bytes in it; frees them. */
static void add_step(
        GByteArray *script, uint8_t step, struct remex_bytes message)
{
    uint8_t head[2] = { step, (uint8_t)MIN(message.size, UINT8_MAX) };

    g_byte_array_append(script, head, sizeof(head));
    g_byte_array_append(script, message.data, head[1]);
    sample_free(message);
}

static void put_peer(void)
{
    GByteArray *script = begin(0); /* the hello */
    struct request request = sample_request(METHOD_RENEW);
    static const uint8_t answers[] = { 4, 0, 20, 5, 255, 6, 6, 4, 0, 1, 7 };

    add_step(script, 1, sample_encode_request(&request));
    add_step(script, 1, sample_encode_request(&request));
    g_byte_array_append(script, answers, sizeof(answers));
    put_script("peer", "answered", script);
}

static void put_lane(const char *name, uint8_t choice)
{
    static const uint8_t asks[] = { 0, 1, 2, 5, 2, 0 }; /* hello, request */
    GByteArray *script = begin(choice);
    struct reply reply = sample_reply(METHOD_RENEW);

    g_byte_array_append(script, asks, sizeof(asks) - 2);
    add_step(script, 2, sample_encode_reply(&reply));
    g_byte_array_append(script, asks + 4, 2);
    put_script("lane", name, script);
}

static void put_conversations(void)
{
    put_stream("tcp", 0, SP_REQ, METHOD_RENEW);
    put_stream("ipc", 1, SP_REQ, METHOD_RENEW);
    put_stream("slow", 255, SP_PUB, METHOD_CLOSE);
    put_peer();
    put_lane("tcp", 0);
    put_lane("ipc", 1);
    put_lane("hints", 2);
}

int main(int argc, char **argv)
{
    struct hint hint = sample_hint();

    if (argc != 2) {
        fprintf(stderr, "usage: make_corpus DIRECTORY\n");
        return 2;
    }
    root = argv[1];
    for (int i = METHOD_OPEN; i <= METHOD_FORGET; i++) {
        enum method method = (enum method)i;

        put_request(message_method_name(method), sample_request(method));
        put_reply(message_method_name(method), sample_reply(method));
    }
    put_request("start_terminal", sample_terminal());
    put_failures();
    put("hint", "hint", sample_encode_hint(&hint));
    put_conversations();
    return 0;
}
