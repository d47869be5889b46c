/* SPDX-License-Identifier: Apache-2.0 */

/*
 * remex keygen, and what its certificates and tokens are worth: who comes by
 * which is let in, and as whom; what is wrong with one keeps its owner out.
 */

#include <string.h>
#include <sys/stat.h>

#include <glib.h>
#include <glib/gstdio.h>

#include <remex/inspect.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/remote.h"
#include "support/secret.h"
#include "support/suite.h"

#define PROGRAM REMEX_BIN_DIR "/remex"
#define KEYGEN(...) \
    ((const char *const[]){ PROGRAM, "keygen", __VA_ARGS__, NULL })

enum { HOUR = 3600, DAY = 24 * HOUR };

static char *in(const char *directory, const char *name)
{
    return g_build_filename(directory, name, NULL);
}

/* What it says; on stdout if it succeeds, on stderr if not. Yours to free. */
static char *keygen(const char *const *argv, bool succeeds)
{
    struct command_result result;
    char *said;

    command_run(argv, &result);
    g_assert_cmpint(result.status == 0, ==, succeeds);
    g_assert_cmpstr(succeeds ? result.err_text : result.out_text, ==, "");
    said = g_strdup(succeeds ? result.out_text : result.err_text);
    command_result_deinit(&result);
    return said;
}

static void check_says(char *said, const char *words)
{
    if (!strstr(said, words))
        g_error("'%s' does not say '%s'", said, words);
    g_free(said);
}

static void check_mode(const char *directory, const char *name, int mode)
{
    char *path = in(directory, name);
    struct stat status;

    g_assert_cmpint(stat(path, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, mode);
    g_free(path);
}

/* --- Files ---------------------------------------------------------------- */

static void nobody_else_can_read_what_is_secret(void)
{
    char *top = g_dir_make_tmp("remex-XXXXXX", NULL);
    char *directory = in(top, "new");

    g_free(keygen(KEYGEN("authority", directory), true));
    g_free(keygen(KEYGEN("executor", directory, "executor"), true));
    g_free(keygen(KEYGEN("client", directory, "alice"), true));
    g_free(keygen(KEYGEN("token", directory, "joe"), true));
    g_free(keygen(KEYGEN("token", directory, "eve"), true));
    check_mode(top, "new", 0700);
    check_mode(directory, "authority.key", 0600);
    check_mode(directory, "executor.key", 0600);
    check_mode(directory, "alice.key", 0600);
    check_mode(directory, "joe.token", 0600);
    check_mode(directory, "tokens", 0600);
    secret_free(directory);
    g_assert_cmpint(g_rmdir(top), ==, 0);
    g_free(top);
}

static void nothing_is_overwritten(void)
{
    static const char *const files[] = { "authority.key", "authority.pem",
        "executor.key", "executor.pem", "alice.key", "alice.pem", "joe.token" };
    char *pki = secret_pki();
    char *before[G_N_ELEMENTS(files)];

    g_free(keygen(KEYGEN("token", pki, "joe"), true));
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *path = in(pki, files[i]);

        g_assert_true(g_file_get_contents(path, &before[i], NULL, NULL));
        g_free(path);
    }
    check_says(keygen(KEYGEN("authority", pki), false), "remove it");
    check_says(keygen(KEYGEN("executor", pki, "executor"), false), "remove it");
    check_says(keygen(KEYGEN("client", pki, "alice"), false), "remove it");
    check_says(keygen(KEYGEN("token", pki, "joe"), false), "joe.token");
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        char *path = in(pki, files[i]);
        char *after;

        g_assert_true(g_file_get_contents(path, &after, NULL, NULL));
        g_assert_cmpstr(before[i], ==, after);
        g_free(after);
        g_free(before[i]);
        g_free(path);
    }
    secret_free(pki);
}

/* --- What it is told ------------------------------------------------------ */

/* "valid until" that many days after `now`. */
static char *until(GDateTime *now, int days)
{
    GDateTime *then = g_date_time_add_days(now, days);
    char *text = g_date_time_format(then, "valid until %Y-%m-%d");

    g_date_time_unref(then);
    return text;
}

