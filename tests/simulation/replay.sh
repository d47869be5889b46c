#!/usr/bin/env bash
# replay.sh SIMULATE: a seed is the same in every process, and one that fails is
# shrunk to what it takes.
set -u
simulate=$1

# Each ends with a hash of all that happened, in whichever order.
first=$("$simulate" --count 500 --jobs 1 | tail -n 1)
second=$("$simulate" --count 500 --jobs 3 | tail -n 1)
[[ $first == *'every promise was kept; '* && $first = "$second" ]] || {
    echo "500 seeds, twice: $first / $second"
    exit 1
}

# To the letter.
for seed in 1 2 3 5 8 13 21 34 55 89; do
    first=$("$simulate" --seed "$seed" --trace) || exit 1
    second=$("$simulate" --seed "$seed" --trace) || exit 1
    [ "$first" = "$second" ] || {
        echo "seed $seed: two traces differ"
        exit 1
    }
done

# Wherever in memory things are: an executor ends that has many processes, one
# after the other.
first=$("$simulate" --seed 20280192)
second=$(GLIBC_TUNABLES=glibc.malloc.tcache_count=0 "$simulate" --seed 20280192)
[[ $first == *'every promise was kept; '* && $first = "$second" ]] || {
    echo "elsewhere in memory: $first / $second"
    exit 1
}

# A step that breaks a promise is all that is left, and the last that is told.
shrunk=$("$simulate" --seed 8 --doom 3 --shrink 2>&1) && {
    echo 'a doomed step does not fail'
    exit 1
}
grep -q -- '--seed 8 --mask 8 --trace$' <<<"$shrunk" || {
    echo "not shrunk: $shrunk"
    exit 1
}
tail -n 1 <<<"$shrunk" | grep -q 'step 3 is doomed$' || exit 1

# One that fails does not keep the others from being run, and each is shrunk.
many=$("$simulate" --count 300 --doom 63 2>&1) && {
    echo 'nothing fails where a step is doomed'
    exit 1
}
broken=$(sed -n 's/^seeds 1 to 300: \([0-9]*\) broke a promise$/\1/p' <<<"$many")
again=$(grep -c '^again: .* --mask 8000000000000000 --trace$' <<<"$many")
[[ $broken -ge 2 && $again = "$broken" ]] || {
    echo "$broken broke a promise, $again were shrunk: $many"
    exit 1
}
