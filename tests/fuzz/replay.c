/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Stands in for libFuzzer where there is none: gives the fuzz target each file
 * of the directories named as arguments.
 */

#include <stdint.h>
#include <stdio.h>

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *path)
{
    GError *error = NULL;
    char *data = NULL;
    size_t size = 0;

    if (!g_file_get_contents(path, &data, &size, &error))
        g_error("%s", error->message);
    LLVMFuzzerTestOneInput((const uint8_t *)data, size);
    g_free(data);
}

static unsigned int replay_all(const char *directory)
{
    GError *error = NULL;
    GDir *dir = g_dir_open(directory, 0, &error);
    unsigned int count = 0;
    const char *name;

    if (!dir)
        g_error("%s", error->message);
    while ((name = g_dir_read_name(dir))) {
        char *path = g_build_filename(directory, name, NULL);

        replay(path);
        g_free(path);
        count++;
    }
    g_dir_close(dir);
    return count;
}

int main(int argc, char **argv)
{
    unsigned int count = 0;

    for (int i = 1; i < argc; i++)
        count += replay_all(argv[i]);
    printf("replayed %u files\n", count);
    return count > 0 ? 0 : 1;
}
