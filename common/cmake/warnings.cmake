# remex_warnings: the warnings for code that people wrote, as errors.
# Link it PRIVATE, so that they stop at this project's own sources.

add_library(remex_warnings INTERFACE)
target_compile_options(remex_warnings INTERFACE
    -Werror
    -Wall
    -Wextra
    -Wpedantic
    -Wshadow
    -Wconversion
    -Wsign-conversion
    -Wstrict-prototypes
    -Wmissing-prototypes
    -Wold-style-definition
    -Wcast-qual
    -Wwrite-strings
    -Wpointer-arith
    -Wundef
    -Wvla
    -Wformat=2
    -Wswitch-enum
    -Wimplicit-fallthrough
    -Wnull-dereference
    $<$<C_COMPILER_ID:GNU>:
        -Wlogical-op
        -Wduplicated-cond
        -Wduplicated-branches
        -Wcast-align=strict
        -Wtrampolines>
    $<$<C_COMPILER_ID:Clang>:
        -Wcomma
        -Wunreachable-code-aggressive
        -Wassign-enum
        -Wthread-safety>)
