/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"
#include "executor/capabilities.h"

/* An entry of the host's books, as text; a group has a list of members. */
#define ENTRY_BYTES ((size_t)64 * 1024)

/* --- Words ---------------------------------------------------------------- */

struct words {
    char user[CREDENTIALS_NAME_BYTES];
    char group[CREDENTIALS_NAME_BYTES]; /* "": not given */
};

static bool copy(char *out, size_t out_size, const char *text, size_t size)
{
    if (size == 0 || size >= out_size)
        return false;
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

static bool split(const char *text, struct words *out)
{
    size_t size = strcspn(text, ":");

    out->group[0] = '\0';
    if (!copy(out->user, sizeof(out->user), text, size))
        return false;
    return text[size] == '\0' ||
            copy(out->group, sizeof(out->group), text + size + 1,
                    strlen(text + size + 1));
}

/* The greatest number means "unchanged" to the kernel. */
static bool parse_number(const char *text, uint32_t *out)
{
    unsigned long number;
    char *end;

    if (text[strspn(text, "0123456789")] != '\0')
        return false;
    errno = 0;
    number = strtoul(text, &end, 10);
    *out = (uint32_t)number;
    return errno == 0 && number < UINT32_MAX;
}

/* --- The host's books ----------------------------------------------------- */

static enum remex_status unknown(const char *what, const char *name,
        int problem, struct remex_error *error)
{
    if (problem != 0 && problem != ENOENT && problem != ESRCH)
        return error_set(error, REMEX_NOT_FOUND,
                "cannot look up the %s '%s': %s", what, name,
                strerrordesc_np(problem));
    return error_set(error, REMEX_NOT_FOUND, "there is no %s '%s'", what, name);
}

/* By name, else by number. NULL: he is not in them; `problem` says why. */
static const struct passwd *look_up_user(const char *name, struct passwd *entry,
        char buffer[ENTRY_BYTES], int *problem)
{
    struct passwd *found = NULL;
    uint32_t number;

    *problem = getpwnam_r(name, entry, buffer, ENTRY_BYTES, &found);
    if (!found && parse_number(name, &number))
        *problem = getpwuid_r(number, entry, buffer, ENTRY_BYTES, &found);
    return found;
}

static enum remex_status find_group(const char *name, char buffer[ENTRY_BYTES],
        gid_t *out, struct remex_error *error)
{
    struct group entry;
    struct group *found = NULL;
    int problem = getgrnam_r(name, &entry, buffer, ENTRY_BYTES, &found);

    if (found)
        *out = found->gr_gid;
    else if (!parse_number(name, out))
        return unknown("group", name, problem, error);
    return REMEX_OK;
}

static enum remex_status add_groups(
        struct credentials *out, struct remex_error *error)
{
    int count = CREDENTIALS_MAX_GROUPS;

    if (getgrouplist(out->name, out->gid, out->groups, &count) < 0)
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "the user '%s' is in more than %d groups", out->name,
                CREDENTIALS_MAX_GROUPS);
    out->group_count = (size_t)count;
    return REMEX_OK;
}

/* --- Finding -------------------------------------------------------------- */

/* A home whose path does not fit is of no use to a program. */
static void describe(
        struct credentials *out, const char *name, const char *home)
{
    snprintf(out->name, sizeof(out->name), "%s", name);
    snprintf(out->home, sizeof(out->home), "%s",
            *home && strlen(home) < sizeof(out->home) ? home : "/");
}

static enum remex_status take_number(const struct words *words, int problem,
        struct credentials *out, struct remex_error *error)
{
    if (!parse_number(words->user, &out->uid))
        return unknown("user", words->user, problem, error);
    if (!words->group[0])
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "the user %s is not in /etc/passwd, so give a group as well: "
                "%s:GROUP",
                words->user, words->user);
    describe(out, words->user, "");
    out->groups[0] = out->gid;
    out->group_count = 1;
    return REMEX_OK;
}

static enum remex_status find(const struct words *words,
        char buffer[ENTRY_BYTES], struct credentials *out,
        struct remex_error *error)
{
    struct passwd entry;
    const struct passwd *found;
    enum remex_status status;
    int problem;

    if (words->group[0]) {
        status = find_group(words->group, buffer, &out->gid, error);
        if (status != REMEX_OK)
            return status;
    }
    found = look_up_user(words->user, &entry, buffer, &problem);
    if (!found)
        return take_number(words, problem, out, error);
    out->uid = found->pw_uid;
    if (!words->group[0])
        out->gid = found->pw_gid;
    describe(out, found->pw_name, found->pw_dir);
    return add_groups(out, error);
}

enum remex_status credentials_find(
        const char *text, struct credentials *out, struct remex_error *error)
{
    struct words words;
    enum remex_status status;
    char *buffer;

    *out = (struct credentials){ 0 };
    if (!split(text, &words))
        return error_set(error, REMEX_INVALID_ARGUMENT,
                "'%s' is neither USER nor USER:GROUP", text);
    buffer = malloc(ENTRY_BYTES);
    if (!buffer)
        return error_set(error, REMEX_NO_MEMORY, "no memory");
    status = find(&words, buffer, out, error);
    free(buffer);
    return status;
}

/* --- Means ---------------------------------------------------------------- */

/* Until it executes its program, a child shares our memory and is another user
 * already. With this setting, that user's programs could look into it. */
static bool changing_user_exposes(void)
{
    int fd = open("/proc/sys/fs/suid_dumpable", O_RDONLY | O_CLOEXEC);
    char text = '0';

    if (fd < 0)
        return false;
    if (read(fd, &text, 1) < 0)
        text = '0';
    close(fd);
    return text == '1';
}

enum remex_status credentials_check_means(struct remex_error *error)
{
    if (!capabilities_has(CAP_SETUID) || !capabilities_has(CAP_SETGID))
        return error_set(error, REMEX_PERMISSION_DENIED,
                "only root can run programs as another user (it takes "
                "CAP_SETUID and CAP_SETGID)");
    if (changing_user_exposes())
        return error_set(error, REMEX_PERMISSION_DENIED,
                "programs could look into remexd while they are started: set "
                "the kernel's fs.suid_dumpable to 0 or 2");
    return REMEX_OK;
}
