/* SPDX-License-Identifier: MIT */
/*
 * The thread of rank 0 that loads the file, and notes which bytes are final.
 * If rank 0 has the project already, and others have not, the thread writes it
 * to a socket, as cute_shm_export_fd() does: others may update it meanwhile.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mpi/mpi_source.h"

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

/* Only note it: the caller's thread, which takes signals, reports it. */
static int
on_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	struct source *s = arg;
	bool stop;

	pthread_mutex_lock(&s->mutex);
	s->progress = *p;
	snprintf(s->progress_path, sizeof(s->progress_path), "%s",
		 p->path ? p->path : "");
	stop = s->stop;
	pthread_mutex_unlock(&s->mutex);
	return stop;
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

	return on_progress(&p, s) ||
	       (s->m->load.waiting &&
		s->m->load.waiting(other, s->m->opt.arg) != 0);
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

/* The project is there already: write it to the socket if others need it. */
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
	if (s->ends[1] < 0)
		return;
	err = cute_shm_export_fd(shm, s->ends[1], NULL);
	pthread_mutex_lock(&s->mutex);
	note(s, err);
	pthread_mutex_unlock(&s->mutex);
	close(s->ends[1]);
	s->ends[1] = -1;
}

static int
load(const struct mpi_load *m, const struct cute_shm_hdf5_options *opt,
     struct cute_shm_hdf5_result *ret)
{
	return m->sources ? cute_shm_hdf5_load_files(m->project, m->sources,
						     m->source_count, opt, ret)
			  : cute_shm_hdf5_load(m->project, m->file, opt, ret);
}

void *
source_thread(void *arg)
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
	err = load(s->m, &opt, &result);
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

void
source_progress(struct source *s, struct cute_shm_mpi_progress *ret,
		char path[TOLD_PATH])
{
	pthread_mutex_lock(&s->mutex);
	/* What is read, or is there already, only has to be sent. */
	if (s->stage < STAGE_CURRENT)
		ret->load = s->progress;
	snprintf(path, TOLD_PATH, "%s",
		 s->stage < STAGE_CURRENT ? s->progress_path : "");
	ret->load.path = path;
	pthread_mutex_unlock(&s->mutex);
}
