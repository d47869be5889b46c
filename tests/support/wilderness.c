/* SPDX-License-Identifier: Apache-2.0 */
#include "support/wilderness.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#define NEAR "10.99.0.1"

static bool run(const char *command)
{
    char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, g_strdup(command),
        NULL };
    int status = -1;
    GError *error = NULL;
    bool fine = g_spawn_sync(NULL, argv, NULL,
            (GSpawnFlags)(G_SPAWN_STDOUT_TO_DEV_NULL |
                    G_SPAWN_STDERR_TO_DEV_NULL),
            NULL, NULL, NULL, NULL, &status, &error);

    g_clear_error(&error);
    g_free(argv[2]);
    return fine && status == 0;
}

static void must(const char *command)
{
    if (!run(command))
        g_error("it fails: %s", command);
}

static char *output_of(const char *command)
{
    char *text = NULL;
    int status = -1;

    if (!g_spawn_command_line_sync(command, &text, NULL, &status, NULL) ||
            status != 0)
        g_error("it fails: %s", command);
    return text;
}

/* --- Places --------------------------------------------------------------- */

static int here(void)
{
    int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void go(int place)
{
    g_assert_cmpint(setns(place, CLONE_NEWNET), ==, 0);
}

static int new_place(void)
{
    g_assert_cmpint(unshare(CLONE_NEWNET), ==, 0);
    must("ip link set lo up");
    return here();
}

bool wilderness_is_possible(void)
{
    static const char *const needed[] = { "ip -V", "nft --version",
        "unshare -n ip link add one0 type veth peer name one1",
        "unshare -n nft add table inet t" };

    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (run(needed[i]))
            continue;
        g_printerr("skipped: '%s' cannot be done here (it takes root, iproute2 "
                   "and nftables)\n",
                needed[i]);
        return false;
    }
    return true;
}

void wilderness_go_far(const struct wilderness *wilderness)
{
    go(wilderness->far);
}

void wilderness_go_near(const struct wilderness *wilderness)
{
    go(wilderness->near);
}

void wilderness_init(struct wilderness *wilderness)
{
    char *command;

    wilderness->home = here();
    wilderness->near = new_place();
    wilderness->far = new_place();
    command = g_strdup_printf("ip link add far type veth peer name near netns "
                              "/proc/%d/fd/%d",
            (int)getpid(), wilderness->near);
    must(command);
    g_free(command);
    must("ip address add " WILDERNESS_FAR "/24 dev far && ip link set far up");
    must("nft 'add table inet wild; add chain inet wild in { type filter hook "
         "input priority 0; }'");
    wilderness_go_near(wilderness);
    must("ip address add " NEAR "/24 dev near && ip link set near up");
}

void wilderness_deinit(struct wilderness *wilderness)
{
    go(wilderness->home);
    close(wilderness->near);
    close(wilderness->far);
    close(wilderness->home);
}

void wilderness_rule(const struct wilderness *wilderness, const char *which,
        const char *fate)
{
    char *command = g_strdup_printf("nft 'flush chain inet wild in; "
                                    "add rule inet wild in iif far %s "
                                    "counter %s'",
            which, fate);

    wilderness_go_far(wilderness);
    must(command);
    wilderness_go_near(wilderness);
    g_free(command);
}

static uint64_t hits_in(const char *text)
{
    static const char counter[] = "counter packets ";
    const char *at = g_strstr_len(text, -1, counter);

    g_assert_nonnull(at); /* or there is no rule */
    return strtoull(at + strlen(counter), NULL, 10);
}

uint64_t wilderness_no_rule(const struct wilderness *wilderness)
{
    char *text;
    uint64_t hits;

    wilderness_go_far(wilderness);
    text = output_of("nft list chain inet wild in");
    must("nft flush chain inet wild in");
    wilderness_go_near(wilderness);
    hits = hits_in(text);
    g_free(text);
    return hits;
}
