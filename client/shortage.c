/* SPDX-License-Identifier: Apache-2.0 */
#include "client/shortage.h"

#include <errno.h>

#include "common/error.h"

bool shortage_is(int reason)
{
    return reason == EMFILE || reason == ENFILE;
}

enum remex_status shortage_tell(
        struct remex_error *error, int reason, const char *what)
{
    enum remex_status status = error_set(error, REMEX_RESOURCE_EXHAUSTED,
            "there is no descriptor left for %s; close some, or raise the "
            "limit "
            "of open files (ulimit -n)",
            what);

    if (error)
        error->os_error = reason;
    return status;
}
