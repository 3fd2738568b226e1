/* SPDX-License-Identifier: MIT */
/* Write arrays, and groups of columns, as datasets. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hdf5/save/save.h"

/* Bytes of one write; progress is reported after each. */
#define BAND ((uint64_t)16 << 20)

/* Elements that must be built: fewer bytes, so that they stay in the cache. */
#define BAND_BUILT ((uint64_t)1 << 20)

#define CHUNK	  ((uint64_t)1 << 20)
#define CHUNK_MAX ((uint64_t)1 << 30) /* HDF5's limit is 4 GiB */

/* A smaller dataset is not worth a chunk and its index. */
#define SMALL 4096

/* If an array changes while it is written, retry so often, after a pause. */
#define TRIES	 50
#define PAUSE_NS 20000000

/* ------------------------------------------------------------------- layout */

/*
 * The first axis along which one row has at most 'bytes' bytes, or the last
 * axis.
 */
static unsigned
axis_for(const struct out *o, uint64_t bytes)
{
	unsigned d = 0;

	while (d + 1 < o->ndim && out_product(o, d + 1) * o->size > bytes)
		d++;
	return d;
}

/* Chunks are whole rows along one axis, so that writes in order fill chunks. */
static void
choose_chunk(struct out *o)
{
	const struct cute_shm_hdf5_export_options *opt = &o->s->opt;
	uint64_t target = opt->chunk_size ? opt->chunk_size : CHUNK, rows;
	bool wanted = opt->chunk_size || opt->gzip || opt->shuffle;
	unsigned axis, d;

	if (!wanted || o->null || o->ndim == 0 ||
	    out_product(o, 0) * o->size <= SMALL || o->size > CHUNK_MAX)
		return;
	if (target > CHUNK_MAX)
		target = CHUNK_MAX;
	axis = axis_for(o, target);
	rows = target / (out_product(o, axis + 1) * o->size);
	for (d = 0; d < o->ndim; d++)
		o->chunk[d] = d < axis ? 1 : o->shape[d];
	if (rows < o->chunk[axis])
		o->chunk[axis] = rows ? rows : 1;
	o->axis = axis;
	o->chunked = true;
}

/*
 * Track the creation order of attributes, so that a load finds the same order.
 */
static hid_t
dataset_props(const struct out *o)
{
	hid_t props = H5Pcreate(H5P_DATASET_CREATE);
	hsize_t dims[MAX_NDIM] = { 0 };
	bool good = props >= 0 && H5Pset_obj_track_times(props, false) >= 0;
	unsigned d;

	if (o->node->attr_count > 1)
		good = good && attributes_ordered(o->node, props);
	if (attributes_large(o->node))
		good = good && H5Pset_attr_phase_change(props, 0, 0) >= 0;
	if (good && o->chunked) {
		for (d = 0; d < o->ndim; d++)
			dims[d] = o->chunk[d];
		good = H5Pset_chunk(props, (int)o->ndim, dims) >= 0;
		if (o->s->opt.shuffle)
			good = good && H5Pset_shuffle(props) >= 0;
		if (o->s->opt.gzip)
			good = good &&
			       H5Pset_deflate(props, o->s->opt.gzip) >= 0;
	}
	if (!good && props >= 0) {
		H5Pclose(props);
		props = H5I_INVALID_HID;
	}
	return props;
}

static hid_t
dataset_space(const struct out *o)
{
	hsize_t dims[MAX_NDIM] = { 0 };
	unsigned d;

	if (o->null)
		return H5Screate(H5S_NULL);
	if (o->ndim == 0)
		return H5Screate(H5S_SCALAR);
	for (d = 0; d < o->ndim; d++)
		dims[d] = o->shape[d];
	return H5Screate_simple((int)o->ndim, dims, NULL);
}

static int
create(struct out *o)
{
	hid_t props = dataset_props(o), space = dataset_space(o);

	if (props >= 0 && space >= 0)
		o->id = H5Dcreate2(o->s->file, saved_path(o->s, o->node->path),
				   o->type_id, space, o->s->link_props, props,
				   H5P_DEFAULT);
	if (props >= 0)
		H5Pclose(props);
	if (space >= 0)
		H5Sclose(space);
	return o->id >= 0 ? 0 : out_failed(o);
}

