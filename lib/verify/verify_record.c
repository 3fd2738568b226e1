/* SPDX-License-Identifier: MIT */
/* Check a single record: its padding, its texts, the place of its data. */

#include <inttypes.h>
#include <string.h>

#include "verify/verify.h"

void
verify_node_bytes(struct verify *v, const struct record *r)
{
	const uint64_t zero = r->offset + offsetof(struct format_node, zero);
	uint64_t text = text_rows(r->path_size);

	verify_zeros(v, r, r->after - text + r->path_size, r->after,
		     "padding of the path");
	if (r->kind != CUTE_SHM_ARRAY)
		verify_zeros(v, r, zero, zero + sizeof(uint64_t), "reserved");
	if (r->kind == CUTE_SHM_LINK && r->attr_count != 0)
		verify_damage(v, r, r->offset, 0,
			      "a link with %" PRIu32 " attributes",
			      r->attr_count);
}

/* Check that ragged offsets begin at 0 and do not decrease. */
static void
verify_offsets(struct verify *v, const struct record *r, uint64_t at,
	       const struct cute_shm_array *a)
{
	uint64_t last = 0, i, n;

	for (i = 0; i <= a->element_count; i++) {
		n = a->offsets[i];
		if (n < last || (i == 0 && n != 0)) {
			verify_damage(v, r, at + i * sizeof(n), 0,
				      "%s: list %" PRIu64
				      " begins at item %" PRIu64
				      ", after %" PRIu64,
				      a->path, i, n, last);
			return;
		}
		last = n;
	}
}

/* Check that the data begin at the lowest offset that is aligned. */
static void
verify_place(struct verify *v, const struct record *r,
	     const struct format_array *f, struct verify_cursor *c)
{
	uint64_t to =
		f->data_size >= FORMAT_PAGE ? FORMAT_PAGE : FORMAT_DATA_ALIGN;
	uint64_t want = align_up(c->data, to);

	if (c->lost)
		return;
	if (f->data_offset == want)
		verify_zeros(v, r, c->data, want, "padding before the data");
	else
		verify_damage(v, r,
			      r->offset + offsetof(struct format_array,
						   data_offset),
			      0, "data at %#" PRIx64 ", not at %#" PRIx64,
			      f->data_offset, want);
}

/* Check that the block digests follow those of the array before. */
static bool
verify_rows(struct verify *v, const struct record *r,
	    const struct format_array *f, const struct cute_shm_array *a,
	    struct verify_cursor *c)
{
	const struct format_header *h = &v->shm->header;
	uint64_t rows = block_rows(f->data_size, h->block_size);
	uint64_t want = rows > 0 ? c->block_row : 0, is;
	uint64_t at = r->offset + offsetof(struct format_array, first_block);
	const void *digests;

	if (!block_rows_ok(v->shm, a, f->first_block)) {
		verify_damage(v, r, at, 0,
			      "block digests from row %" PRIu64
			      " on: there are %" PRIu64,
			      f->first_block, h->block_count);
		return false;
	}
	if (f->first_block != want && !(c->lost && rows > 0))
		verify_damage(v, r, at, 0,
			      "block digests from row %" PRIu64
			      " on, not %" PRIu64,
			      f->first_block, want);
	if (rows == 0)
		return true;
	c->block_row = f->first_block + rows;
	digests = segment_at(v->shm,
			     h->blocks_offset + f->first_block * sizeof(is),
			     rows * sizeof(is));
	is = digest(digests, (size_t)(rows * sizeof(is)));
	if (is != f->digest)
		verify_damage(v, r,
			      r->offset + offsetof(struct format_array, digest),
			      0,
			      "digest of its block digests is %016" PRIx64
			      ", its record says %016" PRIx64,
			      is, f->digest);
	return true;
}

static void
verify_ragged(struct verify *v, const struct record *r,
	      const struct format_array *f, const struct cute_shm_array *a)
{
	uint64_t at = r->offset + offsetof(struct format_array, values_offset);

	if (!a->offsets) {
		if (f->values_offset != 0)
			verify_damage(v, r, at, 0,
				      "items at %#" PRIx64
				      " of an array that is not ragged",
				      f->values_offset);
		return;
	}
	verify_offsets(v, r, f->data_offset, a);
	verify_zeros(v, r,
		     f->data_offset + (a->element_count + 1) * sizeof(uint64_t),
		     f->values_offset, "padding between offsets and items");
}

bool
verify_take(uint64_t *left, uint64_t size)
{
	if (size > *left)
		return false;
	*left -= size;
	return true;
}

