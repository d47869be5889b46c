/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/stop_plan.h"

#include <string.h>

#include "client/cli/quantity.h"
#include "client/cli/signal_name.h"

#define STEP_BYTES 64
#define DEFAULT_WAIT_MS 10000

static bool parse_step(
        const char *text, size_t length, struct remex_stop_step *out)
{
    char step[STEP_BYTES] = { 0 };
    char *wait;

    if (length >= sizeof(step))
        return false;
    memcpy(step, text, length);
    wait = strchr(step, ':');
    out->wait_ms = DEFAULT_WAIT_MS;
    if (wait) {
        *wait++ = '\0';
        if (!quantity_parse_wait(wait, &out->wait_ms))
            return false;
    }
    return signal_name_parse(step, &out->signal_number);
}

bool stop_plan_parse(const char *text, struct stop_plan *out)
{
    out->count = 0;
    for (;;) {
        size_t length = strcspn(text, ",");

        if (out->count == STOP_PLAN_STEPS ||
                !parse_step(text, length, &out->steps[out->count]))
            return false;
        out->count++;
        if (text[length] == '\0')
            return true;
        text += length + 1;
    }
}
