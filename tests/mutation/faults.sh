# shellcheck shell=bash
# Read by whoever plants faults: what the list has, and how one is planted.

mutation=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fault_names() {
    sed -n 's/^\[\(.*\)\]$/\1/p' "$mutation/faults"
}

# fault_word NAME WORD: what its line "WORD: ..." says.
fault_word() {
    awk -v name="[$1]" -v word="$2: " '
        /^\[.*\]$/ { here = $0 == name }
        here && index($0, word) == 1 { print substr($0, length(word) + 1) }
    ' "$mutation/faults"
}

# fault_plant NAME SOURCE: the source with the fault in it, on stdout.
fault_plant() {
    awk -v name="$1" -f "$mutation/plant.awk" "$mutation/faults" "$2"
}
