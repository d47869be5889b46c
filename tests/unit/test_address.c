/* SPDX-License-Identifier: Apache-2.0 */
#include "common/address.h"

#include <string.h>

#include <glib.h>

#include "support/suite.h"

/* --- What is taken -------------------------------------------------------- */

/* Parses what must parse, and checks that it is formatted the same way. */
static struct address parse(const char *text)
{
    char formatted[ADDRESS_TEXT_BYTES];
    struct remex_error error;
    struct address address;

    if (address_parse(text, &address, &error) != REMEX_OK)
        g_error("%s: %s", text, error.text);
    g_assert_cmpstr(address_format(&address, formatted), ==, text);
    return address;
}

static void check_host(const char *text, enum address_kind kind,
        const char *host, uint16_t port, bool loopback)
{
    struct address address = parse(text);

    g_assert_cmpint(address.kind, ==, kind);
    g_assert_cmpstr(address.host, ==, host);
    g_assert_cmpuint(address.port, ==, port);
    g_assert_cmpint(address.loopback, ==, loopback);
}

static void an_ipc_address_has_a_path(void)
{
    struct address address = parse("ipc:///run/remex/s 1.sock\xc3\xa4");

    g_assert_cmpint(address.kind, ==, ADDRESS_IPC);
    g_assert_cmpstr(address.path, ==, "/run/remex/s 1.sock\xc3\xa4");
}

static void a_network_address_has_host_and_port(void)
{
    check_host("tcp://10.0.0.1:4800", ADDRESS_TCP, "10.0.0.1", 4800, false);
    check_host("tcp://build-7.example:1", ADDRESS_TCP, "build-7.example", 1,
            false);
    check_host("tls://[2001:db8::1]:65535", ADDRESS_TLS, "2001:db8::1", 65535,
            false);
    check_host("tcp://a-z_A-Z.0-9:65530", ADDRESS_TCP, "a-z_A-Z.0-9", 65530,
            false);
    check_host("tcp://0.0.0.0:0", ADDRESS_TCP, "0.0.0.0", 0, false);
    check_host("tcp://[::]:0", ADDRESS_TCP, "::", 0, false);
}

static void loopback_is_what_never_leaves_this_host(void)
{
    check_host("tcp://127.0.0.1:1", ADDRESS_TCP, "127.0.0.1", 1, true);
    check_host(
            "tcp://127.255.255.254:1", ADDRESS_TCP, "127.255.255.254", 1, true);
    check_host("tcp://128.0.0.1:1", ADDRESS_TCP, "128.0.0.1", 1, false);
    check_host("tls://[::1]:1", ADDRESS_TLS, "::1", 1, true);
    check_host("tls://[::2]:1", ADDRESS_TLS, "::2", 1, false);
    check_host("tcp://[::ffff:127.0.0.1]:1", ADDRESS_TCP, "::ffff:127.0.0.1", 1,
            true);
    check_host("tcp://[::ffff:10.0.0.1]:1", ADDRESS_TCP, "::ffff:10.0.0.1", 1,
            false);
    check_host("tcp://localhost:1", ADDRESS_TCP, "localhost", 1, true);
    check_host("tcp://LocalHost:1", ADDRESS_TCP, "LocalHost", 1, true);
    check_host("tcp://localhost.example:1", ADDRESS_TCP, "localhost.example", 1,
            false);
    check_host("tcp://127.0.0.1.example:1", ADDRESS_TCP, "127.0.0.1.example", 1,
            false);
}

static void a_client_may_have_an_executor_of_its_own(void)
{
    g_assert_cmpint(parse("local:").kind, ==, ADDRESS_LOCAL);
    g_assert_cmpint(parse("ssh://build7").kind, ==, ADDRESS_SSH);
    g_assert_cmpint(
            parse("ssh://user@build7/opt/remexd").kind, ==, ADDRESS_SSH);
}

/* --- What is not ---------------------------------------------------------- */

