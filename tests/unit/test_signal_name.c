/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/signal_name.h"

#include <signal.h>

#include <glib.h>

#include "support/suite.h"

static void check(const char *text, int expected)
{
    int number = 0;

    g_assert_cmpint(signal_name_parse(text, &number), ==, expected != 0);
    g_assert_cmpint(number, ==, expected);
}

static void signals_have_names_and_numbers(void)
{
    check("TERM", SIGTERM);
    check("SIGTERM", SIGTERM);
    check("sigterm", SIGTERM);
    check("usr1", SIGUSR1);
    check("9", SIGKILL);
    check("64", 64);
}

static void other_words_are_refused(void)
{
    const char *const bad[] = { "", "0", "65", "-9", "SIG", "NONE", "SIG9",
        "TERM ", "18446744073709551617" };

    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
        check(bad[i], 0);
}

static void what_is_printed_is_taken(void)
{
    char name[SIGNAL_NAME_BYTES];

    for (int i = 1; i < NSIG; i++) {
        signal_name_print(i, name);
        check(name, i);
    }
    signal_name_print(SIGTERM, name);
    g_assert_cmpstr(name, ==, "TERM");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/signal_name", signals_have_names_and_numbers);
    SUITE_ADD("/signal_name", other_words_are_refused);
    SUITE_ADD("/signal_name", what_is_printed_is_taken);
    return g_test_run();
}
