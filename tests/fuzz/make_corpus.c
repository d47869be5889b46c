/* SPDX-License-Identifier: Apache-2.0 */

/*
 * make_corpus DIRECTORY: writes the samples (support/samples.h) as seeds for
 * the fuzzers, into DIRECTORY/request, reply and hint. To be run when the
 * protocol has changed; the seeds are kept in git, so that no fuzzer begins
 * from nothing.
 */

#include <stdio.h>

#include <glib.h>

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
    for (int i = REMEX_ERROR_PLAIN; i <= REMEX_ERROR_POLICY; i++) {
        char *name = g_strdup_printf("failure%d", i);

        put_reply(name, sample_failure((enum remex_error_kind)i));
        g_free(name);
    }
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
    return 0;
}
