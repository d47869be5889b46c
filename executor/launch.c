/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/launch.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define MAX_CANDIDATES 128

#define TERM "TERM="
#define TRACEPARENT "TRACEPARENT="
#define TRACESTATE "TRACESTATE="

/* TERM, TRACEPARENT, and what is about the user. */
#define ADDED_ENTRIES 5

/* Decoding has bounded argv and env; this bounds what PATH makes of them. */
#define ARENA_LIMIT ((size_t)4 * 1024 * 1024)

/* --- Strings ------------------------------------------------------------- */

static char *copy_string(struct arena *arena, struct remex_bytes bytes)
{
    char *copy = arena_alloc(arena, bytes.size + 1); /* zeroed */

    if (copy && bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return copy;
}

static char **new_list(struct arena *arena, size_t count)
{
    return arena_alloc(arena, (count + 1) * sizeof(char *));
}

/* Of the part before '=', or of all if there is none. */
static size_t name_size(const char *entry, size_t size)
{
    const char *equals = memchr(entry, '=', size);

    return equals ? (size_t)(equals - entry) : size;
}

static bool same_name(const char *a, size_t a_size, struct remex_bytes b)
{
    size_t size = name_size(a, a_size);

    return size == name_size(b.data, b.size) && memcmp(a, b.data, size) == 0;
}

/* --- Environment --------------------------------------------------------- */

/* "NAME", or "BEGINNING*". */
static bool is_named(const char *entry, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size;
        bool prefix;

        if (names[i][0] != entry[0])
            continue; /* nearly always, and each start asks some 500 times */
        size = strlen(names[i]);
        prefix = names[i][size - 1] == '*';
        if (prefix && strncmp(entry, names[i], size - 1) == 0)
            return true;
        if (!prefix && strncmp(entry, names[i], size) == 0 &&
                entry[size] == '=')
            return true;
    }
    return false;
}

static bool is_private(const char *entry)
{
    static const char *const names[] = { "LD_*", "MALLOC_*", "GLIBC_TUNABLES",
        "GCONV_PATH", "BASH_ENV", "ENV", "IFS", "REMEX_*", "LISTEN_*",
        "NOTIFY_SOCKET", "WATCHDOG_*", "INVOCATION_ID", "JOURNAL_STREAM",
        "SYSTEMD_EXEC_PID", "MANAGERPID", "MAINPID", "CREDENTIALS_DIRECTORY" };

    return is_named(entry, names, sizeof(names) / sizeof(names[0]));
}

/* Of the user that the executor runs as. */
static bool is_personal(const char *entry)
{
    static const char *const names[] = { "HOME", "USER", "LOGNAME", "SHELL",
        "MAIL", "XDG_*", "DBUS_SESSION_BUS_ADDRESS", "SSH_*", "SUDO_*",
        "KRB5CCNAME", "XAUTHORITY" };

    return is_named(entry, names, sizeof(names) / sizeof(names[0]));
}

/* Whether the statements from `first` on have a word on this name. */
static bool is_restated(const struct process_spec *spec, size_t first,
        const char *entry, size_t size)
{
    for (size_t i = first; i < spec->env_count; i++) {
        if (same_name(entry, size, spec->env[i]))
            return true;
    }
    return false;
}

static size_t count_strings(char *const *strings)
{
    size_t count = 0;

    while (strings[count])
        count++;
    return count;
}

/* Appends "NAME=" and a value, unless `env` has a word on it. */
static bool add_entry(struct launch *launch, const struct process_spec *spec,
        const char *name, struct remex_bytes value)
{
    size_t size = strlen(name);
    char *entry;

    if (is_restated(spec, 0, name, size))
        return true;
    entry = arena_alloc(&launch->arena, size + value.size + 1);
    if (!entry)
        return false;
    memcpy(entry, name, size);
    memcpy(entry + size, value.data, value.size);
    launch->envp[count_strings(launch->envp)] = entry;
    return true;
}

static bool add_term(struct launch *launch, const struct process_spec *spec)
{
    return !spec->pty || spec->pty->term.size == 0 ||
            add_entry(launch, spec, TERM, spec->pty->term);
}

static bool add_traceparent(
        struct launch *launch, const struct process_spec *spec)
{
    return spec->traceparent.size == 0 ||
            add_entry(launch, spec, TRACEPARENT, spec->traceparent);
}

