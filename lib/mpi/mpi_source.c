/* SPDX-License-Identifier: MIT */
/*
 * What rank 0 sends.  A thread loads the file and notes which bytes are final;
 * the caller's thread, the only one that calls MPI, takes them.  If rank 0 has
 * the project already, and others have not, the thread writes it to a pipe, as
 * cute_shm_export_fd() does: others may update it meanwhile.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "mpi/mpi_load.h"

#define PIPE_SIZE (1 << 20)

enum stage {
	STAGE_READING, /* the file is being scanned */
	STAGE_ROOM,    /* the size is known */
	STAGE_CURRENT, /* the project is there already */
	STAGE_SEALED,  /* only the name is missing */
	STAGE_ENDED
};

struct source {
	struct mpi_load *m;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;

	/* The mutex's. */
	enum stage stage;
	bool stop, go;	     /* what the caller's thread wants */
	unsigned generation; /* of the segment: how often it was begun */
	int new_fd;	     /* of that segment, until it is taken */
	uint64_t size;	     /* of that segment */
	struct received pending;
	struct begin begin;
	char *path, *options;
	int err;
	char message[1024];
	struct cute_shm_hdf5_result result;

	/* The caller's thread's. */
	unsigned seen; /* generation */
	int fd;
	struct received sent;
	bool stream;
	uint64_t at; /* bytes of the stream so far */
	int pipe[2]; /* the second end is the thread's, if it streams */
};

/* ---------------------------------------------------------------- the thread */

static void
set_stage(struct source *s, enum stage stage)
{
	s->stage = stage;
	pthread_cond_broadcast(&s->changed);
}

/* Keep what describes the source of the data. */
static int
keep_source(struct source *s, const struct cute_shm_hdf5_part *part)
{
	free(s->path);
	free(s->options);
	s->path = strdup(part->source);
	s->options = strdup(part->options);
	if (!s->path || !s->options)
		return 1;
	s->begin.size = part->size;
	s->begin.source_size = part->source_size;
	s->begin.source_mtime_ns = part->source_mtime_ns;
	s->begin.source_text = strlen(s->path) + 1;
	s->begin.options_text = strlen(s->options) + 1;
	return 0;
}

static int
on_room(struct source *s, const struct cute_shm_hdf5_part *part)
{
	if (s->new_fd >= 0)
		close(s->new_fd);
	s->new_fd = fcntl(part->fd, F_DUPFD_CLOEXEC, 3);
	received_free(&s->pending);
	s->size = part->size;
	s->generation++;
	if (s->new_fd < 0 || keep_source(s, part) != 0)
		return 1;
	set_stage(s, STAGE_ROOM);
	return 0;
}

/* Wait until all nodes have agreed. */
static int
on_sealed(struct source *s, const struct cute_shm_hdf5_part *part)
{
	s->size = part->size;
	set_stage(s, STAGE_SEALED);
	while (!s->stop && !s->go)
		pthread_cond_wait(&s->changed, &s->mutex);
	return 0;
}

static int
on_part(const struct cute_shm_hdf5_part *part, void *arg)
{
	struct source *s = arg;
	int err = 0;

	pthread_mutex_lock(&s->mutex);
	switch (part->what) {
	case CUTE_SHM_HDF5_PART_ROOM: err = on_room(s, part); break;
	case CUTE_SHM_HDF5_PART_FINAL:
		err = received_add(&s->pending, part->offset,
				   part->offset + part->bytes);
		break;
	case CUTE_SHM_HDF5_PART_SEALED: err = on_sealed(s, part); break;
	default: err = keep_source(s, part);
	}
	err |= s->stop;
	pthread_mutex_unlock(&s->mutex);
	return err;
}

static bool
is_stopped(struct source *s)
{
	bool stop;

	pthread_mutex_lock(&s->mutex);
	stop = s->stop;
	pthread_mutex_unlock(&s->mutex);
	return stop;
}

static int
tell(struct source *s, const struct cute_shm_hdf5_progress *p)
{
	const struct cute_shm_mpi_options *opt = &s->m->opt;
	const struct cute_shm_mpi_progress all = {
		.load = *p,
		.bytes_passed = s->m->passed,
		.segment_size = s->m->size,
	};

	return is_stopped(s) ||
	       (opt->progress && opt->progress(&all, opt->arg) != 0);
}

static int
on_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	return tell(arg, p);
}

static int
on_waiting(const struct cute_shm_load_info *other, void *arg)
{
	struct source *s = arg;
	const struct cute_shm_hdf5_progress p = {
		.bytes_done = other->bytes_done,
		.bytes_total = other->bytes_total,
		.path = "",
	};

	if (!s->m->load.waiting)
		return tell(s, &p);
	return is_stopped(s) || s->m->load.waiting(other, s->m->opt.arg) != 0;
}

static void
on_array(const struct cute_shm_hdf5_array *array, void *arg)
{
	struct source *s = arg;

	s->m->load.array(array, s->m->opt.arg);
}

