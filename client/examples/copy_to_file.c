/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a command and writes its stdout to a file, and its stderr to ours.
 *
 *     copy_to_file FILE CMD [ARG]...
 */

#include <inttypes.h>
#include <stdio.h>

#include <remex/copy.h>

static enum remex_status copy(struct remex_client *client,
        const char *const *argv, FILE *file, struct remex_error *error)
{
    struct remex_process *process;
    struct remex_copy_result result;
    enum remex_status status =
            remex_process_start(client, argv, NULL, &process, error);

    if (status != REMEX_OK)
        return status;
    /* At the first error of a write it returns, and the free kills. */
    status = remex_copy_to_files(process, file, stderr, NULL, &result, error);
    remex_process_free(process);
    printf("%" PRIu64 " bytes written\n", result.out.bytes);
    return status;
}

int main(int argc, char **argv)
{
    FILE *file = argc > 2 ? fopen(argv[1], "we") : NULL;
    struct remex_client *client = NULL;
    struct remex_error error = { .text = "usage: copy_to_file FILE CMD..." };
    bool failed;

    failed = !file ||
            remex_client_connect(NULL, NULL, &client, &error) != REMEX_OK ||
            copy(client, (const char *const *)argv + 2, file, &error) !=
                    REMEX_OK;
    if (failed)
        fprintf(stderr, "copy_to_file: %s\n", error.text);
    remex_client_free(client);
    if (file)
        fclose(file);
    return failed ? 1 : 0;
}