/* After a damaged array the place of the next one is unknown. */
static bool
lose(struct verify_cursor *c)
{
	c->lost = true;
	c->live_slot++;
	return false;
}

bool
verify_array(struct verify *v, const struct record *r, struct verify_cursor *c)
{
	const uint64_t shape = r->offset + sizeof(struct format_array);
	struct cute_shm_array a;
	struct format_array f;
	bool readable;

	memcpy(&f, r->array, sizeof(f));
	if (array_record(v->shm, r, &a) != 0) {
		verify_failure(v, r, r->offset);
		return lose(c);
	}
	if (!verify_take(&v->data_left, a.data_size)) {
		verify_damage(v, r,
			      r->offset +
				      offsetof(struct format_array, data_size),
			      0,
			      "with its %" PRIu64 " bytes the arrays have more "
			      "than there are",
			      a.data_size);
		return lose(c);
	}
	verify_text(v, r, r->offset + offsetof(struct format_array, dtype),
		    FORMAT_DTYPE_SIZE, "dtype");
	verify_zeros(v, r, shape + a.ndim * sizeof(uint64_t),
		     shape + shape_rows(a.ndim), "padding of the shape");
	if (f.live_slot != c->live_slot)
		verify_damage(v, r,
			      r->offset +
				      offsetof(struct format_array, live_slot),
			      0, "live slot %" PRIu64 ", not %" PRIu64,
			      f.live_slot, c->live_slot);
	c->live_slot++;
	verify_place(v, r, &f, c);
	readable = verify_rows(v, r, &f, &a, c);
	verify_ragged(v, r, &f, &a);
	c->data = f.data_offset + f.data_size;
	c->bytes += f.data_size;
	c->lost = !readable;
	return readable;
}

static void
verify_attr_bytes(struct verify *v, const struct record *r,
		  const struct cute_shm_attr *attr, uint64_t after)
{
	const struct cute_shm_array *a = &attr->value;
	const uint64_t at = attr->record;
	const uint64_t zero = at + offsetof(struct format_attr, zero);
	const size_t length = strlen(attr->name);
	const uint64_t name = at + sizeof(struct format_attr);
	const uint64_t shape = name + align_up(length + 1, FORMAT_ROW);
	const uint64_t value =
		shape + align_up(a->ndim * sizeof(uint64_t), FORMAT_ROW);

	if (length == 0 || !utf8_ok(attr->name, length))
		verify_damage(v, r, name, 0,
			      "the name of an attribute is "
			      "empty or not UTF-8");
	verify_text(v, r, at + offsetof(struct format_attr, dtype),
		    FORMAT_DTYPE_SIZE, "dtype of an attribute");
	verify_zeros(v, r, zero, zero + sizeof(uint32_t), "reserved");
	verify_zeros(v, r, name + length, shape, "padding of a name");
	verify_zeros(v, r, shape + a->ndim * sizeof(uint64_t), value,
		     "padding of a shape");
	verify_zeros(v, r, value + a->data_size, after, "padding of a value");
	if (a->offsets)
		verify_offsets(v, r, value, a);
}

/*
 * Check that reserved attributes come after the others, in the order of their
 * table.  verify_attrs() reports duplicates, as for all names.
 */
static void
verify_order(struct verify *v, const struct record *r,
	     const struct cute_shm_attr *attr, struct verify_reserved *found,
	     enum reserved *last)
{
	enum reserved id = reserved_find(attr->name);

	if (id < *last)
		verify_damage(v, r, attr->record, 0,
			      "attribute \"%s\" stands "
			      "after one named cute-shm:, which it must "
			      "precede",
			      attr->name);
	else
		*last = id;
	if (id != RESERVED_NOT)
		found->record[id] = attr->record;
}

bool
verify_attrs(struct verify *v, const struct record *r,
	     struct verify_reserved *found, uint64_t *after)
{
	enum reserved last = RESERVED_NOT;
	struct cute_shm_attr attr;
	const char *twice;
	uint64_t at = r->after;
	uint32_t i;

	for (i = 0; i < r->attr_count && v->stop == 0; i++) {
		if (attr_record(v->shm, at, &attr, &at) != 0) {
			verify_failure(v, r, at);
			v->texts.count = 0;
			return false;
		}
		verify_attr_bytes(v, r, &attr, at);
		verify_order(v, r, &attr, found, &last);
		text_list_add(v, attr.name);
	}
	twice = text_list_twice(&v->texts);
	if (twice)
		verify_damage(v, r, r->offset, 0, "two attributes \"%s\"",
			      twice);
	if (last != RESERVED_NOT)
		verify_reserved(v, r, found);
	*after = at;
	return v->stop == 0;
}
