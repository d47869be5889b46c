/* SPDX-License-Identifier: Apache-2.0 */
#include "common/ssh_address.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

static struct ssh_address parse(const char *text)
{
    struct ssh_address address;
    struct remex_error error;

    if (ssh_address_parse(text, &address, &error) != REMEX_OK)
        g_error("%s: %s", text, error.text);
    return address;
}

static void check(const char *text, const char *user, const char *host,
        unsigned int port, const char *path, bool stay)
{
    struct ssh_address address = parse(text);

    g_assert_cmpstr(address.user, ==, user);
    g_assert_cmpstr(address.host, ==, host);
    g_assert_cmpuint(address.port, ==, port);
    g_assert_cmpstr(address.path, ==, path);
    g_assert_cmpint(address.stay, ==, stay);
}

static void every_part_but_the_host_may_be_left_out(void)
{
    check("build7", "", "build7", 0, "", false);
    check("joe@build7", "joe", "build7", 0, "", false);
    check("build7:2222", "", "build7", 2222, "", false);
    check("build7/opt/remexd", "", "build7", 0, "/opt/remexd", false);
    check("build7?stay", "", "build7", 0, "", true);
    check("joe.x@b-7.example:22/a/b?stay", "joe.x", "b-7.example", 22, "/a/b",
            true);
    check("joe@[::1]:22", "joe", "::1", 22, "", false);
    check("[fe80::1%eth0]", "", "fe80::1%eth0", 0, "", false);
}

/* `about`: a word that the text must have. */
static void check_refused(const char *text, const char *about)
{
    struct ssh_address address = { .port = 77 };
    struct remex_error error = { 0 };

    if (ssh_address_parse(text, &address, &error) != REMEX_INVALID_ARGUMENT)
        g_error("'%s' was taken", text);
    if (!strstr(error.text, about))
        g_error("%s: %s", text, error.text);
    g_assert_cmpstr(error.name, ==, "address");
    g_assert_cmpuint(address.port, ==, 77); /* untouched */
}

static void nothing_is_an_option_or_more_than_a_word(void)
{
    check_refused("-oProxyCommand=x", "host");
    check_refused("joe@-oProxyCommand=x", "host");
    check_refused("-lroot@build7", "user");
    check_refused("build7/opt/a b", "path");
    check_refused("build7/opt/$(x)", "path");
    check_refused("build7/opt/a;b", "path");
    check_refused("build7/opt/'", "path");
    check_refused("build7/opt/\n", "path");
    check_refused("bu ild7", "host");
    check_refused("j;e@build7", "user");
}

static void what_is_wrong_is_told(void)
{
    check_refused("", "host");
    check_refused("joe@", "host");
    check_refused("@build7", "user");
    check_refused("[::1", "host");
    check_refused("[]", "host");
    check_refused("build7:", "port");
    check_refused("build7:0", "port");
    check_refused("build7:65536", "port");
    check_refused("build7:-1", "port");
    check_refused("build7:22x", "?stay");
    check_refused("build7?", "?stay");
    check_refused("build7?go", "?stay");
    check_refused("build7?stay&more", "?stay");
}

static void a_part_is_not_longer_than_its_room(void)
{
    char *text = g_strnfill(SSH_PART_BYTES, 'x');

    check_refused(text, "host");
    text[SSH_PART_BYTES - 1] = '\0';
    g_assert_cmpstr(parse(text).host, ==, text);
    g_free(text);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/ssh_address", every_part_but_the_host_may_be_left_out);
    SUITE_ADD("/ssh_address", nothing_is_an_option_or_more_than_a_word);
    SUITE_ADD("/ssh_address", what_is_wrong_is_told);
    SUITE_ADD("/ssh_address", a_part_is_not_longer_than_its_room);
    return g_test_run();
}
