/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/label.h"

#include <string.h>

bool label_add(struct labels *labels, char *text)
{
    char *equals = strchr(text, '=');

    if (!equals || equals == text || labels->count == LABELS_MAX)
        return false;
    *equals = '\0';
    labels->items[labels->count++] =
            (struct remex_label){ .name = text, .value = equals + 1 };
    return true;
}
