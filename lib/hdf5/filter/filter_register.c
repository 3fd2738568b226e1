/* SPDX-License-Identifier: MIT */
/* Register our decoders as filters of libhdf5. */

#include "hdf5/filter/filter.h"

/* HDF5 stores the size of a chunk in 32 bits. */
#define CHUNK_MOST UINT32_MAX

/* Only one thread of the process calls libhdf5. */
static struct filter_scratch scratch;
static hid_t reading = H5I_INVALID_HID; /* dataset that H5Dread reads now */

herr_t
filters_read(hid_t dset, hid_t mem_type, hid_t mem_space, hid_t file_space,
	     hid_t dxpl, void *data)
{
	herr_t ret;

	reading = dset;
	ret = H5Dread(dset, mem_type, mem_space, file_space, dxpl, data);
	reading = H5I_INVALID_HID;
	return ret;
}

/*
 * An upper limit of the bytes of an element in the file.  libhdf5 returns its
 * size in memory.  There a string is a pointer of 8 bytes; in the file it is a
 * length of 4, an address of at most 8 and an index of 4 bytes.
 */
static uint64_t
size_of_element(hid_t type)
{
	uint64_t size = type < 0 ? 0 : H5Tget_size(type);

	return H5Tdetect_class(type, H5T_STRING) > 0 ? 2 * size : size;
}

/* An upper limit of the bytes of a chunk; 0 if the dataset has no chunks. */
static size_t
chunk_size(hid_t dset)
{
	hid_t dcpl = H5Dget_create_plist(dset), type = H5Dget_type(dset);
	hsize_t dims[H5S_MAX_RANK];
	uint64_t size = size_of_element(type);
	int rank = -1, i;

	if (dcpl >= 0 && H5Pget_layout(dcpl) == H5D_CHUNKED)
		rank = H5Pget_chunk(dcpl, H5S_MAX_RANK, dims);
	for (i = 0; i < rank; i++)
		if (__builtin_mul_overflow(size, dims[i], &size))
			size = UINT64_MAX;
	if (type >= 0)
		H5Tclose(type);
	if (dcpl >= 0)
		H5Pclose(dcpl);
	return rank > 0 && size <= CHUNK_MOST ? size : 0;
}

/*
 * The number of bytes that the stream decodes to, by its header; 0 if unknown.
 */
static uint64_t
unpacked_size(const struct filter *f, const uint8_t *src, size_t size)
{
	switch (f->id) {
	case FILTER_LZF: return filter_lzf_size(src, size);
	case FILTER_BITSHUFFLE:
		if (!filter_bitshuffle_known(f))
			return 0;
		if (!filter_bitshuffle_packs(f))
			return size;
		return size >= 8 ? load_be64(src) : 0;
	default: return filter_codec_size(f->id, src, size);
	}
}

/* Pass the last failure of this thread to libhdf5 as its innermost error. */
static size_t
refuse(void)
{
	H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS,
		 H5E_PLINE, H5E_CANTFILTER, "%s", cute_shm_errmsg());
	return 0;
}

static size_t
refuse_size(const struct filter *f, uint64_t size)
{
	cute_shm_fail(CUTE_SHM_ERR_SOURCE,
		      "filter %d: a chunk that holds %llu "
		      "bytes",
		      f->id, (unsigned long long)size);
	return refuse();
}

/*
 * Undo one chunk, as an H5Z_func_t: returns the number of bytes, 0 on failure.
 */
static size_t
undo(filter_step *step, int id, unsigned flags, size_t param_count,
     const unsigned *params, size_t size, size_t *room, void **data)
{
	struct filter f = { .id = id };
	uint64_t held, whole;
	uint8_t *to;

	if (!(flags & H5Z_FLAG_REVERSE)) {
		cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			      "filter %d is there for "
			      "reading only",
			      id);
		return refuse();
	}
	f.param_count = param_count < FILTER_PARAMS ? (unsigned)param_count
						    : FILTER_PARAMS;
	for (unsigned i = 0; i < f.param_count; i++)
		f.param[i] = params[i];
	held = unpacked_size(&f, *data, size);
	if (held == 0 || held > CHUNK_MOST)
		return refuse_size(&f, held);
	/* If the chunk is short, the rest of its buffer must be zero. */
	whole = reading >= 0 ? chunk_size(reading) : 0;
	if (whole < held)
		whole = held;
	to = H5allocate_memory(whole, true);
	if (!to) {
		cute_shm_fail(CUTE_SHM_ERR_NOMEM,
			      "no memory for %llu bytes of "
			      "a chunk",
			      (unsigned long long)whole);
		return refuse();
	}
	scratch.missing = scratch.wanted = 0;
	if (step(&f, &scratch, *data, size, to, held) != 0) {
		H5free_memory(to);
		return refuse();
	}
	H5free_memory(*data);
	*data = to;
	*room = whole;
	return held;
}

/* libhdf5 does not say which filter it calls, so each one has a function. */
#define OURS(name, id, step) \
	static size_t undo_##name(unsigned flags, size_t param_count, \
				  const unsigned *params, size_t size, \
				  size_t *room, void **data) \
	{ \
		return undo(step, id, flags, param_count, params, size, room, \
			    data); \
	}

OURS(lzf, FILTER_LZF, filter_unlzf)
OURS(blosc, FILTER_BLOSC, filter_unblosc)
OURS(lz4, FILTER_LZ4, filter_unlz4)
OURS(bitshuffle, FILTER_BITSHUFFLE, filter_unbitshuffle)
OURS(zstd, FILTER_ZSTD, filter_unzstd)

#define CLASS(number, title, function) \
	{ \
		.version = H5Z_CLASS_T_VERS, .id = (number), \
		.decoder_present = 1, .name = (title), .filter = (function) \
	}

static const H5Z_class2_t classes[] = {
	CLASS(FILTER_LZF, "lzf", undo_lzf),
	CLASS(FILTER_BLOSC, "blosc", undo_blosc),
	CLASS(FILTER_LZ4, "lz4", undo_lz4),
	CLASS(FILTER_BITSHUFFLE, "bitshuffle", undo_bitshuffle),
	CLASS(FILTER_ZSTD, "zstd", undo_zstd),
};

/* Whether this build has the decoder.  If not, a plugin may have it. */
static bool
have(int id)
{
	switch (id) {
	case FILTER_BLOSC: return filter_unblosc != NULL;
	case FILTER_LZ4: return filter_unlz4 != NULL;
	case FILTER_ZSTD: return filter_unzstd != NULL;
	case FILTER_BITSHUFFLE:
		/* A plugin may have the codec that this build lacks. */
		return filter_unlz4 && filter_unzstd;
	default: return true;
	}
}

int
filters_register(void)
{
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (have(classes[i].id) && H5Zregister(&classes[i]) < 0)
			return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
					     "libhdf5 does not take the filter "
					     "%d",
					     classes[i].id);
	return 0;
}
