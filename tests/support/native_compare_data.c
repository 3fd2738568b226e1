/* SPDX-License-Identifier: MIT */
/* Compare storage and values of the native index with libhdf5's. */
#include <stdlib.h>
#include <string.h>

#include "hdf5/filter/filter.h"
#include "native_compare.h"

#define MOST_BYTES  ((uint64_t)16 << 20) /* of values that are compared */
#define MOST_CHUNKS 500

/* ------------------------------------------------------------------ values */

static bool
text_same(const uint8_t *own, uint32_t count, const char *read)
{
	if (!own)
		return !read || !read[0];
	return read && strlen(read) == strnlen((const char *)own, count) &&
	       memcmp(own, read, strlen(read)) == 0;
}

static bool
list_same(const struct native_type *t, const uint8_t *own, uint32_t count,
	  const hvl_t *read)
{
	if (read->len != count)
		return false;
	/* Nested lists are not compared. */
	return count == 0 || type_has_lists(t->base) ||
	       memcmp(own, read->p, count * (size_t)t->base->size) == 0;
}

bool
lists_readable(struct comparison *c, const struct native_type *t,
	       const uint8_t *data, uint64_t points)
{
	const uint8_t *own;
	uint32_t count;
	uint64_t i;

	/* Lists in records, and lists of lists, are not looked at. */
	if (type_has_lists(t) &&
	    (t->class != NATIVE_LIST || type_has_lists(t->base)))
		return false;
	for (i = 0; t->class == NATIVE_LIST && i < points; i++)
		if (native_list(&c->n, t, data + i * t->size, &own, &count) !=
		    0)
			return false;
	return true;
}

static void
compare_lists(struct comparison *c, const char *what,
	      const struct native_type *t, const uint8_t *data, uint64_t points,
	      const uint8_t *read)
{
	const uint8_t *own;
	uint32_t count;
	uint64_t i;
	bool same;

	for (i = 0; i < points; i++) {
		if (native_list(&c->n, t, data + i * t->size, &own, &count) !=
		    0) {
			fprintf(c->report->out, "%s %s: values: %s\n",
				c->report->file, what, c->n.image.why);
			return;
		}
		same = t->is_text ? text_same(own, count,
					      ((char *const *)(const void *)
						       read)[i])
				  : list_same(t, own, count,
					      &((const hvl_t *)(const void *)
							read)[i]);
		if (!same) {
			differs(c, "%s: value %llu of variable length", what,
				(unsigned long long)i);
			return;
		}
	}
	c->report->values++;
}

void
compare_values(struct comparison *c, const char *what,
	       const struct native_type *t, const uint8_t *data,
	       uint64_t points, const uint8_t *read)
{
	if (t->class == NATIVE_LIST) {
		compare_lists(c, what, t, data, points, read);
		return;
	}
	/* libhdf5 moves members and loses what is between them. */
	if (type_has_lists(t) ||
	    (type_has_references(t) && t->class != NATIVE_REFERENCE))
		return;
	if (t->class == NATIVE_REFERENCE && t->is_region)
		return;
	if (points > 0 && memcmp(data, read, points * t->size) != 0)
		differs(c, "%s: values", what);
	else
		c->report->values++;
}

/* ------------------------------------------------------------------ chunks */

struct assembly {
	struct comparison *c;
	const struct native_dataset *d;
	struct filter_pipeline pipeline;
	struct filter_scratch scratch;
	uint8_t *data;	 /* the array */
	uint8_t *stored; /* a copy of a chunk's bytes */
	uint8_t *chunk;	 /* the chunk without filters */
};

/* Copy the part of a chunk that lies in the extent. */
static void
place(struct assembly *a, const uint64_t *at, const uint8_t *chunk,
      unsigned dim, uint64_t to, uint64_t from)
{
	const struct native_layout *l = &a->d->layout;
	const uint64_t *dims = a->d->space->dims;
	uint64_t n = dims[dim] - at[dim], i;

	if (n > l->dims[dim])
		n = l->dims[dim];
	to = to * dims[dim] + at[dim];
	from *= l->dims[dim];
	if (dim + 1 == l->rank) {
		memcpy(a->data + to * a->d->type->size,
		       chunk + from * a->d->type->size, n * a->d->type->size);
		return;
	}
	for (i = 0; i < n; i++)
		place(a, at, chunk, dim + 1, to + i, from + i);
}

static bool
at_edge(const struct native_dataset *d, const uint64_t *at)
{
	unsigned i;

	for (i = 0; i < d->layout.rank; i++)
		if (at[i] + d->layout.dims[i] > d->space->dims[i])
			return true;
	return false;
}