static void an_expiry_can_be_chosen_and_is_told(void)
{
    char *pki = secret_pki();
    GDateTime *before = g_date_time_new_now_utc();
    char *said = keygen(KEYGEN("client", "--days", "7", pki, "week"), true);
    char *year = keygen(KEYGEN("client", pki, "year"), true);
    GDateTime *after = g_date_time_new_now_utc();
    char *week_words = until(before, 7);
    char *year_words = until(before, 365);

    /* Unless midnight was in between. */
    if (g_date_time_get_day_of_year(before) ==
            g_date_time_get_day_of_year(after)) {
        g_assert_nonnull(strstr(said, week_words));
        g_assert_nonnull(strstr(year, year_words));
    }
    check_says(keygen(KEYGEN("client", "--days", "0", pki, "x"), false),
            "1 to 36500");
    check_says(keygen(KEYGEN("client", "--days", "36501", pki, "x"), false),
            "1 to 36500");
    check_says(keygen(KEYGEN("client", "--days", "7d", pki, "x"), false),
            "1 to 36500");
    g_date_time_unref(before);
    g_date_time_unref(after);
    g_free(week_words);
    g_free(year_words);
    g_free(said);
    g_free(year);
    secret_free(pki);
}

static void programs_can_be_told(void)
{
    char *pki = secret_pki();
    char *said = keygen(KEYGEN("client", "--json", pki, "week"), true);
    char *key = g_strdup_printf("\"key\": \"%s/week.key\"", pki);
    char *tokens = g_strdup_printf("\"tokens\": \"%s/tokens\"", pki);

    g_assert_nonnull(strstr(said, "/week.pem\""));
    g_assert_nonnull(strstr(said, key));
    g_assert_true(g_regex_match_simple("\"expires\": \"20[0-9]{2}-[0-9-]*T",
            said, (GRegexCompileFlags)0, (GRegexMatchFlags)0));
    g_free(said);
    said = keygen(
            KEYGEN("token", "--json", "--role", "observe", pki, "joe"), true);
    g_assert_nonnull(strstr(said, "/joe.token\""));
    g_assert_nonnull(strstr(said, tokens));
    g_assert_nonnull(strstr(said, "\"role\": \"observe\""));
    g_free(said);
    g_free(tokens);
    g_free(key);
    secret_free(pki);
}

static void names_that_lead_elsewhere_are_refused(void)
{
    static const char *const names[] = { "", ".", "../x", "a/b", "a b", "a\nb",
        "a:b", "*", "\xc3\xa4" };
    char *pki = secret_pki();
    char *longest = g_strnfill(57, 'a');

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        check_says(keygen(KEYGEN("client", pki, names[i]), false),
                "cannot be a certificate's name");
        check_says(keygen(KEYGEN("token", pki, names[i]), false),
                "cannot be a token's name");
    }
    check_says(keygen(KEYGEN("client", pki, longest), false), "at most 56");
    check_says(keygen(KEYGEN("token", pki, longest), false), "at most 56");
    check_says(keygen(KEYGEN("token", "--role", "root", pki, "joe"), false),
            "run, observe or admin");
    g_free(longest);
    secret_free(pki);
}

static void without_an_authority_it_says_how_to_make_one(void)
{
    char *directory = g_dir_make_tmp("remex-XXXXXX", NULL);

    check_says(keygen(KEYGEN("client", directory, "alice"), false),
            "make one with 'remex keygen authority");
    check_says(keygen(KEYGEN("executor", directory, "executor"), false),
            "make one with 'remex keygen authority");
    secret_free(directory);
}

/* --- What is wrong with a certificate ------------------------------------- */

struct flaw {
    const char *name;
    long from_s; /* from now */
    long to_s;
    bool self_signed;
    const char *client_words;   /* told to a client that has such a one */
    const char *executor_words; /* and to the client of such an executor */
};

static const struct flaw flaws[] = {
    { "expired", -2 * DAY, -HOUR, false, "certificate expired",
            "certificate has expired" },
    { "early", HOUR, DAY, false, "certificate", "not yet valid" },
    { "alone", -HOUR, DAY, true, "unknown ca", "self-signed" },
};

