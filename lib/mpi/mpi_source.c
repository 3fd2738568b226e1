/* SPDX-License-Identifier: MIT */
/*
 * What rank 0 sends: the thread of mpi_source_thread.c loads, the caller's
 * thread, the only one that calls MPI, takes what is final.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "mpi/mpi_source.h"

int
source_new(struct mpi_load *m, struct source **ret)
{
	struct source *s = calloc(1, sizeof(*s));
	sigset_t before;
	int number;

	if (!s)
		return fail_memory("to load a file");
	s->m = m;
	s->fd = s->new_fd = s->ends[0] = s->ends[1] = -1;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->changed, NULL);
	thread_signals_block(&before);
	number = pthread_create(&s->thread, NULL, source_thread, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (number != 0) {
		free(s);
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "cannot start a thread: %s",
				     strerror(number));
	}
	*ret = m->source = s;
	return 0;
}

/*
 * Wait until the thread has reached a stage; it may have failed.  Less: the
 * protocol has ended, or this rank's own part, as by its progress callback.
 */
static enum stage
wait_for(struct source *s, enum stage least)
{
	enum stage stage = STAGE_READING;
	unsigned nap = 0;

	while (stage < least && s->m->broken == 0 && s->m->own.err == 0) {
		pthread_mutex_lock(&s->mutex);
		stage = s->stage;
		pthread_mutex_unlock(&s->mutex);
		if (stage < least)
			mpi_nap(s->m, &nap);
	}
	return stage;
}

/* Note the thread's failure, if it has ended with one. */
static bool
has_failed(struct source *s)
{
	int err;

	pthread_mutex_lock(&s->mutex);
	err = s->stage == STAGE_ENDED || s->stream ? s->err : 0;
	if (err != 0)
		mpi_failed(s->m, cute_shm_fail(err, "%s", s->message));
	pthread_mutex_unlock(&s->mutex);
	return err != 0;
}

void
source_begin(struct source *s, struct begin *ret, char **source, char **options)
{
	struct mpi_load *m = s->m;
	enum stage stage = wait_for(s, STAGE_ROOM);

	if (stage == STAGE_ENDED || stage < STAGE_ROOM) {
		has_failed(s);
		*ret = (struct begin){ .failed = 1 };
		return;
	}
	pthread_mutex_lock(&s->mutex);
	*ret = s->begin;
	/* The thread changes its own when it begins again. */
	*source = s->path;
	*options = s->options;
	s->path = s->options = NULL;
	m->size = s->size;
	m->own.current = s->stage == STAGE_CURRENT;
	s->seen = s->generation;
	s->fd = s->new_fd;
	s->new_fd = -1;
	pthread_mutex_unlock(&s->mutex);
}

int
source_send(struct source *s)
{
	if (!s->m->own.current)
		return 0;
	if (sockets_above_stdio(s->ends) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "socketpair: %s",
				     strerror(errno));
	s->stream = true;
	pthread_mutex_lock(&s->mutex);
	s->go = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

/* Read a full piece from the socket, or what is left. */
static enum source_what
next_of_stream(struct source *s, uint8_t *buffer, struct piece *ret)
{
	struct pollfd p = { .fd = s->ends[0], .events = POLLIN };
	unsigned nap = 0;
	size_t got = 0;
	ssize_t n = 1;

	while (got < PIECE && n != 0 && s->m->own.err == 0 &&
	       s->m->broken == 0) {
		if (poll(&p, 1, 100) != 1) {
			mpi_nap(s->m, &nap);
			continue;
		}
		n = read(s->ends[0], buffer + got, PIECE - got);
		if (n < 0)
			mpi_failed(s->m,
				   cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
						 "read: %s", strerror(errno)));
		else
			got += (size_t)n;
	}
	if (n == 0)
		wait_for(s, STAGE_ENDED);
	if (has_failed(s) || s->m->own.err != 0 || got == 0)
		return SOURCE_END;
	*ret = (struct piece){ .offset = s->at, .size = got };
	s->at += got;
	return SOURCE_PIECE;
}

