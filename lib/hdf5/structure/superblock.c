/* SPDX-License-Identifier: MIT */
/* The superblock: where the root is, and the sizes of numbers. */

#include "hdf5/structure/structure.h"

#define FIRST_READ 128 /* no superblock is longer */

/* The values that libhdf5 uses where the file has none. */
#define LEAF_K	4
#define GROUP_K 16
#define CHUNK_K 32

#define CACHED_GROUP 1 /* the last cache type that the root's symbol may have */

#define KNOWN_FLAGS 7 /* of all versions; versions 0 to 2 ignore them */
#define WRITING	    1 /* consistency flags of version 3 */
#define SWMR_WRITE  4

/* The superblock is at offset 0, or at a power of two from 512. */
static bool
find(struct image *f)
{
	uint64_t at;

	for (at = 0; at < f->size && f->size - at >= 8;
	     at = at == 0 ? 512 : 2 * at) {
		if (!image_load(f, at, 8))
			return false;
		if (memcmp(f->bytes + at, HDF5_SIGNATURE, 8) == 0) {
			f->base = at;
			return true;
		}
	}
	f->why = "no HDF5 file";
	return false;
}

/* Set the end of the addresses; libhdf5 refuses files that are shorter. */
static int
set_end(struct image *f, uint64_t stored_base, uint64_t stored_end)
{
	if (stored_end == UNDEFINED || stored_base > stored_end ||
	    stored_end - stored_base > f->size - f->base)
		return image_doubt(f, "the file is truncated");
	f->end = stored_end - stored_base;
	/*
	 * Real files need at most 1.01 times their size, and the names of old
	 * groups again as the names of links, and as keys.
	 */
	f->budget = f->end > UINT64_MAX / 8 ? UINT64_MAX / 2 : 4 * f->end;
	f->budget += 65536;
	return 0;
}

static int
set_sizes(struct image *f, unsigned address_size, unsigned length_size)
{
	f->address_size = address_size;
	f->length_size = length_size;
	if ((address_size == 2 || address_size == 4 || address_size == 8) &&
	    (length_size == 2 || length_size == 4 || length_size == 8))
		return 0;
	return image_doubt(f, "unusual size of addresses or lengths");
}

static int
set_ks(struct image *f, unsigned leaf, unsigned group, unsigned chunk)
{
	f->leaf_k = leaf;
	f->group_k = group;
	f->chunk_k = chunk;
	if (leaf > 0 && group > 0 && chunk > 0)
		return 0;
	return image_doubt(f, "B-tree nodes without room");
}

/* Versions 0 and 1; 'b' begins behind the version. */
static int
read_old(struct image *f, struct cursor *b, unsigned version, uint64_t *more)
{
	const uint8_t *p = take(b, 15);
	uint64_t base, end, driver;
	unsigned chunk = CHUNK_K;
	int err;

	if (!p || p[0] != 0 || p[1] != 0 || p[3] != 0 ||
	    number_at(p + 11, 4) > KNOWN_FLAGS)
		return image_doubt(f, "unknown version in the superblock");
	if (version == 1) {
		chunk = take_16(b);
		take(b, 2);
	}
	err = set_sizes(f, p[4], p[5]);
	if (err == 0)
		err = set_ks(f, (unsigned)number_at(p + 7, 2),
			     (unsigned)number_at(p + 9, 2), chunk);
	if (err != 0)
		return err;
	base = take_address(b, f);
	*more = take_address(b, f);
	end = take_address(b, f);
	driver = take_address(b, f);
	take_length(b, f);
	f->root = take_address(b, f);
	if (b->over || driver != UNDEFINED)
		return image_doubt(f, "the file has driver information");
	if (take_32(b) > CACHED_GROUP)
		return image_doubt(f, "an unknown kind of root");
	return set_end(f, base, end);
}

static int
read_new(struct image *f, struct cursor *b, unsigned version, uint64_t *more)
{
	const uint8_t *start = b->at - 9;
	uint64_t base, end;
	unsigned address_size = take_8(b), length_size = take_8(b);
	unsigned flags = take_8(b);
	int err = set_sizes(f, address_size, length_size);

	if (err != 0)
		return err;
	set_ks(f, LEAF_K, GROUP_K, CHUNK_K);
	base = take_address(b, f);
	*more = take_address(b, f);
	end = take_address(b, f);
	f->root = take_address(b, f);
	take(b, 4);
	if (b->over || !checksum_good(f, start, (uint64_t)(b->at - start)))
		return image_doubt(f, "wrong checksum of the superblock");
	if (flags > KNOWN_FLAGS)
		return image_doubt(f, "unknown flags of the superblock");
	if (version == 3 && (flags & (WRITING | SWMR_WRITE)) != 0)
		return image_doubt(f, "the file is marked as being written");
	return set_end(f, base, end);
}

#define INDEX_FIXED 14 /* bytes of an index of shared messages, but addresses */

/*
 * libhdf5 opens a file only if it can read the table of shared messages.  The
 * messages themselves are not read here.
 */
static int
check_shared(struct image *f, const struct header_message *m)
{
	struct cursor b = cursor_on(m->data, m->size);
	unsigned version = take_8(&b), count;
	uint64_t address = take_address(&b, f), size;
	const uint8_t *p;

	count = take_8(&b);
	if (b.over || version != 0 || count == 0 || count > 8)
		return image_doubt(f, "an unknown table of shared messages");
	size = 8 + count * (INDEX_FIXED + 2 * (uint64_t)f->address_size);
	p = image_get(f, address, size);
	if (!p)
		return NO_OPINION;
	if (memcmp(p, "SMTB", 4) != 0)
		return image_doubt(f, "no table of shared messages");
	return checksum_good(f, p, size) ? 0 : NO_OPINION;
}

/* Messages of the superblock extension. */
static int
read_extension(struct image *f, const struct header *h)
{
	const struct header_message *m;
	struct cursor b;
	unsigned chunk, group;

	if (h->present & (1u << MESSAGE_CACHE_IMAGE | 1u << MESSAGE_DRIVER))
		return image_doubt(f, "the file has a cache image or a driver");
	m = header_find(h, MESSAGE_SHARED_TABLE);
	if (m && check_shared(f, m) != 0)
		return NO_OPINION;
	m = header_find(h, MESSAGE_TREE_K);
	if (!m)
		return 0;
	b = cursor_on(m->data, m->size);
	if (take_8(&b) != 0)
		return image_doubt(f, "unknown version of B-tree numbers");
	chunk = take_16(&b);
	group = take_16(&b);
	return set_ks(f, take_16(&b), group, chunk);
}

int
superblock_read(struct image *f)
{
	struct header header = { 0 };
	uint64_t more = UNDEFINED, left;
	unsigned version;
	struct cursor b;
	int err;

	if (!find(f))
		return NO_OPINION;
	left = f->size - f->base;
	left = left < FIRST_READ ? left : FIRST_READ;
	if (!image_load(f, f->base, left))
		return NO_OPINION;
	b = cursor_on(f->bytes + f->base, left);
	take(&b, 8);
	version = take_8(&b);
	if (b.over || version > 3)
		return image_doubt(f, "unknown version of the superblock");
	err = version < 2 ? read_old(f, &b, version, &more)
			  : read_new(f, &b, version, &more);
	if (err == 0 && more != UNDEFINED) {
		err = header_read(f, more, &header);
		if (err == 0)
			err = read_extension(f, &header);
		header_free(&header);
	}
	return err;
}
