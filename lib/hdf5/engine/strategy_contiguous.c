/* SPDX-License-Identifier: MIT */
/*
 * Read contiguous data in pieces of one block of the digests.  One thread reads
 * a piece from the file, converts, hashes and writes it while it is in the
 * cache.
 */

#include <fcntl.h>

#include "hdf5/engine/engine.h"

#define PIECE ((size_t)1 << 20)

/* Read the batch's elements and convert them. */
static int
fill_piece(const struct batch *b, uint8_t *to)
{
	const struct task *t = b->task;
	int err = source_read(t->fd, to, b->count * t->item,
			      t->file_offset + b->first * t->item);

	if (!err)
		task_convert(t, to, b->count);
	return err;
}

static int
do_piece(struct batch *b)
{
	struct task *t = b->task;
	size_t size = b->count * t->item;
	uint8_t *to;
	int err = task_place(t, b->first, b->count, &to);

	if (!err && to) {
		err = fill_piece(b, to);
		return err ? err : task_placed(t, b->first, b->count);
	}
	if (!err)
		err = filter_grow(&b->data, &b->data_capacity, size);
	if (err)
		return err;
	if (t->sliced) {
		err = slice_read_piece(b, b->first, b->count);
		if (!err)
			task_convert(t, b->data, b->count);
	} else {
		err = fill_piece(b, b->data);
	}
	return err ? err : task_write(t, b, b->first, b->data, b->count);
}

static int
piece_job(void *arg, bool drop)
{
	struct batch *b = arg;
	int err = 0;

	if (!drop && !atomic_load(&b->task->reader->failed))
		err = do_piece(b);
	if (err)
		reader_fail(b->task, err);
	batch_put(b);
	return 0;
}

static int
push_pieces(struct task *t, uint64_t count)
{
	uint64_t most = PIECE / t->item ? PIECE / t->item : 1;
	int err = 0;

	/*
	 * With this advice the kernel reads ahead twice as far; more is slower.
	 */
	if (!t->sliced)
		posix_fadvise(t->fd, (off_t)t->file_offset,
			      (off_t)(count * t->item), POSIX_FADV_SEQUENTIAL);
	for (uint64_t first = 0; first < count && !err; first += most) {
		struct batch *b;

		err = batch_get(t, &b);
		if (err)
			break;
		b->first = first;
		b->count =
			(unsigned)(count - first < most ? count - first : most);
		err = reader_push(t->reader, piece_job, b);
	}
	return err;
}

static bool
size_fits(const struct task *t, uint64_t points, uint64_t stored,
	  uint64_t *count)
{
	uint64_t size;

	if (t->item == 0 || t->item > UINT32_MAX ||
	    __builtin_mul_overflow(points, t->item, &size) || size > stored)
		return false;
	*count = t->sliced ? t->slice.element_count : points;
	/* libhdf5 would read 64 KiB for each run of a slice. */
	return t->sliced || size >= CONTIGUOUS_LEAST;
}

/* The same as extent_get(), by the index. */
static bool
native_extent(const struct native_dataset *d, struct task *t, uint64_t *count)
{
	t->item = d->type->size;
	for (unsigned i = 0; i < d->space->rank; i++)
		t->shape[i] = d->space->dims[i];
	return d->space->points > 0 &&
	       size_fits(t, d->space->points, d->layout.size, count);
}

/*
 * Get the shape, the number of wanted elements and their size in the file.
 * False if the sizes are wrong, or the data too small for this strategy.
 */
static bool
extent_get(hid_t dset, struct task *t, uint64_t *count)
{
	hid_t type = H5Dget_type(dset), space = H5Dget_space(dset);
	hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
	hsize_t dims[PLAN_DIMS];
	int ndim = n > 0 ? H5Sget_simple_extent_dims(space, dims, NULL) : -1;

	t->item = type >= 0 ? H5Tget_size(type) : 0;
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	for (int i = 0; i < ndim; i++)
		t->shape[i] = dims[i];
	return ndim >= 0 &&
	       size_fits(t, (uint64_t)n, H5Dget_storage_size(dset), count);
}

/* The offset of the data in the file, or HADDR_UNDEF. */
static haddr_t
place_of(const struct strategy_source *s, hid_t dcpl)
{
	if (!s->native)
		return H5Pget_external_count(dcpl) != 0
			       ? HADDR_UNDEF
			       : H5Dget_offset(s->dset);
	if (s->native->layout.address == UNDEFINED)
		return HADDR_UNDEF;
	return s->index->image.base + s->native->layout.address;
}

int
read_contiguous(struct reader *r, const struct strategy_source *s, hid_t dcpl,
		bool *fits)
{
	haddr_t at = place_of(s, dcpl);
	struct task *t;
	uint64_t count = 0;
	int err;

	if (at == HADDR_UNDEF)
		return 0;
	err = task_new(r, s, &t);
	if (err)
		return err == CUTE_SHM_ERR_TYPE ? 0 : err;
	t->fd = s->native ? fcntl(s->fd, F_DUPFD_CLOEXEC, 3)
			  : source_fd(s->dset);
	if (t->fd >= 0)
		page_cache_again(t->fd);
	t->file_offset = at;
	*fits = t->fd >= 0 && (s->native ? native_extent(s->native, t, &count)
					 : extent_get(s->dset, t, &count));
	if (*fits) {
		task_begin(t, s);
		err = task_check(t);
	}
	if (*fits && !err)
		err = push_pieces(t, count);
	if (err)
		reader_fail(t, err);
	task_release(t);
	return err;
}