static void check_kept_out(const char *address,
        const struct remex_client_options *options, const char *words)
{
    struct remex_client *client;
    struct remex_error error;

    g_assert_cmpint(remex_client_connect(address, options, &client, &error), ==,
            REMEX_UNAUTHENTICATED);
    if (!strstr(error.text, words))
        g_error("'%s' does not say '%s'", error.text, words);
}

static void a_client_with_a_bad_certificate_is_refused(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    char *pki = secret_pki();
    char *authority = in(pki, "authority.pem");
    struct daemon daemon;

    daemon_start_tls(&daemon, pki);
    options.tls_authority = authority;
    for (size_t i = 0; i < G_N_ELEMENTS(flaws); i++) {
        const struct flaw *flaw = &flaws[i];
        char *certificate = g_strdup_printf("%s/%s.pem", pki, flaw->name);
        char *key = g_strdup_printf("%s/%s.key", pki, flaw->name);

        secret_add(pki, "client", flaw->name);
        secret_spoil(
                pki, flaw->name, flaw->from_s, flaw->to_s, flaw->self_signed);
        options.tls_certificate = certificate;
        options.tls_key = key;
        check_kept_out(daemon.address, &options, flaw->client_words);
        g_free(certificate);
        g_free(key);
    }
    daemon_stop(&daemon);
    g_free(authority);
    secret_free(pki);
}

static void an_executor_with_a_bad_certificate_is_not_spoken_to(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    char *pki = secret_pki();
    char *authority = in(pki, "authority.pem");
    char *certificate = in(pki, "alice.pem");
    char *key = in(pki, "alice.key");

    options.tls_authority = authority;
    options.tls_certificate = certificate;
    options.tls_key = key;
    for (size_t i = 0; i < G_N_ELEMENTS(flaws); i++) {
        const struct flaw *flaw = &flaws[i];
        struct daemon daemon;

        secret_spoil(
                pki, "executor", flaw->from_s, flaw->to_s, flaw->self_signed);
        daemon_start_tls(&daemon, pki);
        check_kept_out(daemon.address, &options, flaw->executor_words);
        daemon_stop(&daemon);
    }
    g_free(authority);
    g_free(certificate);
    g_free(key);
    secret_free(pki);
}

/* --- Tokens --------------------------------------------------------------- */

/* An executor on tls:// that lets in by tokens alone. */
struct scene {
    char *pki;
    char *authority;
    struct daemon daemon;
};

