/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXECUTOR_AGENDA_H
#define EXECUTOR_AGENDA_H

/*
 * What has to be done when: a heap of appointments embedded in what they belong
 * to. It has no clock; its user says what time it is.
 *
 * Every owner books a place when it is made, so that setting an appointment can
 * never fail later.
 */

#include <stddef.h>
#include <stdint.h>

#include <remex/status.h>

struct appointment {
    void (*due)(struct appointment *appointment, int64_t now);
    int64_t at;
    size_t slot; /* from 1; 0: not set */
};

struct agenda {
    struct appointment **heap;
    size_t count;  /* appointments set */
    size_t booked; /* at least `count` */
    size_t capacity;
};

void agenda_init(struct agenda *agenda);

/* Nothing may be set any more. */
void agenda_deinit(struct agenda *agenda);

/* REMEX_NO_MEMORY. */
REMEX_CHECKED enum remex_status agenda_book(struct agenda *agenda,
        struct appointment *appointment,
        void (*due)(struct appointment *appointment, int64_t now));

/* Cancels as well. */
void agenda_unbook(struct agenda *agenda, struct appointment *appointment);

/* Sets or moves; INT64_MAX cancels. */
void agenda_set(
        struct agenda *agenda, struct appointment *appointment, int64_t at);

/* When the next one is due, INT64_MAX: never. */
int64_t agenda_next(const struct agenda *agenda);

/* Calls what is due, after cancelling it. What is set for a past time meanwhile
 * is called as well. */
void agenda_run(struct agenda *agenda, int64_t now);

#endif
