/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_FRONT_FRAME_H
#define EXECUTOR_FRONT_FRAME_H

/*
 * What a front may say to the executor. A front talks to strangers, and may be
 * one itself by now, so that no word of its frames is taken as it comes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/event.h>

#include "executor/link_frame.h"

/* See link_hooks. */
bool front_frame_accepts(uint32_t kind, uint32_t size);

/* A LINK_READY: both addresses, lent as the body is, and no longer than
 * `most` bytes with their NULs. False: it is none. */
bool front_frame_read_ready(const char *body, size_t size, size_t most,
        const char **address_out, const char **hint_address_out);

/* A LINK_REQUEST: whose certificate ("": none), and the request, lent as the
 * body is. False: it is none. */
bool front_frame_read_request(const struct link_header *header,
        const void *body, char name_out[LINK_NAME_BYTES + 1],
        struct remex_bytes *request_out);

#endif
