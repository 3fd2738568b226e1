/* SPDX-License-Identifier: MIT */
/* Parse dtypes, and count the elements of shapes: pure functions. */

#include <string.h>

#include "format/format.h"

/* Texts of one size, padded with NULs, are compared as one number. */
#define PLAIN_TEXT 8

struct plain {
	char text[PLAIN_TEXT];
	uint32_t item_size;
};

static const struct plain plains[] = {
	{ "|b1", 1 },	{ "|i1", 1 }, { "<i2", 2 },   { "<i4", 4 },
	{ "<i8", 8 },	{ "|u1", 1 }, { "<u2", 2 },   { "<u4", 4 },
	{ "<u8", 8 },	{ "<f2", 2 }, { "<f4", 4 },   { "<f8", 8 },
	{ "<f16", 16 }, { "<c8", 8 }, { "<c16", 16 },
};

static const char *const time_units[] = {
	"Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The item size of a dtype without a parameter, or 0.  Behind the text there
 * are NULs up to PLAIN_TEXT bytes.
 */
static uint32_t
plain_size(const char *text)
{
	size_t i;

	for (i = 0; i < COUNT(plains); i++)
		if (memcmp(text, plains[i].text, PLAIN_TEXT) == 0)
			return plains[i].item_size;
	return 0;
}

/*
 * Read a decimal number in [1, max] without leading zeros, and move *text past
 * it; 0 if there is none.
 */
static uint32_t
number(const char **text, uint32_t max)
{
	const char *p = *text;
	uint64_t n = 0;

	if (*p == '0')
		return 0;
	for (; *p >= '0' && *p <= '9'; p++) {
		n = 10 * n + (uint64_t)(*p - '0');
		if (n > max)
			return 0;
	}
	*text = p;
	return (uint32_t)n;
}

/* "|S12", "|V16": the number of bytes, or 0. */
static uint32_t
bytes_size(const char *text)
{
	uint32_t n;

	if (text[0] != '|' || (text[1] != 'S' && text[1] != 'V'))
		return 0;
	text += 2;
	n = number(&text, UINT32_MAX);
	return *text == '\0' ? n : 0;
}

/* "<M8[ns]", "<m8[25us]": 8, or 0.  NumPy never writes a multiple of 1. */
static uint32_t
time_size(const char *text)
{
	size_t length, i;

	if (text[0] != '<' || (text[1] != 'M' && text[1] != 'm') ||
	    text[2] != '8' || text[3] != '[')
		return 0;
	text += 4;
	if (*text >= '0' && *text <= '9' && number(&text, INT32_MAX) < 2)
		return 0;
	length = strlen(text);
	if (length < 2 || text[length - 1] != ']')
		return 0;
	for (i = 0; i < COUNT(time_units); i++)
		if (strlen(time_units[i]) == length - 1 &&
		    memcmp(text, time_units[i], length - 1) == 0)
			return 8;
	return 0;
}

/* As for plain_size(). */
static uint32_t
item_size(const char *text)
{
	uint32_t size;

	size = plain_size(text);
	if (size == 0)
		size = bytes_size(text);
	if (size == 0)
		size = time_size(text);
	return size;
}

int
dtype_parse(const char *text, struct dtype *ret)
{
	struct dtype d = { .item_size = 0 };
	size_t length;

	length = text ? strnlen(text, FORMAT_DTYPE_SIZE) : 0;
	if (length == 0)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE, "no dtype given");
	if (length == FORMAT_DTYPE_SIZE)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "dtype \"%.40s\" is longer than %d "
				     "characters",
				     text, FORMAT_DTYPE_SIZE - 1);
	memcpy(d.text, text, length);
	d.null = strcmp(text, "null") == 0;
	d.ragged = text[0] == '*';
	d.item_size = item_size(d.text + (d.ragged ? 1 : 0));
	if (d.item_size == 0 && !d.null)
		return cute_shm_fail(CUTE_SHM_ERR_TYPE,
				     "\"%s\" is no dtype: it should be like "
				     "\"float64\", \"<f8\", \"S12\" or "
				     "\"*<f4\", see cute-shm(5)",
				     text);
	*ret = d;
	return 0;
}

int
shape_count(unsigned ndim, const uint64_t *shape, uint64_t *ret)
{
	uint64_t count = 1;
	bool empty = false;
	bool overflow = false;
	unsigned i;

	if (ndim > FORMAT_MAX_NDIM)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%u dimensions: at most %d are possible",
				     ndim, FORMAT_MAX_NDIM);
	if (ndim > 0 && !shape)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%u dimensions without a shape", ndim);
	/* A zero anywhere makes the product 0, even if others overflow. */
	for (i = 0; i < ndim; i++) {
		empty |= shape[i] == 0;
		overflow |= __builtin_mul_overflow(count, shape[i], &count);
	}
	if (overflow && !empty)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "shape of %u dimensions: its product is "
				     "over 64 bits",
				     ndim);
	*ret = empty ? 0 : count;
	return 0;
}