static void
on_skipped(const struct cute_shm_hdf5_skipped *skipped, void *arg)
{
	struct source *s = arg;

	if (s->m->load.skipped)
		s->m->load.skipped(skipped, s->m->opt.arg);
}

/* With the mutex: note the end of a step; its message is this thread's. */
static void
note(struct source *s, int err)
{
	s->err = err;
	snprintf(s->message, sizeof(s->message), "%s",
		 err != 0 ? cute_shm_errmsg() : "");
}

/* The project is there already: write it to the pipe if others need it. */
static void
stream(struct source *s, const struct cute_shm *shm)
{
	struct cute_shm_info info;
	int err = cute_shm_info(shm, &info);

	pthread_mutex_lock(&s->mutex);
	note(s, err);
	s->begin.size = s->size = info.size;
	set_stage(s, err == 0 ? STAGE_CURRENT : STAGE_ENDED);
	while (err == 0 && !s->stop && !s->go)
		pthread_cond_wait(&s->changed, &s->mutex);
	pthread_mutex_unlock(&s->mutex);
	if (s->pipe[1] < 0)
		return;
	err = cute_shm_export_fd(shm, s->pipe[1], NULL);
	pthread_mutex_lock(&s->mutex);
	note(s, err);
	pthread_mutex_unlock(&s->mutex);
	close(s->pipe[1]);
	s->pipe[1] = -1;
}

static void *
work(void *arg)
{
	struct source *s = arg;
	struct cute_shm_hdf5_options opt = s->m->load;
	struct cute_shm_hdf5_result result;
	struct cute_shm *shm = NULL;
	int err;

	opt.progress = on_progress;
	opt.waiting = on_waiting;
	opt.array = opt.array ? on_array : NULL;
	opt.skipped = on_skipped;
	opt.part = on_part;
	opt.handle = &shm;
	opt.arg = s;
	err = cute_shm_hdf5_load(s->m->project, s->m->file, &opt, &result);
	if (err == 0 && result.current)
		stream(s, shm);
	pthread_mutex_lock(&s->mutex);
	if (err != 0)
		note(s, err);
	else
		s->result = result;
	set_stage(s, STAGE_ENDED);
	pthread_mutex_unlock(&s->mutex);
	cute_shm_close(shm);
	return NULL;
}

/* -------------------------------------------------------- the caller's thread */

int
source_new(struct mpi_load *m, struct source **ret)
{
	struct source *s = calloc(1, sizeof(*s));
	sigset_t before;
	int number;

	if (!s)
		return fail_memory("to load a file");
	s->m = m;
	s->fd = s->new_fd = s->pipe[0] = s->pipe[1] = -1;
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->changed, NULL);
	m->quiet = true;
	thread_signals_block(&before);
	number = pthread_create(&s->thread, NULL, work, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (number != 0) {
		free(s);
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "cannot start a thread: %s",
				     strerror(number));
	}
	*ret = s;
	return 0;
}

/* Wait until the thread has reached a stage; it may have failed. */
static enum stage
wait_for(struct source *s, enum stage least)
{
	enum stage stage = STAGE_READING;
	unsigned nap = 0;

	while (stage < least) {
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
source_begin(struct source *s, struct begin *ret, const char **source,
	     const char **options)
{
	struct mpi_load *m = s->m;
	enum stage stage = wait_for(s, STAGE_ROOM);

	if (stage == STAGE_ENDED) {
		has_failed(s);
		*ret = (struct begin){ .failed = 1 };
		return;
	}
	pthread_mutex_lock(&s->mutex);
	*ret = s->begin;
	*source = s->path;
	*options = s->options;
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
	if (pipe2(s->pipe, O_CLOEXEC) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "pipe: %s",
				     strerror(errno));
	(void)fcntl(s->pipe[1], F_SETPIPE_SZ, PIPE_SIZE);
	s->stream = true;
	pthread_mutex_lock(&s->mutex);
	s->go = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

/* Read a full piece from the pipe, or what is left. */
static enum source_what
next_of_stream(struct source *s, uint8_t *buffer, struct piece *ret)
{
	struct pollfd p = { .fd = s->pipe[0], .events = POLLIN };
	unsigned nap = 0;
	size_t got = 0;
	ssize_t n = 1;

	while (got < PIECE && n != 0 && s->m->own.err == 0) {
		if (poll(&p, 1, 100) != 1) {
			mpi_nap(s->m, &nap);
			continue;
		}
		n = read(s->pipe[0], buffer + got, PIECE - got);
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
		*size = s->m->size = s->size;
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
		/* From here on the thread only waits: progress is ours. */
		if (s->stage >= STAGE_SEALED)
			s->m->quiet = false;
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
	s->m->quiet = false;
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
	/* A thread that writes to the pipe then gets an error. */
	if (s->pipe[0] >= 0)
		close(s->pipe[0]);
	pthread_join(s->thread, NULL);
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
