/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SANITIZERS_H
#define SUPPORT_SANITIZERS_H

/*
 * Whether this build is one whose memory and speed are not its own.
 */

#include <stdbool.h>

static inline bool sanitizers_on(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
    return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
    return false;
#endif
}

static inline bool sanitizers_watch_threads(void)
{
#if defined(__SANITIZE_THREAD__)
    return true;
#elif defined(__has_feature)
    return __has_feature(thread_sanitizer);
#else
    return false;
#endif
}

#endif
