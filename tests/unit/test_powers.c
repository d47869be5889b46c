/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/powers.h"

#include <linux/capability.h>

#include <glib.h>

#include "executor/capabilities.h"
#include "support/suite.h"

static struct config of_another_user(void)
{
    return (struct config){ .changes_user = true };
}

static bool binds(const struct config *config)
{
    uint64_t needed = powers_needed(config);

    g_assert_cmphex(needed, !=, UINT64_MAX);
    return (needed & CAPABILITY(CAP_NET_BIND_SERVICE)) != 0;
}

static void who_changes_no_user_keeps_what_he_has(void)
{
    struct config config = { .address_count = 0 };

    g_assert_cmphex(powers_needed(&config), ==, UINT64_MAX);
    g_assert_true(powers_limit(&config));
}

static void whom_programs_run_as_takes_five(void)
{
    struct config config = of_another_user();

    g_assert_cmphex(powers_needed(&config), ==,
            CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) |
                    CAPABILITY(CAP_CHOWN) | CAPABILITY(CAP_KILL) |
                    CAPABILITY(CAP_DAC_OVERRIDE));
}

static void a_port_below_1024_takes_a_sixth(void)
{
    struct config config = of_another_user();
    struct address *address = &config.addresses[0];

    config.address_count = 1;
    *address = (struct address){ .kind = ADDRESS_TCP, .port = 1023 };
    g_assert_true(binds(&config));
    address->port = 1024;
    g_assert_false(binds(&config));
    address->port = 0; /* any that is free */
    g_assert_false(binds(&config));
    *address = (struct address){ .kind = ADDRESS_TLS, .port = 443 };
    g_assert_true(binds(&config));
    *address = (struct address){ .kind = ADDRESS_IPC };
    g_assert_false(binds(&config));
}

static void so_does_one_of_metrics(void)
{
    struct config config = of_another_user();

    config.metrics = (struct address){ .kind = ADDRESS_TCP, .port = 1023 };
    g_assert_false(binds(&config)); /* nobody asked for them */
    config.has_metrics = true;
    g_assert_true(binds(&config));
    config.metrics.port = 1024;
    g_assert_false(binds(&config));
    config.metrics.port = 0;
    g_assert_false(binds(&config));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/powers", who_changes_no_user_keeps_what_he_has);
    SUITE_ADD("/powers", whom_programs_run_as_takes_five);
    SUITE_ADD("/powers", a_port_below_1024_takes_a_sixth);
    SUITE_ADD("/powers", so_does_one_of_metrics);
    return g_test_run();
}
