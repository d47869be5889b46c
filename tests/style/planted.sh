#!/usr/bin/env bash
# The style tests' own test: each of them must see a violation that is planted
# in an otherwise empty tree, and leave alone what is allowed.

set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# check WANTED RULE [FILE TEXT]...: what RULE makes of a tree with those files.
check() {
    local wanted=$1 rule=$2 status=0 told
    shift 2
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/client/include/remex"
    touch "$tree/client/include/remex/client.h"
    for ((i = 1; i < $#; i += 2)); do
        local j=$((i + 1))
        mkdir -p "$(dirname "$tree/${!i}")"
        printf '%s\n' "${!j}" >"$tree/${!i}"
    done

    told=$(bash "$here/$rule.sh" "$tree" 2>&1) || status=$?
    if [ "$status" -eq 77 ]; then
        printf '%s %s\n' "$rule" "$told"
    elif [ "$status" -ne "$wanted" ]; then
        printf 'style.%s gave %d, not %d, for\n' "$rule" "$status" "$wanted"
        printf '  | %s\n' "$@" "$told"
        failures=$((failures + 1))
    fi
}

good() { check 0 "$@"; }
bad() { check 1 "$@"; }

bad arrows common/a.c '#include "executor/a.h"'
bad arrows common/a.c '#include "client/a.h"'
bad arrows common/a.c '#include <remex/client.h>'
bad arrows executor/a.h '#include "client/a.h"'
bad arrows executor/a.h '#include <remex/client.h>'
bad arrows client/cli/a.c '# include "executor/a.h"'
bad arrows client/a.c '#include "support/a.h"'
bad arrows client/convenience/a.c '#include "client/a.h"'
bad arrows client/convenience/a.h '#include "common/a.h"'
bad arrows tests/integration/a.c '#include "client/a.h"'
bad arrows tests/integration/a.c '#include <executor/a.h>'
bad arrows tests/integration/a.c '#include "a.h"'
bad arrows executor/a.c '#include <nng/nng.h>'
bad arrows client/a.c '#include <nng/nng.h>'
bad arrows executor/wire.c '#include "remex/v1/executor.pb-c.h"'
bad arrows tests/unit/a.c '#include <remex/v1/executor.pb-c.h>'
bad arrows client/a.c '#include <glib.h>'
bad arrows client/a.c '#include "../common/a.h"'
bad arrows client/a.c '#include "common/../executor/a.h"'
bad arrows executor/front/a.c '#include <nng/nng.h>'
good arrows client/convenience/a.c '#include "client/convenience/a.h"
#include <remex/client.h>'
bad arrows client/connection_a.h '#include <nng/nng.h>'
good arrows common/wire_a.c '#include "remex/v1/executor.pb-c.h"'
good arrows tests/fuzz/a.c '#include "remex/v1/executor.pb-c.h"'
good arrows tests/integration/a.c '#include <remex/client.h>
#include <glib.h>
#include <nng/nng.h>
#include <sys/wait.h>
#include "common/a.h"
#include "support/a.h"'
good arrows tests/unit/a.c '#include "executor/a.h"'
good arrows executor/a.c '#include <remex/status.h>
#include "common/a.h"'

bad format common/a.c 'int  a;'
good format common/a.c 'int a;'

of_lines() { printf 'int a(void)\n{\n%s}' "$(yes ';' | head -n $(($1 - 3)))
"; }
bad lengths executor/a.c "$(of_lines 61)"
good lengths executor/a.c "$(of_lines 60)"
good lengths tests/unit/a.c "$(of_lines 61)"
bad lengths client/a.h "$(yes ' ' | head -n 501)"
good lengths client/a.h "$(yes ' ' | head -n 500)"

for word in sprintf vsprintf strcpy strcat gets strtok atoi; do
    bad banned common/a.c "    $word(a);"
done
good banned common/a.c '    snprintf(a); strtok_r(a); fgets(a);'
good banned tests/unit/a.c '    strcpy(a, b);'
for word in TODO FIXME XXX; do
    bad banned tests/unit/a.c "/* $word: later */"
done
bad banned executor/tokens.c '    memcmp(a);'
good banned executor/tokens.c '    CRYPTO_memcmp(a);'
good banned common/a.c '    mkdtemp("a.XXXXXX");'
for word in sleep usleep g_usleep nng_msleep; do
    bad banned tests/integration/a.c "    $word(1);"
done
bad banned client/a.c '    clock_gettime(CLOCK_REALTIME, &now);'
bad banned executor/a.c '    now = time(NULL);'
good banned common/clock.c '    clock_gettime(CLOCK_REALTIME, &now);'
good banned tests/support/children/a.c '    sleep(1);'
good banned tests/unit/a.c '    start("sleep", "1");'

planter=(
    tests/mutation/faults.sh "$(<"$here/../mutation/faults.sh")"
    tests/mutation/plant.awk "$(<"$here/../mutation/plant.awk")"
)
fault='[a]
file: common/a.c
tests: unit.a
-old
+new'
good mutations common/a.c 'old' tests/mutation/faults "$fault" "${planter[@]}"
bad mutations common/a.c 'other' tests/mutation/faults "$fault" "${planter[@]}"
bad mutations common/a.c "$(printf 'old\nold')" \
    tests/mutation/faults "$fault" "${planter[@]}"
bad mutations common/b.c 'old' tests/mutation/faults "$fault" "${planter[@]}"
bad mutations common/a.c 'old' tests/mutation/faults "$fault
$fault" "${planter[@]}"

bad sources common/a.c ''
bad sources common/a.c '' common/CMakeLists.txt 'add(x aa.c b/a.c) # a.c'
bad sources common/b/a.c '' common/CMakeLists.txt 'add(x a.c)'
good sources common/a.c '' common/CMakeLists.txt 'add(x a.c)'
# shellcheck disable=SC2016 # CMake's to expand
good sources common/b/a.c '' common/CMakeLists.txt 'add(x ${here}/b/a.c)'
good sources common/b/a.c '' common/b/CMakeLists.txt 'add(x a.c)'
good sources tests/unit/a.c ''

[ "$failures" -eq 0 ]