static bool
assemble_chunk(struct assembly *a, const struct native_chunk *k)
{
	struct image *f = &a->c->n.image;
	uint64_t size = a->d->layout.chunk_size;
	uint32_t mask = k->mask;
	const uint8_t *p;
	uint8_t *decoded;

	if (!image_load(f, f->base + k->address, k->size))
		return false;
	p = f->bytes + f->base + k->address;
	if ((a->d->layout.flags & 1) && at_edge(a->d, k->at))
		mask = UINT32_MAX;
	a->stored = realloc(a->stored, k->size > size ? k->size : size);
	a->chunk = realloc(a->chunk, size);
	memcpy(a->stored, p, k->size);
	decoded = a->stored;
	if (a->d->filter_count > 0 &&
	    filter_decode(&a->pipeline, mask, &a->scratch, a->stored, k->size,
			  a->chunk, &decoded) != 0)
		return false;
	place(a, k->at, decoded, 0, 0, 0);
	return true;
}

static bool
assemble_chunks(struct assembly *a, const struct native_chunk *chunks,
		uint32_t count, hid_t dcpl)
{
	bool good = true;
	uint32_t i;

	if (a->d->filter_count > 0 &&
	    !filter_pipeline_get(dcpl, a->d->layout.chunk_size, &a->pipeline,
				 NULL))
		return false;
	for (i = 0; good && i < count; i++)
		good = assemble_chunk(a, &chunks[i]);
	filter_scratch_free(&a->scratch);
	free(a->stored);
	free(a->chunk);
	return good;
}

/*
 * Compare places and sizes.  libhdf5 1.10 gives wrong coordinates for
 * extensible arrays, and leaves out the user block, which 1.14 does not.
 */
static void
compare_chunks(struct comparison *c, const struct native_dataset *d, hid_t dset,
	       const struct native_chunk *chunks, uint32_t count)
{
	hsize_t size, number = 0;
	unsigned mask;
	haddr_t address;
	uint32_t i;
	hid_t space;

	if (count > MOST_CHUNKS || d->layout.index == NATIVE_EXTENSIBLE)
		return;
	space = H5Dget_space(dset);
	if (H5Dget_num_chunks(dset, space, &number) < 0 || number < count)
		differs(c, "number of chunks: %u", count);
	for (i = 0; i < count; i++) {
		if (H5Dget_chunk_info_by_coord(dset,
					       (const hsize_t *)chunks[i].at,
					       &mask, &address, &size) < 0 ||
		    (address != chunks[i].address &&
		     address != chunks[i].address + c->n.image.base) ||
		    size != chunks[i].size || mask != chunks[i].mask) {
			differs(c, "chunk %u", i);
			break;
		}
	}
	c->report->chunks += count;
	H5Sclose(space);
}

static bool
assemble_all_chunks(struct assembly *a, hid_t dset, hid_t dcpl)
{
	struct native_chunk *chunks = NULL;
	uint64_t *places = NULL;
	uint32_t count = 0;
	bool good;

	if (native_chunks(&a->c->n, a->d, &chunks, &places, &count) != 0) {
		fprintf(a->c->report->out, "%s %s: chunks: %s\n",
			a->c->report->file, a->c->path, a->c->n.image.why);
		return false;
	}
	compare_chunks(a->c, a->d, dset, chunks, count);
	good = a->data && assemble_chunks(a, chunks, count, dcpl);
	free(chunks);
	free(places);
	return good;
}

/* ------------------------------------------------------------------ arrays */

static void
fill(struct assembly *a)
{
	const struct native_fill *f = &a->d->fill;
	uint64_t i;

	if (f->kind == NATIVE_FILL_VALUE)
		for (i = 0; i < a->d->space->points; i++)
			memcpy(a->data + i * f->size, f->data, f->size);
}

static bool
assemble(struct assembly *a, hid_t dset, hid_t dcpl)
{
	const struct native_layout *l = &a->d->layout;
	struct image *f = &a->c->n.image;

	if (a->data)
		fill(a);
	if (l->kind == NATIVE_CHUNKED)
		return assemble_all_chunks(a, dset, dcpl);
	if (!a->data)
		return false;
	if (l->kind == NATIVE_COMPACT)
		memcpy(a->data, l->data, l->size);
	else if (l->address != UNDEFINED) {
		if (!image_load(f, f->base + l->address, l->size))
			return false;
		memcpy(a->data, f->bytes + f->base + l->address, l->size);
	}
	return true;
}

/* Whether a filter is none of libhdf5's own. */
static bool
has_foreign_filter(const struct native_dataset *d)
{
	uint32_t i;

	for (i = 0; i < d->filter_count; i++)
		if (d->filters[i].id >= H5Z_FILTER_RESERVED)
			return true;
	return false;
}

