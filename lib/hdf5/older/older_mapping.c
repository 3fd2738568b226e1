/* SPDX-License-Identifier: MIT */
/*
 * The mapping of a virtual dataset in the form of libhdf5 1.10: "Global Heap
 * Block for Virtual Datasets", version 0, with selections of version 1 or 2;
 * and the collection of a global heap that has such mappings.
 */

#include <stdlib.h>

#include "hdf5/older/older.h"

/* Kinds of selections. */
#define NONE	  0
#define HYPERSLAB 2
#define ALL	  3

#define REGULAR 1u /* flag of a hyperslab: equal blocks at equal distances */

#define MOST_RANK 32

/* Flags of a source in version 1. */
#define FILE_SHARED    1u /* the name is that of an earlier source */
#define DATASET_SHARED 2u
#define SAME_FILE      4u

#define SMALLEST 4096 /* libhdf5 reads no less */
#define PREFIX	 16   /* of the collection, and of each object */
#define UNIT	 8    /* objects begin at its multiples */

/* A short name that many sources share could fill the memory. */
#define LARGEST ((uint64_t)64 << 20)

#define LEAST_SOURCE 33 /* bytes of a source: flags and two selections */

struct name {
	const uint8_t *text; /* with its NUL */
	uint64_t size;
};

struct source_names {
	struct name file, dataset;
};

struct mapping {
	struct image *image;
	struct cursor in;
	struct out *out;
	unsigned version;
	unsigned since;
	struct source_names *names; /* of the sources up to now */
};

static int
doubt(struct mapping *m)
{
	return image_doubt(m->image, "no mapping of a virtual dataset");
}

/* -------------------------------------------------------------- selections */

/* Copy 'size' bytes from 'begin' on, where the cursor was. */
static int
copy_from(struct mapping *m, const uint8_t *begin, uint64_t size)
{
	m->in.at = begin;
	begin = take(&m->in, size);
	if (!begin)
		return doubt(m);
	out_bytes(m->out, begin, size);
	return 0;
}

/* Version 1: blocks, each by two corners of 32 bits for each dimension. */
static int
copy_blocks(struct mapping *m, const uint8_t *begin)
{
	uint64_t rank, count;

	take(&m->in, 8);
	rank = take_32(&m->in);
	count = take_32(&m->in);
	if (rank == 0 || rank > MOST_RANK)
		return doubt(m);
	return copy_from(m, begin, 24 + count * rank * 8);
}

/* Version 2: start, stride, count and block of 64 bits for each dimension. */
static int
copy_regular(struct mapping *m, const uint8_t *begin)
{
	unsigned flags = take_8(&m->in);
	uint64_t rank;

	take(&m->in, 4);
	rank = take_32(&m->in);
	if (flags != REGULAR || rank == 0 || rank > MOST_RANK)
		return doubt(m);
	return copy_from(m, begin, 17 + rank * 32);
}

/* Version 3 as version 2.  The largest number of its size means no limit. */
static int
widen_regular(struct mapping *m, unsigned bytes, uint32_t rank)
{
	const uint64_t unlimited = UINT64_MAX >> (64 - 8 * bytes);
	uint64_t n;

	out_number(m->out, HYPERSLAB, 4);
	out_number(m->out, 2, 4);
	out_number(m->out, REGULAR, 1);
	out_number(m->out, 4 + 32 * rank, 4);
	out_number(m->out, rank, 4);
	for (unsigned i = 0; i < 4 * rank; i++) {
		n = take_number(&m->in, bytes);
		/* The start and the stride have no such meaning. */
		out_number(m->out,
			   i % 4 >= 2 && n == unlimited ? UINT64_MAX : n, 8);
	}
	return m->in.over ? doubt(m) : 0;
}

/* Version 3 as version 1, which has no numbers of over 32 bits. */
static int
blocks_older(struct mapping *m, unsigned bytes, uint32_t rank)
{
	uint64_t count = take_number(&m->in, bytes);
	uint64_t numbers = 2 * (uint64_t)rank * count, n;

	if (count > bytes_left(&m->in) / (2 * (uint64_t)rank * bytes) ||
	    8 + 4 * numbers > UINT32_MAX)
		return doubt(m);
	out_number(m->out, HYPERSLAB, 4);
	out_number(m->out, 1, 4);
	out_number(m->out, 0, 4);
	out_number(m->out, 8 + 4 * numbers, 4);
	out_number(m->out, rank, 4);
	out_number(m->out, count, 4);
	for (; numbers > 0; numbers--) {
		n = take_number(&m->in, bytes);
		if (n > UINT32_MAX)
			return doubt(m);
		out_number(m->out, n, 4);
	}
	return 0;
}

