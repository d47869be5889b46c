/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/cli/certificate.h"
#include "client/cli/json.h"
#include "client/cli/options.h"
#include "client/cli/output.h"
#include "client/cli/report.h"
#include "client/cli/text.h"
#include "client/cli/token.h"
#include "client/cli/verbs.h"

#define NS_PER_S 1000000000

enum { AUTHORITY_DAYS = 3650, OTHER_DAYS = 365, MAX_DAYS = 36500 };

struct keygen_options {
    long days; /* 0: as is usual */
    const char *role;
    bool json;
};

static bool take_days(void *options, const char *value)
{
    struct keygen_options *this = options;
    char *end;

    this->days = strtol(value, &end, 10);
    return *value && !*end && this->days > 0 && this->days <= MAX_DAYS;
}

static bool take_role(void *options, const char *value)
{
    struct keygen_options *this = options;

    this->role = value;
    return token_is_role(value);
}

static const struct option_spec specs[] = {
    OPTION(0, "days", "N",
            "how long a certificate is valid (authority: 3650,"
            " others: 365)",
            "a number of days from 1 to 36500", take_days),
    OPTION(0, "role", "run|observe|admin", "of a token; default run",
            "run, observe or admin", take_role),
    OPTION_FLAG(0, "json", "tell the files as one JSON object",
            struct keygen_options, json),
    OPTIONS_END,
};

/* DIRECTORY/NAME.ENDING, as a member of that name. */
static void json_file(struct json *json, const char *key, const char *directory,
        const char *name, const char *ending)
{
    char path[PATH_MAX + NAME_MAX];

    (void)snprintf(path, sizeof(path), "%s/%s%s", directory, name, ending);
    json_text(json, key, path);
}

static void tell_json(const struct certificate_request *made, time_t expires)
{
    char time[TEXT_TIME_BYTES];
    struct json json;

    text_time((int64_t)expires * NS_PER_S, time);
    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_file(&json, "certificate", made->directory, made->name, ".pem");
    json_file(&json, "key", made->directory, made->name, ".key");
    json_text(&json, "expires", time);
    json_close(&json);
    json_end(&json);
}

static void tell(const struct certificate_request *made, time_t expires)
{
    char date[32];
    struct tm tm;

    gmtime_r(&expires, &tm);
    strftime(date, sizeof(date), "%Y-%m-%d", &tm);
    printf("%s/%s.pem and %s/%s.key, valid until %s\n", made->directory,
            made->name, made->directory, made->name, date);
}

static int make(const struct keygen_options *options,
        enum certificate_kind kind, const struct words *words)
{
    bool authority = kind == CERTIFICATE_AUTHORITY;
    struct certificate_request request = {
        .kind = kind,
        .directory = words->at[1],
        .name = authority ? "authority" : words->at[2],
        .hosts = (const char *const *)words->at + (authority ? 2 : 3),
        .host_count = (size_t)(words->count - (authority ? 2 : 3)),
        .days = authority ? AUTHORITY_DAYS : OTHER_DAYS,
    };
    time_t expires;

    if (kind == CERTIFICATE_EXECUTOR && request.host_count == 0) {
        request.hosts = &request.name;
        request.host_count = 1;
    }
    if (options->days > 0)
        request.days = (int)options->days;
    if (!certificate_is_name(request.name)) {
        report("'%s' cannot be a certificate's name: letters, digits and "
               "'._-', "
               "at most 56",
                request.name);
        return REPORT_EXIT_FAILED;
    }
    if (!certificate_make(&request, &expires))
        return REPORT_EXIT_FAILED;
    if (options->json)
        tell_json(&request, expires);
    else
        tell(&request, expires);
    return output_finish();
}

static void tell_token(const struct keygen_options *options,
        const char *directory, const char *name)
{
    struct json json;

    if (!options->json) {
        printf("%s/%s.token for the client, and a line in %s/tokens for the "
               "executor\n",
                directory, name, directory);
        return;
    }
    json_init(&json, stdout);
    json_open_object(&json, NULL);
    json_file(&json, "token", directory, name, ".token");
    json_file(&json, "tokens", directory, "tokens", "");
    json_text(&json, "role", options->role);
    json_close(&json);
    json_end(&json);
}

static int make_token(struct keygen_options *options, const struct words *words)
{
    if (!options->role)
        options->role = "run";
    if (!token_make(words->at[1], words->at[2], options->role))
        return REPORT_EXIT_FAILED;
    tell_token(options, words->at[1], words->at[2]);
    return output_finish();
}

static const struct what {
    const char *name;
    int min_words;
    int max_words; /* 0: any */
    enum certificate_kind kind;
} whats[] = {
    { "authority", 2, 2, CERTIFICATE_AUTHORITY },
    { "executor", 3, 0, CERTIFICATE_EXECUTOR },
    { "client", 3, 3, CERTIFICATE_CLIENT },
};

static int keygen(const struct verb *verb, struct words words)
{
    struct keygen_options options = { .days = 0 };
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    if (strcmp(words.at[0], "token") == 0 && words.count == 3)
        return make_token(&options, &words);
    for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++) {
        const struct what *what = &whats[i];

        if (strcmp(words.at[0], what->name) == 0 &&
                words.count >= what->min_words &&
                (what->max_words == 0 || words.count <= what->max_words))
            return make(&options, what->kind, &words);
    }
    report("'keygen %s' with %d words: see 'remex help keygen'", words.at[0],
            words.count - 1);
    return REPORT_EXIT_FAILED;
}

const struct verb keygen_verb = {
    .name = "keygen",
    .operands = "WHAT DIR [NAME [HOST]...]",
    .summary = "Make an authority, certificates and tokens.",
    .details = "  authority DIR            what signs all others; keep its key "
               "apart\n"
               "  executor DIR NAME [HOST]...\n"
               "                           for remexd, by the names and "
               "addresses that\n"
               "                           clients connect to (NAME)\n"
               "  client DIR NAME          for a client, whose principal is "
               "cert:NAME\n"
               "  token DIR NAME           for a client without certificate: "
               "token:NAME",
    .tables = { specs },
    .min_operands = 2,
    .max_operands = 64,
    .run = keygen,
};
