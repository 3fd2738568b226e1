/* SPDX-License-Identifier: MIT */
/* The steps of a load that rank 0 reads for all nodes. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi/mpi_load.h"

/* Those of a million files are shorter. */
#define MOST_TEXT ((uint64_t)1 << 30)

int
mpi_agree_all(struct mpi_load *m, struct verdict *v)
{
	int err = mpi_agree(m, v);

	if (err == 0 && v->err != 0)
		mpi_failed(m, cute_shm_fail(v->err, "%s", v->message));
	return err;
}

int
mpi_agree_to_publish(struct mpi_load *m, struct verdict *v)
{
	int err = mpi_tell_failed(m);

	m->deciding = true;
	return err == 0 ? mpi_agree_all(m, v) : err;
}

/* Agree, and make a communicator of those that send or receive. */
static int
agree_on_data(struct mpi_load *m, struct verdict *v)
{
	int err;

	m->blocking = true;
	err = mpi_agree_all(m, v);
	if (err == 0 && v->err == 0 && v->receivers > 0 &&
	    MPI_Comm_split(m->heads,
			   m->first || m->own.needs ? 0 : MPI_UNDEFINED,
			   m->own.rank, &m->data) != MPI_SUCCESS)
		mpi_abort(m->comm);
	m->blocking = err != 0;
	return err;
}

int
mpi_pass_text(struct mpi_load *m, char *text, uint64_t size)
{
	uint64_t at, part;
	int err = 0;

	for (at = 0; err == 0 && at < size; at += part) {
		part = size - at < TEXT_CHUNK ? size - at : TEXT_CHUNK;
		if (m->first)
			memcpy(m->chunk, text + at, (size_t)part);
		err = mpi_send_all(m, m->heads, m->chunk, (size_t)part);
		if (err == 0 && !m->first && text)
			memcpy(text + at, m->chunk, (size_t)part);
	}
	return err;
}

static int
send_begin(struct mpi_load *m, struct source *s)
{
	struct begin *b = &m->begin;
	char *source = NULL, *options = NULL;
	int err;

	b->failed = 1;
	if (s)
		source_begin(s, b, &source, &options);
	err = mpi_send_all(m, m->heads, b, sizeof(*b));
	if (err == 0 && !b->failed)
		err = mpi_pass_text(m, source, b->source_text);
	if (err == 0 && !b->failed)
		err = mpi_pass_text(m, options, b->options_text);
	free(source);
	free(options);
	return err;
}

/* The steps of rank 0 up to the second agreement. */
static int
send(struct mpi_load *m, struct source *s, struct verdict *v)
{
	int err = send_begin(m, s);

	if (err == 0)
		err = agree_on_data(m, v);
	if (err != 0 || v->err != 0)
		return err;
	if (v->receivers > 0) {
		mpi_failed(m, source_send(s));
		err = mpi_send(m, s);
	}
	if (err == 0)
		source_sealed(s);
	return err == 0 ? mpi_agree_to_publish(m, v) : err;
}

void
mpi_say_published(const struct mpi_load *m, struct verdict *v)
{
	size_t used = strlen(v->message);

	if (v->err != 0 && m->nodes > 1)
		snprintf(v->message + used, sizeof(v->message) - used,
			 "; other nodes have the project");
}

int
mpi_lead_first(struct mpi_load *m, struct verdict *v)
{
	struct cute_shm_hdf5_result result = { .arrays = 0 };
	struct source *s = NULL;
	int err;

	mpi_failed(m, source_new(m, &s));
	err = send(m, s, v);
	if (err != 0)
		mpi_broken(m, err);
	m->publishing = err == 0 && v->err == 0;
	if (s)
		mpi_failed(m, source_free(s, m->publishing, &result));
	if (m->publishing) {
		err = mpi_agree_all(m, v);
		mpi_say_published(m, v);
	}
	v->result = (struct cute_shm_mpi_result){
		.load = result,
		.nodes = (uint64_t)m->nodes,
		.current = v->current,
		.segment_size = m->size,
		.seconds = clock_now() - m->since,
	};
	return err == 0 ? mpi_send_all(m, m->heads, v, sizeof(*v)) : err;
}

/* Receive a text of 'size' bytes; *ret is for free(). */
static int
receive_text(struct mpi_load *m, uint64_t size, char **ret)
{
	int err;

	if (size == 0 || size > MOST_TEXT)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "rank 0 is another version of the "
				     "library");
	*ret = malloc((size_t)size);
	if (!*ret)
		mpi_failed(m, fail_memory("for a path"));
	err = mpi_pass_text(m, *ret, size);
	if (*ret)
		(*ret)[size - 1] = '\0';
	return err;
}

static int
receive_begin(struct mpi_load *m, struct taker *t)
{
	struct begin *b = &m->begin;
	char *source = NULL, *options = NULL;
	int err = mpi_send_all(m, m->heads, b, sizeof(*b));

	if (err == 0 && !b->failed)
		err = receive_text(m, b->source_text, &source);
	if (err == 0 && !b->failed)
		err = receive_text(m, b->options_text, &options);
	if (err == 0)
		taker_begin(t, b, source, options);
	free(source);
	free(options);
	return err;
}

/* The steps of another node. */
static int
receive(struct mpi_load *m, struct taker *t, struct verdict *v)
{
	int err = receive_begin(m, t);

	if (err == 0)
		err = agree_on_data(m, v);
	if (err != 0 || v->err != 0)
		return err;
	if (m->own.needs)
		err = taker_receive(t);
	if (err == 0)
		err = mpi_agree_to_publish(m, v);
	if (err != 0 || v->err != 0)
		return err;
	m->publishing = true;
	taker_publish(t);
	return mpi_agree_all(m, v);
}

int
mpi_lead_other(struct mpi_load *m, struct verdict *v)
{
	struct taker t = { .m = m };
	int err = receive(m, &t, v);

	if (err == 0)
		err = mpi_send_all(m, m->heads, v, sizeof(*v));
	if (err != 0)
		mpi_broken(m, err);
	taker_end(&t);
	return err;
}
