/* SPDX-License-Identifier: MIT */
/* Look at all that the native index of a file describes. */
#include <stdlib.h>
#include <string.h>

#include "native_walk.h"

static uint64_t
sum_bytes(uint64_t sum, const void *data, uint64_t size)
{
	const uint8_t *p = data;

	while (size-- > 0)
		sum = (sum ^ *p++) * UINT64_C(0x100000001b3);
	return sum;
}

static uint64_t
sum_number(uint64_t sum, uint64_t number)
{
	return sum_bytes(sum, &number, sizeof(number));
}

static uint64_t
sum_text(uint64_t sum, const char *text)
{
	return text ? sum_bytes(sum, text, strlen(text) + 1) : sum;
}

static uint64_t
sum_type(uint64_t sum, const struct native_type *t)
{
	uint32_t i;

	sum = sum_number(sum, (uint64_t)t->class << 32 | t->size);
	sum = sum_text(sum, t->tag);
	for (i = 0; t->members && i < t->count; i++) {
		sum = sum_text(sum, t->members[i].name);
		sum = sum_number(sum, t->members[i].offset);
		if (t->members[i].type)
			sum = sum_type(sum, t->members[i].type);
		if (t->members[i].value)
			sum = sum_bytes(sum, t->members[i].value, t->size);
	}
	for (i = 0; t->dims && i < t->count; i++)
		sum = sum_number(sum, t->dims[i]);
	return t->base ? sum_type(sum, t->base) : sum;
}

static uint64_t
sum_space(uint64_t sum, const struct native_space *s)
{
	unsigned i;

	for (i = 0; i < s->rank; i++)
		sum = sum_number(sum, s->dims[i] ^ s->max[i]);
	return sum_number(sum, s->points);
}

static uint64_t
sum_lists(uint64_t sum, struct native *n, const struct native_attribute *a)
{
	const uint8_t *data;
	uint32_t count;
	uint64_t i;

	for (i = 0; i < a->space->points; i++)
		if (native_list(n, a->type, a->data + i * a->type->size, &data,
				&count) == 0 &&
		    data)
			sum = sum_bytes(sum, data,
					(uint64_t)count * a->type->base->size);
	return sum;
}

static uint64_t
sum_attribute(uint64_t sum, struct native *n, const struct native_attribute *a)
{
	sum = sum_text(sum, a->name);
	sum = sum_type(sum, a->type);
	sum = sum_space(sum, a->space);
	sum = sum_bytes(sum, a->data, a->size);
	return a->type->class == NATIVE_LIST ? sum_lists(sum, n, a) : sum;
}

static uint64_t
sum_chunks(uint64_t sum, struct native *n, const struct native_dataset *d)
{
	struct native_chunk *chunks;
	uint64_t *places;
	uint32_t count, i;
	unsigned k;

	if (native_chunks(n, d, &chunks, &places, &count) != 0)
		return sum_text(sum, n->image.why);
	for (i = 0; i < count; i++) {
		sum = sum_number(sum, chunks[i].address ^ chunks[i].size);
		for (k = 0; k < d->layout.rank; k++)
			sum = sum_number(sum, chunks[i].at[k]);
	}
	free(chunks);
	free(places);
	return sum;
}

static uint64_t
sum_dataset(uint64_t sum, struct native *n, const struct native_dataset *d)
{
	uint32_t i;

	sum = sum_type(sum, d->type);
	sum = sum_space(sum, d->space);
	for (i = 0; i < d->filter_count; i++)
		sum = sum_bytes(sum, d->filters[i].params,
				4 * (uint64_t)d->filters[i].count);
	if (d->fill.data)
		sum = sum_bytes(sum, d->fill.data, d->fill.size);
	if (d->layout.kind == NATIVE_COMPACT)
		sum = sum_bytes(sum, d->layout.data, d->layout.size);
	return d->layout.kind == NATIVE_CHUNKED ? sum_chunks(sum, n, d) : sum;
}

static uint64_t
sum_object(uint64_t sum, struct native *n, const struct native_object *o)
{
	struct native_dataset d;
	uint32_t i;

	sum = sum_number(sum, o->address);
	sum = sum_text(sum, o->kind == NATIVE_UNKNOWN ? o->why : NULL);
	for (i = 0; i < o->link_count; i++) {
		sum = sum_text(sum, o->links[i].name);
		sum = sum_text(sum, o->links[i].target);
		sum = sum_text(sum, o->links[i].file);
	}
	for (i = 0; i < o->attribute_count; i++)
		sum = sum_attribute(sum, n, &o->attributes[i]);
	if (o->kind == NATIVE_DATATYPE)
		sum = sum_type(sum, o->type);
	if (o->kind != NATIVE_DATASET)
		return sum;
	d = native_dataset_get(o);
	return sum_dataset(sum, n, &d);
}

uint64_t
native_walk(struct native *n)
{
	uint64_t sum = n->count;
	uint32_t i;

	for (i = 0; i < n->count; i++)
		sum = sum_object(sum, n, &n->objects[i]);
	return sum;
}
