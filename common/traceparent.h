/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_TRACEPARENT_H
#define COMMON_TRACEPARENT_H

/*
 * The trace-parent of W3C's Trace Context: where in a distributed trace a
 * program belongs, told from caller to callee.
 *
 *     00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
 *     version, trace, parent, flags
 */

#include <stdbool.h>

#include <remex/event.h>

enum { TRACEPARENT_BYTES = 55 };

/* Lower-case hexadecimals in these places, neither the trace nor the parent all
 * zeros, no version ff. What a version to come may append is not taken. */
bool traceparent_is_valid(struct remex_bytes text);

#endif
