/* SPDX-License-Identifier: MIT */
/* The elements of a dataset in the form in which libhdf5 writes them. */

#include <stdlib.h>

#include "hdf5/save/save.h"

int
out_failed(const struct out *o)
{
	char cause[200];

	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "cannot write /%s: %s",
			     o->node->path, hdf5_cause(cause, sizeof(cause)));
}

uint64_t
out_product(const struct out *o, unsigned first)
{
	uint64_t n = 1;

	for (; first < o->ndim; first++)
		n *= o->shape[first];
	return n;
}

static int
record_texts(const struct record_out *r, uint64_t first, uint64_t count,
	     uint64_t *sum)
{
	const struct record_field *f;
	uint64_t n;
	int rc = 0;

	for (f = r->fields; f < r->fields + r->count && rc == 0; f++) {
		if (f->record) {
			rc = record_texts(f->record, first * f->repeat,
					  count * f->repeat, sum);
		} else if (f->type.form == FORM_TEXT) {
			rc = texts_size(&f->array, first * f->repeat,
					count * f->repeat, &n);
			*sum += n;
		}
	}
	return rc;
}

static int
record_elements(const struct record_out *r, uint64_t first, uint64_t count,
		uint8_t *to, struct texts *texts)
{
	const struct record_field *f;
	uint64_t i;
	int rc = 0;

	for (i = 0; i < count && rc == 0; i++, to += r->size)
		for (f = r->fields; f < r->fields + r->count && rc == 0; f++)
			rc = f->record
				     ? record_elements(f->record,
						       (first + i) * f->repeat,
						       f->repeat,
						       to + f->offset, texts)
				     : out_elements(&f->array, &f->type,
						    (first + i) * f->repeat,
						    f->repeat, to + f->offset,
						    f->type.size, texts);
	return rc;
}

int
out_get(struct out *o, uint64_t first, uint64_t count, const void **ret)
{
	uint64_t size = 0;
	int rc = 0;

	if (!o->record && o->type->form == FORM_PLAIN) {
		*ret = (const uint8_t *)o->array->data + first * o->size;
		return 0;
	}
	if (o->record)
		rc = record_texts(o->record, first, count, &size);
	else if (o->type->form == FORM_TEXT)
		rc = texts_size(o->array, first, count, &size);
	if (rc == 0)
		rc = texts_begin(&o->texts, size);
	if (rc == 0 && !o->elements) {
		/* No later band is larger. */
		o->elements = calloc((size_t)count, o->size);
		if (!o->elements)
			rc = fail_memory("for a dataset");
	}
	if (rc == 0 && o->record)
		rc = record_elements(o->record, first, count, o->elements,
				     &o->texts);
	else if (rc == 0)
		rc = out_elements(o->array, o->type, first, count, o->elements,
				  o->size, &o->texts);
	*ret = o->elements;
	return rc;
}
