/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_MANAGER_H
#define SUPPORT_MANAGER_H

/*
 * A service manager, as far as those that it starts can tell it how they are:
 * the other end of sd_notify(3).
 */

#include <sys/types.h>

struct manager {
    char *directory;
    char *path;
    int fd;
};

/* From now on what is started finds it in its environment, up to
 * manager_starts_no_more. */
void manager_init(struct manager *manager);
void manager_starts_no_more(void);
void manager_deinit(struct manager *manager);

/* The next word, which must be that process's; NULL: none within `ms`. Yours to
 * g_free. */
char *manager_hear(const struct manager *manager, pid_t from, int ms);

/* Takes what comes up to one that begins so; that one is yours to g_free. */
char *manager_expect(
        const struct manager *manager, pid_t from, const char *beginning);

#endif
