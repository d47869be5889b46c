/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/verbs.h"

#include <stddef.h>
#include <string.h>

const struct verb *const verbs_all[] = {
    &run_verb,
    &start_verb,
    &attach_verb,
    &ps_verb,
    &inspect_verb,
    &logs_verb,
    &wait_verb,
    &wait_line_verb,
    &write_verb,
    &signal_verb,
    &stop_verb,
    &forget_verb,
    &top_verb,
    &trace_verb,
    &info_verb,
    &doctor_verb,
    &keygen_verb,
    &complete_verb,
    &help_verb,
    &version_verb,
    NULL,
};

const struct verb *verbs_find(const char *name)
{
    for (const struct verb *const *verb = verbs_all; *verb; verb++)
        if (strcmp((*verb)->name, name) == 0)
            return *verb;
    return NULL;
}
