/* SPDX-License-Identifier: Apache-2.0 */
#include "common/message.h"

const char *message_method_name(enum method method)
{
    static const char *const names[] = {
        [METHOD_OPEN] = "open",
        [METHOD_CLOSE] = "close",
        [METHOD_RENEW] = "renew",
        [METHOD_START] = "start",
        [METHOD_RUN] = "run",
        [METHOD_FOLLOW] = "follow",
        [METHOD_UNFOLLOW] = "unfollow",
        [METHOD_PULL] = "pull",
        [METHOD_READ] = "read",
        [METHOD_WRITE] = "write",
        [METHOD_SIGNAL] = "signal",
        [METHOD_RESIZE] = "resize",
        [METHOD_TERMINATE] = "terminate",
        [METHOD_WAIT] = "wait",
        [METHOD_INSPECT] = "inspect",
        [METHOD_LIST] = "list",
        [METHOD_SEAL] = "seal",
        [METHOD_FORGET] = "forget",
    };

    if ((size_t)method >= sizeof(names) / sizeof(names[0]) || !names[method])
        return "?";
    return names[method];
}