/* ------------------------------------------------------------------ writing */

/* Bytes in the segment of 'count' elements, for the progress. */
static uint64_t
bytes_of(const struct out *o, uint64_t count)
{
	uint64_t all = out_product(o, 0);

	if (o->record || o->type->form == FORM_PLAIN)
		return count * o->size;
	return (uint64_t)((double)o->array->data_size * (double)count /
			  (double)all);
}

/* Write the hyperslab of n elements that begins with element 'first'. */
static int
write_part(struct out *o, hid_t space, const hsize_t *start,
	   const hsize_t *count, uint64_t first, uint64_t n)
{
	hsize_t flat = n;
	const void *data;
	hid_t mem;
	int rc = out_get(o, first, n, &data);

	if (rc != 0)
		return rc;
	mem = H5Screate_simple(1, &flat, NULL);
	if (mem < 0 ||
	    H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count,
				NULL) < 0 ||
	    H5Dwrite(o->id, o->type_id, mem, space, H5P_DEFAULT, data) < 0)
		rc = out_failed(o);
	if (mem >= 0)
		H5Sclose(mem);
	board_done(o->s->l.board, bytes_of(o, n));
	return rc;
}

/* Set start[] to position 'outer' along the axes before 'axis'. */
static void
place_outer(const struct out *o, unsigned axis, uint64_t outer, hsize_t *start)
{
	while (axis-- > 0) {
		start[axis] = outer % o->shape[axis];
		outer /= o->shape[axis];
	}
}

/* Write in bands of whole rows along one axis, and of whole chunks. */
static int
write_bands(struct out *o, hid_t space)
{
	uint64_t band =
		o->record || o->type->form != FORM_PLAIN ? BAND_BUILT : BAND;
	unsigned axis = axis_for(o, band), d;
	uint64_t row = out_product(o, axis + 1), outer, outers = 1, at, step;
	hsize_t start[MAX_NDIM] = { 0 }, count[MAX_NDIM];
	int rc = 0;

	step = band / (row * o->size);
	if (o->chunked && o->chunk[axis] > 1)
		step -= step % o->chunk[axis];
	if (step == 0)
		step = o->chunked ? o->chunk[axis] : 1;
	if (step > o->shape[axis])
		step = o->shape[axis];
	for (d = 0; d < o->ndim; d++)
		count[d] = d < axis ? 1 : o->shape[d];
	for (d = 0; d < axis; d++)
		outers *= o->shape[d];
	for (outer = 0; outer < outers && rc == 0; outer++) {
		place_outer(o, axis, outer, start);
		for (at = 0; at < o->shape[axis] && rc == 0; at += step) {
			start[axis] = at;
			count[axis] = o->shape[axis] - at < step
					      ? o->shape[axis] - at
					      : step;
			rc = write_part(o, space, start, count,
					(outer * o->shape[axis] + at) * row,
					count[axis] * row);
		}
	}
	return rc;
}

static int
write_scalar(struct out *o)
{
	const void *data;
	int rc = out_get(o, 0, 1, &data);

	if (rc == 0 && H5Dwrite(o->id, o->type_id, H5S_ALL, H5S_ALL,
				H5P_DEFAULT, data) < 0)
		rc = out_failed(o);
	return rc;
}

static int
write_data(struct out *o)
{
	hid_t space;
	int rc;

	if (o->null || out_product(o, 0) == 0)
		return 0;
	if (o->ndim == 0)
		return write_scalar(o);
	if (chunks_possible(o))
		return chunks_write(o);
	space = H5Dget_space(o->id);
	if (space < 0)
		return out_failed(o);
	rc = write_bands(o, space);
	H5Sclose(space);
	return rc;
}

/* -------------------------------------------------------------- live arrays */

/* Add the sequence number of an array to *sum, and set *odd if it is odd. */
static int
add_sequence(const struct cute_shm_array *a, uint64_t *sum, bool *odd)
{
	struct cute_shm_state state;
	int rc;

	if (a->data_size == 0)
		return 0;
	rc = cute_shm_state(a, &state);
	if (rc == 0 && state.torn)
		rc = cute_shm_fail(CUTE_SHM_ERR_TORN,
				   "/%s is torn: its writer "
				   "died in the middle; an update of the whole "
				   "array heals it",
				   a->path);
	*sum += state.sequence;
	*odd |= state.sequence % 2 != 0;
	return rc;
}

