/* SPDX-License-Identifier: MIT */
/*
 * The other nodes' side.  A node that fails goes on to receive, and drops what
 * comes: the others would wait for it for ever.
 */

#include <stdlib.h>

#include "mpi/mpi_load.h"

/* Bound of the wait for another load on this node, if the caller has none. */
#define TURN_SECONDS 30

/* ---------------------------------------------------------------- beginning */

static int
on_waiting(const struct cute_shm_load_info *other, void *arg)
{
	struct mpi_load *m = arg;
	unsigned nap = 0;

	(void)other;
	mpi_nap(m, &nap);
	return m->own.err != 0 || m->broken != 0;
}

/* *t->loading stays NULL if the node has the project. */
static int
take_turn(struct taker *t, const struct begin *b, const char *source,
	  const char *options)
{
	const struct cute_shm_hdf5_options *load = &t->m->load;
	bool ensure = load->flags & CUTE_SHM_HDF5_ENSURE;
	struct cute_shm_loading_options o = {
		.size = sizeof(o),
		.root = load->root,
		.mode = load->mode,
		.source = source,
		.source_size = b->source_size,
		.source_mtime_ns = b->source_mtime_ns,
		.options = options,
		.timeout = load->timeout > 0 ? load->timeout : TURN_SECONDS,
		.waiting = on_waiting,
		.arg = t->m,
	};
	int err;

	if (ensure)
		o.flags |= CUTE_SHM_LOADING_ENSURE;
	if (load->flags & CUTE_SHM_HDF5_WAIT)
		o.flags |= CUTE_SHM_LOADING_WAIT;
	err = cute_shm_load_begin(t->m->project, &o, &t->loading);
	t->m->own.current = err == 0 && !t->loading;
	return err;
}

static int
reserve(struct taker *t, uint64_t size)
{
	const struct cute_shm_hdf5_options *load = &t->m->load;
	struct cute_shm_receive_options o = {
		.size = sizeof(o),
		.root = load->root,
		.mode = load->mode,
		.group = load->group,
		.jobs = load->jobs,
		.max_size = load->max_size,
		.loading = t->loading,
	};

	if (load->flags & (CUTE_SHM_HDF5_OVERWRITE | CUTE_SHM_HDF5_ENSURE))
		o.flags |= CUTE_SHM_OVERWRITE;
	if (load->flags & CUTE_SHM_HDF5_REPLACE)
		o.flags |= CUTE_SHM_REPLACE;
	if (load->flags & CUTE_SHM_HDF5_NO_VIEW)
		o.flags |= CUTE_SHM_NO_VIEW;
	t->m->size = size;
	return cute_shm_receive_begin(t->m->project, size, &o, &t->r);
}

void
taker_begin(struct taker *t, const struct begin *b, const char *source,
	    const char *options)
{
	struct mpi_load *m = t->m;

	if (b->failed)
		return;
	/* Without a source there was no memory for it. */
	if (m->own.err == 0)
		mpi_failed(m, take_turn(t, b, source, options));
	/* What comes is dropped there after a failure; mostly it is unused. */
	if (m->own.err == 0 && !m->own.current) {
		t->scratch = malloc(WINDOWS * PIECES * PIECE);
		if (!t->scratch)
			mpi_failed(m, fail_memory("to receive a segment"));
	}
	if (m->own.err == 0 && !m->own.current)
		mpi_failed(m, reserve(t, b->size));
	m->own.needs = m->own.err == 0 && !m->own.current;
}

/* ---------------------------------------------------------------- receiving */

static int
fail_version(void)
{
	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
			     "rank 0 sends what this version does not know");
}

/* Where a piece goes; NULL: no rank 0 of this version has sent it. */
static void *
place(struct taker *t, const struct piece *piece, size_t slot)
{
	void *at = NULL;
	int err = 0;

	if (piece->size > PIECE)
		return NULL;
	if (t->r && t->m->own.err == 0)
		err = cute_shm_receive_at(t->r, piece->offset, piece->size,
					  &at);
	if (t->r && t->m->own.err == 0 && err == 0)
		return at;
	mpi_failed(t->m, err);
	return t->scratch + slot * PIECE;
}

