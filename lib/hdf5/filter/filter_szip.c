/* SPDX-License-Identifier: MIT */
/* HDF5's szip, by libaec. */

#ifdef HAVE_SZIP
#include <szlib.h>
#endif

#include "hdf5/filter/filter.h"

#ifdef HAVE_SZIP
/* The parameters, in the order of the file format. */
enum {
	OPTIONS,
	PIXELS_PER_BLOCK,
	BITS_PER_PIXEL,
	PIXELS_PER_LINE,
	PARAMS
};

/* What libaec is for; it does not check all of it. */
bool
filter_szip_known(const struct filter *f)
{
	unsigned bits, block, line;

	if (f->param_count != PARAMS)
		return false;
	bits = f->param[BITS_PER_PIXEL];
	block = f->param[PIXELS_PER_BLOCK];
	line = f->param[PIXELS_PER_LINE];
	return (bits == 8 || bits == 16 || bits == 24 || bits == 32 ||
		bits == 64) &&
	       block >= 2 && block <= SZ_MAX_PIXELS_PER_BLOCK &&
	       block % 2 == 0 && line >= 1 &&
	       line <= SZ_MAX_PIXELS_PER_SCANLINE;
}

/* A chunk begins with its size when it is decoded. */
static int
unszip(const struct filter *f, struct filter_scratch *scratch,
       const uint8_t *src, size_t size, uint8_t *dst, size_t room)
{
	SZ_com_t how = {
		.options_mask = (int)f->param[OPTIONS],
		.bits_per_pixel = (int)f->param[BITS_PER_PIXEL],
		.pixels_per_block = (int)f->param[PIXELS_PER_BLOCK],
		.pixels_per_scanline = (int)f->param[PIXELS_PER_LINE],
	};
	size_t held, got;
	int err;

	if (size < 4)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "szip stream is damaged");
	held = load_le(src, 4);
	if (held > room) {
		scratch->wanted = held;
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "szip stream holds %zu bytes instead of "
				     "%zu",
				     held, room);
	}
	got = held;
	err = SZ_BufftoBuffDecompress(dst, &got, src + 4, size - 4, &how);
	if (err == SZ_MEM_ERROR)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
				     "no memory to decode szip");
	if (err != SZ_OK || got > room)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "szip stream is damaged");
	scratch->missing = room - got;
	return 0;
}

filter_step *const filter_unszip = unszip;
#else
bool
filter_szip_known(const struct filter *f)
{
	(void)f;
	return false;
}

filter_step *const filter_unszip;
#endif
