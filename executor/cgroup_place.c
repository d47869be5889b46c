/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup_place.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Hosts with thousands of containers have long lists of mounts. */
#define MOUNTS_BYTES ((size_t)1024 * 1024)
#define GROUPS_BYTES ((size_t)16 * 1024)

/* A word of a line, which ends at a blank. */
struct word {
    const char *text;
    size_t size;
};

static struct word next_word(const char **at)
{
    struct word word;

    *at += strspn(*at, " ");
    word.text = *at;
    word.size = strcspn(*at, " \n");
    *at += word.size;
    return word;
}

static bool is_word(struct word word, const char *text)
{
    return word.size == strlen(text) &&
            strncmp(word.text, text, word.size) == 0;
}

/* "36 35 98:0 ROOT POINT OPTIONS [FIELD...] - TYPE SOURCE OPTIONS". A path with
 * an odd character, which is shown escaped, is none for us. */
static bool parse_mount(const char *line, struct word *root, struct word *point)
{
    struct word word;

    for (int i = 0; i < 3; i++)
        next_word(&line);
    *root = next_word(&line);
    *point = next_word(&line);
    do
        word = next_word(&line);
    while (word.size > 0 && !is_word(word, "-"));
    return is_word(next_word(&line), "cgroup2") && root->size > 0 &&
            !memchr(root->text, '\\', root->size) &&
            !memchr(point->text, '\\', point->size);
}

/* What is mounted may be a part of the hierarchy: `root` and below. */
static bool join(struct word root, struct word point, const char *shown,
        struct cgroup_place *out)
{
    int size;

    if (is_word(root, "/"))
        root.size = 0;
    if (strncmp(shown, root.text, root.size) != 0 ||
            (shown[root.size] != '/' && shown[root.size] != '\0'))
        return false;
    size = snprintf(out->directory, sizeof(out->directory), "%.*s%s",
            (int)point.size, point.text, shown + root.size);
    return size > 0 && (size_t)size < sizeof(out->directory);
}

/* The line "0::/NAME". A name that leads out of our namespace is of no use. */
static bool parse_group(const char *groups, struct cgroup_place *out)
{
    size_t size;

    while (groups && strncmp(groups, "0::/", 4) != 0) {
        groups = strchr(groups, '\n');
        if (groups)
            groups++;
    }
    if (!groups)
        return false;
    groups += strlen("0::");
    size = strcspn(groups, "\n");
    if (size >= sizeof(out->shown) || strncmp(groups, "/..", 3) == 0)
        return false;
    memcpy(out->shown, groups, size);
    out->shown[size == 1 ? 0 : size] = '\0';
    return true;
}

bool cgroup_place_parse(
        const char *mounts, const char *groups, struct cgroup_place *out)
{
    struct word root;
    struct word point;

    if (!parse_group(groups, out))
        return false;
    while (mounts && *mounts) {
        if (parse_mount(mounts, &root, &point) &&
                join(root, point, out->shown, out))
            return true;
        mounts = strchr(mounts, '\n');
        if (mounts)
            mounts++;
    }
    return false;
}

/* As a string, to be freed; NULL if there is none, or no memory. What is longer
 * is cut. */
static char *read_all(const char *path, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd >= 0 ? malloc(size) : NULL;
    size_t got = 0;
    ssize_t piece;

    if (text) {
        while ((piece = read(fd, text + got, size - 1 - got)) > 0)
            got += (size_t)piece;
        text[got] = '\0';
    }
    if (fd >= 0)
        close(fd);
    return text;
}

bool cgroup_place_find(struct cgroup_place *out)
{
    char *mounts = read_all("/proc/self/mountinfo", MOUNTS_BYTES);
    char *groups = read_all("/proc/self/cgroup", GROUPS_BYTES);
    bool found = mounts && groups && cgroup_place_parse(mounts, groups, out);

    free(mounts);
    free(groups);
    return found;
}
