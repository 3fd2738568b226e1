/* SPDX-License-Identifier: MIT */
/* From elements of the file to elements in memory, as H5Dread makes them. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/element/element.h"

/* Elements of one type: where they are in the file, and where they go. */
struct run {
	const uint8_t *from;
	size_t stride; /* between elements of the file, */
	uint64_t count;
	uint8_t *to;
	size_t step; /* and between those in memory, */
	size_t size; /* each of which has so many bytes */
};

struct values {
	struct native *n;
	enum part part;
	struct native_lists *lists;
};

static int values_of(const struct values *v, const struct type *t,
		     const struct native_type *file, struct run r);

/* ----------------------------------------------------------- what there is */

static bool
convertible(const struct native *n, const struct type *t,
	    const struct native_type *file)
{
	const struct native_member *m;
	struct convert how;

	if (t->kind == TYPE_PLAIN)
		return t->direct || convert_get(file, &how);
	if (file->class == NATIVE_ARRAY)
		return convertible(n, t, file->base);
	switch (t->kind) {
	case TYPE_LIST: return convert_get(file->base, &how);
	case TYPE_REFERENCE:
	case TYPE_REFERENCE_LIST: return n->image.address_size == 8;
	case TYPE_RECORD: break;
	default: return true;
	}
	for (unsigned i = 0; i < t->field_count; i++) {
		m = member_find(file, t->fields[i].name);
		if (!m || !convertible(n, t->fields[i].type, m->type))
			return false;
	}
	return true;
}

bool
native_convertible(const struct native *n, const struct type *t)
{
	return convertible(n, t, t->file);
}

/* ------------------------------------------------------------------ leaves */

static void
plain(const struct convert *how, struct run r)
{
	for (; r.count > 0; r.count--, r.from += r.stride, r.to += r.step)
		if (widens(how)) {
			widen(how, r.to, r.from, how->from, 1);
		} else {
			memcpy(r.to, r.from, how->size);
			convert(how, r.to, 1);
		}
}

static int
plain_values(const struct native_type *file, struct run r)
{
	struct convert how;

	if (!convert_get(file, &how) || how.size != r.size)
		return NO_OPINION;
	if (r.step != how.size || (!widens(&how) && r.stride != how.size)) {
		plain(&how, r);
	} else if (widens(&how)) {
		widen(&how, r.to, r.from, r.stride, r.count);
	} else {
		memcpy(r.to, r.from, r.count * how.size);
		convert(&how, r.to, r.count);
	}
	return 0;
}

/* Many elements can lead to the same bytes of the file. */
static int
lists_charge(struct native_lists *l, uint64_t size)
{
	l->full =
		l->used > 0 && (l->used > l->most || size > l->most - l->used);
	l->used += size;
	return l->full ? NO_OPINION : 0;
}

/* The text of one element, ended by NUL; NULL is an empty one. */
static int
text_value(const struct values *v, const struct native_type *file,
	   const uint8_t *from, uint8_t *to)
{
	const char *text = NULL;
	const uint8_t *bytes;
	uint32_t count;
	int err = native_list(v->n, file, from, &bytes, &count);

	if (err == 0 && bytes)
		err = lists_charge(v->lists, (uint64_t)count + 1);
	if (err == 0 && bytes) {
		text = arena_text(&v->lists->arena, (const char *)bytes, count);
		if (!text)
			return CUTE_SHM_ERR_NOMEM;
	}
	memcpy(to, &text, sizeof(text));
	return err;
}

static int
list_value(const struct values *v, const struct native_type *file,
	   const uint8_t *from, uint8_t *to)
{
	struct run items = { .stride = file->base->size };
	hvl_t list = { 0, NULL };
	struct convert how;
	const uint8_t *bytes;
	uint32_t count;
	int err = native_list(v->n, file, from, &bytes, &count);

	if (err == 0 && count > 0) {
		if (!bytes || !convert_get(file->base, &how))
			return NO_OPINION;
		list.len = count;
		err = lists_charge(v->lists, list.len * how.size);
		if (err != 0)
			return err;
		list.p = arena_get(&v->lists->arena, list.len * how.size);
		if (!list.p)
			return CUTE_SHM_ERR_NOMEM;
		items.from = bytes;
		items.count = count;
		items.to = list.p;
		items.step = items.size = how.size;
		err = plain_values(file->base, items);
	}
	memcpy(to, &list, sizeof(list));
	return err;
}

/* A list of references; they are as in the file. */
static int
references_value(const struct values *v, const struct native_type *file,
		 const uint8_t *from, uint8_t *to)
{
	hvl_t list = { 0, NULL };
	const uint8_t *bytes;
	uint32_t count;
	int err = native_list(v->n, file, from, &bytes, &count);

	if (err == 0 && count > 0) {
		if (!bytes)
			return NO_OPINION;
		list.len = count;
		list.p = (void *)(uintptr_t)bytes;
	}
	memcpy(to, &list, sizeof(list));
	return err;
}

static int
ragged_values(const struct values *v, const struct type *t,
	      const struct native_type *file, struct run r)
{
	int err = 0;

	for (; r.count > 0 && err == 0;
	     r.count--, r.from += r.stride, r.to += r.step)
		switch (t->kind) {
		case TYPE_TEXT: err = text_value(v, file, r.from, r.to); break;
		case TYPE_LIST: err = list_value(v, file, r.from, r.to); break;
		case TYPE_REFERENCE_LIST:
			err = references_value(v, file, r.from, r.to);
			break;
		default: memcpy(r.to, r.from, sizeof(hobj_ref_t));
		}
	return err;
}

/* ------------------------------------------------------------------ parts */

static int
array_values(const struct values *v, const struct type *t,
	     const struct native_type *file, struct run r)
{
	struct run items = { .stride = file->base->size, .count = 1 };
	int err = 0;

	for (uint32_t i = 0; i < file->count; i++)
		items.count *= file->dims[i];
	items.step = items.size = r.size / items.count;
	for (; r.count > 0 && err == 0;
	     r.count--, r.from += r.stride, r.to += r.step) {
		items.from = r.from;
		items.to = r.to;
		err = values_of(v, t, file->base, items);
	}
	return err;
}

static int
record_values(const struct values *v, const struct type *t,
	      const struct native_type *file, struct run r)
{
	const struct native_member *m;
	const struct field *f = t->fields, *end = f + t->field_count;
	struct run field = r;
	int err = 0;

	for (; f < end && err == 0; f++) {
		field.size = f->type->size[v->part];
		if (field.size == 0)
			continue;
		m = member_find(file, f->name);
		if (!m)
			return NO_OPINION;
		field.from = r.from + m->offset;
		field.to = r.to + f->offset[v->part];
		err = values_of(v, f->type, m->type, field);
	}
	return err;
}

static int
values_of(const struct values *v, const struct type *t,
	  const struct native_type *file, struct run r)
{
	if (t->kind == TYPE_PLAIN)
		return plain_values(file, r);
	if (file->class == NATIVE_ARRAY)
		return array_values(v, t, file, r);
	return t->kind == TYPE_RECORD ? record_values(v, t, file, r)
				      : ragged_values(v, t, file, r);
}

int
native_values(struct native *n, const struct type *t, enum part part,
	      const uint8_t *from, uint64_t count, uint8_t *to,
	      struct native_lists *lists)
{
	const struct values v = { n, part, lists };
	const struct run r = { .from = from,
			       .stride = t->file->size,
			       .count = count,
			       .to = to,
			       .step = t->size[part],
			       .size = t->size[part] };

	return t->size[part] == 0 ? 0 : values_of(&v, t, t->file, r);
}
