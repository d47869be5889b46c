/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_IOVEC_H
#define COMMON_IOVEC_H

/* Bytes to be sent, for sendmsg and writev. */

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* struct iovec is for receiving as well and therefore not const: the bytes must
 * not be received into. */
static inline struct iovec iovec_of(const void *data, size_t size)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): to take const away */
    return (struct iovec){ (void *)(uintptr_t)data, size };
}

#endif
