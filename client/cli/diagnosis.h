/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_DIAGNOSIS_H
#define CLI_DIAGNOSIS_H

/*
 * What was looked at, how it is, and what to do about it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "client/cli/json.h"

#define DIAGNOSIS_FINDINGS 32
#define DIAGNOSIS_TEXT_BYTES 320

enum verdict {
    VERDICT_OK = 0,
    VERDICT_WARN = 1, /* it works, but not as well as it could */
    VERDICT_FAIL = 2, /* programs cannot be run so */
};

struct finding {
    const char *check; /* static */
    enum verdict verdict;
    char found[DIAGNOSIS_TEXT_BYTES];
    char hint[DIAGNOSIS_TEXT_BYTES]; /* "": nothing is to be done */
};

struct diagnosis {
    struct finding findings[DIAGNOSIS_FINDINGS];
    size_t count;
};

/* The finding, for a hint to be added. */
__attribute__((format(printf, 4, 5))) struct finding *diagnosis_add(
        struct diagnosis *diagnosis, const char *check, enum verdict verdict,
        const char *format, ...);

__attribute__((format(printf, 2, 3))) void finding_hint(
        struct finding *finding, const char *format, ...);

/* The worst of all. */
enum verdict diagnosis_verdict(const struct diagnosis *diagnosis);

/* "ok", "warn", "fail". Static. */
const char *diagnosis_word(enum verdict verdict);

void diagnosis_print(
        const struct diagnosis *diagnosis, FILE *out, bool coloured);

/* An array of that name. */
void diagnosis_write(
        const struct diagnosis *diagnosis, struct json *json, const char *key);

#endif
