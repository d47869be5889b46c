/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/embedded.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/error.h"

enum remex_status embedded_detach(struct remex_error *error)
{
    pid_t pid = fork();

    if (pid < 0)
        return error_set(error, REMEX_INTERNAL, "cannot fork: %s",
                strerrordesc_np(errno));
    if (pid > 0)
        _exit(0);
    setsid(); /* fails only if it is one already */
    return REMEX_OK;
}

/* Room for the name of the directory and what is in it. */
static bool is_usable(const char *base)
{
    return base && base[0] == '/' && strlen(base) < 60 &&
            access(base, W_OK | X_OK) == 0;
}

enum remex_status embedded_home_make(
        struct embedded_home *out, struct remex_error *error)
{
    const char *base = secure_getenv("XDG_RUNTIME_DIR");
    char text[ADDRESS_TEXT_BYTES];

    if (!is_usable(base))
        base = "/tmp";
    snprintf(out->directory, sizeof(out->directory), "%s/remex-XXXXXX", base);
    if (!mkdtemp(out->directory))
        return error_set(error, REMEX_INTERNAL,
                "cannot make a directory in %s: %s", base,
                strerrordesc_np(errno));
    snprintf(text, sizeof(text), "ipc://%s/executor", out->directory);
    return address_parse(text, &out->address, error);
}

void embedded_home_remove(const struct embedded_home *home)
{
    static const char *const suffixes[] = { "", ".hints", ".lock" };
    char path[ADDRESS_PATH_BYTES + 16];

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", home->address.path, suffixes[i]);
        unlink(path);
    }
    rmdir(home->directory);
}
