/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_GATE_H
#define SUPPORT_GATE_H

/*
 * A FIFO that a child waits at until the test lets it go on: instead of sleeps.
 * In a script: `read line <FIFO`.
 */

struct gate {
    char *directory;
    char *path; /* for the child */
    int fd;     /* -1 while shut */
};

void gate_init(struct gate *gate);

/* Lets through whoever waits or comes. */
void gate_open(struct gate *gate);

void gate_deinit(struct gate *gate);

#endif
