/* SPDX-License-Identifier: Apache-2.0 */
#include "executor/agenda.h"

#include <glib.h>

#include "executor/list.h"
#include "support/fault.h"
#include "support/suite.h"

struct date {
    struct appointment appointment;
    GArray *kept;         /* of int64_t: which ones were, in order */
    struct agenda *again; /* set once more, in 5 */
};

static void due(struct appointment *appointment, int64_t now)
{
    struct date *date = CONTAINER_OF(appointment, struct date, appointment);

    g_array_append_val(date->kept, appointment->at);
    if (date->again)
        agenda_set(date->again, appointment, now + 5);
    date->again = NULL;
}

static void book(struct agenda *agenda, struct date *date, GArray *kept)
{
    *date = (struct date){ .kept = kept };
    g_assert_cmpint(agenda_book(agenda, &date->appointment, due), ==, REMEX_OK);
}

static void appointments_come_in_order_and_not_early(void)
{
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct date dates[200];
    struct agenda agenda;
    int64_t last = 0;
    guint past = 0;

    agenda_init(&agenda);
    g_assert_cmpint(agenda_next(&agenda), ==, INT64_MAX);
    for (size_t i = 0; i < G_N_ELEMENTS(dates); i++) {
        book(&agenda, &dates[i], kept);
        agenda_set(&agenda, &dates[i].appointment, g_random_int_range(0, 999));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(dates); i += 3) /* moved */
        agenda_set(&agenda, &dates[i].appointment, g_random_int_range(0, 999));
    for (size_t i = 0; i < G_N_ELEMENTS(dates); i += 4) /* cancelled */
        agenda_set(&agenda, &dates[i].appointment, INT64_MAX);
    agenda_run(&agenda, 500);
    g_assert_cmpint(agenda_next(&agenda), >, 500);
    past = kept->len;
    agenda_run(&agenda, 1000);
    g_assert_cmpuint(kept->len, ==, 150);
    for (guint i = 0; i < kept->len; i++) {
        int64_t at = g_array_index(kept, int64_t, i);

        g_assert_cmpint(at <= 500, ==, i < past);
        g_assert_cmpint(at, >=, last);
        last = at;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(dates); i++)
        agenda_unbook(&agenda, &dates[i].appointment);
    agenda_deinit(&agenda);
    g_array_free(kept, TRUE);
}

/* What takes the place of a cancelled one may belong above it. */
static void cancelling_keeps_the_order(void)
{
    static const int64_t times[] = { 1, 10, 2, 11, 12, 3 };
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct date dates[G_N_ELEMENTS(times)];
    struct agenda agenda;

    agenda_init(&agenda);
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        book(&agenda, &dates[i], kept);
        agenda_set(&agenda, &dates[i].appointment, times[i]);
    }
    agenda_set(&agenda, &dates[3].appointment, INT64_MAX);
    agenda_run(&agenda, 3);
    g_assert_cmpuint(kept->len, ==, 3);
    agenda_run(&agenda, 12);
    g_assert_cmpuint(kept->len, ==, 5);
    for (guint i = 1; i < kept->len; i++)
        g_assert_cmpint(g_array_index(kept, int64_t, i), >,
                g_array_index(kept, int64_t, i - 1));
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        agenda_unbook(&agenda, &dates[i].appointment);
    agenda_deinit(&agenda);
    g_array_free(kept, TRUE);
}

static void one_that_is_kept_can_be_set_again(void)
{
    GArray *kept = g_array_new(FALSE, FALSE, sizeof(int64_t));
    struct agenda agenda;
    struct date date;

    agenda_init(&agenda);
    book(&agenda, &date, kept);
    date.again = &agenda;
    agenda_set(&agenda, &date.appointment, 1);
    agenda_run(&agenda, 1);
    g_assert_cmpuint(kept->len, ==, 1);
    g_assert_cmpint(agenda_next(&agenda), ==, 6);
    agenda_unbook(&agenda, &date.appointment); /* cancels */
    agenda_run(&agenda, 10);
    g_assert_cmpuint(kept->len, ==, 1);
    agenda_deinit(&agenda);
    g_array_free(kept, TRUE);
}

static void booking_tells_when_there_is_no_memory(void)
{
    struct appointment appointment;
    struct agenda agenda;

    agenda_init(&agenda);
    fault_fail_allocation(1);
    g_assert_cmpint(
            agenda_book(&agenda, &appointment, due), ==, REMEX_NO_MEMORY);
    g_assert_true(fault_happened());
    agenda_deinit(&agenda);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    SUITE_ADD("/agenda", appointments_come_in_order_and_not_early);
    SUITE_ADD("/agenda", cancelling_keeps_the_order);
    SUITE_ADD("/agenda", one_that_is_kept_can_be_set_again);
    SUITE_ADD("/agenda", booking_tells_when_there_is_no_memory);
    return g_test_run();
}
