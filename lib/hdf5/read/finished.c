/* SPDX-License-Identifier: MIT */
/* Report arrays that have been written, with the time that this took. */

#include <stdatomic.h>
#include <stdlib.h>

#include "hdf5/read/hdf5_read.h"

struct under_way *
under_way_new(struct loader *l, const struct pending *pending)
{
	struct under_way *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->l = l;
	u->pending = *pending;
	u->strategy = "";
	u->seconds = -clock_now();
	return u;
}

void
under_way_free(struct under_way *u)
{
	dataset_free(&u->d);
	free(u);
}

void
under_way_done(void *arg, double waited)
{
	struct under_way *u = arg;

	u->seconds += clock_now() - waited;
	u->next = atomic_load(&u->l->done);
	while (!atomic_compare_exchange_weak(&u->l->done, &u->next, u))
		;
}

/* Report each array that was pending, in a message of its own. */
static int
tell(const struct under_way *u)
{
	const struct column *c = u->d.columns.column;
	struct cute_shm_hdf5_array array;
	size_t i;
	int rc = 0;

	for (i = 0; i < u->d.columns.count && rc == 0; i++, c++) {
		if (!c->leaf ||
		    (c->part == PART_PLAIN
			     ? !u->pending.plain || !column_is_plain(c)
			     : !u->pending.lists))
			continue;
		array = (struct cute_shm_hdf5_array){
			.path = c->path,
			.dtype = c->leaf->dtype,
			.ndim = c->ndim,
			.shape = c->shape,
			.bytes = c->part == PART_PLAIN
					 ? c->bytes
					 : cute_shm_values_at(c->count) +
						   c->value_count *
							   c->leaf->item_size,
			.strategy =
				c->part == PART_PLAIN ? u->strategy : "lists",
			.seconds = u->seconds,
			.libhdf5 = dataset_library(&u->d),
		};
		rc = send_array(u->l, &array);
	}
	return rc;
}

int
under_way_tell(struct loader *l, bool well)
{
	struct under_way *u = atomic_exchange(&l->done, NULL), *next;
	struct under_way *first = NULL;
	int rc = 0;

	/* Reverse the list: it begins with the dataset that was done last. */
	for (; u; u = next) {
		next = u->next;
		u->next = first;
		first = u;
	}
	for (u = first; u; u = next) {
		next = u->next;
		if (well && rc == 0)
			rc = tell(u);
		under_way_free(u);
	}
	return rc;
}
