/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex info: what an executor tells of itself.
 */

#include <inttypes.h>
#include <stdio.h>

#include <remex/info.h>

#include "client/cli/answer.h"
#include "client/cli/json.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/status_words.h"
#include "client/cli/text.h"
#include "client/cli/verbs.h"

#define NAME_COLUMN 14
#define LIMIT_COLUMN 32

static void print_json(
        const char *address, const struct remex_client_info *info)
{
    struct json json;

    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "executor", address);
    json_text(&json, "version", info->executor_version);
    json_unsigned(&json, "protocol", info->protocol_version);
    json_text(&json, "boot_id", info->boot_id);
    json_text(&json, "principal", info->principal);
    json_text(&json, "role", status_words_role(info->role));
    json_unsigned(&json, "lease_ms", info->lease_ms);
    json_unsigned(&json, "heartbeat_ms", info->heartbeat_ms);
    json_text(&json, "hint_address", info->hint_address);
    json_open_array(&json, "capabilities");
    for (const char *const *name = info->capabilities; *name; name++)
        json_text(&json, NULL, *name);
    json_close(&json);
    json_open_object(&json, "limits");
    for (size_t i = 0; i < info->limit_count; i++)
        json_unsigned(&json, info->limits[i].name, info->limits[i].value);
    json_close(&json);
    json_close(&json);
    json_end(&json);
}

static void print_line(const char *name, const char *value)
{
    printf("%-*s", NAME_COLUMN, name);
    text_print(stdout, value[0] ? value : "none");
    putchar('\n');
}

static void print_limits(const struct remex_client_info *info)
{
    for (size_t i = 0; i < info->limit_count; i++) {
        const struct remex_limit *limit = &info->limits[i];

        printf("%-*s%-*s", NAME_COLUMN, "limit", LIMIT_COLUMN, limit->name);
        if (limit->value > 0)
            printf("%" PRIu64 "\n", limit->value);
        else
            puts("none");
    }
}

static void print_info(
        const char *address, const struct remex_client_info *info)
{
    print_line("executor", address);
    print_line("version", info->executor_version);
    printf("%-*s%" PRIu32 "\n", NAME_COLUMN, "protocol",
            info->protocol_version);
    print_line("boot id", info->boot_id);
    print_line("principal", info->principal);
    print_line("role", status_words_role(info->role));
    printf("%-*s%.3g s\n", NAME_COLUMN, "lease", info->lease_ms / 1e3);
    printf("%-*s%.3g s\n", NAME_COLUMN, "heartbeat", info->heartbeat_ms / 1e3);
    print_line("hints", info->hint_address);
    printf("%-*s", NAME_COLUMN - 1, "capabilities");
    for (const char *const *name = info->capabilities; *name; name++) {
        putchar(' ');
        text_print(stdout, *name);
    }
    putchar('\n');
    print_limits(info);
}

static int tell(struct remex_client *client, const char *address, bool as_json)
{
    const struct remex_client_info *info;
    struct remex_error error;

    if (remex_client_info(client, &info, &error) != REMEX_OK) {
        report("info: %s", error.text);
        return REPORT_EXIT_FAILED;
    }
    if (as_json)
        print_json(address, info);
    else
        print_info(address, info);
    remex_client_info_free(info);
    return output_finish();
}

static int run(const struct verb *verb, struct words words)
{
    struct answer_options options = { .json = false };
    struct remex_client *client;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    client = connect_client(&options.connect);
    status = client
            ? tell(client, connect_address(&options.connect), options.json)
            : REPORT_EXIT_FAILED;
    remex_client_free(client);
    return status;
}

const struct verb info_verb = {
    .name = "info",
    .operands = "",
    .summary = "Tell what an executor is and bears, and whom it takes us for.",
    .tables = { answer_specs, connect_specs },
    .run = run,
};
