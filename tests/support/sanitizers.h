/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_SANITIZERS_H
#define SUPPORT_SANITIZERS_H

/*
 * Whether this build is one whose memory and speed are not its own.
 */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZERS 1
#endif
#endif

#ifndef SANITIZERS
#define SANITIZERS 0
#endif

#endif
