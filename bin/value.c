/* SPDX-License-Identifier: MIT */
#include "value.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "json.h"
#include "text.h"

/* --------------------------------------------------------- dtype and shape */

char *
value_dtype(const char *dtype)
{
	char name[CUTE_SHM_DTYPE_NAME_SIZE];

	return text_format("%s",
			   cute_shm_dtype_name(dtype, name, sizeof(name)));
}

char *
value_shape(const char *dtype, unsigned ndim, const uint64_t *shape)
{
	struct text_buffer b;
	unsigned i;

	text_buffer_begin(&b);
	if (strcmp(dtype, "null") == 0)
		putc('-', b.out);
	else if (ndim == 0)
		fputs("scalar", b.out);
	for (i = 0; i < ndim; i++)
		fprintf(b.out, "%s%" PRIu64, i ? text_times() : "", shape[i]);
	return text_buffer_end(&b);
}

/* --------------------------------------------------------------- one value */

struct printer {
	FILE *out;
	bool json;
	long end; /* of what may be printed; 0: no bound */
};

/* How many bytes may still be printed. */
static uint64_t
room(const struct printer *p)
{
	long at;

	if (!p->end)
		return UINT64_MAX;
	at = ftell(p->out);
	return at < p->end ? (uint64_t)(p->end - at) : 0;
}

static bool
exhausted(const struct printer *p)
{
	return room(p) == 0;
}

static void
put_cut(const struct printer *p, bool cut)
{
	if (cut)
		fputs(text_ellipsis(), p->out);
}

static uint64_t
load_unsigned(const unsigned char *p, unsigned size)
{
	uint64_t ret = 0;
	unsigned i;

	for (i = 0; i < size && i < 8; i++)
		ret |= (uint64_t)p[i] << 8 * i;
	return ret;
}

static int64_t
load_signed(const unsigned char *p, unsigned size)
{
	unsigned unused = size < 8 ? 64 - 8 * size : 0;
	uint64_t u = load_unsigned(p, size) << unused;
	int64_t ret;

	memcpy(&ret, &u, sizeof(ret));
	return ret >> unused;
}

static double
load_half(const unsigned char *p)
{
	unsigned bits = (unsigned)load_unsigned(p, 2);
	int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
	double ret;

	if (exponent == 0x1f)
		ret = fraction ? (double)NAN : (double)INFINITY;
	else if (exponent == 0)
		ret = ldexp(fraction, -24);
	else
		ret = ldexp(fraction | 0x400, exponent - 25);
	return bits & 0x8000 ? -ret : ret;
}

/* x87's: 64 bits of fraction, none of them hidden, then 15 + 1. */
static long double
load_extended(const unsigned char *p)
{
	uint64_t fraction = load_unsigned(p, 8);
	unsigned top = (unsigned)load_unsigned(p + 8, 2);
	int exponent = top & 0x7fff;
	long double ret;

	if (exponent == 0x7fff)
		ret = fraction << 1 ? (long double)NAN : (long double)INFINITY;
	else
		ret = ldexpl((long double)fraction, exponent - 16383 - 63);
	return top & 0x8000 ? -ret : ret;
}

static long double
load_float(const unsigned char *p, unsigned size)
{
	uint64_t bits = load_unsigned(p, size);
	uint32_t bits32 = (uint32_t)bits;
	double d;
	float f;

	switch (size) {
	case 2: return (long double)load_half(p);
	case 4: memcpy(&f, &bits32, sizeof(f)); return (long double)f;
	case 8: memcpy(&d, &bits, sizeof(d)); return (long double)d;
	default: return load_extended(p);
	}
}

/* True if the decimal text is read as v by who has this size of float. */
static bool
reads_as(const char *s, long double v, unsigned size)
{
	long double back;
	int step;

	if (size == 2) {
		/* Nearer than half the distance to the next one. */
		frexpl(v, &step);
		step = step < -13 ? -24 : step - 11;
		return fabsl(strtold(s, NULL) - v) < ldexpl(0.5L, step);
	}
	if (size == 4)
		back = (long double)strtof(s, NULL);
	else if (size == 8)
		back = (long double)strtod(s, NULL);
	else
		back = strtold(s, NULL);
	return !(back < v || back > v);
}

/* The fewest digits that give the same number back. */
static void
put_float(FILE *out, const unsigned char *p, unsigned size, bool json)
{
	static const int first[] = { [2] = 3, [4] = 6, [8] = 15, [16] = 18 };
	static const int least[] = {
		[2] = -13, [4] = -125, [8] = -1021, [16] = -16381
	};
	long double v = load_float(p, size);
	int digits, exponent;
	char s[64];

	if (!isfinite(v)) {
		snprintf(s, sizeof(s), "%s",
			 isnan(v) ? "nan"
			 : v < 0  ? "-inf"
				  : "inf");
		fprintf(out, json ? "\"%s\"" : "%s", s);
		return;
	}
	/* Subnormal numbers have fewer that count. */
	frexpl(v, &exponent);
	digits = exponent < least[size] ? 1 : first[size];
	if (size == 2 && fabsl(v) >= 1000)
		digits = 5; /* 65504, not 6.55e+04 */
	for (; digits <= 21; digits++) {
		snprintf(s, sizeof(s), "%.*Lg", digits, v);
		if (reads_as(s, v, size))
			break;
	}
	fputs(s, out);
	/* Without a fraction it would be an integer, which has no sign. */
	if (json && strcmp(s, "-0") == 0)
		fputs(".0", out);
}