static int
record_sequence(const struct record_out *r, uint64_t *sum, bool *odd)
{
	const struct record_field *f;
	int rc = 0;

	for (f = r->fields; f < r->fields + r->count && rc == 0; f++)
		rc = f->record ? record_sequence(f->record, sum, odd)
			       : add_sequence(&f->array, sum, odd);
	return rc;
}

static int
sequence(const struct out *o, uint64_t *sum, bool *odd)
{
	*sum = 0;
	*odd = false;
	return o->record ? record_sequence(o->record, sum, odd)
			 : add_sequence(o->array, sum, odd);
}

/*
 * Write the data until no update happened meanwhile.  Locks cannot be used:
 * this process has the descriptor of its caller, and so shares its locks.
 */
static int
write_whole(struct out *o)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	uint64_t before, after, done = o->s->l.board->done;
	bool odd;
	int rc, i;

	for (i = 0; i < TRIES; i++) {
		rc = sequence(o, &before, &odd);
		if (rc == 0 && !odd) {
			__atomic_store_n(&o->s->l.board->done, done,
					 __ATOMIC_RELAXED);
			rc = write_data(o);
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
		}
		if (rc == 0 && !odd)
			rc = sequence(o, &after, &odd);
		if (rc != 0 || (!odd && before == after))
			return rc;
		nanosleep(&pause, NULL);
	}
	return cute_shm_fail(CUTE_SHM_ERR_TIMEOUT,
			     "/%s is updated all the "
			     "time: export a saved copy of the segment instead",
			     o->node->path);
}

static int
save(struct out *o, const char *const *without)
{
	int rc;

	o->id = H5I_INVALID_HID;
	choose_chunk(o);
	board_work(o->s->l.board, o->node->path, 0);
	rc = create(o);
	if (rc == 0)
		rc = write_whole(o);
	if (rc == 0)
		rc = save_attributes(o->s, o->node, o->id, without);
	if (o->id >= 0 && H5Dclose(o->id) < 0 && rc == 0)
		rc = out_failed(o);
	free(o->elements);
	free(o->texts.bytes);
	o->s->result->datasets++;
	return rc;
}

int
save_array(struct saver *s, const struct cute_shm_node *node)
{
	struct cute_shm_array a;
	struct out_type type;
	struct out o = { .s = s, .node = node, .array = &a, .type = &type };
	int rc;

	rc = cute_shm_node_array(node, &a);
	if (rc == 0 && out_no_shape(a.ndim, a.shape)) {
		s->result->skipped++;
		return send_skipped(&s->l, node->path, NO_SHAPE);
	}
	if (rc == 0)
		rc = out_type_get(&a, node, &type);
	if (rc != 0)
		return rc;
	o.ndim = a.ndim;
	o.shape = a.shape;
	o.type_id = type.id;
	o.size = type.size;
	o.null = type.form == FORM_NULL;
	o.plain = type.form == FORM_PLAIN;
	rc = save(&o, type.is_enum ? enum_attributes : NULL);
	s->result->bytes += a.data_size;
	H5Tclose(type.id);
	return rc;
}

static uint64_t
record_bytes(const struct record_out *r)
{
	const struct record_field *f;
	uint64_t sum = 0;

	for (f = r->fields; f < r->fields + r->count; f++)
		sum += f->record ? record_bytes(f->record) : f->array.data_size;
	return sum;
}

static bool
record_plain(const struct record_out *r)
{
	const struct record_field *f;

	for (f = r->fields; f < r->fields + r->count; f++)
		if (f->record ? !record_plain(f->record)
			      : f->type.form != FORM_PLAIN)
			return false;
	return true;
}

int
save_record(struct saver *s, const struct cute_shm_node *node,
	    const struct record_out *record)
{
	struct out o = {
		.s = s,
		.node = node,
		.record = record,
		.ndim = record->ndim,
		.shape = record->shape,
		.type_id = record->id,
		.size = record->size,
		.null = record->null,
		.plain = record_plain(record),
	};

	s->result->bytes += record_bytes(record);
	return save(&o, record_attributes);
}
