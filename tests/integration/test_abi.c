/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What programs that were linked to libremex depend on, see COMPATIBILITY in
 * remex(3): its symbols, its name, its plain structs; and headers that both
 * languages take, each alone.
 */

#include <string.h>

#include <glib.h>

#include <remex/capture.h>
#include <remex/copy.h>
#include <remex/graceful_stop.h>
#include <remex/inspect.h>
#include <remex/lines.h>

#include "support/command.h"
#include "support/headers.h"
#include "support/remote.h"
#include "support/sanitizers.h"
#include "support/suite.h"

#define SHARED REMEX_BUILD_DIR "/client/libremex.so"
#define STATIC REMEX_BUILD_DIR "/client/libremex.a"
#define MAP "client/remex.map and the headers"

/* What it prints; yours to g_free. */
static char *run(const char *script)
{
    struct command_result result;
    char *out;

    command_run(REMOTE_ARGV("/bin/bash", "-c", script), &result);
    if (result.status != 0)
        g_error("%s: %s", script, result.err_text);
    out = g_strdup(result.out_text);
    command_result_deinit(&result);
    return out;
}

/* A line for each, with `end` behind it. */
static char *names_of_the_headers(const char *end)
{
    GPtrArray *functions = headers_functions();
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < functions->len; i++) {
        const struct header_function *function = functions->pdata[i];

        g_string_append_printf(list, "%s%s\n", function->name, end);
    }
    g_ptr_array_unref(functions);
    return g_string_free(list, FALSE);
}

/* Both are ours to free. */
static void check_same(const char *file, char *has, char *is_to_have)
{
    if (strcmp(has, is_to_have) != 0)
        g_error("%s has other functions than the headers declare: see to %s\n"
                "%s\ninstead of\n%s",
                file, MAP, has, is_to_have);
    g_free(is_to_have);
    g_free(has);
}

static void the_shared_library_has_what_the_headers_declare(void)
{
    check_same(SHARED,
            run("nm -D --defined-only --with-symbol-versions " SHARED
                " | awk '$2 != \"A\" { print $3 }' | LC_ALL=C sort"),
            names_of_the_headers("@@REMEX_0"));
}

static void the_static_library_has_nothing_else_either(void)
{
    if (sanitizers_on()) {
        g_test_skip("a sanitizer adds symbols of its own");
        return;
    }
    check_same(STATIC,
            run("nm --extern-only --defined-only " STATIC
                " | awk 'NF == 3 { print $3 }' | LC_ALL=C sort"),
            names_of_the_headers(""));
}

static void its_name_is_the_one_programs_ask_for(void)
{
    char *out = run("readelf -d " SHARED " | grep SONAME");

    g_assert_nonnull(strstr(out, "[libremex.so.0]"));
    g_free(out);
}

/* On other machines they may be of other sizes, as constant as these. */
static void plain_structs_keep_their_sizes(void)
{
#if defined(__x86_64__) && defined(__LP64__)
    g_assert_cmpuint(sizeof(struct remex_bytes), ==, 16);
    g_assert_cmpuint(sizeof(struct remex_error), ==, 336);
    g_assert_cmpuint(sizeof(struct remex_exit), ==, 88);
    g_assert_cmpuint(sizeof(struct remex_stream_end), ==, 24);
    g_assert_cmpuint(sizeof(struct remex_event), ==, 112);
    g_assert_cmpuint(sizeof(struct remex_ending), ==, 216);
    g_assert_cmpuint(sizeof(struct remex_line), ==, 56);
    g_assert_cmpuint(sizeof(struct remex_copy_result), ==, 280);
    g_assert_cmpuint(sizeof(struct remex_stop_report), ==, 784);
    g_assert_cmpuint(sizeof(struct remex_label), ==, 16);
    g_assert_cmpuint(sizeof(struct remex_rlimit), ==, 24);
    g_assert_cmpuint(sizeof(struct remex_stop_step), ==, 8);
#else
    g_test_skip("nobody has written them down for this machine");
#endif
}

static void check_header(const char *compiler, const char *header)
{
    char *include = g_strdup_printf("echo '#include <remex/%s>' | %s -Wall "
                                    "-Wextra -Werror -pedantic -fsyntax-only "
                                    "-I " REMEX_SOURCE_DIR "/client/include "
                                    "-I " REMEX_SOURCE_DIR "/common/include -",
            strrchr(header, '/') + 1, compiler);

    g_free(run(include));
    g_free(include);
}

static void each_header_stands_alone(const char *compiler)
{
    GPtrArray *headers = headers_list();

    for (guint i = 0; i < headers->len; i++)
        check_header(compiler, headers->pdata[i]);
    g_ptr_array_unref(headers);
}

static void each_header_stands_alone_in_c(void)
{
    each_header_stands_alone("gcc -std=c11 -x c");
    each_header_stands_alone("clang -std=c11 -x c");
}

static void each_header_stands_alone_in_cxx(void)
{
    each_header_stands_alone("g++ -std=c++17 -x c++");
    each_header_stands_alone("clang++ -std=c++17 -x c++");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/abi", the_shared_library_has_what_the_headers_declare);
    SUITE_ADD("/abi", the_static_library_has_nothing_else_either);
    SUITE_ADD("/abi", its_name_is_the_one_programs_ask_for);
    SUITE_ADD("/abi", plain_structs_keep_their_sizes);
    SUITE_ADD("/abi", each_header_stands_alone_in_c);
    SUITE_ADD("/abi", each_header_stands_alone_in_cxx);
    return g_test_run();
}
