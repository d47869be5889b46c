/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex doctor: whether an executor can be used, how well, and what to do if it
 * cannot.
 */

#include <string.h>
#include <time.h>

#include <remex/info.h>

#include "client/cli/answer.h"
#include "client/cli/colour.h"
#include "client/cli/diagnosis.h"
#include "client/cli/doctor_checks.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/verbs.h"

/* What follows the scheme, or NULL if it is another. */
static const char *behind(const char *address, const char *scheme)
{
    size_t size = strlen(scheme);

    return strncmp(address, scheme, size) == 0 ? address + size : NULL;
}

static void look_around(struct diagnosis *diagnosis, const char *address)
{
    const char *path = behind(address, "ipc://");
    const char *host = behind(address, "tls://");

    if (path)
        doctor_path(diagnosis, path);
    if (host)
        doctor_tls(diagnosis, host);
}

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static const char *advice(enum remex_status status)
{
    switch ((int)status) {
    case REMEX_UNAUTHENTICATED:
    case REMEX_PERMISSION_DENIED:
        return "show who you are: --token-file, or $REMEX_TLS_CERTIFICATE and "
               "$REMEX_TLS_KEY; remex keygen makes both";
    case REMEX_INVALID_ARGUMENT:
        return "mend what it names; ADDR is ipc://PATH, tls://HOST:PORT, "
               "tcp://HOST:PORT, ssh://HOST or local:";
    case REMEX_RESOURCE_EXHAUSTED:
        return "it is at a limit: wait, or raise it by remexd --limit";
    case REMEX_NOT_FOUND:
    case REMEX_UNAVAILABLE:
    case REMEX_DEADLINE_EXCEEDED:
        return "see that remexd runs and listens there: systemctl status "
               "remexd, or its log";
    default:
        return "";
    }
}

static struct remex_client *open_session(
        struct diagnosis *diagnosis, const struct connect_options *options)
{
    struct remex_client *client = NULL;
    struct remex_error error;

    if (connect_quietly(options, &client, &error) == REMEX_OK)
        return client;
    finding_hint(
            diagnosis_add(diagnosis, "session", VERDICT_FAIL, "%s", error.text),
            "%s", advice(error.status));
    return NULL;
}

static void look_inside(
        struct diagnosis *diagnosis, const struct connect_options *options)
{
    const char *address = connect_address(options);
    double before = now_ms();
    struct remex_client *client = open_session(diagnosis, options);
    double opened_ms = now_ms() - before;
    const struct remex_client_info *info;
    struct remex_error error;

    if (!client)
        return;
    if (remex_client_info(client, &info, &error) == REMEX_OK) {
        doctor_session(diagnosis, client, info, opened_ms);
        remex_client_info_free(info);
    }
    doctor_round_trip(diagnosis, client,
            behind(address, "ipc://") || behind(address, "local:"));
    doctor_flow(diagnosis, client);
    remex_client_free(client);
}

static void print(const struct diagnosis *diagnosis, const char *address)
{
    static const char *const words[] = {
        [VERDICT_OK] = "all is well",
        [VERDICT_WARN] = "it can be used; see the warnings",
        [VERDICT_FAIL] = "it cannot be used so; see what failed",
    };

    printf("executor %s\n", address);
    diagnosis_print(diagnosis, stdout, colour_is_wanted(stdout));
    puts(words[diagnosis_verdict(diagnosis)]);
}

static void print_json(const struct diagnosis *diagnosis, const char *address)
{
    struct json json;

    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_text(&json, "executor", address);
    json_text(&json, "verdict", diagnosis_word(diagnosis_verdict(diagnosis)));
    diagnosis_write(diagnosis, &json, "checks");
    json_close(&json);
    json_end(&json);
}

static int run(const struct verb *verb, struct words words)
{
    struct answer_options options = { .json = false };
    struct diagnosis diagnosis = { .count = 0 };
    const char *address;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    if (words.count > 0)
        options.connect.address = words.at[0];
    address = connect_address(&options.connect);
    look_around(&diagnosis, address);
    look_inside(&diagnosis, &options.connect);
    if (options.json)
        print_json(&diagnosis, address);
    else
        print(&diagnosis, address);
    status = output_finish();
    if (status == 0 && diagnosis_verdict(&diagnosis) == VERDICT_FAIL)
        status = REPORT_EXIT_UNWELL;
    return status;
}

const struct verb doctor_verb = {
    .name = "doctor",
    .operands = "[ADDR]",
    .summary = "Look whether an executor can be used, and what to do if not.",
    .details = "ADDR stands for --at ADDR.",
    .tables = { answer_specs, connect_specs },
    .max_operands = 1,
    .run = run,
};
