/* SPDX-License-Identifier: MIT */
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000u

static struct units
size_of(double bytes, const char *per)
{
	static const char *const names[] = { "B",   "KiB", "MiB", "GiB",
					     "TiB", "PiB", "EiB" };
	struct units ret;
	unsigned i = 0;

	/* 1023.9 would be printed as "1024". */
	while (bytes >= (i ? 999.5 : 1023.5) && i < 6) {
		bytes /= 1024;
		i++;
	}
	snprintf(ret.text, sizeof(ret.text), "%.*f %s%s",
		 i && bytes < 99.95 ? 1 : 0, bytes, names[i], per);
	return ret;
}

struct units
units_size(uint64_t bytes)
{
	return size_of((double)bytes, "");
}

struct units
units_rate(uint64_t bytes, double seconds)
{
	/* Below a microsecond the clock says more than the load. */
	if (seconds < 1e-6)
		return (struct units){ "-" };
	return size_of((double)bytes / seconds, "/s");
}

struct units
units_seconds(double seconds)
{
	struct units ret;
	uint64_t s = seconds > 0 ? (uint64_t)(seconds + 0.5) : 0;

	if (seconds < 9.95)
		snprintf(ret.text, sizeof(ret.text), "%.*f s",
			 seconds < 0.0995  ? 3
			 : seconds < 0.995 ? 2
					   : 1,
			 seconds > 0 ? seconds : 0);
	else if (s < 60)
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " s", s);
	else if (s < 3600)
		snprintf(ret.text, sizeof(ret.text),
			 "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
	else
		snprintf(ret.text, sizeof(ret.text),
			 "%" PRIu64 " h %" PRIu64 " min", s / 3600,
			 s % 3600 / 60);
	return ret;
}

struct units
units_age(uint64_t since_ns)
{
	struct timespec now;
	struct units ret;
	uint64_t s;

	clock_gettime(CLOCK_REALTIME, &now);
	s = (uint64_t)now.tv_sec;
	/* Clocks are set back, and segments come from other machines. */
	s = s > since_ns / NS_PER_S ? s - since_ns / NS_PER_S : 0;
	if (s < 100)
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " s", s);
	else if (s < 100 * 60)
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " min", s / 60);
	else if (s < 48 * 3600)
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " h", s / 3600);
	else if (s < 730 * 86400)
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " d",
			 s / 86400);
	else
		snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " y",
			 s / (86400 * 365 + 86400 / 4));
	return ret;
}

struct units
units_utc(uint64_t ns)
{
	time_t t = (time_t)(ns / NS_PER_S);
	struct units ret = { "" };
	struct tm tm;
	size_t n;

	if (!gmtime_r(&t, &tm))
		return ret;
	n = strftime(ret.text, sizeof(ret.text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(ret.text + n, sizeof(ret.text) - n, ".%09uZ",
		 (unsigned)(ns % NS_PER_S));
	return ret;
}

struct units
units_count(uint64_t n, const char *noun)
{
	struct units ret;

	snprintf(ret.text, sizeof(ret.text), "%" PRIu64 " %s%s", n, noun,
		 n == 1 ? "" : "s");
	return ret;
}

/* Digits and a point, which strtod() would take with a sign, and much else. */
static bool
parse_number(const char *text, double *ret, const char **end)
{
	size_t n = strspn(text, "0123456789.");
	char *stop;

	if (n == 0 || *text == '.')
		return false;
	*ret = strtod(text, &stop);
	*end = text + n;
	return stop == *end && *ret > 0;
}

bool
units_parse_size(const char *text, uint64_t *ret)
{
	static const char letters[] = "KMGTPE";
	const char *end, *letter;
	double n;

	if (!parse_number(text, &n, &end))
		return false;
	letter = *end ? strchr(letters, *end) : NULL;
	if (letter) {
		n *= (double)(UINT64_C(1) << 10 * (letter - letters + 1));
		end++;
		if (strncmp(end, "iB", 2) == 0)
			end += 2;
	}
	/* No part of a byte, and what 64 bits hold. */
	if (*end || n < 1 || n >= 0x1p63)
		return false;
	*ret = (uint64_t)n;
	return true;
}

bool
units_parse_seconds(const char *text, double *ret)
{
	static const struct {
		char letter;
		double seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	const char *end;
	double n;
	size_t i;

	if (!parse_number(text, &n, &end))
		return false;
	for (i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (*end == units[i].letter) {
			n *= units[i].seconds;
			end++;
			break;
		}
	if (*end)
		return false;
	*ret = n;
	return true;
}
