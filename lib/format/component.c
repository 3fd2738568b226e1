/* SPDX-License-Identifier: MIT */
/* Check the components of paths: pure functions. */

#include <string.h>

#include "format/format.h"

/*
 * The size of the UTF-8 sequence that begins with 'lead', or 0 if none does.
 * *low and *high bound its second byte, which excludes overlong forms,
 * surrogates and code points above U+10FFFF (RFC 3629, section 4).
 */
static size_t
utf8_sequence(uint8_t lead, uint8_t *low, uint8_t *high)
{
	*low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
	*high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

bool
utf8_ok(const char *text, size_t size)
{
	const uint8_t *p = (const uint8_t *)text;
	const uint8_t *end = p + size;
	uint8_t low, high;
	uint64_t word;
	size_t n;

	while (p < end) {
		/* Most names are ASCII. */
		if ((size_t)(end - p) >= sizeof(word)) {
			memcpy(&word, p, sizeof(word));
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				p += sizeof(word);
				continue;
			}
		}
		n = utf8_sequence(*p, &low, &high);
		if (n == 0 || n > (size_t)(end - p))
			return false;
		if (n > 1 && (p[1] < low || p[1] > high))
			return false;
		if (n > 2 && (p[2] & 0xc0) != 0x80)
			return false;
		if (n > 3 && (p[3] & 0xc0) != 0x80)
			return false;
		p += n;
	}
	return true;
}

bool
component_ok(const char *text, size_t size)
{
	if (size == 0 || (size == 1 && text[0] == '.') ||
	    (size == 2 && text[0] == '.' && text[1] == '.'))
		return false;
	if (memchr(text, '/', size) || memchr(text, '\0', size))
		return false;
	return utf8_ok(text, size);
}
