/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/listing.h"

#include "client/cli/report.h"

static bool take_label(void *data, const char *value)
{
    struct listing_options *options = data;

    return label_add(&options->labels, value);
}

const struct option_spec listing_specs[] = {
    OPTION(0, "label", "NAME=VALUE", "only those that have it; repeatable",
            "NAME=VALUE, 32 of them at most", take_label),
    OPTION_FLAG(0, "everybody", "other people's as well, for an admin",
            struct listing_options, everybody),
    OPTIONS_END,
};

/* NULL: a report has said why. */
static struct remex_process_list *ask(const struct verb *verb,
        struct remex_client *client, const struct listing_options *options)
{
    struct remex_list_options asked = REMEX_DEFAULTS(remex_list_options);
    struct remex_process_list *list;
    struct remex_error error;

    asked.labels = options->labels.items;
    asked.label_count = options->labels.count;
    asked.everybody = options->everybody;
    if (remex_client_list(client, &asked, &list, &error) == REMEX_OK)
        return list;
    report("%s: %s%s", verb->name, options->everybody ? "--everybody: " : "",
            error.text);
    return NULL;
}

int listing_run(const struct verb *verb, struct words words,
        int (*show)(const struct listing_options *options,
                const struct remex_process_list *list))
{
    struct listing_options options = { .everybody = false };
    struct remex_process_list *list = NULL;
    struct remex_client *client;
    int status;

    if (!options_parse(verb, &words, &options, &status))
        return status;
    client = connect_to_lasting(&options.answer.connect);
    if (client)
        list = ask(verb, client, &options);
    status = list ? show(&options, list) : REPORT_EXIT_FAILED;
    remex_process_list_free(list);
    remex_client_free(client);
    return status;
}
