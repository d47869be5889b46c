/* SPDX-License-Identifier: Apache-2.0 */
#include "common/check_values.h"

#include <stdio.h>
#include <string.h>

#include "common/error.h"
#include "common/text.h"

struct check check_within(const struct check *check, const char *message)
{
    return (struct check){ check->error, check->method, message };
}

bool check_that(const struct check *check, bool fine, const char *field,
        const char *text)
{
    char name[sizeof(check->error->name)];

    if (fine)
        return true;
    snprintf(name, sizeof(name), "%s%s%s%s%s",
            check->method ? check->method : "", check->method ? "." : "",
            check->within ? check->within : "", check->within ? "." : "",
            field);
    error_bad_field(check->error, name, "%s", text);
    return false;
}

bool check_choice(const struct check *check, unsigned int value,
        unsigned int last, const char *field)
{
    return check_that(check, value >= 1 && value <= last, field,
            "Choose one of the values that the protocol names for it.");
}

bool check_process_id(
        const struct check *check, struct remex_bytes id, const char *field)
{
    return check_that(check,
            id.size >= 1 && id.size <= MESSAGE_PROCESS_ID_BYTES, field,
            "A process id must have 1 to 128 bytes.");
}

bool check_follow_id(
        const struct check *check, uint64_t follow_id, const char *field)
{
    return check_that(
            check, follow_id != 0, field, "A follow id must not be 0.");
}

bool check_signal(const struct check *check, uint32_t signal, const char *field)
{
    return check_that(check, signal >= 1 && signal <= MESSAGE_SIGNAL, field,
            "A signal's number must be from 1 to 64.");
}

bool check_plan(const struct check *check, const struct stop_step *plan,
        size_t count, const char *field)
{
    if (!check_that(check, count <= MESSAGE_STOP_STEPS, field,
                "A stop plan can have 16 steps at most."))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!check_signal(check, plan[i].signal, field))
            return false;
    return true;
}

bool check_no_nul(
        const struct check *check, struct remex_bytes bytes, const char *field)
{
    bool found = bytes.size > 0 && memchr(bytes.data, '\0', bytes.size);

    return check_that(check, !found, field,
            "It must not contain a NUL, for the kernel would cut it there.");
}

bool check_text(const struct check *check, struct remex_bytes text, size_t most,
        const char *field)
{
    return check_that(check, text.size <= most, field,
                   "It is too long; see the protocol for what it can have.") &&
            check_that(check, text_is_utf8(text), field,
                    "It must be UTF-8 without a NUL.");
}

bool check_follow(const struct check *check, const struct follow_spec *follow)
{
    return check_process_id(check, follow->process_id, "process_id") &&
            check_follow_id(check, follow->follow_id, "follow_id") &&
            check_that(check, (unsigned int)follow->from <= FOLLOW_FROM_LIVE,
                    "from", "Say from where on, in a way that exists.") &&
            check_that(check,
                    follow->after_seq > 0 || follow->after_position == 0,
                    "after_position",
                    "From the oldest event on (after_seq 0), the position must "
                    "be 0 too.");
}
