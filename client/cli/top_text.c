/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/top_text.h"

#include <stdio.h>
#include <string.h>

#include "client/cli/status_words.h"
#include "client/cli/text.h"

#define STEP 1024.0
#define ID_COLUMNS 10
#define WAITING_COLUMNS 19

void top_text_bytes(double bytes, char out[TOP_WORD_BYTES])
{
    static const char units[] = { '\0', 'K', 'M', 'G', 'T', 'P' };
    size_t unit = 0;

    while (bytes >= 1000 && unit + 1 < sizeof(units)) {
        bytes /= STEP;
        unit++;
    }
    (void)snprintf(out, TOP_WORD_BYTES,
            unit > 0 && bytes < 9.95 ? "%.1f%.1s" : "%.0f%.1s", bytes,
            &units[unit]);
}

static void rate_text(double rate, char out[TOP_WORD_BYTES])
{
    if (rate < 0)
        (void)snprintf(out, TOP_WORD_BYTES, "-");
    else
        top_text_bytes(rate, out);
}

/* --- Waiting ------------------------------------------------------------- */

static bool is_held(const struct remex_process_status *process)
{
    for (size_t i = 0; i < process->stream_count; i++)
        if (process->streams[i].held)
            return true;
    return false;
}

static void until(const char *what, const struct remex_process_status *process,
        int64_t now_ns, char out[TOP_WORD_BYTES])
{
    char left[TEXT_AGE_BYTES];

    text_age(process->expires_ns - now_ns, left);
    if (process->expires_ns > 0)
        (void)snprintf(out, TOP_WORD_BYTES, "%s in %s", what, left);
    else
        out[0] = '\0';
}

static void say(char out[TOP_WORD_BYTES], const char *words)
{
    (void)snprintf(out, TOP_WORD_BYTES, "%s", words);
}

void top_text_waiting(const struct remex_process_status *process,
        int64_t now_ns, char out[TOP_WORD_BYTES])
{
    bool running = process->state == REMEX_PROCESS_RUNNING;

    if (process->state == REMEX_PROCESS_CLOSED)
        until("forgotten", process, now_ns, out);
    else if (is_held(process))
        say(out, process->followers > 0 ? "for a slow reader" : "for a reader");
    else if (!running)
        say(out, "output held open");
    else if (process->stdin_room == 0 && process->stdin_offset > 0)
        say(out, "its stdin is full");
    else if (!process->owned)
        until("ends", process, now_ns, out);
    else
        out[0] = '\0';
}

/* --- Lines --------------------------------------------------------------- */

static void sum(const struct top_model *model, size_t source, size_t *running,
        double *rate)
{
    *running = 0;
    *rate = 0;
    for (size_t i = 0; i < model->count; i++) {
        const struct top_row *row = &model->rows[i];

        if (row->source != source)
            continue;
        *running += row->process->state == REMEX_PROCESS_RUNNING;
        *rate += row->rate > 0 ? row->rate : 0;
    }
}

/* What somebody else chose must play no tricks. */
static void make_plain(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

void top_text_source(const struct top_model *model,
        const struct top_source *source, size_t number,
        char out[TOP_LINE_BYTES])
{
    char rate_word[TOP_WORD_BYTES];
    size_t running;
    double rate;

    sum(model, number, &running, &rate);
    top_text_bytes(rate, rate_word);
    if (source->list)
        (void)snprintf(out, TOP_LINE_BYTES, "%zu %s: %zu running of %zu, %s/s",
                number + 1, source->address, running, source->list->count,
                rate_word);
    else
        (void)snprintf(out, TOP_LINE_BYTES, "%zu %s: %s", number + 1,
                source->address, source->error ? source->error : "...");
    make_plain(out);
}

void top_text_heading(bool numbered, char out[TOP_LINE_BYTES])
{
    (void)snprintf(out, TOP_LINE_BYTES, "%s%-12s %4s %6s %5s %3s %-*s %-*s %s",
            numbered ? " E " : "", "STATE", "AGE", "RATE/S", "KEPT", "FOL",
            ID_COLUMNS, "ID", WAITING_COLUMNS, "WAITING", "COMMAND");
}

static void append(char *line, const char *text)
{
    size_t used = strlen(line);

    (void)snprintf(line + used, TOP_LINE_BYTES - used, " %s", text);
}

void top_text_row(const struct top_row *row, bool numbered, int64_t now_ns,
        char out[TOP_LINE_BYTES])
{
    const struct remex_process_status *process = row->process;
    char number[8] = "";
    char state[STATUS_WORDS_BYTES];
    char age[TEXT_AGE_BYTES];
    char rate[TOP_WORD_BYTES];
    char kept[TOP_WORD_BYTES];
    char waiting[TOP_WORD_BYTES];

    if (numbered)
        (void)snprintf(number, sizeof(number), "%2zu ", row->source + 1);
    status_words_summary(process, state);
    text_age(now_ns - process->started_ns, age);
    rate_text(row->rate, rate);
    top_text_bytes((double)row->kept, kept);
    top_text_waiting(process, now_ns, waiting);
    (void)snprintf(out, TOP_LINE_BYTES, "%s%-12s %4s %6s %5s %3u %-*.*s %-*.*s",
            number, state, age, rate, kept, (unsigned int)process->followers,
            ID_COLUMNS, ID_COLUMNS, process->id, WAITING_COLUMNS,
            WAITING_COLUMNS, waiting);
    for (size_t i = 0; process->argv[i]; i++)
        append(out, process->argv[i]);
    if (process->argv_cut)
        append(out, "...");
    make_plain(out);
}

void top_text_cut(char *line, size_t columns)
{
    size_t column = 0;

    for (; *line; line++) {
        bool begins = ((unsigned char)*line & 0xc0) != 0x80;

        if (begins && column++ == columns) {
            *line = '\0';
            return;
        }
    }
}
