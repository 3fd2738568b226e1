/* SPDX-License-Identifier: MIT */
/* Values to show: of one update, though others may come meanwhile. */
#include "dump.h"

#include <stdint.h>
#include <stdlib.h>

#include "text.h"

/* What is smaller is copied, so that nobody has to wait for us. */
#define SMALL		((uint64_t)1 << 20)

/* For writers at work. */
#define PATIENCE_NS	INT64_C(10000000000)

/*
 * An array that was never updated may be looked at where it is as long as the
 * lock keeps its first update away.  *in_place: so it is.
 */
static int
look_in_place(struct dump_value *v, bool *in_place)
{
	struct cute_shm_state state;
	int err = cute_shm_state(&v->array, &state);

	*in_place = false;
	if (err != 0 || state.sequence != 0)
		return err;
	err = cute_shm_lock(&v->array, PATIENCE_NS, &v->lock);
	if (err == CUTE_SHM_ERR_TIMEOUT)
		return err;
	/* Where there are no locks nobody can update either. */
	*in_place = true;
	if (err != 0)
		return 0;
	err = cute_shm_state(&v->array, &state);
	*in_place = err == 0 && state.sequence == 0;
	if (*in_place)
		return 0;
	cute_shm_unlock(v->lock);
	v->lock = NULL;
	return err;
}

/* Of a ragged array all of it, and of others what the slice may need. */
static int
copy(struct dump_value *v, struct slice *slice)
{
	struct cute_shm_array *a = &v->array;
	uint64_t first = 0, last, size = a->data_size;
	const uint8_t *from = a->data;
	uint8_t *to;
	int err;

	if (!a->offsets && !slice->whole && slice->element_count > 0) {
		slice_range(slice, &first, &last);
		size = (last - first + 1) * a->item_size;
		slice->origin = first;
	}
	to = v->copy = size <= SIZE_MAX ? malloc((size_t)size) : NULL;
	if (!to)
		return CUTE_SHM_ERR_NOMEM;
	err = cute_shm_snapshot(a, first * a->item_size, to, (size_t)size,
				PATIENCE_NS, NULL);
	if (err != 0)
		return err;
	a->data = to;
	if (a->offsets)
		a->offsets = (const void *)to;
	if (a->values)
		a->values = to + ((const uint8_t *)a->values - from);
	return 0;
}

void
dump_value_begin(struct dump_value *v, const struct cute_shm_array *array,
		 struct slice *slice)
{
	bool in_place = false;
	int err = 0;

	*v = (struct dump_value){ .array = *array };
	if (array->data_size == 0)
		return;
	if (array->data_size > SMALL)
		err = look_in_place(v, &in_place);
	if (err == 0 && !in_place)
		err = copy(v, slice);
	if (err == CUTE_SHM_ERR_NOMEM)
		v->why = text_format("/%s: no memory for a copy of its values",
				     array->path);
	else if (err != 0)
		v->why = text_format("%s", cute_shm_errmsg());
}

void
dump_value_end(struct dump_value *v)
{
	cute_shm_unlock(v->lock);
	free(v->copy);
	free(v->why);
}
