/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a command for at most ten seconds, with a line of input, and prints all
 * that is known of it.
 *
 *     capture_output CMD [ARG]...
 */

#include <inttypes.h>
#include <stdio.h>

#include <remex/capture.h>

static void print_stream(const char *name, const struct remex_captured *stream)
{
    printf("%s: %" PRIu64 " bytes%s%s\n", name, stream->bytes,
            stream->truncated ? ", not all kept" : "",
            stream->lossy ? ", and some lost" : "");
    fwrite(stream->data.data, 1, stream->data.size, stdout);
}

static void print_ending(const struct remex_ending *ending)
{
    if (ending->status == REMEX_DEADLINE_EXCEEDED)
        printf("it took too long\n");
    else if (ending->status == REMEX_DISCONNECTED)
        printf("the executor is lost\n");
    if (ending->has_exit)
        printf("%s %d\n", ending->exit.by_signal ? "signal" : "exit code",
                ending->exit.code);
}

int main(int argc, char **argv)
{
    static const char input[] = "hello\n";
    struct remex_capture_options options =
            REMEX_DEFAULTS(remex_capture_options);
    struct remex_client *client = NULL;
    struct remex_capture_result *result = NULL;
    struct remex_error error = { .text = "usage: capture_output CMD [ARG]..." };

    options.input = input;
    options.input_size = sizeof(input) - 1;
    options.max_out_bytes = 4096;
    options.timeout_ms = 10000;
    if (argc < 2 || remex_client_connect(NULL, NULL, &client, &error) ||
            remex_capture(client, (const char *const *)argv + 1, NULL, &options,
                    &result, &error)) {
        fprintf(stderr, "capture_output: %s\n", error.text);
    } else {
        print_stream("stdout", &result->out);
        print_stream("stderr", &result->err);
        print_ending(&result->ending);
    }
    remex_capture_result_free(result);
    remex_client_free(client);
    return result ? 0 : 1;
}
