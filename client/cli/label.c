/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/label.h"

#include <string.h>

bool label_add(struct labels *labels, const char *text)
{
    const char *equals = strchr(text, '=');
    char *name = labels->names[labels->count < LABELS_MAX ? labels->count : 0];
    size_t length = strcspn(text, "=");

    if (!equals || length == 0 || length > LABEL_NAME_BYTES ||
            labels->count == LABELS_MAX)
        return false;
    memcpy(name, text, length);
    name[length] = '\0';
    labels->items[labels->count++] =
            (struct remex_label){ .name = name, .value = equals + 1 };
    return true;
}
