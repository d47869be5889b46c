/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex complete: how the words of a command line go on, for shells. The tables
 * of the verbs tell, and for ids an executor. What only the shell knows is a
 * line of its own: ":files", ":directories" or ":commands".
 */

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <remex/inspect.h>

#include "client/cli/connect.h"
#include "client/cli/output.h"
#include "client/cli/signal_name.h"
#include "client/cli/verbs.h"

#define MANY 4096 /* words */

/* Nobody waits longer for a list of ids. */
#define ASK_MS 1500

#define NAME_BYTES 128

/* What the words so far amount to. */
struct so_far {
    const struct verb *verb;
    struct connect_options connect;
    const struct option_spec *option; /* whose value is to come; or NULL */
    int operands;
    bool ended;         /* no options any more */
    const char *word;   /* to be gone on with */
    const char *before; /* what stands in front of it in the same word */
    size_t before_size;
};

static void offer(const struct so_far *so_far, const char *name)
{
    if (strncmp(name, so_far->word, strlen(so_far->word)) == 0)
        printf("%.*s%s\n", (int)so_far->before_size, so_far->before, name);
}

static void offer_verbs(const struct so_far *so_far)
{
    for (const struct verb *const *verb = verbs_all; *verb; verb++)
        offer(so_far, (*verb)->name);
}

static void offer_options(const struct so_far *so_far)
{
    char name[NAME_BYTES];

    for (int i = 0; i < VERB_TABLES && so_far->verb->tables[i]; i++) {
        const struct option_spec *spec = so_far->verb->tables[i];

        for (; spec->name; spec++) {
            (void)snprintf(name, sizeof(name), "--%s", spec->name);
            offer(so_far, name);
        }
    }
    offer(so_far, "--help");
}

static void offer_signals(const struct so_far *so_far)
{
    char name[SIGNAL_NAME_BYTES];

    for (int number = 1; number < SIGRTMIN; number++) {
        signal_name_print(number, name);
        if (isalpha((unsigned char)name[0]))
            offer(so_far, name);
    }
}

/* Those that need no quotes. An executor that does not tell has none. */
static void offer_ids(const struct so_far *so_far)
{
    struct remex_process_list *list = NULL;
    struct remex_client *client = NULL;
    struct connect_options connect = so_far->connect;
    struct remex_error error;

    connect.timeout_ms = ASK_MS;
    if (strcmp(connect_address(&connect), "local:") == 0 ||
            connect_quietly(&connect, &client, &error) != REMEX_OK)
        return;
    if (remex_client_list(client, NULL, &list, &error) == REMEX_OK)
        for (size_t i = 0; i < list->count; i++)
            if (!strpbrk(list->processes[i].id, " \t\\'\"$&|;<>()*?"))
                offer(so_far, list->processes[i].id);
    remex_process_list_free(list);
    remex_client_free(client);
}

static void offer_addresses(const struct so_far *so_far)
{
    const char *set = getenv("REMEX_EXECUTOR");

    if (set && set[0])
        offer(so_far, set);
    offer(so_far, "local:");
    offer(so_far, "ipc:///");
    offer(so_far, "tls://");
    offer(so_far, "tcp://");
    offer(so_far, "ssh://");
}

/* "oldest|live|SEQ": the words in small letters are meant as they are. */
static void offer_choices(const struct so_far *so_far, const char *choices)
{
    char name[NAME_BYTES];

    while (*choices) {
        size_t size = strcspn(choices, "|");

        (void)snprintf(name, sizeof(name), "%.*s", (int)size, choices);
        if (islower((unsigned char)name[0]))
            offer(so_far, name);
        choices += size + (choices[size] == '|');
    }
}

/* A value or an operand, by what the help calls it. */
static void offer_kind(const struct so_far *so_far, const char *kind)
{
    static const struct {
        const char *kind;
        const char *told; /* by whom; NULL: as below */
        void (*offer)(const struct so_far *so_far);
    } kinds[] = {
        { "FILE", ":files", NULL },
        { "DIR", ":directories", NULL },
        { "CMD", ":commands", NULL },
        { "ARG", ":files", NULL },
        { "ID", NULL, offer_ids },
        { "SIGNAL", NULL, offer_signals },
        { "VERB", NULL, offer_verbs },
        { "ADDR", NULL, offer_addresses },
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kind, kinds[i].kind) != 0)
            continue;
        if (kinds[i].told)
            puts(kinds[i].told);
        else
            kinds[i].offer(so_far);
        return;
    }
    offer_choices(so_far, kind);
}