static void add_token(
        const char *pki, const char *name, const char *role, const char *text)
{
    char *path = in(pki, "tokens");
    char *line = secret_token_line(name, role, text);
    char *before = NULL;
    char *all;

    g_file_get_contents(path, &before, NULL, NULL);
    all = g_strconcat(before ? before : "", line, NULL);
    g_assert_true(g_file_set_contents_full(
            path, all, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    g_free(all);
    g_free(before);
    g_free(line);
    g_free(path);
}

static void scene_init(struct scene *scene)
{
    char *pki = secret_pki();
    char *certificate = in(pki, "executor.pem");
    char *key = in(pki, "executor.key");
    char *tokens = in(pki, "tokens");
    const char *extra[] = { "--tls-certificate", certificate, "--tls-key", key,
        "--tokens", tokens, NULL };

    add_token(pki, "joe", "run", "joe's");
    add_token(pki, "joe", "run", "joe's other");
    add_token(pki, "joe", "observe", "joe's to look");
    add_token(pki, "eve", "observe", "eve's");
    add_token(pki, "ada", "admin", "ada's");
    scene->pki = pki;
    scene->authority = in(pki, "authority.pem");
    daemon_start_with(&scene->daemon, "tls://127.0.0.1:0", extra);
    g_free(certificate);
    g_free(key);
    g_free(tokens);
}

static void scene_deinit(struct scene *scene)
{
    daemon_stop(&scene->daemon);
    g_free(scene->authority);
    secret_free(scene->pki);
}

static struct remex_client *enter(const struct scene *scene, const char *token)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct remex_client *client;
    struct remex_error error;

    options.tls_authority = scene->authority;
    options.token = token;
    if (remex_client_connect(
                scene->daemon.address, &options, &client, &error) != REMEX_OK)
        g_error("%s: %s", token, error.text);
    return client;
}

static size_t count(struct remex_client *client, bool everybody)
{
    struct remex_list_options options = REMEX_DEFAULTS(remex_list_options);
    struct remex_process_list *list;
    struct remex_error error;
    size_t found;

    options.everybody = everybody;
    if (remex_client_list(client, &options, &list, &error) != REMEX_OK)
        g_error("list: %s", error.text);
    found = list->count;
    remex_process_list_free(list);
    return found;
}

static void a_token_is_enough_and_a_wrong_one_is_not(void)
{
    struct remex_client_options options = REMEX_DEFAULTS(remex_client_options);
    struct scene scene;

    scene_init(&scene);
    remex_client_free(enter(&scene, "joe's"));
    options.tls_authority = scene.authority;
    check_kept_out(scene.daemon.address, &options, "token");
    options.token = "joe's own";
    check_kept_out(scene.daemon.address, &options, "token");
    scene_deinit(&scene);
}

static void tokens_of_one_name_are_one_principal(void)
{
    struct scene scene;
    struct remex_client *first, *other, *looks, *eve, *ada;
    struct remex_process *process, *same;
    struct remex_error error;

    scene_init(&scene);
    first = enter(&scene, "joe's");
    other = enter(&scene, "joe's other");
    looks = enter(&scene, "joe's to look");
    eve = enter(&scene, "eve's");
    ada = enter(&scene, "ada's");
    process = remote_start(first, REMOTE_ARGV("sleep", "1000"), NULL);
    g_assert_cmpuint(count(other, false), ==, 1);
    g_assert_cmpuint(count(looks, false), ==, 1);
    g_assert_cmpuint(count(eve, false), ==, 0);
    g_assert_cmpuint(count(ada, false), ==, 0);
    g_assert_cmpuint(count(ada, true), ==, 1);
    g_assert_cmpint(remex_process_attach(eve, remex_process_id(process), NULL,
                            &same, &error),
            ==, REMEX_NOT_FOUND);
    remex_client_free(ada);
    remex_client_free(eve);
    remex_client_free(looks);
    remex_client_free(other);
    remex_process_free(process);
    remex_client_free(first);
    scene_deinit(&scene);
}

static void an_observer_may_look_and_not_start(void)
{
    struct remex_list_options everybody = REMEX_DEFAULTS(remex_list_options);
    struct scene scene;
    struct remex_client *client;
    struct remex_process *process;
    struct remex_process_list *list;
    struct remex_error error;

    scene_init(&scene);
    client = enter(&scene, "joe's to look");
    g_assert_cmpint(remex_process_start(client, REMOTE_ARGV("true"), NULL,
                            &process, &error),
            ==, REMEX_PERMISSION_DENIED);
    g_assert_nonnull(strstr(error.text, "may look at processes"));
    g_assert_cmpuint(count(client, false), ==, 0);
    everybody.everybody = true;
    g_assert_cmpint(remex_client_list(client, &everybody, &list, &error), ==,
            REMEX_PERMISSION_DENIED);
    g_assert_nonnull(strstr(error.text, "Only an administrator"));
    remex_client_free(client);
    scene_deinit(&scene);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/keygen", nobody_else_can_read_what_is_secret);
    SUITE_ADD("/keygen", nothing_is_overwritten);
    SUITE_ADD("/keygen", an_expiry_can_be_chosen_and_is_told);
    SUITE_ADD("/keygen", programs_can_be_told);
    SUITE_ADD("/keygen", names_that_lead_elsewhere_are_refused);
    SUITE_ADD("/keygen", without_an_authority_it_says_how_to_make_one);
    SUITE_ADD("/keygen", a_client_with_a_bad_certificate_is_refused);
    SUITE_ADD("/keygen", an_executor_with_a_bad_certificate_is_not_spoken_to);
    SUITE_ADD("/keygen", a_token_is_enough_and_a_wrong_one_is_not);
    SUITE_ADD("/keygen", tokens_of_one_name_are_one_principal);
    SUITE_ADD("/keygen", an_observer_may_look_and_not_start);
    return g_test_run();
}
