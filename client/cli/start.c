/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex start: a program that goes on without us.
 */

#include <stdio.h>

#include "client/cli/connect.h"
#include "client/cli/json.h"
#include "client/cli/launch.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/verbs.h"

struct start_options {
    struct launch_options launch; /* first, for launch_specs */
    bool json;
};

static const struct option_spec specs[] = {
    OPTION_FLAG(0, "json", "print one JSON object instead of the id",
            struct start_options, json),
    OPTIONS_END,
};

/* Our session ends with us, and with it whatever is not to be kept. */
static bool check_keep(struct launch_options *options)
{
    if (!options->has_owner_loss)
        options->owner_loss = REMEX_OWNER_LOSS_KEEP;
    if (options->owner_loss == REMEX_OWNER_LOSS_KEEP)
        return true;
    report("start: --owner-loss: only keep makes sense, for start ends before "
           "the program; give --keep DURATION instead");
    return false;
}

static void print(const struct remex_process *process,
        const struct start_options *options)
{
    struct json json;

    if (!options->json) {
        printf("%s\n", remex_process_id(process));
        return;
    }
    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "executor", connect_address(&options->launch.connect));
    json_text(&json, "id", remex_process_id(process));
    json_signed(&json, "pid", remex_process_pid(process));
    json_close(&json);
    json_end(&json);
}

static int start_on(struct remex_client *client, char *const *argv,
        const struct start_options *options)
{
    struct remex_process_options process_options =
            launch_process_options(&options->launch, REMEX_STDIN_CLOSED);
    struct remex_process *process;
    struct remex_error error;
    int status;

    if (remex_process_start(client, (const char *const *)argv, &process_options,
                &process, &error) != REMEX_OK)
        return launch_explain(argv[0], &options->launch, &error);
    print(process, options);
    status = output_finish();
    /* Of what nobody was told, nobody could say that it runs: it goes. */
    if (status == 0)
        remex_process_detach(process);
    remex_process_free(process);
    return status;
}

static int start(const struct verb *verb, struct words words)
{
    struct start_options options = { .json = false };
    struct remex_client *client = NULL;
    int status;

    if (!launch_init(&options.launch, &words))
        return REPORT_EXIT_FAILED;
    if (options_parse(verb, &words, &options, &status)) {
        status = REPORT_EXIT_FAILED;
        if (check_keep(&options.launch))
            client = connect_to_lasting(&options.launch.connect);
        if (client)
            status = start_on(client, words.at, &options);
    }
    remex_client_free(client);
    launch_deinit(&options.launch);
    return status;
}

const struct verb start_verb = {
    .name = "start",
    .operands = "-- CMD [ARG]...",
    .summary = "Start CMD on an executor, print its id, and leave it running.",
    .details =
            "Its stdin is closed unless told. It is kept for an hour, unless "
            "--keep says how\nlong; then it is killed with its tree.",
    .tables = { specs, launch_specs, connect_specs },
    .min_operands = 1,
    .takes_command = true,
    .run = start,
};
