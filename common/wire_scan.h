/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_WIRE_SCAN_H
#define COMMON_WIRE_SCAN_H

/*
 * Inside wire: one walk over an encoded message, before protobuf-c sees it.
 *
 * protobuf-c takes more than the format allows and keeps what it does not know.
 * The walk follows the generated descriptors and accepts only what any writer
 * makes: tags and numbers in their shortest form, no groups, no tag 0, each
 * field that is not repeated once at most (so that nothing is ever merged), one
 * member of a oneof at most, numbers that fit, UTF-8 without NUL. What it has
 * accepted protobuf-c can only refuse for want of memory.
 *
 * On the way it finds what is wanted in place.
 */

#include <protobuf-c/protobuf-c.h>

#include <remex/event.h>
#include <remex/status.h>

struct wire_parts {
    struct remex_bytes payload;       /* the value of field `payload` */
    struct remex_bytes payload_field; /* with its tag and length; NULL: none */
    struct remex_bytes process;       /* the ProcessSpec, if there is one */
};

/* REMEX_INVALID_ARGUMENT: `error` (may be NULL) names the field, as
 * "start.argv". */
enum remex_status wire_scan(struct remex_bytes bytes,
        const ProtobufCMessageDescriptor *type, struct wire_parts *out,
        struct remex_error *error);

#endif
