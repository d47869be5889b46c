/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_CONFIG_H
#define EXECUTOR_CONFIG_H

/*
 * What remexd was told to do, checked: what is unsafe is refused here, with the
 * reason.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

#include "common/address.h"
#include "common/message.h"
#include "executor/credentials.h"
#include "executor/policy.h"
#include "executor/tokens.h"

enum { CONFIG_MAX_ADDRESSES = 16, CONFIG_FILE_BYTES = 1024 };

struct config {
    bool help;
    bool version;
    bool check; /* the configuration, and start nothing */
    bool again; /* it has been read before, by who runs */
    struct address addresses[CONFIG_MAX_ADDRESSES];
    size_t address_count;
    bool listens_by_default; /* the address is nobody's choice */
    int ready_fd;            /* -1: nobody wants to know */
    int embedded_fd;     /* -1: a host program's executor is not what we are */
    int failure_fd;      /* who gets failures, in a line; -1: standard error */
    bool stdio;          /* a relay for ssh is what we are, */
    bool stay;           /* to an executor that goes on */
    bool detach;         /* from whoever started us */
    bool log_priorities; /* each line of the log begins with its own */
    bool insecure_tcp;   /* tcp:// may be reached from beyond this host */
    struct tokens tokens;
    /* Files; "": not given. */
    char tls_certificate[CONFIG_FILE_BYTES];
    char tls_key[CONFIG_FILE_BYTES];
    char tls_clients[CONFIG_FILE_BYTES]; /* who signs them */
    uint32_t retention_ms;               /* 0: the default */
    bool has_metrics;
    struct address metrics; /* where they are asked for */
    uint32_t drain_s;       /* how long programs are waited for at the end */
    struct message_limits limits;
    bool changes_user;         /* some programs do not run as we do */
    struct credentials run_as; /* without a name: as we do */
    struct policy policy;      /* without sections: there is none */
    bool names_front_user;     /* fronts have no user of their own, but */
    struct credentials front_user;
};

/* --help and --version end the reading. REMEX_INVALID_ARGUMENT and others: one
 * line for whoever typed this. */
REMEX_CHECKED enum remex_status config_parse(struct config *out,
        int argument_count, char *const *arguments, struct remex_error *error);

/* The same once more, for an executor that runs: passes over what is about a
 * start alone. */
REMEX_CHECKED enum remex_status config_parse_again(struct config *out,
        int argument_count, char *const *arguments, struct remex_error *error);

/* Whether what it says goes together, as config_parse does at its end. */
REMEX_CHECKED enum remex_status config_check_whole(
        const struct config *config, struct remex_error *error);

/* Whatever the parsing came to. */
void config_deinit(struct config *config);

/* What --help says. */
extern const char config_usage[];

#endif
