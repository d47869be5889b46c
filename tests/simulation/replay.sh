#!/usr/bin/env bash
# replay.sh SIMULATE: a seed is the same in every process, and one that fails is
# shrunk to what it takes.
set -u
simulate=$1

for seed in 1 2 3 5 8 13 21 34 55 89; do
    first=$("$simulate" --seed "$seed" --trace) || exit 1
    second=$("$simulate" --seed "$seed" --trace) || exit 1
    [ "$first" = "$second" ] || {
        echo "seed $seed: two traces differ"
        exit 1
    }
done

# A step that breaks a promise is all that is left, and the last that is told.
shrunk=$("$simulate" --seed 8 --doom 3 --shrink 2>&1) && {
    echo 'a doomed step does not fail'
    exit 1
}
grep -q -- '--seed 8 --mask 8 --trace$' <<<"$shrunk" || {
    echo "not shrunk: $shrunk"
    exit 1
}
tail -n 1 <<<"$shrunk" | grep -q 'step 3 is doomed$'