/* The last of the pending spans, which touch no other: the front stays. */
static bool
take_pending(struct received *pending, struct piece *ret)
{
	struct received_span *last;
	uint64_t size;

	if (pending->count == 0)
		return false;
	last = &pending->of[pending->count - 1];
	size = last->end - last->begin;
	if (size > PIECE)
		size = PIECE;
	*ret = (struct piece){ .offset = last->begin, .size = size };
	last->begin += size;
	if (last->begin == last->end)
		pending->count--;
	return true;
}

/* With the mutex: what there is to send of the segment. */
static enum source_what
choose(struct source *s, struct piece *ret, uint64_t *size)
{
	struct received_span gap;

	if (s->stage == STAGE_ENDED)
		return SOURCE_END;
	if (s->seen != s->generation) {
		if (s->fd >= 0)
			close(s->fd);
		s->fd = s->new_fd;
		s->new_fd = -1;
		s->seen = s->generation;
		received_free(&s->sent);
		*size = s->size;
		s->m->size = s->size;
		return SOURCE_AGAIN;
	}
	if (take_pending(&s->pending, ret))
		return SOURCE_PIECE;
	if (s->stage != STAGE_SEALED)
		return SOURCE_NOTHING;
	if (!received_gap(&s->sent, s->size, &gap))
		return SOURCE_END;
	*ret = (struct piece){ .offset = gap.begin,
			       .size = gap.end - gap.begin };
	if (ret->size > PIECE)
		ret->size = PIECE;
	return SOURCE_PIECE;
}

/* Read a piece of the segment, which another process still fills. */
static int
read_piece(struct source *s, uint8_t *buffer, const struct piece *piece)
{
	uint64_t got = 0;
	ssize_t n = 1;

	while (got < piece->size && n != 0) {
		n = pread(s->fd, buffer + got, (size_t)(piece->size - got),
			  (off_t)(piece->offset + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
					     "cannot read the segment: %s",
					     strerror(errno));
		got += (uint64_t)n;
	}
	if (got < piece->size)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "the segment ends too early");
	return received_add(&s->sent, piece->offset,
			    piece->offset + piece->size);
}

enum source_what
source_next(struct source *s, uint8_t *buffer, struct piece *ret,
	    uint64_t *size)
{
	enum source_what what;

	if (s->m->own.err != 0)
		return SOURCE_END;
	if (s->stream) {
		what = next_of_stream(s, buffer, ret);
	} else {
		pthread_mutex_lock(&s->mutex);
		what = choose(s, ret, size);
		pthread_mutex_unlock(&s->mutex);
		if (what == SOURCE_PIECE)
			mpi_failed(s->m, read_piece(s, buffer, ret));
		if (what == SOURCE_END)
			has_failed(s);
	}
	if (s->m->own.err != 0)
		return SOURCE_END;
	if (what == SOURCE_PIECE)
		ret->digest = XXH3_64bits(buffer, (size_t)ret->size);
	return what;
}

void
source_sealed(struct source *s)
{
	if (!s->m->own.current && s->m->own.err == 0)
		wait_for(s, STAGE_SEALED);
	has_failed(s);
	pthread_mutex_lock(&s->mutex);
	s->m->size = s->size;
	pthread_mutex_unlock(&s->mutex);
}

int
source_free(struct source *s, bool publish, struct cute_shm_hdf5_result *ret)
{
	int err;

	pthread_mutex_lock(&s->mutex);
	s->go |= publish;
	s->stop |= !publish;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	/* A thread that writes to the socket then gets an error. */
	if (s->ends[0] >= 0)
		close(s->ends[0]);
	pthread_join(s->thread, NULL);
	s->m->source = NULL;
	err = publish ? s->err : 0;
	if (err != 0)
		err = cute_shm_fail(err, "%s", s->message);
	*ret = s->result;
	if (s->fd >= 0)
		close(s->fd);
	if (s->new_fd >= 0)
		close(s->new_fd);
	received_free(&s->pending);
	received_free(&s->sent);
	free(s->path);
	free(s->options);
	pthread_mutex_destroy(&s->mutex);
	pthread_cond_destroy(&s->changed);
	free(s);
	return err;
}
