/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REMEX_INFO_H
#define REMEX_INFO_H

/*
 * What this library is, and what an executor has told a client about itself.
 * The rules of <remex/client.h> hold here too.
 */

#include <stddef.h>
#include <stdint.h>

#include <remex/client.h>
#include <remex/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of the library that runs, which may be another than it was compiled with:
 * "0.1.0". Static. */
REMEX_API const char *remex_version(void);

/* The version of the protocol that this library speaks. */
REMEX_API uint32_t remex_protocol_version(void);

enum remex_role {
    REMEX_ROLE_RUN = 1,     /* own processes */
    REMEX_ROLE_OBSERVE = 2, /* reads only */
    REMEX_ROLE_ADMIN = 3,   /* everything */
};

struct remex_limit {
    const char *name; /* as the .proto has it: "retained_bytes" */
    uint64_t value;   /* 0: there is no such limit */
};

/* As of the last time that the session was opened or resumed. Never changed. */
struct remex_client_info {
    const char *executor_version;
    uint32_t protocol_version; /* spoken with it */
    const char *boot_id;       /* 32 hexadecimal digits, new at each start */
    const char *principal;     /* whom it takes this client for */
    enum remex_role role;
    uint32_t lease_ms; /* so long it waits for a client that is silent */
    uint32_t heartbeat_ms;
    const char *hint_address;        /* "": none */
    const char *const *capabilities; /* ends with NULL; see the .proto */
    const struct remex_limit *limits;
    size_t limit_count;
};

/* Asks nobody, and so fails only in a forked child. Yours to free. */
REMEX_API REMEX_CHECKED enum remex_status remex_client_info(
        struct remex_client *client, const struct remex_client_info **out,
        struct remex_error *error);

/* NULL is allowed. The client may be gone. */
REMEX_API void remex_client_info_free(const struct remex_client_info *info);

/* Asks the executor whether it is there, which also renews the session.
 * REMEX_DEADLINE_EXCEEDED: it did not answer within `timeout_ms`. */
REMEX_API REMEX_CHECKED enum remex_status remex_client_ping(
        struct remex_client *client, int timeout_ms, struct remex_error *error);

#ifdef __cplusplus
}
#endif

#endif
