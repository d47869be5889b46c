#!/usr/bin/env bash
# mutate.sh [NAME...]: plants the faults of the list (or those whose names
# contain one of these words), one at a time, in a copy of the checkout, and
# tells which are caught by the quick suite, and by what. First the tests that
# the list names are run; in the end, those that were missed meet all the others
# until one notices. That one has to fail twice, so that no unlucky test counts.
#
# Fails if fewer than 90 in 100 are caught, or one does not build.

set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
enough=90
top=$PWD/build/mutate
tree=$top/tree
log=$top/log
renice -n 10 $$ >/dev/null

# What git has around the copy is none of its business.
export GIT_CEILING_DIRECTORIES=$top

die() {
    printf 'mutate: %s\n' "$*" >&2
    exit 1
}

# --- The copy ---------------------------------------------------------------

# Only what has changed since the last time gets another time, and is built
# again.
copy_checkout() {
    local fresh=$top/fresh file
    rm -rf "$fresh"
    mkdir -p "$fresh" "$tree"
    git ls-files -z --cached --others --exclude-standard |
        tar --null --ignore-failed-read -T - -cf - 2>/dev/null |
        tar -C "$fresh" -xf - || return
    (cd "$tree" && find . -path ./build -prune -o -type f -print) |
        while IFS= read -r file; do
            [ -e "$fresh/$file" ] || rm "$tree/$file"
        done
    (cd "$fresh" && find . -type f) | while IFS= read -r file; do
        cmp -s "$fresh/$file" "$tree/$file" && continue
        mkdir -p "$(dirname "$tree/$file")" && cp "$fresh/$file" "$tree/$file"
    done
    rm -rf "$fresh"
}

build() {
    (cd "$tree" && cmake --build --preset dev --target "$@") >"$log" 2>&1
}

prepare() {
    copy_checkout || die 'the checkout cannot be copied'
    if ! (cd "$tree" && cmake --preset dev) >"$log" 2>&1 || ! build all; then
        cat "$log"
        die 'the checkout does not build as it is'
    fi
}

# --- Tests ------------------------------------------------------------------

# Whatever a broken executor has left behind, by the place of its program.
sweep() {
    local link
    for link in /proc/[0-9]*/exe; do
        if [[ $(readlink "$link" 2>/dev/null) == "$tree"/build/* ]]; then
            kill -9 "$(basename "$(dirname "$link")")" 2>/dev/null
        fi
    done
}

# run ARGUMENT...: ctest's; 0: none fails; else tells the first that does.
run() {
    local status=0
    (cd "$tree" && timeout 1800 ctest --preset dev --stop-on-failure "$@") \
        </dev/null >"$log" 2>&1 || status=$?
    sweep
    [ "$status" -ne 0 ] || return 0
    sed -n '/^The following tests FAILED:/,$ s/^[^-]* - \([^ ]*\) .*/\1/p' \
        "$log" | head -n 1
    return 1
}

# The names in words, as a regular expression.
any_of() {
    local words=${1//./[.]}
    printf '^(%s)$' "${words// /|}"
}

# Only what these tests need: each is built by its name, and those of a user's
# programs run ours.
build_for() {
    local test targets=()
    for test in $1; do
        case $test in
        style.*) ;;
        simulation.*) targets+=(simulate) ;;
        integration.*)
            targets+=(executor/all client/all tests/support/all "$test") ;;
        *) targets+=("$test") ;;
        esac
    done
    [ ${#targets[@]} -eq 0 ] || build "${targets[@]}"
}

# --- One fault --------------------------------------------------------------

# Tells what becomes of it under the tests that the list names.
judge() {
    local found
    if ! build_for "$1"; then
        echo broken 'it does not build'
    elif found=$(run -R "$(any_of "$1")"); then
        echo missed -
    else
        echo caught "$found"
    fi
}

# The same under all the others.
judge_by_all() {
    local found
    if ! build all; then
        echo broken 'it does not build'
    elif found=$(run -LE style -E "$(any_of "$1")"); then
        echo missed -
    elif run -R "$(any_of "$found")" >/dev/null; then
        echo missed "($found failed once)"
    else
        echo caught "$found, which the list does not name"
    fi
}

# try JUDGE NAME: sets `what`, and tells it.
try() {
    local name=$2 file began=$SECONDS by
    file=$tree/$(fault_word "$name" file)
    cp "$file" "$top/whole"
    if fault_plant "$name" "$top/whole" >"$top/planted"; then
        cp "$top/planted" "$file"
        read -r what by < <("$1" "$(fault_word "$name" tests)")
        cp "$top/whole" "$file"
    else
        what=broken by='it no longer fits the file'
    fi
    printf '%-7s %4ds  %-60s %s\n' "$what" $((SECONDS - began)) "$name" "$by"
    case $what in
    caught) caught=$((caught + 1)) ;;
    broken) broken=$((broken + 1)) ;;
    esac
}

wanted() {
    local word
    [ $# -gt 1 ] || return 0
    for word in "${@:2}"; do
        [[ $1 != *"$word"* ]] || return 0
    done
    return 1
}

prepare
# The list as it was copied, so that the checkout may change meanwhile.
# shellcheck source=tests/mutation/faults.sh
. "$tree/tests/mutation/faults.sh"
caught=0 broken=0 count=0 what='' missed=()
while IFS= read -r name <&3; do
    wanted "$name" "$@" || continue
    count=$((count + 1))
    try judge "$name"
    [ "$what" != missed ] || missed+=("$name")
done 3< <(fault_names)
[ ${#missed[@]} -eq 0 ] || echo 'those that were missed, under all other tests:'
for name in "${missed[@]}"; do
    try judge_by_all "$name"
done
printf '%d of %d faults are caught' "$caught" "$count"
[ "$broken" -eq 0 ] || printf '; %d cannot be planted' "$broken"
echo
[ "$broken" -eq 0 ] && [ $((caught * 100)) -ge $((count * enough)) ]
