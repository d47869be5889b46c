#!/usr/bin/env bash
# Every fault of tests/mutation/faults can still be planted, and no two have the
# same name.

# shellcheck source=tests/style/files.sh
. "$(dirname "${BASH_SOURCE[0]}")/files.sh"

[ -f tests/mutation/faults.sh ] || exit 0
# shellcheck source=tests/mutation/faults.sh
. tests/mutation/faults.sh

violation 'the place for this fault has changed: write it anew' < <(
    fault_names | while IFS= read -r name; do
        file=$(fault_word "$name" file)
        [ -f "$file" ] && fault_plant "$name" "$file" >/dev/null ||
            printf 'tests/mutation/faults: [%s]\n' "$name"
    done
)

violation 'two faults have this name' < <(fault_names | sort | uniq -d)

violation 'it does not say which tests come first' < <(
    fault_names | while IFS= read -r name; do
        [ -n "$(fault_word "$name" tests)" ] || printf '%s\n' "$name"
    done
)

verdict
