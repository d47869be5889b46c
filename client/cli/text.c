/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/text.h"

#include <inttypes.h>
#include <stddef.h>
#include <time.h>

#define NS_PER_MS 1000000
#define NS_PER_S 1000000000

void text_print(FILE *out, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte >= ' ' && byte != 0x7f)
            fputc(byte, out);
        else
            fprintf(out, "\\x%02x", byte);
    }
}

void text_time(int64_t time_ns, char out[TEXT_TIME_BYTES])
{
    time_t seconds = time_ns / NS_PER_S;
    int ms = (int)(time_ns % NS_PER_S / NS_PER_MS);
    struct tm parts = { 0 };
    char whole[TEXT_TIME_BYTES - 8];

    gmtime_r(&seconds, &parts);
    if (strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        whole[0] = '\0';
    (void)snprintf(out, TEXT_TIME_BYTES, "%s.%03dZ", whole, ms < 0 ? 0 : ms);
}

void text_age(int64_t age_ns, char out[TEXT_AGE_BYTES])
{
    static const struct {
        int64_t seconds;
        char name;
    } units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
    int64_t seconds = age_ns > 0 ? age_ns / NS_PER_S : 0;
    size_t unit = 0;

    /* Two of the smaller unit say more than one of the larger. */
    while (units[unit].seconds > 1 && seconds < 2 * units[unit].seconds)
        unit++;
    (void)snprintf(out, TEXT_AGE_BYTES, "%" PRId64 "%c",
            seconds / units[unit].seconds, units[unit].name);
}
