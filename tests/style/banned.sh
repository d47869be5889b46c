#!/usr/bin/env bash
# Words that do not belong in the code.

# shellcheck source=tests/style/files.sh
. "$(dirname "${BASH_SOURCE[0]}")/files.sh"

violation 'it writes past the end, or tells no error' < <(
    files '^(common|executor|client)/.*\.[ch]$' |
        search '\b(v?sprintf|strcpy|stpcpy|strcat|gets|strtok|ato[ifl]l?)\('
)

violation 'what is left to do belongs in an issue' < <(
    files '(\.[ch]|\.proto|\.cmake|CMakeLists\.txt)$' |
        search '\b(TODO|FIXME|XXX)\b'
)

violation 'a secret is compared in a time that tells nothing of it' < <(
    files '^(executor/tokens|common/(ids|secret))\.c$' | search '\bmemcmp\('
)

# Timers, deadlines and waits are by a clock that nobody sets. What is told to
# people, or compared with another host, is not.
violation 'a clock that may jump is no clock to wait by' < <(
    files '^(common|executor|client)/.*\.[ch]$' |
        grep -vE '^(common/(clock|log)|client/cli/[a-z_]+|executor/service)\.c$' |
        search '\b(CLOCK_REALTIME|gettimeofday\(|time\(NULL\)|pthread_timedjoin_np|sem_timedwait)'
)

# Polling, where there is no other way, is done in support/; and a child may
# well sleep.
violation 'a test waits for what it wants to see' < <(
    files '^tests/.*\.[ch]$' | grep -v '^tests/support/' |
        search '\b(sleep|usleep|nanosleep|clock_nanosleep|g_usleep|nng_msleep)\('
)

verdict
