/* SPDX-License-Identifier: MIT */
/* Convert HDF5 names to names of the segment. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/channel/channel.h"

/* Bytes of the well-formed UTF-8 character at 'p' (RFC 3629), or 0. */
static size_t
utf8_size(const uint8_t *p)
{
	uint8_t low = 0x80, high = 0xbf;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	if (p[0] == 0xed)
		high = 0x9f;
	if (p[0] == 0xf0)
		low = 0x90;
	if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool
text_is_ascii(const void *text, uint64_t size)
{
	const uint8_t *p = text, *end = p + size;

	while (p < end && *p < 0x80)
		p++;
	return p == end;
}

bool
text_is_utf8(const void *text, uint64_t size)
{
	const uint8_t *p = text, *end = p + size;
	uint8_t last[8] = { 0 };
	size_t n, left;

	for (; end - p >= 4; p += n) {
		n = utf8_size(p);
		if (n == 0)
			return false;
	}
	/* utf8_size() may read three bytes past the end: give it NULs. */
	left = (size_t)(end - p);
	if (left > 0)
		memcpy(last, p, left);
	for (p = last; p < last + left; p += n) {
		n = utf8_size(p);
		if (n == 0)
			return false;
	}
	return true;
}

/* Replace bytes that are not UTF-8, and the bytes in 'also', by %XX. */
static char *
escape(const char *name, const char *also)
{
	char *ret = malloc(3 * strlen(name) + 2), *to = ret;
	size_t n;

	if (!ret)
		return NULL;
	for (; *name; name += n) {
		n = utf8_size((const uint8_t *)name);
		if (n == 0 || strchr(also, *name)) {
			to += sprintf(to, "%%%02X", (unsigned)(uint8_t)*name);
			n = 1;
		} else {
			memcpy(to, name, n);
			to += n;
		}
	}
	if (to == ret)
		*to++ = '%'; /* no name may be empty */
	*to = '\0';
	return ret;
}

char *
component_of(const char *name)
{
	bool dots = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;

	return escape(name, dots ? "." : "/");
}

char *
attr_name_of(const char *name)
{
	return escape(name, "");
}

char *
stem_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot > name ? strndup(name, (size_t)(dot - name)) : strdup(name);
}

/* Whether the name of a link or a field has nothing to be escaped. */
static bool
is_plain(const char *name)
{
	const char *p = name;

	while (*p && (uint8_t)*p < 0x80 && *p != '/')
		p++;
	return *p == '\0' && p > name && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

char *
path_below(const char *parent, const char *name)
{
	char *component, *ret;

	if (is_plain(name))
		return path_join(parent, name);
	component = component_of(name);
	ret = component ? path_join(parent, component) : NULL;
	free(component);
	return ret;
}

char *
path_join(const char *parent, const char *name)
{
	size_t above = strlen(parent), size = strlen(name) + 1;
	char *ret = malloc(above + 1 + size), *to = ret;

	if (!ret)
		return NULL;
	if (above > 0) {
		memcpy(to, parent, above);
		to += above;
		*to++ = '/';
	}
	memcpy(to, name, size);
	return ret;
}
