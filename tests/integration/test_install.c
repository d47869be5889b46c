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

/* Runs a program on an executor of its own, in what C and C++ have in common.
 */
static const char program[] =
        "#include <stdio.h>\n"
        "#include <remex/capture.h>\n"
        "int main(void)\n"
        "{\n"
        "    const char *const argv[] = { \"echo\", \"it works\", NULL };\n"
        "    struct remex_client_options options =\n"
        "            REMEX_DEFAULTS(remex_client_options);\n"
        "    struct remex_capture_result *result;\n"
        "    struct remex_client *client;\n"
        "    struct remex_error error;\n"
        "    options.name = \"user\";\n"
        "    if (remex_client_connect(\"local:\", &options, &client,\n"
        "                &error) != REMEX_OK ||\n"
        "            remex_capture(client, argv, NULL, NULL, &result,\n"
        "                &error) != REMEX_OK) {\n"
        "        fprintf(stderr, \"%s: %s\\n\",\n"
        "                remex_status_name(error.status), error.text);\n"
        "        return 1;\n"
        "    }\n"
        "    fputs((const char *)result->out.data.data, stdout);\n"
        "    remex_capture_result_free(result);\n"
        "    remex_client_free(client);\n"
        "    return 0;\n"
        "}\n";

static const char project[] =
        "cmake_minimum_required(VERSION 3.25)\n"
        "project(user LANGUAGES C)\n"
        "find_package(remex 0.1 CONFIG REQUIRED COMPONENTS ${components})\n"
        "add_executable(user user.c)\n"
        "target_link_libraries(user PRIVATE ${library})\n";

/* Nothing of it is found but by the prefix it was installed to. */
#define INSTALL \
    "set -e; cd \"$1\"; unset REMEX_REMEXD\n" \
    "cmake --install '" REMEX_BUILD_DIR "' --prefix \"$1/i\" >&2\n" \
    "lib=$(dirname \"$(find \"$1/i\" -name libremex.so)\")\n" \
    "export PKG_CONFIG_PATH=\"$lib/pkgconfig\"\n"

#define SHARED "export LD_LIBRARY_PATH=\"$lib\"\n"

/* A static library does not know where the rest lies. */
#define STATIC "export PATH=\"$1/i/bin:$PATH\"\n"

#define CMAKE(library, components) \
    "cmake -S . -B b -DCMAKE_PREFIX_PATH=\"$1/i\" -Dlibrary=" library \
    " -Dcomponents=" components " >&2\n" \
    "cmake --build b >&2\n" \
    "b/user"

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
    if (result.status != 0 || strcmp(result.out_text, "it works\n") != 0)
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
    check_script(INSTALL SHARED
            "cc user.c $(pkg-config --cflags --libs remex) -o user >&2\n"
            "./user");
}

static void pkg_config_knows_what_a_static_program_needs(void)
{
    check_script(INSTALL STATIC
            "cc -static user.c $(pkg-config --static --cflags --libs remex)"
            " -o user >&2\n"
            "./user");
}

static void it_is_of_use_in_cxx(void)
{
    check_script(INSTALL SHARED
            "c++ -std=c++17 -Wall -Wextra -Werror -pedantic -x c++ user.c"
            " $(pkg-config --cflags --libs remex) -o user >&2\n"
            "./user");
}

static void cmake_finds_it(void)
{
    check_script(INSTALL SHARED CMAKE("remex::remex", ""));
}

static void cmake_finds_the_static_one(void)
{
    check_script(INSTALL STATIC CMAKE("remex::static", "static"));
}

static void cmake_is_told_what_there_is_not(void)
{
    check_script(INSTALL "if cmake -S . -B b -DCMAKE_PREFIX_PATH=\"$1/i\""
                         " -Dcomponents=dynamic 2>err; then exit 1; fi >&2\n"
                         "grep -q \"has no component 'dynamic'\" err\n"
                         "echo it works");
}

/* man follows them to the page that tells of the function. */
static void every_function_is_found_in_the_manual(void)
{
    check_script(INSTALL
            "for name in $(nm -D --defined-only \"$lib/libremex.so\" |\n"
            "        sed -n 's/.* T \\([a-z_]*\\).*/\\1/p'); do\n"
            "    page=$1/i/share/man/man3/$name.3\n"
            "    test -s \"$page\" || { echo \"no $page\" >&2; exit 1; }\n"
            "    to=$(sed -n 's/^\\.so //p' \"$page\")\n"
            "    grep -q \"$name\" \"$1/i/share/man/${to:-man3/$name.3}\"\n"
            "done\n"
            "echo it works");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (sanitizers_on())
        return 77; /* a user's program would need the sanitizer's flags */
    SUITE_ADD("/install", pkg_config_knows_it);
    SUITE_ADD("/install", pkg_config_knows_what_a_static_program_needs);
    SUITE_ADD("/install", it_is_of_use_in_cxx);
    SUITE_ADD("/install", cmake_finds_it);
    SUITE_ADD("/install", cmake_finds_the_static_one);
    SUITE_ADD("/install", cmake_is_told_what_there_is_not);
    SUITE_ADD("/install", every_function_is_found_in_the_manual);
    return g_test_run();
}
