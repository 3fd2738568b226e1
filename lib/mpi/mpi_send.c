/* SPDX-License-Identifier: MIT */
/*
 * The sender's side: what becomes final goes out in windows, a control message
 * and the pieces that it describes.  A broadcast may write into the buffer of
 * its root, so pieces are copies in buffers of their own.
 */

#include <stdlib.h>

#include "mpi/mpi_load.h"

/* Let requests of the other window proceed while there is nothing to send. */
static int
proceed(struct mpi_load *m, struct window *w, unsigned *nap)
{
	int done, err = 0;

	if (w->count > 0)
		err = mpi_test(w->requests, w->count, &done);
	mpi_nap(m, nap);
	return err == 0 ? m->broken : err;
}

/* Add what there is; wait for the first piece. */
static int
fill(struct mpi_load *m, struct source *s, struct window *w,
     struct window *other)
{
	struct control *c = &w->control;
	enum source_what what;
	unsigned nap = 0;
	uint8_t *to;
	int err = 0;

	*c = (struct control){ .kind = CONTROL_DATA };
	while (err == 0 && c->count < PIECES) {
		/* Without memory the source has failed, and gives nothing. */
		to = w->buffer ? w->buffer + c->count * PIECE : NULL;
		what = source_next(s, to, &c->pieces[c->count], &c->size);
		if (what == SOURCE_PIECE)
			c->count++;
		else if (what == SOURCE_NOTHING && c->count > 0)
			break;
		else if (what == SOURCE_NOTHING)
			err = proceed(m, other, &nap);
		/* The other kinds go alone; they are reported again. */
		else if (c->count == 0) {
			c->kind = what == SOURCE_AGAIN ? CONTROL_AGAIN
				  : m->own.err == 0    ? CONTROL_END
						       : CONTROL_FAILED;
			break;
		} else
			break;
	}
	return err;
}

static int
post(struct mpi_load *m, struct window *w)
{
	const struct control *c = &w->control;
	uint32_t i;
	int err = m->broken;

	if (err != 0)
		return err;
	err = mpi_check(MPI_Ibcast(&w->control, (int)sizeof(*c), MPI_BYTE, 0,
				   m->data, &w->requests[0]),
			"send");
	w->count = err == 0 ? 1 : 0;
	for (i = 0; i < c->count && err == 0; i++) {
		err = mpi_check(MPI_Ibcast(w->buffer + i * PIECE,
					   (int)c->pieces[i].size, MPI_BYTE, 0,
					   m->data, &w->requests[w->count]),
				"send");
		w->count += err == 0;
	}
	return err;
}

static int
finish(struct mpi_load *m, struct window *w)
{
	uint32_t i;
	int err = mpi_wait(m, w->requests, w->count);

	w->count = 0;
	for (i = 0; i < w->control.count && err == 0; i++)
		m->passed += w->control.pieces[i].size;
	w->control.count = 0;
	return err;
}

static int
send_windows(struct mpi_load *m, struct source *s)
{
	struct window *w = m->windows;
	uint32_t kind = 0;
	unsigned i;
	int err = 0;

	for (i = 0; err == 0 && kind < CONTROL_END; i = 1 - i) {
		err = finish(m, &w[i]);
		if (err == 0)
			err = fill(m, s, &w[i], &w[1 - i]);
		if (err == 0)
			err = post(m, &w[i]);
		kind = w[i].control.kind;
		if (kind == CONTROL_AGAIN)
			m->passed = 0;
	}
	for (i = 0; err == 0 && i < WINDOWS; i++)
		err = finish(m, &w[i]);
	return err;
}

int
mpi_send(struct mpi_load *m, struct source *s)
{
	uint8_t *buffers = malloc(WINDOWS * PIECES * PIECE);
	unsigned i;
	int err;

	if (!buffers)
		mpi_failed(m, fail_memory("to send a segment"));
	for (i = 0; i < WINDOWS; i++)
		m->windows[i].buffer =
			buffers ? buffers + i * PIECES * PIECE : NULL;
	err = send_windows(m, s);
	/* After an error MPI may still have them. */
	if (err == 0)
		free(buffers);
	return err;
}
