/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An installed remex, as somebody else's build finds it.
 */

#include <remex/client.h>

#include <string.h>

#include <glib.h>

#include "support/command.h"
#include "support/sanitizers.h"
#include "support/suite.h"

/* Uses a function of the client and one that lies in common. */
static const char program[] =
        "#include <stdio.h>\n"
        "#include <remex/process.h>\n"
        "int main(void)\n"
        "{\n"
        "    struct remex_error error;\n"
        "    struct remex_client *client;\n"
        "    enum remex_status status = remex_client_connect(\n"
        "            \"ipc:///nowhere/socket\", NULL, &client, &error);\n"
        "    puts(remex_status_name(status));\n"
        "    return 0;\n"
        "}\n";

static const char project[] =
        "cmake_minimum_required(VERSION 3.25)\n"
        "project(user LANGUAGES C)\n"
        "find_package(remex 0.1 CONFIG REQUIRED)\n"
        "add_executable(user user.c)\n"
        "target_link_libraries(user PRIVATE remex::remex)\n";

#define INSTALL \
    "set -e; cd \"$1\"\n" \
    "cmake --install '" REMEX_BUILD_DIR "' --prefix \"$1/i\" >&2\n" \
    "lib=$(dirname \"$(find \"$1/i\" -name libremex.so)\")\n" \
    "export LD_LIBRARY_PATH=\"$lib\"\n"

/* Runs the script with a directory as $1 that holds the project. */
static void check_script(const char *script)
{
    char *directory = g_dir_make_tmp("remex-test-XXXXXX", NULL);
    char *source = g_build_filename(directory, "user.c", NULL);
    char *list = g_build_filename(directory, "CMakeLists.txt", NULL);
    const char *argv[] = { "/bin/sh", "-c", script, "sh", directory, NULL };
    const char *remove[] = { "rm", "-r", directory, NULL };
    struct command_result result;

    g_assert_true(g_file_set_contents(source, program, -1, NULL));
    g_assert_true(g_file_set_contents(list, project, -1, NULL));
    command_run(argv, &result);
    if (result.status != 0 || strcmp(result.out_text, "NOT_FOUND\n") != 0)
        g_error("%d: %s%s", result.status, result.out_text, result.err_text);
    command_result_deinit(&result);
    command_run(remove, &result);
    command_result_deinit(&result);
    g_free(source);
    g_free(list);
    g_free(directory);
}

static void pkg_config_knows_it(void)
{
    check_script(INSTALL
            "export PKG_CONFIG_PATH=\"$lib/pkgconfig\"\n"
            "cc user.c $(pkg-config --cflags --libs remex) -o user >&2\n"
            "./user");
}

static void cmake_finds_it(void)
{
    check_script(INSTALL "cmake -S . -B b -DCMAKE_PREFIX_PATH=\"$1/i\" >&2\n"
                         "cmake --build b >&2\n"
                         "b/user");
}

static void it_exports_nothing_but_its_own(void)
{
    check_script(INSTALL "nm -D --defined-only \"$lib/libremex.so\" |\n"
                         "    awk '$3 !~ /^remex_/ { print }'\n"
                         "echo NOT_FOUND");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (sanitizers_on())
        return 77; /* a user's program would need the sanitizer's flags */
    SUITE_ADD("/install", pkg_config_knows_it);
    SUITE_ADD("/install", cmake_finds_it);
    SUITE_ADD("/install", it_exports_nothing_but_its_own);
    return g_test_run();
}