static int
hyperslab_older(struct mapping *m)
{
	unsigned flags = take_8(&m->in), bytes = take_8(&m->in);
	uint32_t rank = take_32(&m->in);

	if (m->since < SINCE_1_12)
		m->since = SINCE_1_12;
	if ((flags & ~REGULAR) || (bytes != 2 && bytes != 4 && bytes != 8) ||
	    rank == 0 || rank > MOST_RANK)
		return doubt(m);
	return flags & REGULAR ? widen_regular(m, bytes, rank)
			       : blocks_older(m, bytes, rank);
}

static int
selection_older(struct mapping *m)
{
	const uint8_t *begin = m->in.at;
	uint32_t kind = take_32(&m->in), version = take_32(&m->in);

	if (kind == NONE || kind == ALL)
		return version == 1 ? copy_from(m, begin, 16) : doubt(m);
	/* libhdf5 has no mappings of single points. */
	if (kind != HYPERSLAB || m->in.over)
		return doubt(m);
	switch (version) {
	case 1: return copy_blocks(m, begin);
	case 2: return copy_regular(m, begin);
	case 3: return hyperslab_older(m);
	default: return doubt(m);
	}
}

/* ------------------------------------------------------------------- names */

static bool
take_text(struct mapping *m, struct name *ret)
{
	const uint8_t *end = memchr(m->in.at, '\0', bytes_left(&m->in));

	if (!end)
		return false;
	ret->size = (uint64_t)(end - m->in.at) + 1;
	ret->text = take(&m->in, ret->size);
	return true;
}

/* The number of an earlier source; 'number' is that of this one. */
static bool
take_earlier(struct mapping *m, uint64_t number, uint64_t *ret)
{
	*ret = take_length(&m->in, m->image);
	return !m->in.over && *ret < number;
}

static int
names_older(struct mapping *m, uint64_t number)
{
	struct source_names *n = &m->names[m->version ? number : 0];
	unsigned flags = m->version ? take_8(&m->in) : 0;
	uint64_t earlier;

	if (flags & ~(FILE_SHARED | DATASET_SHARED | SAME_FILE))
		return doubt(m);
	if (flags & SAME_FILE) {
		n->file = (struct name){ (const uint8_t *)".", 2 };
	} else if (flags & FILE_SHARED) {
		if (!take_earlier(m, number, &earlier))
			return doubt(m);
		n->file = m->names[earlier].file;
	} else if (!take_text(m, &n->file)) {
		return doubt(m);
	}
	if (flags & DATASET_SHARED) {
		if (!take_earlier(m, number, &earlier))
			return doubt(m);
		n->dataset = m->names[earlier].dataset;
	} else if (!take_text(m, &n->dataset)) {
		return doubt(m);
	}
	out_bytes(m->out, n->file.text, n->file.size);
	out_bytes(m->out, n->dataset.text, n->dataset.size);
	return 0;
}

/* ------------------------------------------------------------ the mapping */

static int
sources_older(struct mapping *m, uint64_t count)
{
	int err = 0;

	for (uint64_t i = 0; i < count && err == 0; i++) {
		err = names_older(m, i);
		if (err == 0)
			err = selection_older(m); /* of the source, */
		if (err == 0)
			err = selection_older(m); /* of the dataset */
	}
	if (err == 0 && (m->in.over || bytes_left(&m->in) > 0))
		return doubt(m);
	return err;
}

/*
 * Add the mapping in the old form to *o; *since is the version that brought the
 * form that it has.  NO_OPINION: this is no mapping, it is damaged, or it has
 * no old form.
 */
static int
mapping_older(struct image *f, const uint8_t *data, uint64_t size,
	      struct out *o, unsigned *since)
{
	struct mapping m = { .image = f, .out = o, .since = SINCE_1_10 };
	uint64_t begin = o->size, count;
	int err;

