/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_FAR_H
#define SUPPORT_FAR_H

/*
 * A program whose file does not come: whoever executes it waits, as on a
 * network disk that does not answer. It is a copy of /bin/true, and what keeps
 * it away is a lease on it, until the test gives that back.
 */

struct far {
    char *directory;
    char *path;
    int file;
};

/* Nobody of this process is told by SIGIO that somebody waits for it. */
void far_init(struct far *far);

/* Waits until somebody waits for it. */
void far_until_wanted(const struct far *far);

/* It comes, to all who wait for it. */
void far_come(struct far *far);

/* After that. */
void far_deinit(struct far *far);

#endif
