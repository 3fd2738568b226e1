/* SPDX-License-Identifier: MIT */
/*
 * Show libhdf5 the mappings of virtual datasets and the datatypes that it does
 * not know in an older form.  libhdf5 reads a global heap or an object header
 * in two steps: its first bytes, which have its size, and then, at once, the
 * rest.  A heap with mappings is longer in the older form than in the file.
 */

#include <inttypes.h>
#include <stdlib.h>

#include "hdf5/older/older.h"
#include "hdf5/source/opened.h"

#define SMALLEST 4096 /* bytes of a heap, and of libhdf5's first read */

#define MOST_BYTES ((uint64_t)256 << 20) /* of all heaps together */

#define UNUSUAL 1 /* a length_size that no file has */

/* A heap or a header in its older form. */
struct older {
	dev_t device;
	ino_t inode;
	uint64_t at, size;
	uint8_t *bytes;
};

static struct older *table;
static uint32_t count, room;
static uint64_t all_bytes;

static struct older header; /* the last one that was read in two steps */

/* What libhdf5 reads the rest of next, and from where. */
static const struct older *begun;
static uint64_t rest;

static bool data;	 /* see file_driver_data() */
static unsigned version; /* of libhdf5, as in older.h */

void
file_driver_data(bool read)
{
	data = read;
}

void
older_begin(void)
{
	unsigned major = 0, minor = 0, release = 0;

	H5get_libversion(&major, &minor, &release);
	version = 100 * major + minor;
}

static bool
is_of(const struct older *h, const struct opened *f)
{
	return h->inode == f->st.st_ino && h->device == f->st.st_dev;
}

/* Give the first bytes to libhdf5. */
static void
give(const struct older *h, uint64_t size, void *to)
{
	memcpy(to, h->bytes, size);
	if (size < h->size) {
		begun = h;
		rest = h->at + size;
	}
}

static void
give_heap(struct opened *f, const struct older *h, uint64_t size, void *to)
{
	give(h, size, to);
	/* It may reach beyond the end of the file. */
	if (f->heap_end < h->at + h->size)
		f->heap_end = h->at + h->size;
}

bool
older_read(struct opened *f, bool is_data, uint64_t at, uint64_t size, void *to)
{
	const struct older *h = begun;

	begun = NULL;
	if (h && is_of(h, f) && at == rest && size == h->at + h->size - at) {
		memcpy(to, h->bytes + (at - h->at), size);
		return true;
	}
	for (uint32_t i = 0; is_data && i < count; i++) {
		h = &table[i];
		if (h->at == at && size <= h->size && is_of(h, f)) {
			give_heap(f, h, size, to);
			return true;
		}
	}
	return false;
}

/* How many bytes a length takes in this file, or UNUSUAL. */
static unsigned
length_size(struct opened *f)
{
	struct image image;

	if (f->length_size > 0)
		return f->length_size;
	f->length_size = UNUSUAL;
	if (image_open(f->fd, (uint64_t)f->st.st_size, 1, &image) == 0 &&
	    superblock_read(&image) == 0)
		f->length_size = image.length_size;
	image_close(&image);
	return f->length_size;
}

/* The whole collection, for free(); NULL if it cannot be read. */
static uint8_t *
read_whole(struct opened *f, uint64_t at, uint64_t size)
{
	uint8_t *ret;

	if (at > (uint64_t)f->st.st_size ||
	    size > (uint64_t)f->st.st_size - at || size > MOST_BYTES)
		return NULL;
	ret = malloc(size);
	if (ret && driver_read(f->fd, at, size, ret) != 0) {
		free(ret);
		ret = NULL;
	}
	return ret;
}

static void
keep(const struct older *heap, const char *path)
{
	struct older *more = all_bytes + heap->size > MOST_BYTES
				     ? NULL
				     : vector_grow(table, count, &room,
						   sizeof(*table), "heaps");

	if (!more) {
		free(heap->bytes);
		return;
	}
	cute_shm_log(CUTE_SHM_LOG_DEBUG,
		     "libhdf5 is shown older mappings of virtual datasets "
		     "at %" PRIu64 " of %s",
		     heap->at, path);
	table = more;
	table[count++] = *heap;
	all_bytes += heap->size;
}

static void
see_heap(struct opened *f, uint64_t at, uint64_t size, uint8_t *bytes)
{
	struct older h = { f->st.st_dev, f->st.st_ino, at, 0, NULL };
	uint32_t known = count;
	uint8_t *whole = NULL;
	uint64_t stored;

	if (data || size < SMALLEST || memcmp(bytes, "GCOL\1", 5) != 0 ||
	    length_size(f) == UNUSUAL)
		return;
	stored = number_at(bytes + 8, f->length_size);
	if (stored > size)
		whole = read_whole(f, at, stored);
	if ((whole || stored <= size) &&
	    collection_older(whole ? whole : bytes, stored, f->length_size,
			     version, &h.bytes, &h.size) == 0)
		keep(&h, f->path);
	free(whole);
	if (count > known)
		give_heap(f, &table[known], size, bytes);
}

static void
see_header(struct opened *f, uint64_t at, uint64_t size, uint8_t *bytes)
{
	unsigned prefix;
	uint64_t whole = header_size(bytes, size, &prefix);

	if (whole > 0)
		f->ordered = header_ordered(bytes);
	if (whole <= size) {
		header_older(bytes, whole ? whole : size, f->ordered, version);
		return;
	}
	free(header.bytes);
	header = (struct older){ f->st.st_dev, f->st.st_ino, at, whole,
				 read_whole(f, at, whole) };
	if (header.bytes &&
	    header_older(header.bytes, whole, f->ordered, version))
		give(&header, size, bytes);
}

void
older_see(struct opened *f, bool is_data, uint64_t at, uint64_t size,
	  void *bytes)
{
	if (version >= SINCE_2_0)
		return;
	if (is_data)
		see_heap(f, at, size, bytes);
	else
		see_header(f, at, size, bytes);
}