/* `about`: a word that the text must have, for it has to say what to do. */
static void check_refused(const char *text, const char *about)
{
    struct address address = { .port = 77 };
    struct remex_error error = { 0 };

    g_assert_cmpint(
            address_parse(text, &address, &error), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpint(
            address_parse(text, &address, NULL), ==, REMEX_INVALID_ARGUMENT);
    g_assert_cmpstr(error.name, ==, "address");
    if (!strstr(error.text, about))
        g_error("%s: %s", text, error.text);
    g_assert_cmpuint(address.port, ==, 77); /* untouched */
}

static void an_address_begins_with_a_scheme(void)
{
    static const char *const texts[] = { "", "/run/socket", "ipc:/run/socket",
        "TCP://127.0.0.1:1", "http://x:1", "tcp:127.0.0.1:1", "local",
        " ipc:///run/s" };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        check_refused(texts[i], "begins with");
}

static void a_path_is_that_of_a_file(void)
{
    check_refused("ipc://", "absolute");
    check_refused("ipc://run/socket", "absolute");
    check_refused("ipc:///", "slash");
    check_refused("ipc:///run/", "slash");
    check_refused("ipc:///run/a\nb", "control");
    check_refused("ipc:///run/\x7f", "control");
    check_refused("ipc:///run/\xff", "UTF-8");
}

static void a_path_leaves_room_for_its_hints(void)
{
    char text[200] = "ipc:///";
    struct address address, hint;

    memset(text + 7, 'x', 100);
    address = parse(text);
    g_assert_cmpint(address_hint(&address, &hint, NULL), ==, REMEX_OK);
    g_assert_cmpuint(strlen(hint.path), ==, ADDRESS_PATH_BYTES - 1);
    text[107] = 'x';
    check_refused(text, "101");
}

static void a_host_is_a_name_or_a_whole_number(void)
{
    char text[400] = "tcp://";
    static const char *const texts[] = { "tcp://:1", "tcp://*:1",
        "tcp://127.1:1", "tcp://127.0.0.256:1", "tcp://1:1", "tcp://..:1",
        "tcp://.a:1", "tcp://a..b:1", "tcp://a.:1", "tcp://a b:1",
        "tcp://a/b:1", "tcp://u@h:1", "tcp://[::1:1", "tcp://[]:1",
        "tcp://[127.0.0.1]:1", "tcp://[::1%lo]:1", "tcp://[::g]:1",
        "tcp://\xc3\xa4:1", "tcp://a\nb:1" };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        check_refused(texts[i], "host must be");
    memset(text + 6, 'x', 63);
    memcpy(text + 69, ":1", 3);
    parse(text);
    memset(text + 6, 'x', 64);
    memcpy(text + 70, ":1", 3);
    check_refused(text, "host must be");
    for (size_t size = 254; size < 300; size++) {
        memset(text + 6, 'x', size);
        memcpy(text + 6 + size, ":1", 3);
        check_refused(text, "host must be");
    }
}

/* Five labels of 50 bytes with dots, and what is left. */
static void a_host_name_has_253_bytes_at_most(void)
{
    char text[400] = "tcp://";

    memset(text + 6, 'x', 254);
    for (size_t i = 50; i < 254; i += 51)
        text[6 + i] = '.';
    memcpy(text + 6 + 253, ":1", 3);
    parse(text);
    memcpy(text + 6 + 253, "x:1", 4);
    check_refused(text, "host must be");
}

static void a_port_is_a_number_up_to_65535(void)
{
    static const char *const texts[] = { "tcp://h", "tcp://h:", "tcp://h:-1",
        "tcp://h:+1", "tcp://h: 1", "tcp://h:1 ", "tcp://h:65536",
        "tcp://h:99999", "tcp://h:100000", "tcp://h:0x10", "tcp://h:1/",
        "tcp://[::1]", "tcp://[::1]4800", "tcp://::1:4800" };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (g_str_has_prefix(texts[i], "tcp://::"))
            check_refused(texts[i], "brackets");
        else
            check_refused(texts[i], "port");
}

static void nothing_follows_local(void)
{
    check_refused("local:x", "local:");
    check_refused("local://", "local:");
}

static void ssh_needs_a_host(void)
{
    char text[300] = "ssh://";

    check_refused("ssh://", "host");
    check_refused("ssh:///opt/remexd", "host");
    check_refused("ssh://a\x01", "host");
    memset(text + 6, 'x', 255);
    parse(text);
    text[261] = 'x';
    check_refused(text, "255");
}

/* --- Hints ---------------------------------------------------------------- */

static void check_hint(const char *text, const char *expected)
{
    char formatted[ADDRESS_TEXT_BYTES];
    struct address address = parse(text);
    struct address hint;

    g_assert_cmpint(address_hint(&address, &hint, NULL), ==, REMEX_OK);
    g_assert_cmpstr(address_format(&hint, formatted), ==, expected);
}

static void hints_are_next_door(void)
{
    check_hint("ipc:///run/s", "ipc:///run/s.hints");
    check_hint("tcp://127.0.0.1:4800", "tcp://127.0.0.1:4801");
    check_hint("tls://[::1]:65534", "tls://[::1]:65535");
    check_hint("tcp://127.0.0.1:0", "tcp://127.0.0.1:0");
}

static void not_every_address_has_a_next_door(void)
{
    static const char *const texts[] = { "tcp://h:65535", "tls://h:65535",
        "local:", "ssh://h" };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct address address = parse(texts[i]);
        struct remex_error error = { 0 };
        struct address hint;

        g_assert_cmpint(address_hint(&address, &hint, &error), ==,
                REMEX_INVALID_ARGUMENT);
        g_assert_cmpuint(strlen(error.text), >, 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/address", an_ipc_address_has_a_path);
    SUITE_ADD("/address", a_network_address_has_host_and_port);
    SUITE_ADD("/address", loopback_is_what_never_leaves_this_host);
    SUITE_ADD("/address", a_client_may_have_an_executor_of_its_own);
    SUITE_ADD("/address", an_address_begins_with_a_scheme);
    SUITE_ADD("/address", a_path_is_that_of_a_file);
    SUITE_ADD("/address", a_path_leaves_room_for_its_hints);
    SUITE_ADD("/address", a_host_is_a_name_or_a_whole_number);
    SUITE_ADD("/address", a_host_name_has_253_bytes_at_most);
    SUITE_ADD("/address", a_port_is_a_number_up_to_65535);
    SUITE_ADD("/address", nothing_follows_local);
    SUITE_ADD("/address", ssh_needs_a_host);
    SUITE_ADD("/address", hints_are_next_door);
    SUITE_ADD("/address", not_every_address_has_a_next_door);
    return g_test_run();
}
