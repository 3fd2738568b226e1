/* SPDX-License-Identifier: MIT */
/*
 * libFuzzer: any bytes as a chunk that went through filters: the first 32 tell
 * which, and how large the chunk was; see struct input.  All decoders are ours,
 * or libraries', so nothing here may be believed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hdf5/filter/filter.h"
#include "seed.h"

unsigned fuzz_reached;

/* Keeps the compiler from leaving out what is read. */
static volatile unsigned sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint16_t chunk_size; /* 0x00 */
	uint8_t count;	     /* 0x02 of filters, up to 3 */
	uint8_t mask;	     /* 0x03 */
	uint8_t kind[4];     /* 0x04 rows of ids[] */
	uint8_t param[3][8]; /* 0x08 of each */
};

static const int ids[] = {
	H5Z_FILTER_DEFLATE,    H5Z_FILTER_SHUFFLE,
	H5Z_FILTER_FLETCHER32, FILTER_LZF,
	FILTER_ZSTD,	       FILTER_LZ4,
	FILTER_BLOSC,	       FILTER_BITSHUFFLE,
	H5Z_FILTER_SZIP,       H5Z_FILTER_SCALEOFFSET,
};

#define IDS (sizeof(ids) / sizeof(*ids))

/* Those of filter 'i'; the elements of scaleoffset make up the chunk. */
static void
set_filter(hid_t dcpl, const struct input *in, unsigned i)
{
	unsigned values[20] = { 0 }, count = 8, k;
	int id = ids[in->kind[i] % IDS];

	for (k = 0; k < 8; k++)
		values[k] = in->param[i][k];
	if (id == H5Z_FILTER_SZIP)
		count = 4;
	if (id == H5Z_FILTER_SCALEOFFSET) {
		count = 20;
		values[2] = in->chunk_size / (values[4] ? values[4] : 1);
	}
	H5Pset_filter(dcpl, id, H5Z_FLAG_OPTIONAL, count, values);
}

/* The rules of filter_pipeline_get(), which needs a property list. */
static int
pipeline(const struct input *in, struct filter_pipeline *ret)
{
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
	hsize_t chunk = in->chunk_size;
	int known;
	unsigned i;

	H5Pset_chunk(dcpl, 1, &chunk);
	for (i = 0; i < in->count % 4u; i++)
		set_filter(dcpl, in, i);
	known = filter_pipeline_get(dcpl, in->chunk_size, ret, NULL);
	H5Pclose(dcpl);
	return known;
}

/* Bytes that end where the next page faults. */
static uint8_t *
at_page_end(size_t size, uint8_t **map, size_t *map_size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	*map_size = (size + page - 1) / page * page + page;
	*map = mmap(NULL, *map_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (*map == MAP_FAILED ||
	    mprotect(*map + *map_size - page, page, PROT_NONE) != 0)
		abort();
	return *map + *map_size - page - size;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct filter_pipeline p;
	struct filter_scratch scratch = { .buffer = { NULL } };
	uint8_t *src, *dst, *src_map, *dst_map, *ret;
	size_t src_size, dst_size, i;
	struct input in;

	if (size < sizeof(in))
		return 0;
	memcpy(&in, data, sizeof(in));
	if (in.chunk_size == 0)
		return 0;
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	if (!pipeline(&in, &p))
		return 0;
	size -= sizeof(in);
	src = at_page_end(size, &src_map, &src_size);
	dst = at_page_end(in.chunk_size, &dst_map, &dst_size);
	memcpy(src, data + sizeof(in), size);
	if (filter_decode(&p, in.mask & 7u, &scratch, src, size, dst, &ret) ==
	    0) {
		fuzz_reached++;
		for (i = 0; i < in.chunk_size; i++)
			sink = sink + ret[i];
	}
	filter_scratch_free(&scratch);
	munmap(src_map, src_size);
	munmap(dst_map, dst_size);
	return 0;
}
