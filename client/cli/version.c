/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex version: which remex this is, and which one the executor.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <remex/info.h>

#include "client/cli/answer.h"
#include "client/cli/json.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/text.h"
#include "client/cli/verbs.h"

static void print_json(
        const char *address, const struct remex_client_info *info)
{
    struct json json;

    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "version", REMEX_VERSION);
    json_text(&json, "library", remex_version());
    json_unsigned(&json, "protocol", remex_protocol_version());
    if (info) {
        json_open_object(&json, "executor");
        json_text(&json, "address", address);
        json_text(&json, "version", info->executor_version);
        json_unsigned(&json, "protocol", info->protocol_version);
        json_close(&json);
    } else {
        json_null(&json, "executor");
    }
    json_close(&json);
    json_end(&json);
}

static void print_text(
        const char *address, const struct remex_client_info *info)
{
    puts("remex " REMEX_VERSION);
    printf("library %s, protocol %" PRIu32 "\n", remex_version(),
            remex_protocol_version());
    if (!info)
        return;
    fputs("executor ", stdout);
    text_print(stdout, info->executor_version);
    printf(", protocol %" PRIu32 ", at %s\n", info->protocol_version, address);
}

/* The executor's, if one is named: a private one is ours. */
static bool ask(const struct connect_options *options,
        const struct remex_client_info **out)
{
    struct remex_client *client;
    struct remex_error error;

    *out = NULL;
    if (strcmp(connect_address(options), "local:") == 0)
        return true;
    client = connect_client(options);
    if (client && remex_client_info(client, out, &error) != REMEX_OK)
        report("version: %s", error.text);
    remex_client_free(client);
    return *out;
}

static int run(const struct verb *verb, struct words words)
{
    struct answer_options options = { .json = false };
    const struct remex_client_info *info;
    int status;
    bool asked;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    asked = ask(&options.connect, &info);
    if (options.json)
        print_json(connect_address(&options.connect), info);
    else
        print_text(connect_address(&options.connect), info);
    remex_client_info_free(info);
    status = output_finish();
    return asked ? status : REPORT_EXIT_FAILED;
}

const struct verb version_verb = {
    .name = "version",
    .operands = "",
    .summary =
            "Tell the version of remex, and of the executor if one is named.",
    .tables = { answer_specs, connect_specs },
    .run = run,
};