static void
put_complex(FILE *out, const unsigned char *p, unsigned size, bool json)
{
	unsigned half = size / 2;

	fputs(json ? "[" : "", out);
	put_float(out, p, half, json);
	if (json)
		fputs(", ", out);
	else if (!signbit(load_float(p + half, half)))
		putc('+', out);
	put_float(out, p + half, half, json);
	fputs(json ? "]" : "j", out);
}

static void
put_quoted(FILE *out, const unsigned char *p, uint64_t n)
{
	uint64_t part;

	putc('"', out);
	for (; n > 0; p += part, n -= part) {
		if (*p == '"' || *p == '\\') {
			putc('\\', out);
			putc(*p, out);
			part = 1;
			continue;
		}
		for (part = 0; part < n && p[part] != '"' && p[part] != '\\';)
			part++;
		text_put(out, (const char *)p, part);
	}
	putc('"', out);
}

static void
put_string(const struct printer *p, const unsigned char *s, uint64_t n)
{
	uint64_t most = room(p);
	bool cut = n > most;

	if (cut)
		n = most;
	if (p->json)
		json_string(p->out, (const char *)s, n);
	else
		put_quoted(p->out, s, n);
	put_cut(p, cut);
}

/* It ends with a null byte, or with its room; look no further than needed. */
static void
put_fixed_string(const struct printer *p, const unsigned char *s, uint64_t size)
{
	uint64_t most = room(p);

	if (size > most)
		size = most + 1;
	put_string(p, s, strnlen((const char *)s, size));
}

static void
put_opaque(const struct printer *p, const unsigned char *bytes, uint64_t n)
{
	uint64_t most = room(p) / 2, i;
	bool cut = n > most;

	if (cut)
		n = most;
	putc('"', p->out);
	for (i = 0; i < n; i++)
		fprintf(p->out, "%02x", bytes[i]);
	putc('"', p->out);
	put_cut(p, cut);
}

/* One item of the dtype at 'dtype', '*' left out. */
static void
put_item(const struct printer *p, const char *dtype, const unsigned char *item,
	 unsigned size)
{
	FILE *out = p->out;

	switch (dtype[1]) {
	case 'b': fputs(*item ? "true" : "false", out); break;
	case 'M':
	case 'm':
		if (!p->json &&
		    value_date(out, dtype + 1, load_signed(item, size)))
			break;
		/* fall through */
	case 'i': fprintf(out, "%" PRId64, load_signed(item, size)); break;
	case 'u': fprintf(out, "%" PRIu64, load_unsigned(item, size)); break;
	case 'f': put_float(out, item, size, p->json); break;
	case 'c': put_complex(out, item, size, p->json); break;
	case 'S': put_fixed_string(p, item, size); break;
	default: put_opaque(p, item, size);
	}
}

/* -------------------------------------------------------------- all values */

static void
put_list(const struct printer *p, const struct cute_shm_array *a,
	 const unsigned char *items, uint64_t n)
{
	uint64_t i;

	putc('[', p->out);
	for (i = 0; i < n && !exhausted(p); i++) {
		fputs(i ? ", " : "", p->out);
		put_item(p, a->dtype + 1, items + i * a->item_size,
			 a->item_size);
	}
	fputs(i < n ? ", " : "", p->out);
	fputs(i < n ? text_ellipsis() : "", p->out);
	putc(']', p->out);
}

static void
put_element(const struct printer *p, const struct cute_shm_array *a, uint64_t i)
{
	const void *data;
	uint64_t n;

	if (a->dtype[0] != '*') {
		put_item(p, a->dtype,
			 (const unsigned char *)a->data + i * a->item_size,
			 a->item_size);
	} else if (cute_shm_element(a, i, &data, &n) != 0) {
		fputs("null", p->out); /* damaged offsets */
	} else if (strcmp(a->dtype, "*|S1") != 0) {
		put_list(p, a, data, n);
	} else {
		put_string(p, data, n);
	}
}

/* How many dimensions, counted from the last, begin (or end) at element i. */
static unsigned
edges(const struct cute_shm_array *a, uint64_t i)
{
	unsigned n;

	for (n = 0; n < a->ndim && i % a->shape[a->ndim - 1 - n] == 0; n++)
		i /= a->shape[a->ndim - 1 - n];
	return n;
}

static void
repeat(FILE *out, char c, unsigned n)
{
	while (n-- > 0)
		putc(c, out);
}

static void
put_array(const struct printer *p, const struct cute_shm_array *a)
{
	uint64_t i;

	if (strcmp(a->dtype, "null") == 0) {
		fputs("null", p->out);
		return;
	}
	/* However many dimensions it has: its shape stands beside it. */
	if (a->element_count == 0) {
		fputs("[]", p->out);
		return;
	}
	for (i = 0; i < a->element_count && !exhausted(p); i++) {
		fputs(i ? ", " : "", p->out);
		repeat(p->out, '[', i ? edges(a, i) : a->ndim);
		put_element(p, a, i);
		if (i + 1 < a->element_count)
			repeat(p->out, ']', edges(a, i + 1));
	}
	if (i < a->element_count)
		fprintf(p->out, ", %s", text_ellipsis());
	repeat(p->out, ']', a->ndim - (i < a->element_count ? edges(a, i) : 0));
}

void
value_json(FILE *out, const struct cute_shm_array *array)
{
	put_array(&(struct printer){ .out = out, .json = true }, array);
}

void
value_text(FILE *out, const struct cute_shm_array *array, long limit)
{
	struct printer p = { .out = out,
			     .end = limit ? ftell(out) + limit : 0 };

	put_array(&p, array);
}

void
value_element(FILE *out, const struct cute_shm_array *array, uint64_t i,
	      bool json)
{
	put_element(&(struct printer){ .out = out, .json = json }, array, i);
}
