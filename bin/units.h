/* SPDX-License-Identifier: MIT */
/* Sizes, times and rates as people read them. */
#ifndef UNITS_H
#define UNITS_H

#include <stdbool.h>
#include <stdint.h>

struct units {
	char text[32];
};

/* "0 B", "96 B", "1.5 KiB", "23.4 GiB": three digits or so. */
struct units units_size(uint64_t bytes);

/* "1.5 GiB/s"; "-" when no time passed. */
struct units units_rate(uint64_t bytes, double seconds);

/* "0.31 s", "12 s", "3 min 20 s", "2 h 5 min". */
struct units units_seconds(double seconds);

/* The time since then in one unit: "5 s", "12 min", "3 h", "40 d", "2 y". */
struct units units_age(uint64_t since_ns);

/* "2024-05-01T12:00:00.123456789Z" */
struct units units_utc(uint64_t ns);

/* "1 array", "2 arrays" */
struct units units_count(uint64_t n, const char *noun);

/*
 * "65536", "256K", "1.5G", "2TiB" (1024 to each other), not 0; and "2.5",
 * "30s", "5m", "2h", "1d".  False: none of these.
 */
bool units_parse_size(const char *text, uint64_t *ret);
bool units_parse_seconds(const char *text, double *ret);

#endif