static bool add_user(struct launch *launch, const struct process_spec *spec)
{
    const struct credentials *user = launch->user;
    struct remex_bytes name;
    struct remex_bytes home;

    if (!user)
        return true;
    name = (struct remex_bytes){ user->name, strlen(user->name) };
    home = (struct remex_bytes){ user->home, strlen(user->home) };
    return add_entry(launch, spec, "HOME=", home) &&
            add_entry(launch, spec, "USER=", name) &&
            add_entry(launch, spec, "LOGNAME=", name);
}

static bool make_exact_env(
        struct launch *launch, const struct process_spec *spec)
{
    launch->envp = new_list(&launch->arena, spec->env_count + ADDED_ENTRIES);
    if (!launch->envp)
        return false;
    for (size_t i = 0; i < spec->env_count; i++) {
        launch->envp[i] = copy_string(&launch->arena, spec->env[i]);
        if (!launch->envp[i])
            return false;
    }
    return add_term(launch, spec) && add_traceparent(launch, spec);
}

static bool begins(const char *entry, const char *name)
{
    return strncmp(entry, name, strlen(name)) == 0;
}

/* What a program of this spec may have of the executor's own. Its TERM is of
 * another terminal, and it may itself belong into another trace. */
static bool is_inherited(const struct launch *launch,
        const struct process_spec *spec, const char *entry)
{
    bool traced = spec->traceparent.size > 0;
    bool foreign = (spec->pty && begins(entry, TERM)) ||
            (traced && begins(entry, TRACEPARENT)) ||
            (traced && begins(entry, TRACESTATE)) ||
            (launch->user && is_personal(entry));

    return !foreign && !is_private(entry) &&
            !is_restated(spec, 0, entry, strlen(entry));
}

static bool make_overlaid_env(
        struct launch *launch, const struct process_spec *spec)
{
    size_t count = 0;

    launch->envp = new_list(&launch->arena,
            count_strings(environ) + spec->env_count + ADDED_ENTRIES);
    if (!launch->envp)
        return false;
    for (char **own = environ; *own; own++) {
        if (is_inherited(launch, spec, *own))
            launch->envp[count++] = *own;
    }
    for (size_t i = 0; i < spec->env_count; i++) {
        struct remex_bytes entry = spec->env[i];

        if (!memchr(entry.data, '=', entry.size) ||
                is_restated(spec, i + 1, entry.data, entry.size))
            continue;
        launch->envp[count] = copy_string(&launch->arena, entry);
        if (!launch->envp[count++])
            return false;
    }
    return add_user(launch, spec) && add_term(launch, spec) &&
            add_traceparent(launch, spec);
}

static bool make_env(struct launch *launch, const struct process_spec *spec)
{
    return spec->env_base == ENV_EXECUTOR ? make_overlaid_env(launch, spec)
                                          : make_exact_env(launch, spec);
}

/* --- Program ------------------------------------------------------------- */

static bool make_argv(struct launch *launch, const struct process_spec *spec)
{
    launch->argv = new_list(&launch->arena, spec->argv_count);
    if (!launch->argv)
        return false;
    for (size_t i = 0; i < spec->argv_count; i++) {
        bool renamed = i == 0 && spec->arg0.size > 0;

        launch->argv[i] = copy_string(
                &launch->arena, renamed ? spec->arg0 : spec->argv[i]);
        if (!launch->argv[i])
            return false;
    }
    return true;
}

static const char *search_path(const struct launch *launch)
{
    for (char **entry = launch->envp; *entry; entry++) {
        if (strncmp(*entry, "PATH=", 5) == 0)
            return *entry + 5;
    }
    return DEFAULT_PATH;
}

/* An empty directory is the current one, which `program` alone names too. */
static char *join(struct arena *arena, const char *directory, size_t size,
        struct remex_bytes program)
{
    char *file = arena_alloc(arena, size + 1 + program.size + 1);

    if (!file)
        return NULL;
    memcpy(file, directory, size);
    if (size > 0)
        file[size++] = '/';
    memcpy(file + size, program.data, program.size);
    return file;
}

static bool search(struct launch *launch, struct remex_bytes program)
{
    const char *directory = search_path(launch);

    for (size_t i = 0; i < MAX_CANDIDATES; i++) {
        size_t size = strcspn(directory, ":");

        launch->candidates[i] = join(&launch->arena, directory, size, program);
        if (!launch->candidates[i])
            return false;
        if (directory[size] == '\0')
            return true;
        directory += size + 1;
    }
    return true;
}

