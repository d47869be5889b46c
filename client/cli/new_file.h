/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_NEW_FILE_H
#define CLI_NEW_FILE_H

/*
 * A file that is there whole or not at all: it is written under a name of its
 * own beside, brought to the disk, and only then gets its name, which nobody
 * may have had before.
 *
 *     begin ──write to `file`──▶ finish ──▶ place
 *
 * Each step that fails says why in a report; abandon ends it at any time.
 */

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum { NEW_FILE_PATH_BYTES = 4096 };

struct new_file {
    char path[NEW_FILE_PATH_BYTES];      /* that it is to have */
    char temporary[NEW_FILE_PATH_BYTES]; /* that it has; "": none any more */
    FILE *file;                          /* NULL: it is finished */
};

/* To be DIRECTORY/NAME.SUFFIX. False: there is nothing to abandon. */
bool new_file_begin(struct new_file *file, const char *directory,
        const char *name, const char *suffix, mode_t mode);

/* `written`: all that was to be written was taken. */
bool new_file_finish(struct new_file *file, bool written);

bool new_file_place(struct new_file *file);

/* Also one that has been placed goes then. */
void new_file_abandon(struct new_file *file);

#endif
