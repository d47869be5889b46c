/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_TRANSCRIPT_H
#define SUPPORT_TRANSCRIPT_H

/*
 * All that a process told its follower, and the rules that every such story
 * keeps: numbers without holes, offsets that join, one Exited, one ending, and
 * nothing after it. Breaking one fails the test at once.
 */

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include <remex/process.h>

struct transcript {
    GByteArray *streams[REMEX_STREAMS]; /* index: enum remex_stream - 1 */
    uint64_t bytes[REMEX_STREAMS];      /* told, also where not kept */
    bool verify;    /* output is the pattern: check it, keep none of it */
    GString *order; /* a letter per event: O X C G F; a run of O is one */
    uint64_t last_seq;
    struct remex_exit exit;
    struct remex_event ending; /* Closed or Failed, once it came */
};

void transcript_init(struct transcript *transcript);
void transcript_deinit(struct transcript *transcript);

void transcript_take(
        struct transcript *transcript, const struct remex_event *event);

/* Takes all events up to the ending; fails the test if there is none within a
 * minute of silence. */
void transcript_follow(
        struct transcript *transcript, struct remex_process *process);

/* Follows one whose stdout is so many bytes of the pattern: all of them come,
 * from the first on, once. */
void transcript_follow_pattern(struct remex_process *process, uint64_t bytes);

/* Takes events until this many bytes of the stream have come. */
void transcript_follow_until(struct transcript *transcript,
        struct remex_process *process, enum remex_stream stream,
        uint64_t bytes);

/* Checks that one stream said exactly this. */
void transcript_check_text(const struct transcript *transcript,
        enum remex_stream stream, const char *text);

/* Checks that it exited by itself with that code, and that all was told. */
void transcript_check_exit(const struct transcript *transcript, int code);

#endif
