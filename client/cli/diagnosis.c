/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/diagnosis.h"

#include <assert.h>
#include <stdarg.h>

#include "client/cli/colour.h"
#include "client/cli/text.h"

#define CHECK_COLUMN 13

struct finding *diagnosis_add(struct diagnosis *diagnosis, const char *check,
        enum verdict verdict, const char *format, ...)
{
    struct finding *finding = &diagnosis->findings[diagnosis->count];
    va_list arguments;

    assert(diagnosis->count < DIAGNOSIS_FINDINGS);
    diagnosis->count++;
    finding->check = check;
    finding->verdict = verdict;
    finding->hint[0] = '\0';
    va_start(arguments, format);
    (void)vsnprintf(finding->found, sizeof(finding->found), format, arguments);
    va_end(arguments);
    return finding;
}

void finding_hint(struct finding *finding, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(finding->hint, sizeof(finding->hint), format, arguments);
    va_end(arguments);
}

enum verdict diagnosis_verdict(const struct diagnosis *diagnosis)
{
    enum verdict worst = VERDICT_OK;

    for (size_t i = 0; i < diagnosis->count; i++)
        if (diagnosis->findings[i].verdict > worst)
            worst = diagnosis->findings[i].verdict;
    return worst;
}

const char *diagnosis_word(enum verdict verdict)
{
    static const char *const words[] = {
        [VERDICT_OK] = "ok",
        [VERDICT_WARN] = "warn",
        [VERDICT_FAIL] = "fail",
    };

    return words[verdict];
}

static enum colour colour_of(enum verdict verdict)
{
    static const enum colour colours[] = {
        [VERDICT_OK] = COLOUR_GOOD,
        [VERDICT_WARN] = COLOUR_DOUBTFUL,
        [VERDICT_FAIL] = COLOUR_BAD,
    };

    return colours[verdict];
}

static void print(const struct finding *finding, FILE *out, bool coloured)
{
    enum colour colour = colour_of(finding->verdict);

    fprintf(out, "%s%-4s%s  %-*s", colour_begin(colour, coloured),
            diagnosis_word(finding->verdict), colour_end(colour, coloured),
            CHECK_COLUMN, finding->check);
    text_print(out, finding->found);
    fputc('\n', out);
    if (!finding->hint[0])
        return;
    fprintf(out, "%*s> ", CHECK_COLUMN + 4, "");
    text_print(out, finding->hint);
    fputc('\n', out);
}

void diagnosis_print(
        const struct diagnosis *diagnosis, FILE *out, bool coloured)
{
    for (size_t i = 0; i < diagnosis->count; i++)
        print(&diagnosis->findings[i], out, coloured);
}

void diagnosis_write(
        const struct diagnosis *diagnosis, struct json *json, const char *key)
{
    json_open_array(json, key);
    for (size_t i = 0; i < diagnosis->count; i++) {
        const struct finding *finding = &diagnosis->findings[i];

        json_open_object(json, NULL);
        json_text(json, "check", finding->check);
        json_text(json, "verdict", diagnosis_word(finding->verdict));
        json_text(json, "found", finding->found);
        if (finding->hint[0])
            json_text(json, "hint", finding->hint);
        else
            json_null(json, "hint");
        json_close(json);
    }
    json_close(json);
}
