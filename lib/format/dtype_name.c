/* SPDX-License-Identifier: MIT */
/* Names of dtypes as NumPy prints them: "float64" is "<f8". */

#include <stdio.h>
#include <string.h>

#include "format/format.h"

static const struct {
	const char *name;
	const char *text;
} named_dtypes[] = {
	{ "bool", "|b1" },	  { "int8", "|i1" },
	{ "int16", "<i2" },	  { "int32", "<i4" },
	{ "int64", "<i8" },	  { "uint8", "|u1" },
	{ "uint16", "<u2" },	  { "uint32", "<u4" },
	{ "uint64", "<u8" },	  { "float16", "<f2" },
	{ "float32", "<f4" },	  { "float64", "<f8" },
	{ "float128", "<f16" },	  { "complex64", "<c8" },
	{ "complex128", "<c16" },
};

/* Names with a parameter: how the name and the dtype's text begin. */
static const struct {
	const char *name;
	const char *text;
} beginnings[] = {
	{ "datetime64[", "<M8[" },
	{ "timedelta64[", "<m8[" },
	{ "S", "|S" },
	{ "V", "|V" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define LIST_OF "list of "

/* Write the name of a dtype that is not ragged; false if it has none. */
static bool
plain_name(const char *text, char *ret, size_t size)
{
	size_t i, length;

	for (i = 0; i < COUNT(named_dtypes); i++)
		if (strcmp(text, named_dtypes[i].text) == 0) {
			snprintf(ret, size, "%s", named_dtypes[i].name);
			return true;
		}
	for (i = 0; i < COUNT(beginnings); i++) {
		length = strlen(beginnings[i].text);
		if (strncmp(text, beginnings[i].text, length) == 0) {
			snprintf(ret, size, "%s%s", beginnings[i].name,
				 text + length);
			return true;
		}
	}
	return false;
}

const char *
cute_shm_dtype_name(const char *dtype, char *ret, size_t size)
{
	const char *list = dtype[0] == '*' ? LIST_OF : "";
	char plain[2 * FORMAT_DTYPE_SIZE];

	if (strcmp(dtype, "*|S1") == 0)
		snprintf(ret, size, "string");
	else if (plain_name(dtype + (*list ? 1 : 0), plain, sizeof(plain)))
		snprintf(ret, size, "%s%s", list, plain);
	else
		snprintf(ret, size, "%s", dtype);
	return ret;
}

/* Write the text of a name that is not ragged; false if unknown or too long. */
static bool
plain_text(const char *name, char *ret, size_t size)
{
	size_t i, length;

	for (i = 0; i < COUNT(named_dtypes); i++)
		if (strcmp(name, named_dtypes[i].name) == 0)
			return (size_t)snprintf(ret, size, "%s",
						named_dtypes[i].text) < size;
	for (i = 0; i < COUNT(beginnings); i++) {
		length = strlen(beginnings[i].name);
		if (strncmp(name, beginnings[i].name, length) == 0)
			return (size_t)snprintf(ret, size, "%s%s",
						beginnings[i].text,
						name + length) < size;
	}
	return false;
}

/* Convert "float64" to "<f8"; false if the name is unknown. */
static bool
text_of_name(const char *name, char ret[FORMAT_DTYPE_SIZE])
{
	size_t list = strlen(LIST_OF);

	if (strcmp(name, "string") == 0) {
		memcpy(ret, "*|S1", sizeof("*|S1"));
		return true;
	}
	if (strncmp(name, LIST_OF, list) != 0)
		return plain_text(name, ret, FORMAT_DTYPE_SIZE);
	ret[0] = '*';
	return plain_text(name + list, ret + 1, FORMAT_DTYPE_SIZE - 1);
}

int
dtype_read(const char *dtype, struct dtype *ret)
{
	char text[FORMAT_DTYPE_SIZE];

	/* The texts of the format begin so, and no name does. */
	bool named = dtype && !strchr("<|*", dtype[0]);

	if (named && text_of_name(dtype, text))
		return dtype_parse(text, ret);
	return dtype_parse(dtype, ret);
}

int
cute_shm_dtype_size(const char *dtype, uint32_t *ret)
{
	struct dtype d;
	int err;

	if (!ret)
		return no_result("cute_shm_dtype_size");
	err = dtype_read(dtype, &d);
	if (err == 0)
		*ret = d.item_size;
	return err;
}
