/* SPDX-License-Identifier: MIT */
#include "date.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* *v divided by 'by', towards minus infinity; the rest stays in *v. */
static int64_t
split(int64_t *v, int64_t by)
{
	int64_t rest = *v % by, ret = *v / by;

	if (rest < 0) {
		rest += by;
		ret--;
	}
	*v = rest;
	return ret;
}

static void
put_year(FILE *out, int64_t year)
{
	fprintf(out, "%0*" PRId64, 4, year);
}

/*
 * Days since 1970 in the Gregorian calendar, also before there was one.  Years
 * are counted from March, so that the odd day is the last of one.
 */
static void
put_day(FILE *out, int64_t days)
{
	int64_t era, year, day, month;

	days += 719468;		    /* from 0000-03-01 */
	era = split(&days, 146097); /* 400 years */
	year = (days - days / 1460 + days / 36524 - days / 146096) / 365;
	day = days - (365 * year + year / 4 - year / 100);
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	month += month < 10 ? 3 : -9;
	put_year(out, year + era * 400 + (month <= 2));
	fprintf(out, "-%02" PRId64 "-%02" PRId64, month, day + 1);
}

/* Units of a clock: how many make a day's hour, minute, second. */
static const struct {
	const char *name;
	int64_t per_second; /* 0: longer */
	int64_t per_day;
	int digits;
} clocks[] = {
	{ "h", 0, 24, 0 },
	{ "m", 0, 1440, 0 },
	{ "s", 1, 86400, 0 },
	{ "ms", 1000, 0, 3 },
	{ "us", 1000000, 0, 6 },
	{ "ns", 1000000000, 0, 9 },
	{ "ps", 1000000000000, 0, 12 },
	{ "fs", 1000000000000000, 0, 15 },
	{ "as", 1000000000000000000, 0, 18 },
};

static bool
put_clock(FILE *out, const char *unit, int64_t v)
{
	int64_t rest = v, days;
	size_t i;

	for (i = 0; strcmp(clocks[i].name, unit) != 0; i++)
		if (i + 1 == sizeof(clocks) / sizeof(*clocks))
			return false;
	if (clocks[i].per_second > 0) {
		v = split(&rest, clocks[i].per_second);
		days = split(&v, 86400);
	} else {
		days = split(&v, clocks[i].per_day);
		v *= 86400 / clocks[i].per_day;
	}
	put_day(out, days);
	fprintf(out, "T%02" PRId64, v / 3600);
	if (*unit != 'h')
		fprintf(out, ":%02" PRId64, v / 60 % 60);
	if (clocks[i].per_second > 0)
		fprintf(out, ":%02" PRId64, v % 60);
	if (clocks[i].digits > 0)
		fprintf(out, ".%0*" PRId64, clocks[i].digits, rest);
	return true;
}

/* "[25s]": the name of the unit, and how many of it are one. */
static bool
parse_unit(const char *dtype, char name[8], int64_t *times)
{
	const char *p = strchr(dtype, '['), *end = strchr(dtype, ']');
	char *rest;

	if (!p || !end)
		return false;
	*times = strtoll(p + 1, &rest, 10);
	if (rest == p + 1)
		*times = 1;
	if (end < rest || end - rest >= 8)
		return false;
	memcpy(name, rest, (size_t)(end - rest));
	name[end - rest] = '\0';
	return true;
}

bool
value_date(FILE *out, const char *dtype, int64_t v)
{
	int64_t times;
	char unit[8];

	if (v == INT64_MIN) {
		fputs("NaT", out);
		return true;
	}
	if (*dtype != 'M' || !parse_unit(dtype, unit, &times) ||
	    __builtin_mul_overflow(v, times, &v))
		return false;
	if (strcmp(unit, "Y") == 0) {
		if (v > INT64_MAX - 1970)
			return false;
		put_year(out, v + 1970);
	} else if (strcmp(unit, "M") == 0) {
		put_year(out, 1970 + split(&v, 12));
		fprintf(out, "-%02" PRId64, v + 1);
	} else if (strcmp(unit, "W") == 0 || strcmp(unit, "D") == 0) {
		if ((*unit == 'W' && __builtin_mul_overflow(v, 7, &v)) ||
		    v > INT64_MAX - 719468)
			return false;
		put_day(out, v);
	} else {
		return put_clock(out, unit, v);
	}
	return true;
}
