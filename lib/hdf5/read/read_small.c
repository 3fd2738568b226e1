/* SPDX-License-Identifier: MIT */
/*
 * Datasets so small that giving them to a thread would take longer than reading
 * and writing them here.
 */

#include <stdlib.h>
#include <string.h>

#include "hdf5/read/hdf5_read.h"

#define AT_ONCE (UINT64_C(256) << 10)

/*
 * The elements, if they were read early; else read them now.  NULL on failure.
 */
static uint8_t *
elements_get(struct dataset *d)
{
	uint8_t *elements = d->elements;

	d->elements = NULL;
	if (elements)
		return elements;
	elements = calloc(d->count, d->type->size[PART_PLAIN]);
	if (elements && d->native && native_read_all(d, elements))
		return elements;
	if (elements &&
	    (stored_check(dataset_id(d), NULL, NULL, NULL) != 0 ||
	     elements_read(d->id, type_mem(d->type, PART_PLAIN), H5S_ALL,
			   H5S_ALL, H5P_DEFAULT, elements) < 0)) {
		H5Eclear2(H5E_DEFAULT);
		free(elements);
		return NULL;
	}
	return elements;
}

/* Keep all columns or none, because a pending dataset is read whole. */
static void
forget_plain(struct columns *columns)
{
	for (size_t i = 0; i < columns->count; i++)
		if (column_is_plain(&columns->column[i])) {
			free(columns->column[i].kept);
			columns->column[i].kept = NULL;
		}
}

/* Whether the elements are the column's items as they are. */
static bool
is_all(const struct column *c, size_t stride)
{
	return c->loop_count == 0 && c->run == stride && !c->leaf->swap;
}

void
read_small(struct dataset *d)
{
	uint8_t *elements = elements_get(d);
	struct column *c = d->columns.column;
	size_t stride = d->type->size[PART_PLAIN];
	size_t i;

	if (elements && d->columns.count == 1 && column_is_plain(c) &&
	    is_all(c, stride)) {
		c->kept = elements;
		return;
	}
	for (i = 0; elements && i < d->columns.count; i++, c++) {
		if (!column_is_plain(c))
			continue;
		c->kept = malloc(c->bytes);
		if (!c->kept) {
			forget_plain(&d->columns);
			break;
		}
		column_gather(c, elements, d->count, stride, c->kept);
	}
	free(elements);
}

static struct block
all_of(const struct dataset *d)
{
	struct block block = { .count = d->count };

	memcpy(block.shape, d->dims, sizeof(block.shape));
	return block;
}

bool
fits_at_once(const struct dataset *d)
{
	uint64_t size, room = d->count;
	struct stored_as s;
	struct bands bands;

	if (__builtin_mul_overflow(d->count, d->type->size[PART_PLAIN],
				   &size) ||
	    size > AT_ONCE)
		return false;
	/*
	 * Few elements cannot touch too many chunks: most datasets stop here.
	 */
	if (d->count <= MOST_CHUNKS)
		return true;
	stored_get(d, &s);
	bands_begin_few(&bands, d->rank, d->dims, NULL,
			s.chunked ? s.part : NULL, &room);
	return room == d->count;
}

/* Write one column of elements that were read whole. */
static int
write_column(const struct loader *l, const struct dataset *d,
	     const struct column *c, const uint8_t *elements)
{
	size_t stride = d->type->size[PART_PLAIN];
	uint8_t *items;
	int rc;

	if (is_all(c, stride))
		return cute_shm_builder_write(l->builder, c->path, 0, elements,
					      c->bytes);
	items = malloc(c->bytes);
	if (!items)
		return fail_memory("for data");
	column_gather(c, elements, d->count, stride, items);
	rc = cute_shm_builder_write(l->builder, c->path, 0, items, c->bytes);
	free(items);
	return rc;
}

/* Write all plain columns of these elements. */
static int
write_plain(const struct loader *l, const struct dataset *d,
	    const uint8_t *elements)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < d->columns.count && rc == 0; i++)
		if (column_is_plain(&d->columns.column[i]))
			rc = write_column(l, d, &d->columns.column[i],
					  elements);
	if (rc == 0)
		board_done(l->board, d->count * d->type->size[PART_PLAIN]);
	return rc;
}

int
read_at_once(struct loader *l, struct dataset *d)
{
	uint64_t size = d->count * d->type->size[PART_PLAIN];
	uint8_t *elements = calloc(size + 1, 1);
	struct block all = all_of(d);
	int rc;

	if (!elements)
		return fail_memory("for data");
	rc = stored_read(d, PART_PLAIN, NULL, &all, elements);
	if (rc != 0)
		rc = stored_culprit(d, PART_PLAIN, NULL, &all);
	if (rc == 0)
		rc = write_plain(l, d, elements);
	free(elements);
	return rc;
}

/* Read the elements and convert them; *ret is for free(). */
static int
placed_elements(const struct loader *l, const struct dataset *d, uint8_t **ret)
{
	const struct convert *how = &d->type->convert;
	uint8_t *data = malloc(d->count * how->from), *wide = NULL;
	int rc;

	if (!data)
		return fail_memory("for data");
	rc = source_read(source_descriptor(l->scan, d->object->source), data,
			 d->count * how->from, d->offset);
	if (rc == 0 && widens(how)) {
		wide = malloc(d->count * how->size);
		if (wide)
			widen(how, wide, data, how->from, d->count);
		else
			rc = fail_memory("for data");
		free(data);
		data = wide;
	} else if (rc == 0) {
		convert(how, data, d->count);
	}
	*ret = data;
	return rc;
}

int
read_placed(struct loader *l, struct dataset *d)
{
	uint8_t *elements = NULL;
	int rc = placed_elements(l, d, &elements);

	if (rc == 0)
		rc = write_plain(l, d, elements);
	free(elements);
	return rc;
}
