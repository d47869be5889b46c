/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLI_QUANTITY_H
#define CLI_QUANTITY_H

/*
 * Durations and sizes, as people write them.
 */

#include <stdbool.h>
#include <stdint.h>

/* "500ms", "10s", "1.5m", "1h", "2d"; a bare number is seconds. Rounded up to
 * milliseconds. Takes at most 30 years, which no deadline overflows at. */
bool quantity_parse_duration(const char *text, int64_t *ms_out);

/* The same, for what is kept in an int: at most 24 days. */
bool quantity_parse_wait(const char *text, int *ms_out);

/* "512", "64K", "1M", "2G", "1T": powers of 1024. */
bool quantity_parse_bytes(const char *text, uint64_t *out);

/* "2", "0.5": a number of processors, in thousandths; no more than three digits
 * behind the point. */
bool quantity_parse_processors(const char *text, uint64_t *millis_out);

/* A whole number and nothing else. */
bool quantity_parse_count(const char *text, uint64_t *out);

/* "ROWSxCOLUMNS", each from 1 to 65535. */
bool quantity_parse_area(
        const char *text, unsigned int *rows_out, unsigned int *columns_out);

#endif
