/* SPDX-License-Identifier: MIT */
/* Filters that libhdf5 lacks, to write the data and to read them with it. */

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "bench.h"
#include "hdf5/filter/filter.h"

/* Literals and references, by the last place of the same three bytes. */
static size_t
lzf_pack(const uint8_t *in, size_t size, uint8_t *out, size_t room)
{
	static size_t last[1 << 14];
	size_t i = 0, n = 0, literals = 0;

	memset(last, 0, sizeof(last));
	while (i < size) {
		size_t length = 0, from = 0, most = size - i;
		uint32_t h = 0;

		if (n + 8 + 33 > room)
			return 0;
		if (most >= 3) {
			h = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 |
			    in[i + 2];
			h = h * 2654435761u >> 18;
			from = last[h];
			last[h] = i + 1;
		}
		most = most < 264 ? most : 264;
		if (from && i - --from <= 8192)
			while (length < most &&
			       in[from + length] == in[i + length])
				length++;
		if (length < 3) {
			if (literals == 0)
				n++;
			out[n++] = in[i++];
			out[n - 2 - literals] = (uint8_t)literals;
			literals = (literals + 1) % 32;
			continue;
		}
		from = i - from - 1;
		out[n++] = (uint8_t)((length < 9 ? length - 2 : 7) << 5 |
				     from >> 8);
		if (length >= 9)
			out[n++] = (uint8_t)(length - 9);
		out[n++] = (uint8_t)from;
		i += length;
		literals = 0;
	}
	return n;
}

static size_t
pack(int id, const uint8_t *in, size_t size, uint8_t *out, size_t room)
{
#ifdef HAVE_ZSTD
	if (id == FILTER_ZSTD) {
		size_t n = ZSTD_compress(out, room, in, size, 3);

		return ZSTD_isError(n) ? 0 : n;
	}
#endif
	return id == FILTER_LZF ? lzf_pack(in, size, out, room) : 0;
}

/* cd_values[0] is the size of a chunk. */
static size_t
run_filter(int id, unsigned flags, size_t size, const unsigned cd[],
	   size_t *buf_size, void **buf)
{
	static struct filter_scratch scratch;
	const struct filter f = { .id = id };
	filter_step *undo = id == FILTER_LZF ? filter_unlzf : filter_unzstd;
	size_t room = flags & H5Z_FLAG_REVERSE ? cd[0] : size;
	uint8_t *out = malloc(room);
	size_t n = 0;

	if (!out)
		return 0;
	if (!(flags & H5Z_FLAG_REVERSE))
		n = pack(id, *buf, size, out, room);
	else if (undo && undo(&f, &scratch, *buf, size, out, room) == 0)
		n = room;
	if (n == 0) {
		free(out);
		return 0;
	}
	free(*buf);
	*buf = out;
	*buf_size = room;
	return n;
}

static size_t
lzf_filter(unsigned flags, size_t n, const unsigned cd[], size_t size,
	   size_t *buf_size, void **buf)
{
	return n < 1 ? 0
		     : run_filter(FILTER_LZF, flags, size, cd, buf_size, buf);
}

static size_t
zstd_filter(unsigned flags, size_t n, const unsigned cd[], size_t size,
	    size_t *buf_size, void **buf)
{
	return n < 1 ? 0
		     : run_filter(FILTER_ZSTD, flags, size, cd, buf_size, buf);
}

void
register_filters(void)
{
	static const H5Z_class2_t lzf = {
		H5Z_CLASS_T_VERS, FILTER_LZF, 1, 1, "lzf", NULL, NULL,
		lzf_filter
	};
	static const H5Z_class2_t zstd = {
		H5Z_CLASS_T_VERS, FILTER_ZSTD, 1,    1,
		"zstd",		  NULL,	       NULL, zstd_filter
	};

	if (H5Zregister(&lzf) < 0 || (filter_unzstd && H5Zregister(&zstd) < 0))
		die("libhdf5 cannot register a filter");
}
