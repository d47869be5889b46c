/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_RELOAD_H
#define SUPPORT_RELOAD_H

/*
 * A remexd whose files a test changes while it runs.
 */

#include <stdbool.h>

#include <remex/client.h>

#include "support/command.h"
#include "support/daemon.h"
#include "support/manager.h"

#define RELOAD_EVERYBODY \
    "for *\n  allow /bin/sh ...\n  allow /bin/cat\n  allow /bin/sleep ...\n"

/* A remexd with a configuration, tokens and a policy in a directory, and what
 * it writes to its log. */
struct reload_scene {
    char *directory;
    char *log;
    struct manager manager;
    struct command command;
    struct daemon daemon; /* of which it has the pid and the address only */
};

/* On loopback, with tokens for ann and bob, and for eve, who looks on, and a
 * policy that allows everybody a little. */
void reload_init(struct reload_scene *scene);
void reload_deinit(struct reload_scene *scene);

/* The parts of these: the files, and remexd itself, which is also given what is
 * `typed` behind its file, with its value. */
void reload_lay_out(struct reload_scene *scene);
void reload_begin(
        struct reload_scene *scene, const char *typed, const char *value);
void reload_end(struct reload_scene *scene);
void reload_clear(struct reload_scene *scene);

/* Writes a file: "conf", "tokens", "policy". '@' in it is the directory. */
void reload_put(
        const struct reload_scene *scene, const char *name, const char *text);

/* The file of tokens, by "NAME ROLE", who shows his name, or "NAME ROLE TOKEN";
 * the last is NULL. */
void reload_put_tokens(
        const struct reload_scene *scene, const char *const *roles);

/* Asks for it, and returns when it is said to be done; whether it was taken. */
bool reload_ask(const struct reload_scene *scene);

/* That the log has these words; '@' is the directory. */
void reload_check_logged(const struct reload_scene *scene, const char *words);

enum remex_status reload_try_connect(const struct reload_scene *scene,
        const char *token, struct remex_client **out);
struct remex_client *reload_connect(
        const struct reload_scene *scene, const char *token);
void reload_check_shut_out(const struct reload_scene *scene, const char *token);

#endif