	if (size < 5 + (uint64_t)f->length_size || data[0] > 1 ||
	    !checksum_good(f, data, size))
		return doubt(&m);
	m.in = cursor_on(data, size - 4);
	m.version = take_8(&m.in);
	if (m.version == 1)
		m.since = SINCE_2_0;
	count = take_length(&m.in, f);
	if (count > bytes_left(&m.in) / LEAST_SOURCE)
		return doubt(&m);
	out_number(o, 0, 1);
	out_number(o, count, f->length_size);
	m.names = calloc(m.version ? count + 1 : 1, sizeof(*m.names));
	if (!m.names)
		return fail_memory("for the mapping of a virtual dataset");
	err = sources_older(&m, count);
	free(m.names);
	if (err != 0)
		return err;
	out_number(o, o->at ? lookup3(o->at + begin, o->size - begin) : 0, 4);
	*since = m.since;
	return 0;
}

/* ------------------------------------------------------- the collection */

struct rebuild {
	struct out out;
	unsigned version; /* of libhdf5 */
	bool changed;
};

static void
out_padded(struct out *o, uint64_t to)
{
	static const uint8_t zeros[UNIT];

	out_bytes(o, zeros, align_up(o->size, to) - o->size);
}

/* The prefix of an object or of free space. */
static void
out_prefix(struct out *o, const uint8_t head[8], uint64_t size, unsigned bytes)
{
	out_bytes(o, head, 8);
	out_number(o, size, bytes);
	out_padded(o, UNIT);
}

static int
object_older(struct image *f, const uint8_t *prefix, const uint8_t *data,
	     uint64_t size, void *arg)
{
	struct rebuild *r = arg;
	struct out counted = { .at = NULL };
	unsigned since = SINCE_1_10;
	int err = mapping_older(f, data, size, &counted, &since);

	if (err != 0 && err != NO_OPINION)
		return err;
	/* Whatever else is in the heap stays as it is. */
	if (err == NO_OPINION || since <= r->version) {
		out_prefix(&r->out, prefix, size, f->length_size);
		out_bytes(&r->out, data, size);
	} else {
		r->changed = true;
		out_prefix(&r->out, prefix, counted.size, f->length_size);
		err = mapping_older(f, data, size, &r->out, &since);
		if (err != 0)
			return err;
	}
	out_padded(&r->out, UNIT);
	return r->out.size > LARGEST ? image_doubt(f, "a very large mapping")
				     : 0;
}

/* Write the collection, or only count its bytes. */
static int
rebuild(struct image *f, uint64_t size, struct rebuild *r)
{
	static const uint8_t head[8] = { 'G', 'C', 'O', 'L', 1 };
	static const uint8_t free_space[8] = { 0 };
	uint64_t left;
	int err;

	out_prefix(&r->out, head, size, f->length_size);
	err = global_heap_walk(f, 0, object_older, r);
	if (err == 0 && r->out.size < SMALLEST) {
		left = SMALLEST - r->out.size;
		if (left >= PREFIX) {
			out_prefix(&r->out, free_space, left, f->length_size);
			left -= PREFIX;
		}
		if (r->out.at)
			memset(r->out.at + r->out.size, 0, left);
		r->out.size += left;
	}
	return err;
}

int
collection_older(const uint8_t *bytes, uint64_t size, unsigned length_size,
		 unsigned version, uint8_t **ret, uint64_t *ret_size)
{
	struct rebuild counted = { .version = version }, r = counted;
	struct image f;
	int err;

	image_of(bytes, size, &f);
	f.length_size = length_size;
	err = rebuild(&f, 0, &counted);
	if (err != 0 || !counted.changed ||
	    counted.out.size > UINT64_MAX >> (64 - 8 * length_size))
		return err ? err : NO_OPINION;
	r.out.at = malloc(counted.out.size);
	if (!r.out.at)
		return fail_memory("for the mapping of a virtual dataset");
	image_of(bytes, size, &f);
	f.length_size = length_size;
	err = rebuild(&f, counted.out.size, &r);
	if (err != 0) {
		free(r.out.at);
		return err;
	}
	*ret = r.out.at;
	*ret_size = r.out.size;
	return 0;
}
