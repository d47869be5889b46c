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

/* Whether it is in a list with commas. */
static bool is_listed(struct word list, const char *text)
{
    const char *end = list.text + list.size;

    while (list.text < end) {
        const char *comma = memchr(list.text, ',', (size_t)(end - list.text));

        list.size = (size_t)((comma ? comma : end) - list.text);
        if (is_word(list, text))
            return true;
        list.text += list.size + 1;
    }
    return false;
}

/* "TYPE SOURCE OPTIONS" */
static bool is_wanted(const char *line, const char *controller)
{
    struct word type = next_word(&line);

    if (!controller)
        return is_word(type, "cgroup2");
    next_word(&line);
    return is_word(type, "cgroup") && is_listed(next_word(&line), controller);
}

/* "36 35 98:0 ROOT POINT OPTIONS [FIELD...] - TYPE SOURCE OPTIONS". A path with
 * an odd character, which is shown escaped, is none for us. */
static bool parse_mount(const char *line, const char *controller,
        struct word *root, struct word *point)
{
    struct word word;

    for (int i = 0; i < 3; i++)
        next_word(&line);
    *root = next_word(&line);
    *point = next_word(&line);
    do
        word = next_word(&line);
    while (word.size > 0 && !is_word(word, "-"));
    return is_wanted(line, controller) && root->size > 0 &&
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

/* "NUMBER:CONTROLLERS:NAME", where version 2 has no controllers. */
const char *cgroup_place_shown(const char *groups, const char *controller)
{
    while (groups && *groups) {
        const char *list = groups + strcspn(groups, ":\n");
        struct word word = { list + 1, 0 };

        if (*list == ':')
            word.size = strcspn(word.text, ":\n");
        if (*list == ':' && word.text[word.size] == ':' &&
                (controller ? is_listed(word, controller) : word.size == 0))
            return word.text + word.size + 1;
        groups = strchr(groups, '\n');
        if (groups)
            groups++;
    }
    return NULL;
}

/* A name that leads out of our namespace is of no use. */
static bool parse_group(
        const char *groups, const char *controller, struct cgroup_place *out)
{
    const char *shown = cgroup_place_shown(groups, controller);
    size_t size = shown ? strcspn(shown, "\n") : 0;

    if (size == 0 || size >= sizeof(out->shown) || shown[0] != '/' ||
            strncmp(shown, "/..", 3) == 0)
        return false;
    memcpy(out->shown, shown, size);
    out->shown[size == 1 ? 0 : size] = '\0';
    return true;
}

bool cgroup_place_parse(const char *mounts, const char *groups,
        const char *controller, struct cgroup_place *out)
{
    struct word root;
    struct word point;

    if (!parse_group(groups, controller, out))
        return false;
    while (mounts && *mounts) {
        if (parse_mount(mounts, controller, &root, &point) &&
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

bool cgroup_place_find(const char *controller, struct cgroup_place *out)
{
    char *mounts = read_all("/proc/self/mountinfo", MOUNTS_BYTES);
    char *groups = read_all("/proc/self/cgroup", GROUPS_BYTES);
    bool found = mounts && groups &&
            cgroup_place_parse(mounts, groups, controller, out);

    free(mounts);
    free(groups);
    return found;
}
