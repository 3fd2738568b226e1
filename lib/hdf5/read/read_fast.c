/* SPDX-License-Identifier: MIT */
/* Give datasets to the fast strategies, and handle their errors. */

#include <stdio.h>
#include <stdlib.h>

#include "hdf5/read/hdf5_read.h"

/* The columns of a dataset for strategy_read(). */
struct picked {
	const struct dataset *d;
	struct strategy_column *columns;
	unsigned count;
	unsigned wanted; /* plain columns that have data */
};

/* The column of a leaf, or NULL if it has none. */
static const struct column *
column_of(const struct dataset *d, const struct type *leaf)
{
	size_t i;

	for (i = 0; i < d->columns.count; i++)
		if (d->columns.column[i].leaf == leaf)
			return &d->columns.column[i];
	return NULL;
}

static void
pick_leaf(struct picked *p, const struct type *leaf,
	  const struct native_type *file, size_t offset)
{
	const struct column *c = column_of(p->d, leaf);

	if (!c || c->part != PART_PLAIN || c->loop_count > 0 || leaf->swap ||
	    p->count == p->wanted)
		return;
	p->columns[p->count++] = (struct strategy_column){
		.path = c->path,
		.file = file,
		.offset = offset,
	};
}

/* Pick all leaves that occur once in each record of the file. */
static void
pick(struct picked *p, const struct type *type, const struct native_type *file,
     size_t offset)
{
	const struct native_member *m;
	unsigned i;

	if (type->kind != TYPE_RECORD) {
		pick_leaf(p, type, file, offset);
		return;
	}
	if (type->ndim > 0)
		return;
	for (i = 0; i < type->field_count; i++) {
		m = member_find(file, type->fields[i].name);
		if (m)
			pick(p, type->fields[i].type, m->type,
			     offset + m->offset);
	}
}

/*
 * The size that libhdf5 gives is not that in the file for lists, texts without
 * a fixed size, and references, so the offsets after them differ, too.
 */
static bool
has_other_size(const struct native_type *file)
{
	bool ret = false;
	uint32_t i;

	switch (file->class) {
	case NATIVE_LIST:
	case NATIVE_REFERENCE: return true;
	case NATIVE_ARRAY: return has_other_size(file->base);
	case NATIVE_COMPOUND:
		for (i = 0; i < file->count && !ret; i++)
			ret = has_other_size(file->members[i].type);
		return ret;
	default: return false;
	}
}

/*
 * Pick all plain columns, and count their bytes.  Call picked_free() in any
 * case.
 */
static int
pick_columns(struct picked *p, uint64_t *bytes)
{
	const struct dataset *d = p->d;
	size_t i;

	*bytes = 0;
	for (i = 0; i < d->columns.count; i++)
		if (d->columns.column[i].leaf &&
		    d->columns.column[i].part == PART_PLAIN) {
			p->wanted++;
			*bytes += d->columns.column[i].bytes;
		}
	p->columns = calloc(p->wanted + 1, sizeof(*p->columns));
	if (!p->columns)
		return fail_memory("for columns");
	if (!has_other_size(d->type->file))
		pick(p, d->type, d->type->file, 0);
	return 0;
}

static void
picked_free(struct picked *p)
{
	free(p->columns);
	hdf5_forget();
}

int
read_fast(struct loader *l, struct under_way *u, bool *fits)
{
	const struct dataset *d = &u->d;
	struct picked p = { .d = d };
	struct strategy_source source = { .builder = l->builder,
					  .name = d->object->path,
					  .dset = d->id,
					  .index = d->index,
					  .native = d->native,
					  .chunks = &u->d.chunks,
					  .fd = d->fd,
					  .done = under_way_done,
					  .done_arg = u };
	const char *how = NULL;
	uint64_t bytes;
	int rc = pick_columns(&p, &bytes);

	source.columns = p.columns;
	source.column_count = p.count;
	source.slice = d->slice;
	board_work(l->board, d->object->path, bytes);
	if (rc == 0 && p.count == p.wanted)
		rc = strategy_read(l->reader, &source, &how);
	/* 'u' still exists: under_way_tell() frees it, later in this thread. */
	if (how)
		u->strategy = how;
	*fits = how != NULL;
	picked_free(&p);
	return rc;
}

/* Whether this library can convert all columns and undo all filters. */
static bool
decoded_here(const struct dataset *d, hid_t dcpl)
{
	struct filter_pipeline pipeline;
	struct convert convert;
	struct picked p = { .d = d };
	uint64_t bytes;
	bool ret = pick_columns(&p, &bytes) == 0 && p.count == p.wanted &&
		   !strategy_generic() &&
		   filter_pipeline_get(dcpl, SIZE_MAX, &pipeline, NULL);
	unsigned i;

	for (i = 0; i < p.count && ret; i++)
		ret = convert_get(p.columns[i].file, &convert);
	picked_free(&p);
	return ret;
}

