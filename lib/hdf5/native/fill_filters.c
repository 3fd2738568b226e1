/* SPDX-License-Identifier: MIT */
/* Fill values, and the pipeline of filters. */

#include "hdf5/native/native.h"

/* ------------------------------------------------------------ fill values */

#define ALLOCATE_EARLY	     1 /* as in libhdf5 */
#define ALLOCATE_LATE	     2
#define ALLOCATE_INCREMENTAL 3
#define WRITE_IF_SET	     2

#define FILL_UNDEFINED 0x10 /* flags of version 3 */
#define FILL_HAS_VALUE 0x20

/* A value of 'size' bytes; it must be one of the dataset's type. */
static int
value_read(struct native *n, struct cursor *b, uint32_t size,
	   struct native_dataset *d)
{
	const uint8_t *data = take(b, size);

	d->fill.kind = NATIVE_FILL_VALUE;
	d->fill.size = size;
	if (!data || size != d->type->size)
		return image_doubt(&n->image, "a fill value of a wrong size");
	d->fill.data = native_bytes(n, data, size);
	return d->fill.data ? 0 : CUTE_SHM_ERR_NOMEM;
}

/* The message of old files, which has nothing but a value. */
static int
read_oldest(struct native *n, struct cursor b, struct native_dataset *d)
{
	uint32_t size = take_32(&b);

	if (b.over)
		return image_doubt(&n->image, "a broken fill value");
	return size > 0 ? value_read(n, &b, size, d) : 0;
}

static int
read_1_or_2(struct native *n, struct cursor *b, struct native_dataset *d)
{
	unsigned defined;
	uint32_t size;

	d->fill.allocate = (uint8_t)take_8(b);
	d->fill.write = (uint8_t)take_8(b);
	defined = take_8(b);
	if (!defined)
		return 0;
	size = take_32(b);
	if (b->over)
		return image_doubt(&n->image, "a broken fill value");
	if (size == UINT32_MAX)
		return 0;
	d->fill.kind = NATIVE_FILL_ZERO;
	return size > 0 ? value_read(n, b, size, d) : 0;
}

static int
read_3(struct native *n, struct cursor *b, struct native_dataset *d)
{
	unsigned flags = take_8(b);

	d->fill.allocate = flags & 3;
	d->fill.write = flags >> 2 & 3;
	if (flags & FILL_UNDEFINED)
		return flags & FILL_HAS_VALUE
			       ? image_doubt(&n->image, "a broken fill value")
			       : 0;
	d->fill.kind = NATIVE_FILL_ZERO;
	return flags & FILL_HAS_VALUE ? value_read(n, b, take_32(b), d) : 0;
}

int
fill_read(struct native *n, const struct header *h, struct native_dataset *d)
{
	/* What libhdf5 takes for compact, contiguous, and chunked data. */
	static const uint8_t allocations[] = { ALLOCATE_EARLY, ALLOCATE_LATE,
					       ALLOCATE_INCREMENTAL };
	const struct header_message *m = header_find(h, MESSAGE_FILL);
	const struct header_message *old = header_find(h, MESSAGE_FILL_OLD);
	unsigned version;
	struct cursor b;
	int err;

	d->fill.allocate = old ? ALLOCATE_LATE : allocations[d->layout.kind];
	d->fill.write = WRITE_IF_SET;
	if ((m && (m->flags & MESSAGE_SHARED)) ||
	    (old && (old->flags & MESSAGE_SHARED)))
		return image_doubt(&n->image, "a shared fill value");
	if (!m)
		return old ? read_oldest(n, cursor_on(old->data, old->size), d)
			   : 0;
	b = cursor_on(m->data, m->size);
	version = take_8(&b);
	if (version < 1 || version > 3)
		return image_doubt(&n->image, "an unknown form of fill value");
	err = version == 3 ? read_3(n, &b, d) : read_1_or_2(n, &b, d);
	if (err == 0 && (b.over || d->fill.allocate > 3 || d->fill.write > 2))
		return image_doubt(&n->image, "a broken fill value");
	return err;
}

/* ----------------------------------------------------------------- filters */

#define MOST_FILTERS  32  /* one bit of a chunk's mask for each */
#define FIRST_FOREIGN 256 /* version 2: smaller numbers have no name */

static int
params_read(struct native *n, struct cursor *b, struct native_filter *f)
{
	uint32_t *params, i;

	if (f->count == 0)
		return 0;
	params = native_get(n, f->count, sizeof(*params));
	if (!params)
		return CUTE_SHM_ERR_NOMEM;
	for (i = 0; i < f->count; i++)
		params[i] = take_32(b);
	f->params = params;
	return 0;
}

static int
filter_read(struct native *n, struct cursor *b, unsigned version,
	    struct native_filter *f)
{
	unsigned name = 0;
	int err;

	f->id = (uint16_t)take_16(b);
	if (version == 1 || f->id >= FIRST_FOREIGN)
		name = take_16(b);
	f->flags = (uint16_t)take_16(b);
	f->count = take_16(b);
	if (version == 1 && name % 8 != 0)
		return image_doubt(&n->image, "a broken name of a filter");
	take(b, name);
	err = params_read(n, b, f);
	if (version == 1 && f->count % 2 == 1)
		take(b, 4);
	if (err == 0 && b->over)
		return image_doubt(&n->image, "a broken list of filters");
	return err;
}

int
pipeline_read(struct native *n, struct cursor b, struct native_dataset *d)
{
	unsigned version = take_8(&b), count = take_8(&b), i;
	struct native_filter *filters;
	int err = 0;

	if (b.over || version < 1 || version > 2 || count == 0 ||
	    count > MOST_FILTERS)
		return image_doubt(&n->image, "an unknown list of filters");
	if (version == 1)
		take(&b, 6);
	filters = native_get(n, count, sizeof(*filters));
	if (!filters)
		return CUTE_SHM_ERR_NOMEM;
	for (i = 0; err == 0 && i < count; i++)
		err = filter_read(n, &b, version, &filters[i]);
	d->filter_count = count;
	d->filters = filters;
	return err;
}
