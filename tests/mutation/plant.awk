# SPDX-License-Identifier: Apache-2.0
#
# awk -v name=NAME -f plant.awk FAULTS SOURCE: the source with that fault in it.
# Fails unless what it takes the place of is there, once.

FNR == NR {
    if (/^\[.*\]$/)
        here = $0 == "[" name "]"
    else if (here && /^-/)
        old[++olds] = substr($0, 2)
    else if (here && /^\+/)
        new[++news] = substr($0, 2)
    next
}

{ line[++lines] = $0 }

END {
    for (i = 1; olds > 0 && i + olds - 1 <= lines; i++) {
        for (j = 1; j <= olds && line[i + j - 1] == old[j]; j++)
            ;
        if (j > olds) {
            at = i
            found++
        }
    }
    if (found != 1)
        exit 1
    for (i = 1; i < at; i++)
        print line[i]
    for (i = 1; i <= news; i++)
        print new[i]
    for (i = at + olds; i <= lines; i++)
        print line[i]
}
