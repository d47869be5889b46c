/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/floor.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "bench/runner.h"

double floor_measure(const char *name, size_t a, size_t b)
{
    char *first = g_strdup_printf("%zu", a);
    char *second = g_strdup_printf("%zu", b);
    const char *const argv[] = { "/proc/self/exe", "--floor", name, first,
        second, NULL };
    char *out = NULL;
    int status = -1;
    double value;

    /* The child execs it before it is anybody else's "self". */
    if (!g_spawn_sync(NULL, (char **)(uintptr_t)argv, NULL,
                G_SPAWN_LEAVE_DESCRIPTORS_OPEN, NULL, NULL, &out, NULL, &status,
                NULL) ||
            status != 0)
        runner_fail("the floor %s cannot be measured", name);
    value = g_ascii_strtod(out, NULL);
    g_free(out);
    g_free(second);
    g_free(first);
    return value;
}

int floor_main(char **argv)
{
    size_t a = strtoul(argv[1], NULL, 10);
    size_t b = strtoul(argv[2], NULL, 10);
    double value;

    if (strcmp(argv[0], "nng-echo") == 0)
        value = floor_nng_echo(a, b);
    else if (strcmp(argv[0], "nng-bulk") == 0)
        value = floor_nng_bulk(a, b);
    else if (strcmp(argv[0], "relay") == 0)
        value = floor_relay(a, b);
    else if (strcmp(argv[0], "tls-records") == 0)
        value = floor_records(a);
    else
        return 2;
    printf("%.4f\n", value);
    return 0;
}
