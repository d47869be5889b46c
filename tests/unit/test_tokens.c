/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/tokens.h"

#include <string.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/secret.h"
#include "support/suite.h"

static enum remex_status load(
        struct tokens *tokens, const char *text, struct remex_error *error)
{
    char *path;
    int fd = g_file_open_tmp("remex-XXXXXX", &path, NULL);
    enum remex_status status;

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    close(fd);
    *tokens = (struct tokens){ .all = NULL };
    status = tokens_load(tokens, path, error);
    g_unlink(path);
    g_free(path);
    return status;
}

static const struct token *find(const struct tokens *tokens, const char *text)
{
    return tokens_find(tokens, (struct remex_bytes){ text, strlen(text) });
}

static void whoever_knows_the_token_is_found(void)
{
    char *joe = secret_token_line("joe", "run", "joe's own");
    char *eve = secret_token_line("eve", "observe", "eve's own");
    char *other = secret_token_line("joe", "admin", "joe's other");
    char *text = g_strconcat("# who may\n\n", joe, "  ", eve, other, NULL);
    struct remex_error error;
    struct tokens tokens;

    text[strlen(text) - 1] = '\0'; /* nor need the last line have an end */
    g_assert_cmpint(load(&tokens, text, &error), ==, REMEX_OK);
    g_assert_cmpuint(tokens.count, ==, 3);
    g_assert_cmpstr(find(&tokens, "joe's own")->name, ==, "joe");
    g_assert_cmpint(find(&tokens, "joe's own")->role, ==, ROLE_RUN);
    g_assert_cmpint(find(&tokens, "joe's other")->role, ==, ROLE_ADMIN);
    g_assert_cmpstr(find(&tokens, "eve's own")->name, ==, "eve");
    g_assert_cmpint(find(&tokens, "eve's own")->role, ==, ROLE_OBSERVE);
    g_assert_null(find(&tokens, ""));
    g_assert_null(find(&tokens, "joe's"));
    g_assert_null(find(&tokens, "eve's own "));
    tokens_deinit(&tokens);
    g_assert_null(find(&tokens, "joe's own"));
    g_free(text);
    g_free(other);
    g_free(eve);
    g_free(joe);
}

static void check_refused(const char *text, const char *why)
{
    struct remex_error error;
    struct tokens tokens;

    g_assert_cmpint(load(&tokens, text, &error), !=, REMEX_OK);
    if (!strstr(error.text, why))
        g_error("'%s' does not say '%s'", error.text, why);
    tokens_deinit(&tokens);
}

static void a_line_that_is_wrong_is_named(void)
{
    char *good = secret_token_line("joe", "run", "joe's own");
    char *text = g_strconcat("#\n", good, "joe run\n", NULL);
    char *role = secret_token_line("joe", "root", "joe's own");
    char *name = secret_token_line("\033[1m", "run", "joe's own");
    char *capital = g_ascii_strup(good, -1);
    char *more = g_strdup_printf("%.*s more\n", (int)strlen(good) - 1, good);
    char *longest = g_strnfill(300, 'x');
    char *longer = g_strdup_printf("%.*s00\n", (int)strlen(good) - 1, good);

    check_refused(text, ":3: a line is 'NAME ROLE DIGEST'");
    check_refused(more, ":1: a line is 'NAME ROLE DIGEST'");
    check_refused(role, "a role is");
    check_refused(name, "a name has");
    check_refused(capital, "a role is");
    check_refused("joe run 123", "a digest is");
    check_refused(longer, "a digest is");
    check_refused(longest, "too long");
    check_refused("", "there is no token");
    g_free(longer);
    g_free(longest);
    g_free(more);
    g_free(capital);
    g_free(name);
    g_free(role);
    g_free(text);
    g_free(good);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/tokens", whoever_knows_the_token_is_found);
    SUITE_ADD("/tokens", a_line_that_is_wrong_is_named);
    return g_test_run();
}
