/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup_control.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "executor/cgroup_files.h"

/* Of processor time, in microseconds: so long may who has used up his share
 * have to wait. */
#define PERIOD_US UINT64_C(100000)

/* A thousandth of a processor, in such a period. */
#define MILLI_US (PERIOD_US / 1000)

static const struct {
    const char *controller;
    const char *old_file;
    const char *new_file;
} table[TREE_LIMITS] = {
    [TREE_MEMORY] = { "memory", "memory.limit_in_bytes", "memory.max" },
    [TREE_PIDS] = { "pids", "pids.max", "pids.max" },
    [TREE_CPU] = { "cpu", "cpu.cfs_quota_us", "cpu.max" },
};

static const char *file_of(enum cgroup_version version, enum tree_limit limit)
{
    assert(limit < TREE_LIMITS);
    return version == CGROUP_OLD ? table[limit].old_file
                                 : table[limit].new_file;
}

const char *cgroup_control_name(enum tree_limit limit)
{
    assert(limit < TREE_LIMITS);
    return table[limit].controller;
}

bool cgroup_control_is_there(
        int group, enum cgroup_version version, enum tree_limit limit)
{
    return faccessat(group, file_of(version, limit), W_OK, AT_EACCESS) == 0;
}

/* --- Setting ------------------------------------------------------------- */

static bool write_number(int group, const char *file, uint64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    return cgroup_files_write(group, file, text);
}

/* Not every kernel counts swap, or has any. */
static bool write_if_there(int group, const char *file, uint64_t value)
{
    return write_number(group, file, value) || errno == ENOENT;
}

/* Of the old version, the limit of memory with swap, which must not be below
 * the one without. */
static bool set_memory(int group, enum cgroup_version version, uint64_t bytes)
{
    if (!write_number(group, file_of(version, TREE_MEMORY), bytes))
        return false;
    if (version == CGROUP_OLD)
        return write_if_there(group, "memory.memsw.limit_in_bytes", bytes);
    return write_if_there(group, "memory.swap.max", 0) &&
            write_number(group, "memory.oom.group", 1);
}

static bool set_cpu(int group, enum cgroup_version version, uint64_t millis)
{
    char text[64];

    if (version == CGROUP_OLD)
        return write_number(group, "cpu.cfs_period_us", PERIOD_US) &&
                write_number(group, "cpu.cfs_quota_us", millis * MILLI_US);
    snprintf(text, sizeof(text), "%" PRIu64 " %" PRIu64, millis * MILLI_US,
            PERIOD_US);
    return cgroup_files_write(group, "cpu.max", text);
}

bool cgroup_control_set(int group, enum cgroup_version version,
        enum tree_limit limit, uint64_t value)
{
    switch (limit) {
    case TREE_MEMORY:
        return set_memory(group, version, value);
    case TREE_PIDS:
        return write_number(group, "pids.max", value);
    case TREE_CPU:
        return set_cpu(group, version, value);
    case TREE_LIMITS:
        break;
    }
    errno = EINVAL;
    return false;
}

void cgroup_control_hurry(int group, enum cgroup_version version)
{
    if (version == CGROUP_OLD)
        cgroup_files_write(group, "cpu.cfs_quota_us", "-1");
    else
        cgroup_files_write(group, "cpu.max", "max");
}

static void hurry(void *user, int group)
{
    const enum cgroup_version *version = user;

    cgroup_control_hurry(group, *version);
}

void cgroup_control_hurry_all(int home, enum cgroup_version version)
{
    if (cgroup_control_is_there(home, version, TREE_CPU))
        cgroup_files_each_group(home, hurry, &version);
}

/* --- Looking ------------------------------------------------------------- */

/* A line "oom_kill COUNT", among others. */
bool cgroup_control_is_out_of_memory(int group, enum cgroup_version version)
{
    static const char word[] = "\noom_kill ";
    char text[1024] = "\n";
    int fd = openat(group,
            version == CGROUP_OLD ? "memory.oom_control" : "memory.events",
            O_RDONLY | O_CLOEXEC);
    const char *line;
    ssize_t size;

    if (fd < 0)
        return false;
    size = read(fd, text + 1, sizeof(text) - 2);
    close(fd);
    text[size > 0 ? size + 1 : 1] = '\0';
    line = strstr(text, word);
    return line && line[strlen(word)] != '0';
}
