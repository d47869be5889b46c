/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is to be written has no room: whoever writes it says so, and fails, and
 * leaves nothing of it; what was there before is as it was. For root, who can
 * make a disk that is small.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "support/cli.h"
#include "support/daemon.h"
#include "support/suite.h"

static struct daemon the_daemon;

#define AT "--at", the_daemon.address

/* --- Standard output ------------------------------------------------------ */

/* remex with its standard output on a full disk. */
#define CLI_FULL(...) \
    REMOTE_ARGV("/bin/sh", "-c", "exec \"$0\" \"$@\" >/dev/full", \
            REMEX_BIN_DIR "/remex", __VA_ARGS__)

#define NO_ROOM "cannot write standard output: No space left"

static void what_is_told_and_not_written_is_a_failure(void)
{
    cli_check(CLI("start", AT, "--id", "it", "--", "/bin/true"), 0, "it\n", "");
    cli_check_told(CLI_FULL("ps", AT), 125, NO_ROOM);
    cli_check_told(CLI_FULL("ps", AT, "--json"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("inspect", AT, "it"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("info", AT), 125, NO_ROOM);
    cli_check_told(CLI_FULL("top", AT, "--once"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("version", AT), 125, NO_ROOM);
    cli_check_told(CLI_FULL("help"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("run", "--help"), 125, NO_ROOM);
    cli_check_told(CLI_FULL("start", AT, "--id", "other", "--", "/bin/true"),
            125, NO_ROOM);
    cli_check_told(CLI_FULL("trace", AT), 125, NO_ROOM);
    cli_check_told(CLI_FULL("doctor", AT), 125, NO_ROOM);
}

/* More than is kept back before it is written. */
static void the_same_if_only_its_end_would_fit(void)
{
    char *word = g_strnfill(20000, 'x');

    cli_check(CLI("start", AT, "--id", "long", "--", "/bin/true", word), 0,
            "long\n", "");
    cli_check_told(CLI_FULL("inspect", AT, "long"), 125, NO_ROOM);
    g_free(word);
}

/* Of a daemon that says something once it has started, so far. */
static void check_remexd(const char *const *argv, const char *words)
{
    struct command_result result;

    command_run(argv, &result);
    if (!strstr(result.err_text, words))
        g_error("'%s' does not say '%s'", result.err_text, words);
    g_assert_cmpint(result.status, ==, 1);
    command_result_deinit(&result);
}

#define REMEXD(script, ...) \
    REMOTE_ARGV("/bin/sh", "-c", "exec \"$0\" \"$@\" " script, \
            REMEX_BIN_DIR "/remexd", __VA_ARGS__)

static void remexd_fails_likewise(void)
{
    char *address = g_strdup_printf("ipc://%s/other", the_daemon.directory);

    check_remexd(REMEXD(">/dev/full", "--version"),
            "remexd: cannot write standard output: No space left");
    check_remexd(REMEXD(">/dev/full", "--help"), "No space left");
    check_remexd(REMEXD(">/dev/full", "--check", "--listen", address),
            "No space left");
    check_remexd(REMEXD("5>/dev/full", "--listen", address, "--ready-fd", "5"),
            "remexd: --ready-fd 5: cannot write the addresses: No space left");
    g_free(address);
}

/* A log is for people: without it everything goes on. */
static void a_log_without_room_stops_nothing(void)
{
    char *address = g_strdup_printf("ipc://%s/mute", the_daemon.directory);
    struct command remexd;
    struct command_result result;
    char *ready;

    command_start(&remexd,
            REMEXD("2>/dev/full 5>&1 >/dev/null", "--listen", address,
                    "--ready-fd", "5"),
            NULL);
    ready = command_read_line(remexd.out);
    g_assert_cmpstr(ready, ==, address);
    cli_check(CLI("run", "--at", address, "--", "/bin/echo", "it"), 0, "it\n",
            "");
    g_assert_cmpint(kill(remexd.pid, SIGTERM), ==, 0);
    command_finish(&remexd, NULL, 0, &result);
    g_assert_cmpint(result.status, ==, 0);
    command_result_deinit(&result);
    g_free(ready);
    g_free(address);
}

/* --- A disk --------------------------------------------------------------- */

enum { PAGE = 4096, PAGES = 16 };

/* A small one, and what is in it. */
struct disk {
    char *path;
    char *filler;
    GString *before; /* what there was when it became full */
};

/* Of this process and its children alone. */
static bool mount_disk(const char *path)
{
    char *options = g_strdup_printf("size=%d,nr_inodes=32", PAGES * PAGE);
    bool mounted = unshare(CLONE_NEWNS) == 0 &&
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
            mount("none", path, "tmpfs", 0, options) == 0;

    g_free(options);
    return mounted;
}

/* False: it cannot be had here. */
static bool disk_init(struct disk *disk)
{
    disk->path = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    disk->filler = g_build_filename(disk->path, "filler", NULL);
    disk->before = NULL;
    if (mount_disk(disk->path))
        return true;
    g_test_skip("no disk can be made here; it takes root");
    g_rmdir(disk->path);
    g_free(disk->filler);
    g_free(disk->path);
    return false;
}

static void disk_deinit(struct disk *disk)
{
    g_assert_cmpint(umount(disk->path), ==, 0);
    g_assert_cmpint(g_rmdir(disk->path), ==, 0);
    if (disk->before)
        g_string_free(disk->before, TRUE);
    g_free(disk->filler);
    g_free(disk->path);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names but the filler's, in order, and what is in them. */
static GString *list(const struct disk *disk)
{
    GDir *directory = g_dir_open(disk->path, 0, NULL);
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GString *found = g_string_new(NULL);
    const char *name;

    while ((name = g_dir_read_name(directory)))
        if (strcmp(name, "filler") != 0)
            g_ptr_array_add(names, g_build_filename(disk->path, name, NULL));
    g_dir_close(directory);
    g_ptr_array_sort(names, compare);
    for (guint i = 0; i < names->len; i++) {
        char *text = NULL;

        g_file_get_contents(names->pdata[i], &text, NULL, NULL);
        g_string_append_printf(
                found, "%s:%s\n", (char *)names->pdata[i], text ? text : "");
        g_free(text);
    }
    g_ptr_array_unref(names);
    return found;
}

/* From now on there is room for so many pages more. */
static void disk_fill(struct disk *disk, off_t pages)
{
    static const char page[PAGE];
    int fd = open(disk->filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    off_t size = 0;

    g_assert_cmpint(fd, >=, 0);
    while (write(fd, page, PAGE) == PAGE)
        size += PAGE;
    g_assert_cmpint(errno, ==, ENOSPC);
    g_assert_cmpint(ftruncate(fd, size - pages * PAGE), ==, 0);
    close(fd);
    if (disk->before)
        g_string_free(disk->before, TRUE);
    disk->before = list(disk);
}

static void disk_check_unchanged(const struct disk *disk)
{
    GString *now = list(disk);

    g_assert_cmpstr(now->str, ==, disk->before->str);
    g_string_free(now, TRUE);
}

/* --- Keys and tokens ------------------------------------------------------ */

static void check_no_room(
        struct disk *disk, const char *const *argv, const char *file)
{
    char *words = g_strdup_printf("%s/%s: No space left", disk->path, file);

    cli_check_told(argv, 125, words);
    disk_check_unchanged(disk);
    g_free(words);
}

static void keygen(const char *const *argv)
{
    g_free(cli_read_line(argv));
}

/* A page is enough for each file. */
static void a_certificate_is_there_whole_or_not_at_all(void)
{
    struct disk disk;

    if (!disk_init(&disk))
        return;
    disk_fill(&disk, 0);
    check_no_room(
            &disk, CLI("keygen", "authority", disk.path), "authority.key");
    disk_fill(&disk, 1);
    check_no_room(
            &disk, CLI("keygen", "authority", disk.path), "authority.pem");
    disk_fill(&disk, 2);
    keygen(CLI("keygen", "authority", disk.path));
    disk_fill(&disk, 1);
    check_no_room(&disk, CLI("keygen", "client", disk.path, "joe"), "joe.pem");
    check_no_room(
            &disk, CLI("keygen", "executor", disk.path, "host"), "host.pem");
    disk_fill(&disk, 2);
    keygen(CLI("keygen", "client", disk.path, "joe"));
    disk_deinit(&disk);
}

/* Of the line in the executor's file a part would fit. */
static void a_token_is_there_whole_or_not_at_all(void)
{
    struct disk disk;
    char *tokens;
    char *many;

    if (!disk_init(&disk))
        return;
    tokens = g_build_filename(disk.path, "tokens", NULL);
    many = g_strnfill(PAGE - 10, '#');
    disk_fill(&disk, 0);
    check_no_room(&disk, CLI("keygen", "token", disk.path, "joe"), "joe.token");
    disk_fill(&disk, 2);
    g_assert_true(g_file_set_contents(tokens, many, -1, NULL));
    g_assert_cmpint(g_chmod(tokens, 0600), ==, 0);
    disk_fill(&disk, 1);
    check_no_room(&disk, CLI("keygen", "token", disk.path, "joe"), "tokens");
    disk_fill(&disk, 2);
    keygen(CLI("keygen", "token", disk.path, "joe"));
    g_free(many);
    g_assert_true(g_file_get_contents(tokens, &many, NULL, NULL));
    g_assert_nonnull(strstr(many, "##\njoe run "));
    g_free(many);
    g_free(tokens);
    disk_deinit(&disk);
}

/* --- Names ---------------------------------------------------------------- */

/* Takes those that are left, but for so many. */
static void use_names(const struct disk *disk, unsigned int but)
{
    unsigned int count = 0;
    int fd;

    do {
        char *path = g_strdup_printf("%s/name-%u", disk->path, count++);

        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0)
            close(fd);
        g_free(path);
    } while (fd >= 0);
    g_assert_cmpint(errno, ==, ENOSPC);
    for (count--; but > 0; but--) {
        char *path = g_strdup_printf("%s/name-%u", disk->path, --count);

        g_unlink(path);
        g_free(path);
    }
}

/* Neither a lock nor a socket, nor the one without the other. */
static void remexd_names_what_it_cannot_make(void)
{
    struct disk disk;
    char *address;
    char *socket;

    if (!disk_init(&disk))
        return;
    address = g_strdup_printf("ipc://%s/socket", disk.path);
    socket = g_build_filename(disk.path, "socket", NULL);
    for (unsigned int but = 0; but < 3; but++) {
        use_names(&disk, but);
        check_remexd(REMEXD("", "--listen", address), socket);
        check_remexd(REMEXD("", "--listen", address), "No space left");
        g_assert_cmpint(access(socket, F_OK), <, 0);
    }
    g_free(socket);
    g_free(address);
    disk_deinit(&disk);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_unsetenv("REMEX_EXECUTOR");
    daemon_start(&the_daemon);
    SUITE_ADD("/full_disk", what_is_told_and_not_written_is_a_failure);
    SUITE_ADD("/full_disk", the_same_if_only_its_end_would_fit);
    SUITE_ADD("/full_disk", remexd_fails_likewise);
    SUITE_ADD("/full_disk", a_log_without_room_stops_nothing);
    SUITE_ADD("/full_disk", a_certificate_is_there_whole_or_not_at_all);
    SUITE_ADD("/full_disk", a_token_is_there_whole_or_not_at_all);
    SUITE_ADD("/full_disk", remexd_names_what_it_cannot_make);
    status = g_test_run();
    daemon_stop(&the_daemon);
    return status;
}
