/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "support/suite.h"

static char *put_for(char *text, const char *letter, guint64 number)
{
    char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    char **parts = g_strsplit(text, letter, 0);
    char *all = g_strjoinv(digits, parts);

    g_strfreev(parts);
    g_free(digits);
    g_free(text);
    return all;
}

/* Whether one is believed to read `fd` if the environment says so, with D for
 * its device and I for its inode. */
static bool reads(int fd, const char *words)
{
    struct stat status;
    char *text = g_strdup(words);
    bool answer;

    g_assert_cmpint(fstat(fd, &status), ==, 0);
    text = put_for(text, "D", status.st_dev);
    text = put_for(text, "I", status.st_ino);
    g_setenv("JOURNAL_STREAM", text, TRUE);
    answer = journal_reads(fd);
    g_unsetenv("JOURNAL_STREAM");
    g_free(text);
    return answer;
}

static void only_the_very_stream_is_read(void)
{
    int ends[2];

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_assert_true(reads(ends[1], "D:I"));
    g_assert_false(reads(ends[1], "D:1I"));
    g_assert_false(reads(ends[1], "1D:I"));
    g_assert_false(journal_reads(ends[1])); /* nothing is said */
    close(ends[0]);
    close(ends[1]);
    g_setenv("JOURNAL_STREAM", "1:1", TRUE);
    g_assert_false(journal_reads(ends[1])); /* nothing is open */
    g_unsetenv("JOURNAL_STREAM");
}

static void what_makes_no_sense_is_nothing(void)
{
    static const char *const words[] = { "D", "D:", "D I", "D:I:", "D:I ",
        "+D:I", " D:I", "D: I", "99999999999999999999D:I", "", ":" };
    int ends[2];

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        g_assert_false(reads(ends[1], words[i]));
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/journal", only_the_very_stream_is_read);
    SUITE_ADD("/journal", what_makes_no_sense_is_nothing);
    return g_test_run();
}