static bool make_candidates(
        struct launch *launch, const struct process_spec *spec)
{
    struct remex_bytes program = spec->argv[0];

    launch->candidates = new_list(&launch->arena, MAX_CANDIDATES);
    if (!launch->candidates)
        return false;
    if (!memchr(program.data, '/', program.size))
        return search(launch, program);
    launch->candidates[0] = copy_string(&launch->arena, program);
    return launch->candidates[0] != NULL;
}

static bool make_cwd(struct launch *launch, const struct process_spec *spec)
{
    if (spec->cwd.size == 0)
        return true;
    launch->cwd = copy_string(&launch->arena, spec->cwd);
    return launch->cwd != NULL;
}

static bool copy_rlimits(struct launch *launch, const struct process_spec *spec)
{
    size_t bytes = spec->rlimit_count * sizeof(*launch->rlimits);

    if (bytes == 0)
        return true;
    launch->rlimits = arena_alloc(&launch->arena, bytes);
    if (!launch->rlimits)
        return false;
    memcpy(launch->rlimits, spec->rlimits, bytes);
    launch->rlimit_count = spec->rlimit_count;
    return true;
}

/* NULL stays that. */
static bool copy_user(struct launch *launch, const struct credentials *user)
{
    struct credentials *copy;

    if (!user)
        return true;
    copy = arena_alloc(&launch->arena, sizeof(*copy));
    if (copy)
        *copy = *user;
    launch->user = copy;
    return copy;
}

static bool make_all(struct launch *launch, const struct process_spec *spec,
        const struct credentials *user)
{
    launch->program = copy_string(&launch->arena, spec->argv[0]);
    return launch->program && copy_user(launch, user) &&
            make_argv(launch, spec) && make_env(launch, spec) &&
            make_candidates(launch, spec) && make_cwd(launch, spec) &&
            copy_rlimits(launch, spec);
}

enum remex_status launch_init(struct launch *launch,
        const struct process_spec *spec, const struct credentials *user,
        struct remex_error *error)
{
    const struct spawn_failure no_memory = { REMEX_STAGE_RESOURCES, ENOMEM };

    *launch = (struct launch){ .program_fd = -1 };
    arena_init(&launch->arena, ARENA_LIMIT);
    if (make_all(launch, spec, user))
        return REMEX_OK;
    launch_deinit(launch);
    return launch_failed(spec->argv[0], spec->cwd, &no_memory, error);
}

void launch_deinit(struct launch *launch)
{
    if (launch->program_fd >= 0)
        close(launch->program_fd);
    arena_deinit(&launch->arena);
}

/* --- Failure ------------------------------------------------------------- */

static enum remex_status status_of(int os_error)
{
    switch (os_error) {
    case ENOENT:
    case ENOTDIR:
        return REMEX_NOT_FOUND;
    case EACCES:
    case EPERM:
        return REMEX_PERMISSION_DENIED;
    case E2BIG:
    case ENOEXEC:
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ELIBBAD:
    case ENAMETOOLONG:
        return REMEX_INVALID_ARGUMENT;
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
    case ETXTBSY:
        return REMEX_RESOURCE_EXHAUSTED;
    default:
        return REMEX_INTERNAL;
    }
}

enum remex_status launch_failed(struct remex_bytes program,
        struct remex_bytes cwd, const struct spawn_failure *failure,
        struct remex_error *error)
{
    bool directory = failure->stage == REMEX_STAGE_CWD;
    bool session = failure->stage == REMEX_STAGE_SESSION;
    bool user = failure->stage == REMEX_STAGE_USER;
    bool limits = failure->stage == REMEX_STAGE_LIMITS;
    struct remex_bytes subject = directory ? cwd : program;
    const char *reason = strerrordesc_np(failure->os_error);
    enum remex_status status = status_of(failure->os_error);

    if (!error)
        return status;
    error_set(error, status, "cannot %s '%.*s': %s",
            directory         ? "change to directory"
                    : session ? "make a session or terminal for"
                    : user    ? "become another user for"
                    : limits  ? "set the limits of"
                              : "execute",
            subject.size < 160 ? (int)subject.size : 160,
            (const char *)subject.data, reason ? reason : "unknown error");
    error->kind = REMEX_ERROR_LAUNCH_FAILED;
    error->stage = failure->stage;
    error->os_error = failure->os_error;
    return status;
}