static void offer_value(const struct so_far *so_far)
{
    /* The id of something new is not one that is there. */
    if (strcmp(so_far->option->name, "id") != 0)
        offer_kind(so_far, so_far->option->value);
}

/* By the words of "ID SIGNAL" or "-- CMD [ARG]...", the last of which may
 * repeat. */
static void offer_operand(const struct so_far *so_far)
{
    const char *at = so_far->verb->operands;
    char kind[NAME_BYTES] = "";
    int left = so_far->operands;

    if (strncmp(at, "-- ", 3) == 0)
        at += 3;
    for (;;) {
        size_t size;

        at += strspn(at, " []");
        size = strcspn(at, " []");
        (void)snprintf(kind, sizeof(kind), "%.*s", (int)size, at);
        at += size;
        if (left == 0)
            break;
        left--;
        if (strspn(at, "]. ") == strlen(at)) {
            if (!strstr(at, "..."))
                return; /* no operand more */
            break;
        }
    }
    offer_kind(so_far, kind);
}

/* --- The words before ---------------------------------------------------- */

/* What it takes to ask an executor for ids. */
static void take_value(struct so_far *so_far, const char *value)
{
    if (strcmp(so_far->option->name, "at") == 0)
        so_far->connect.address = value;
    if (strcmp(so_far->option->name, "token-file") == 0)
        so_far->connect.token_file = value;
    so_far->option = NULL;
}

static void take_option(struct so_far *so_far, const char *word)
{
    const struct option_spec *spec = options_find(so_far->verb, word);
    const char *equals = strchr(word, '=');

    if (!spec || !spec->value)
        return;
    so_far->option = spec;
    if (equals)
        take_value(so_far, equals + 1);
}

static void take(struct so_far *so_far, const char *word)
{
    if (so_far->option) {
        take_value(so_far, word);
    } else if (!so_far->ended && strcmp(word, "--") == 0) {
        so_far->ended = true;
    } else if (!so_far->ended && word[0] == '-' && word[1]) {
        take_option(so_far, word);
    } else {
        so_far->operands++;
        so_far->ended = so_far->ended || so_far->verb->takes_command;
    }
}

/* "--at=ADDR", perhaps without an end: then its value is the word. */
static bool is_assignment(struct so_far *so_far)
{
    const char *equals = strchr(so_far->word, '=');

    so_far->option = equals && !so_far->ended && so_far->word[0] == '-'
            ? options_find(so_far->verb, so_far->word)
            : NULL;
    if (!so_far->option || !so_far->option->value)
        return false;
    so_far->before = so_far->word;
    so_far->before_size = (size_t)(equals + 1 - so_far->word);
    so_far->word = equals + 1;
    return true;
}

static void go_on(struct so_far *so_far)
{
    if (so_far->option || is_assignment(so_far))
        offer_value(so_far);
    else if (!so_far->ended && so_far->word[0] == '-')
        offer_options(so_far);
    else
        offer_operand(so_far);
}

static int run(const struct verb *verb, struct words words)
{
    struct so_far so_far = { .before = "" };
    int status;

    if (!options_parse(verb, &words, NULL, &status))
        return status;
    so_far.word = words.count > 0 ? words.at[words.count - 1] : "";
    if (words.count > 1)
        so_far.verb = verbs_find(words.at[0]);
    for (int i = 1; so_far.verb && i < words.count - 1; i++)
        take(&so_far, words.at[i]);
    if (words.count <= 1)
        offer_verbs(&so_far);
    else if (so_far.verb)
        go_on(&so_far);
    return output_finish();
}

const struct verb complete_verb = {
    .name = "complete",
    .operands = "[WORD]...",
    .summary = "Tell shells how the words of a command go on.",
    .details = "The last word is gone on with. Write -- before the first.",
    .max_operands = MANY,
    .run = run,
};
