/* SPDX-License-Identifier: MIT */
/*
 * LZF as h5py's filter 32000 writes it: a stream of liblzf, without a header.
 * A control byte c < 32 is followed by c + 1 literal bytes.  Any other control
 * byte is a back reference of (c >> 5) + 2 bytes; if c >> 5 is 7, the next byte
 * is added to this length.  Its distance is ((c & 31) << 8 | next byte) + 1.
 */

#include <string.h>

#include "hdf5/filter/filter.h"

struct stream {
	const uint8_t *in, *in_end;
	uint8_t *out, *out_begin, *out_end;
};

static int
damaged(const char *why)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "lzf stream is damaged: %s",
			     why);
}

/* A copy of a fixed size is one instruction: use it while there is room. */
static int
literals(struct stream *c, size_t length)
{
	size_t room = (size_t)(c->out_end - c->out);
	size_t left = (size_t)(c->in_end - c->in);

	if (length > left)
		return damaged("it ends within a literal");
	if (length > room)
		return damaged("it holds more than the chunk");
	if (room >= 32 && left >= 32)
		memcpy(c->out, c->in, 32);
	else
		memcpy(c->out, c->in, length);
	c->in += length;
	c->out += length;
	return 0;
}

static void
copy_back(struct stream *c, size_t distance, size_t length)
{
	size_t room = (size_t)(c->out_end - c->out);
	const uint8_t *from = c->out - distance;
	uint8_t *to = c->out;

	c->out += length;
	if (distance == 1) {
		memset(to, *from, length);
	} else if (distance >= 16 && room >= length + 16) {
		for (; to < c->out; to += 16, from += 16)
			memcpy(to, from, 16);
	} else {
		while (to < c->out)
			*to++ = *from++;
	}
}

static int
reference(struct stream *c, unsigned control)
{
	size_t length = (control >> 5) + 2, distance;

	if (control >> 5 == 7) {
		if (c->in == c->in_end)
			return damaged("it ends within a reference");
		length += *c->in++;
	}
	if (c->in == c->in_end)
		return damaged("it ends within a reference");
	distance = ((size_t)(control & 31) << 8 | *c->in++) + 1;
	if (distance > (size_t)(c->out - c->out_begin))
		return damaged("a reference points before its start");
	if (length > (size_t)(c->out_end - c->out))
		return damaged("it holds more than the chunk");
	copy_back(c, distance, length);
	return 0;
}

size_t
filter_lzf_size(const uint8_t *src, size_t size)
{
	size_t at = 0, n = 0;

	while (at < size) {
		unsigned control = src[at++];

		if (control < 32) {
			n += control + 1;
			at += control + 1;
			continue;
		}
		n += (control >> 5) + 2;
		if (control >> 5 == 7 && at < size)
			n += src[at++];
		at++;
	}
	return n;
}

int
filter_unlzf(const struct filter *filter, struct filter_scratch *scratch,
	     const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	struct stream c = { src, src + size, dst, dst, dst + room };
	int err = 0;

	(void)filter;
	while (c.in < c.in_end && !err) {
		unsigned control = *c.in++;

		err = control < 32 ? literals(&c, control + 1)
				   : reference(&c, control);
	}
	if (err)
		scratch->wanted = filter_lzf_size(src, size);
	if (!err && c.out != c.out_end)
		err = damaged("it holds less than the chunk");
	return err;
}
