/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/cgroup_delegate.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "executor/cgroup_control.h"
#include "executor/cgroup_files.h"

#define SUBTREE "cgroup.subtree_control"

/* --- Lists of controllers ------------------------------------------------- */

/* "cpu memory pids\n" */
static bool has_word(const char *text, const char *word)
{
    size_t size = strlen(word);

    for (text += strspn(text, " \n"); *text; text += strspn(text, " \n")) {
        size_t length = strcspn(text, " \n");

        if (length == size && strncmp(text, word, size) == 0)
            return true;
        text += length;
    }
    return false;
}

static unsigned int read_controllers(int group, const char *file)
{
    char text[1024] = "";
    int fd = openat(group, file, O_RDONLY | O_CLOEXEC);
    unsigned int limits = 0;
    ssize_t size;

    if (fd < 0)
        return 0;
    size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    for (enum tree_limit i = 0; i < TREE_LIMITS; i++)
        if (has_word(text, cgroup_control_name(i)))
            limits |= TREE_LIMIT(i);
    return limits;
}

/* Each by itself: one that cannot be had does not keep others away. */
static void switch_all(int group, char sign, unsigned int limits)
{
    for (enum tree_limit i = 0; i < TREE_LIMITS; i++) {
        char word[32];

        snprintf(word, sizeof(word), "%c%s", sign, cgroup_control_name(i));
        if (limits & TREE_LIMIT(i))
            cgroup_files_write(group, SUBTREE, word);
    }
}

/* --- Room ---------------------------------------------------------------- */

/* Those of another namespace of processes are shown as 0. */
static bool is_alone(int place)
{
    char text[64];
    char own[32];
    int fd = openat(place, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    ssize_t size;

    if (fd < 0)
        return false;
    size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    snprintf(own, sizeof(own), "%d\n", (int)getpid());
    return strcmp(text, own) == 0;
}

/* The one group that has no type. */
static bool is_root(int place)
{
    return faccessat(place, "cgroup.type", F_OK, 0) < 0;
}

static void move_back(int place)
{
    cgroup_files_write(place, "cgroup.procs", "0");
    unlinkat(place, CGROUP_LEAF, AT_REMOVEDIR);
}

/* One that is there was left by the dead, or is just being made by somebody: we
 * do not take it from him. */
static bool move_to_leaf(int place)
{
    int leaf;
    bool moved;

    unlinkat(place, CGROUP_LEAF, AT_REMOVEDIR);
    if (mkdirat(place, CGROUP_LEAF, 0755) < 0)
        return false;
    leaf = openat(place, CGROUP_LEAF, O_PATH | O_DIRECTORY | O_CLOEXEC);
    moved = leaf >= 0 && cgroup_files_write(leaf, "cgroup.procs", "0");
    if (leaf >= 0)
        close(leaf);
    if (!moved)
        unlinkat(place, CGROUP_LEAF, AT_REMOVEDIR);
    return moved;
}

/* --- All of it ------------------------------------------------------------ */

static bool make_room(int place, bool in_leaf, struct cgroup_delegation *out)
{
    if (in_leaf || is_root(place))
        return true;
    out->moved = is_alone(place) && move_to_leaf(place);
    return out->moved;
}

void cgroup_delegate(
        int place, int home, bool in_leaf, struct cgroup_delegation *out)
{
    unsigned int there = read_controllers(place, "cgroup.controllers");
    unsigned int before = read_controllers(place, SUBTREE);

    *out = (struct cgroup_delegation){ .limits = 0 };
    if (there == 0 || !make_room(place, in_leaf, out))
        return;
    switch_all(place, '+', there & ~before);
    out->enabled = read_controllers(place, SUBTREE) & ~before;
    switch_all(home, '+', read_controllers(home, "cgroup.controllers"));
    out->limits = read_controllers(home, SUBTREE);
    if (out->limits > 0)
        return;
    cgroup_undelegate(place, out);
    *out = (struct cgroup_delegation){ .limits = 0 };
}

void cgroup_undelegate(int place, const struct cgroup_delegation *delegation)
{
    switch_all(place, '-', delegation->enabled);
    if (delegation->moved)
        move_back(place);
}