static int
post(struct taker *t, struct window *w, size_t slot)
{
	const struct piece *piece;
	uint32_t i;
	void *at;
	int err = 0;

	w->count = 0;
	for (i = 0; i < w->control.count && err == 0; i++) {
		piece = &w->control.pieces[i];
		at = place(t, piece, slot + i);
		if (!at)
			return fail_version();
		err = mpi_check(MPI_Ibcast(at, (int)piece->size, MPI_BYTE, 0,
					   t->m->data, &w->requests[w->count]),
				"receive");
		w->count += err == 0;
	}
	return err;
}

static int
finish(struct taker *t, struct window *w)
{
	struct mpi_load *m = t->m;
	const struct piece *piece;
	uint32_t i;
	int err = mpi_wait(m, w->requests, w->count);

	for (i = 0; err == 0 && i < (uint32_t)w->count; i++) {
		piece = &w->control.pieces[i];
		m->passed += piece->size;
		if (t->r && m->own.err == 0)
			mpi_failed(m, cute_shm_receive_done(t->r, piece->offset,
							    piece->size,
							    piece->digest));
	}
	w->count = 0;
	cute_shm_load_progress(t->loading, m->passed, m->size);
	return err;
}

/* Rank 0 begins again, with another segment. */
static void
begin_again(struct taker *t, uint64_t size)
{
	cute_shm_receive_free(t->r);
	t->r = NULL;
	t->m->passed = 0;
	if (t->m->own.err == 0)
		mpi_failed(t->m, reserve(t, size));
}

/* Post the next control message, and finish the window before it. */
static int
next_window(struct taker *t, struct control *next, struct window *w,
	    struct window *before, size_t slot, MPI_Request *request)
{
	int err = post(t, w, slot);

	if (err == 0)
		err = mpi_check(MPI_Ibcast(next, (int)sizeof(*next), MPI_BYTE,
					   0, t->m->data, request),
				"receive");
	return err == 0 ? finish(t, before) : err;
}

static int
receive_windows(struct taker *t, bool *whole)
{
	struct window *w = t->m->windows;
	struct control *next = &t->m->next;
	MPI_Request request;
	unsigned i = 0;
	int err;

	err = mpi_check(MPI_Ibcast(next, (int)sizeof(*next), MPI_BYTE, 0,
				   t->m->data, &request),
			"receive");
	while (err == 0) {
		err = mpi_wait(t->m, &request, 1);
		if (err == 0 && next->count > PIECES)
			err = fail_version();
		if (err != 0 || next->kind >= CONTROL_END)
			break;
		if (next->kind == CONTROL_AGAIN) {
			err = finish(t, &w[1 - i]);
			if (err == 0)
				begin_again(t, next->size);
		}
		w[i].control = *next;
		if (err == 0)
			err = next_window(t, next, &w[i], &w[1 - i], i * PIECES,
					  &request);
		i = 1 - i;
	}
	*whole = err == 0 && next->kind == CONTROL_END;
	return err == 0 ? finish(t, &w[1 - i]) : err;
}

int
taker_receive(struct taker *t)
{
	bool whole = false;
	int err = receive_windows(t, &whole);

	if (err == 0 && whole && t->r && t->m->own.err == 0)
		mpi_failed(t->m, cute_shm_receive_seal(t->r));
	return err;
}

/* ------------------------------------------------------------------- ending */

void
taker_publish(struct taker *t)
{
	if (t->r)
		mpi_failed(t->m, cute_shm_receive_publish(t->r, NULL));
}

void
taker_end(struct taker *t)
{
	/* After a failure MPI may still have pieces of it. */
	if (t->m->broken == 0)
		cute_shm_receive_free(t->r);
	/* The reason may be another node's: let others load it here. */
	cute_shm_load_end(t->loading,
			  t->m->own.err == 0 ? 0 : CUTE_SHM_ERR_CANCELLED);
	if (t->m->broken == 0)
		free(t->scratch);
}
