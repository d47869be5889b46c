/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_POLICY_H
#define EXECUTOR_POLICY_H

/*
 * Who may run what, and as whom: what a policy file says, remexd-policy(5).
 *
 * A section is for some principals, by patterns of their names; of those that
 * are for a principal the first one counts, and no other. Whoever has none may
 * run nothing. Within a section the first line that fits a program and its
 * arguments decides; what no line fits must not be run.
 *
 * Logic only: what the file system knows of a program comes as an argument.
 */

#include <stdbool.h>
#include <stddef.h>

#include <remex/status.h>

#include "common/arena.h"
#include "common/message.h"
#include "executor/limits.h"

/* Among the patterns of arguments: any number of them. */
#define POLICY_REST "..."

/* The lists are in the order of the file. All of it is the policy's. */

struct credentials;

struct policy_words {
    char **words;
    size_t count;
};

struct policy_rule {
    struct policy_rule *next;
    bool allows;
    const char *program;           /* an absolute path, or a pattern of some */
    bool is_pattern;               /* of paths; else of one file, by its name */
    struct policy_words arguments; /* patterns, and POLICY_REST */
};

struct policy_variable {
    struct policy_variable *next;
    bool allows;
    const char *name; /* a pattern */
};

struct policy_limit {
    struct policy_limit *next;
    struct limit_word word;
};

struct policy_section {
    struct policy_section *next;
    unsigned int line;
    struct policy_words principals; /* patterns */
    struct policy_rule *rules;
    struct policy_variable *variables;
    struct policy_limit *limits;
    const char *user; /* "USER" or "USER:GROUP"; NULL: as for everybody */
    const struct credentials *credentials; /* of `user`, once looked up */
};

struct policy {
    struct arena arena;
    const char *path; /* of the file that it was read from; NULL: none */
    struct policy_section *sections;
};

/* Safe on a zeroed policy. */
void policy_deinit(struct policy *policy);

/* The section that counts for a principal; an empty one if none is for him. */
const struct policy_section *policy_section_of(
        const struct policy *policy, const char *principal);

/* Sets what the section says otherwise. */
void policy_set_limits(
        const struct policy_section *section, struct message_limits *limits);

/* --- Deciding ------------------------------------------------------------ */

/* The file that would be executed: it has been opened, and is what will run. */
struct policy_program {
    const char *path;   /* absolute, without symbolic links; lent */
    bool is_everybodys; /* everybody may write to it */
    void *user;
    /* Whether that name leads to this file now. */
    bool (*is_at)(void *user, const char *name);
};

/* Whether it may be run with these arguments (ended by NULL; the first is the
 * name that the program sees as its own). REMEX_PERMISSION_DENIED,
 * of REMEX_ERROR_POLICY: the kind of rule is named, and nothing else of the
 * policy. */
REMEX_CHECKED enum remex_status policy_decide(
        const struct policy_section *section,
        const struct policy_program *program, char *const *argv,
        struct remex_error *error);

/* Whether a line allows a program by this name: then it may be told that there
 * is none. */
bool policy_knows(const struct policy_section *section, const char *name);

/* What policy_decide says of a program that no line allows. */
enum remex_status policy_refuse_program(struct remex_error *error);

/* Whether what `spec` sets in the environment may be set. */
REMEX_CHECKED enum remex_status policy_check_environment(
        const struct policy_section *section, const struct process_spec *spec,
        struct remex_error *error);

#endif