/* The filters that were skipped when a chunk was stored; 0 if unknown. */
static unsigned
mask_of(hid_t dset, hsize_t number)
{
	unsigned mask = 0;
#if H5_VERSION_GE(1, 10, 5)
	hid_t space = H5Dget_space(dset);
	hsize_t offset[H5S_MAX_RANK], size;
	haddr_t at;

	if (space < 0 || H5Dget_chunk_info(dset, space, number, offset, &mask,
					   &at, &size) < 0)
		mask = 0;
	if (space >= 0)
		H5Sclose(space);
#else
	(void)dset, (void)number;
#endif
	return mask;
}

/*
 * Whether chunks were stored without this filter, because it is optional and
 * the writer did not have it either.  Only the first and the last chunk are
 * checked.
 */
static bool
stored_without(hid_t dset, hid_t dcpl, int id)
{
	int i = H5Pget_nfilters(dcpl);
	hsize_t count = 1;
	unsigned flags;
	size_t none;

#if H5_VERSION_GE(1, 10, 5)
	if (H5Dget_num_chunks(dset, H5S_ALL, &count) < 0 || count == 0)
		count = 1;
#endif
	while (i-- > 0) {
		none = 0;
		if (H5Pget_filter2(dcpl, (unsigned)i, &flags, &none, NULL, 0,
				   NULL, NULL) == id)
			return mask_of(dset, 0) & mask_of(dset, count - 1) &
			       1u << i;
	}
	return false;
}

int
check_filters(const struct dataset *d)
{
	hid_t dcpl;
	bool ok;
	int id;

	if (d->native)
		return 0;
	dcpl = H5Dget_create_plist(d->id);
	id = dcpl < 0 ? -1 : missing_filter(dcpl, NULL, 0);
	ok = id < 0 || d->count == 0 || d->null ||
	     H5Dget_storage_size(d->id) == 0 ||
	     stored_without(d->id, dcpl, id) || decoded_here(d, dcpl);

	if (dcpl >= 0)
		H5Pclose(dcpl);
	H5Eclear2(H5E_DEFAULT);
	return ok ? 0 : unreadable_data(d->id);
}

/* Report a failed object.  With KEEP_GOING the next round leaves it out. */
static int
tell_failed(struct loader *l, const char *path, const char *message)
{
	int rc = send_failed(l, path, "%s", message);

	l->retry = rc == 0;
	return rc;
}

/* Wait for the threads, and report their error. */
static int
wait_failed(struct loader *l, const char *path)
{
	const char *culprit;
	int rc = reader_wait(l->reader);

	culprit = reader_culprit(l->reader);
	if (is_objects_own(l, rc))
		rc = tell_failed(l, *culprit ? culprit : path,
				 cute_shm_errmsg());
	return rc;
}

/*
 * The error may belong to a dataset that was begun earlier.  Then that dataset
 * is reported; an error of this one would appear in the next round.  With
 * KEEP_GOING the other datasets are still read, so that one round finds all
 * errors.
 */
static int
failed(struct loader *l, const char *path)
{
	char message[1024];
	bool before = l->retry;
	int rc;

	snprintf(message, sizeof(message), "%s", cute_shm_errmsg());
	l->retry = false;
	rc = wait_failed(l, path);
	if (rc == 0 && !l->retry)
		rc = tell_failed(l, path, message);
	l->retry |= before;
	return rc;
}

/* Report the reader's progress; called by the thread that reads. */
static int
tick(void *arg, uint64_t bytes)
{
	struct loader *l = arg;

	board_done(l->board, bytes - l->ticked);
	l->ticked = bytes;
	return 0;
}

int
read_pending(struct loader *l)
{
	const struct object *object = NULL;
	size_t i;
	int rc;

	rc = reader_new(l->jobs, tick, l, &l->reader);
	if (rc == 0)
		rc = pool_new(l->jobs > 2 ? 2 : l->jobs, 2, &l->pool);
	l->quiet = true; /* the scan has reported what is skipped */
	for (i = 0; i < l->pending_count && rc == 0; i++) {
		object = &l->scan->objects[l->pending[i].object];
		rc = read_dataset(l, &l->pending[i]);
		if (is_objects_own(l, rc))
			rc = failed(l, object->path);
		if (rc == 0)
			rc = under_way_tell(l, !l->retry);
	}
	if (rc == 0)
		rc = wait_failed(l, object ? object->path : "");
	pool_free(l->pool);
	reader_free(l->reader);
	if (rc == 0)
		return under_way_tell(l, !l->retry);
	under_way_tell(l, false);
	return rc;
}