static void
compare_array(struct comparison *c, const struct native_dataset *d, hid_t dset,
	      hid_t dcpl, hid_t type)
{
	uint64_t room = d->type->size > 32 ? d->type->size : 32;
	bool small = d->space->points <= MOST_BYTES / room;
	struct assembly a = { .c = c, .d = d };
	uint8_t *read = NULL;
	hid_t space;

	if (small) {
		a.data = calloc(d->space->points + 1, room);
		read = calloc(d->space->points + 1, room);
	}
	if (assemble(&a, dset, dcpl) && d->space->points > 0 &&
	    !(d->fill.kind == NATIVE_FILL_UNDEFINED &&
	      H5Dget_storage_size(dset) == 0) &&
	    !(d->fill.kind == NATIVE_FILL_VALUE && type_has_lists(d->type))) {
		if (H5Dread(dset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, read) <
		    0) {
			if (!has_foreign_filter(d) &&
			    lists_readable(c, d->type, a.data,
					   d->space->points))
				differs(c, "libhdf5 cannot read the data");
		} else {
			compare_values(c, c->path, d->type, a.data,
				       d->space->points, read);
			space = H5Dget_space(dset);
			H5Dvlen_reclaim(type, space, H5P_DEFAULT, read);
			H5Sclose(space);
		}
	}
	free(a.data);
	free(read);
}

static void
compare_fill(struct comparison *c, const struct native_dataset *d, hid_t dcpl,
	     hid_t type)
{
	static const H5D_fill_value_t kinds[] = { H5D_FILL_VALUE_UNDEFINED,
						  H5D_FILL_VALUE_DEFAULT,
						  H5D_FILL_VALUE_USER_DEFINED };
	H5D_fill_value_t kind;
	H5D_alloc_time_t allocate;
	H5D_fill_time_t write;
	uint8_t *value;

	if (H5Pfill_value_defined(dcpl, &kind) < 0 ||
	    kind != kinds[d->fill.kind])
		differs(c, "kind of fill value");
	if (H5Pget_alloc_time(dcpl, &allocate) < 0 ||
	    H5Pget_fill_time(dcpl, &write) < 0 ||
	    allocate != (H5D_alloc_time_t)d->fill.allocate ||
	    write != (H5D_fill_time_t)d->fill.write)
		differs(c, "times of fill value: %d %d", d->fill.allocate,
			d->fill.write);
	if (d->fill.kind != NATIVE_FILL_VALUE || type_has_lists(d->type) ||
	    type_has_references(d->type))
		return;
	value = calloc(1, d->type->size);
	if (H5Pget_fill_value(dcpl, type, value) < 0 ||
	    memcmp(value, d->fill.data, d->type->size) != 0)
		differs(c, "fill value");
	free(value);
}

static void
compare_filters(struct comparison *c, const struct native_dataset *d,
		hid_t dcpl)
{
	unsigned flags, params[64];
	size_t count;
	uint32_t i;

	if (H5Pget_nfilters(dcpl) != (int)d->filter_count) {
		differs(c, "number of filters");
		return;
	}
	for (i = 0; i < d->filter_count; i++) {
		const struct native_filter *f = &d->filters[i];

		count = 64;
		if (H5Pget_filter2(dcpl, i, &flags, &count, params, 0, NULL,
				   NULL) != f->id ||
		    flags != f->flags || count != f->count ||
		    (count > 0 && count <= 64 &&
		     memcmp(params, f->params, count * sizeof(*params)) != 0))
			differs(c, "filter %u", i);
	}
}

static void
compare_layout(struct comparison *c, const struct native_dataset *d, hid_t dset,
	       hid_t dcpl)
{
	static const H5D_layout_t kinds[] = { H5D_COMPACT, H5D_CONTIGUOUS,
					      H5D_CHUNKED };
	const struct native_layout *l = &d->layout;
	hsize_t dims[H5S_MAX_RANK];
	haddr_t address;
	unsigned i;

	if (H5Pget_layout(dcpl) != kinds[l->kind]) {
		differs(c, "layout");
		return;
	}
	if (l->kind == NATIVE_CHUNKED) {
		if (H5Pget_chunk(dcpl, H5S_MAX_RANK, dims) != (int)l->rank)
			differs(c, "rank of chunks");
		for (i = 0; i < l->rank; i++)
			if (dims[i] != l->dims[i])
				differs(c, "dimension %u of chunks", i);
	}
	if (l->kind == NATIVE_CONTIGUOUS) {
		address = H5Dget_offset(dset);
		if (l->address == UNDEFINED
			    ? address != HADDR_UNDEF
			    : address != l->address + c->n.image.base)
			differs(c, "address of the data");
	}
}

void
compare_data(struct comparison *c, const struct native_dataset *d, hid_t dset)
{
	hid_t type = H5Dget_type(dset), space = H5Dget_space(dset);
	hid_t dcpl = H5Dget_create_plist(dset);
	const char *what = type_differs(d->type, type);

	if (what)
		differs(c, "datatype: %s", what);
	if ((H5Tcommitted(type) > 0) != (d->type->committed != UNDEFINED))
		differs(c, "commitment of the type");
	what = space_differs(d->space, space);
	if (what)
		differs(c, "dataspace: %s", what);
	/* A fill value may lead to a broken heap. */
	if (dcpl < 0 && type_has_lists(d->type))
		goto out;
	compare_layout(c, d, dset, dcpl);
	compare_fill(c, d, dcpl, type);
	compare_filters(c, d, dcpl);
	compare_array(c, d, dset, dcpl, type);
	H5Pclose(dcpl);
out:
	H5Sclose(space);
	H5Tclose(type);
}
