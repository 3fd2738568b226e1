/* SPDX-License-Identifier: MIT */
/* Export: the parent, which gives the file its name, and the child. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5/save/save.h"

/* How often progress is reported to the caller. */
#define TICK_MS 100

/*
 * libhdf5 must answer once in this time: it never answers if another thread of
 * the caller was inside libhdf5 at the fork.
 */
#define START_SECONDS 30.0

/* Memory that parent and child share. */
struct shared {
	struct board board;
	struct cute_shm_hdf5_export_result result;
};

/* ---------------------------------------------------------------- the child */

static int
save_file(struct saver *s, const char *open_as)
{
	char cause[200];
	int rc;

	s->file = H5I_INVALID_HID;
	s->link_props = H5Pcreate(H5P_LINK_CREATE);
	if (s->link_props < 0 ||
	    H5Pset_char_encoding(s->link_props, H5T_CSET_UTF8) < 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "libhdf5: %s",
				     hdf5_cause(cause, sizeof(cause)));
	s->attr_props = H5Pcreate(H5P_ATTRIBUTE_CREATE);
	if (s->attr_props < 0 ||
	    H5Pset_char_encoding(s->attr_props, H5T_CSET_UTF8) < 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "libhdf5: %s",
				     hdf5_cause(cause, sizeof(cause)));
	rc = save_tree(s, open_as);
	board_work(s->l.board, "", 0);
	/* libhdf5 writes the rest of its cache now, which may fail. */
	if (s->file >= 0 && H5Fclose(s->file) < 0 && rc == 0)
		rc = cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				   "cannot complete the "
				   "file: %s",
				   hdf5_cause(cause, sizeof(cause)));
	return rc;
}

static void __attribute__((noreturn))
run_child(struct saver *s, const char *open_as)
{
	int rc;

	child_begin(&s->l);
	rc = save_file(s, open_as);
	if (rc != 0)
		rc = child_error(&s->l, rc);
	if (rc != 0)
		send_end(&s->l, MESSAGE_ERROR, rc, cute_shm_errmsg());
	else
		send_end(&s->l, MESSAGE_DONE, 0, "");
	_exit(0);
}

/* --------------------------------------------------------------- the parent */

static int
progress(const struct saver *s)
{
	const struct board *board = s->l.board;
	char path[sizeof(board->path)];
	struct cute_shm_hdf5_progress p = {
		.bytes_done = __atomic_load_n(&board->done, __ATOMIC_RELAXED),
		.bytes_total = board->total,
		.objects = board->objects,
		.path = path,
	};

	if (!s->opt.progress)
		return 0;
	if (p.bytes_done > p.bytes_total)
		p.bytes_done = p.bytes_total;
	board_path(board, path, sizeof(path));
	if (s->opt.progress(&p, s->opt.arg) == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_CANCELLED, "%s: saving was cancelled",
			     s->l.file);
}

/* Handle a message of the child; takes over 'm'.  *end is the final message. */
static void
handle(const struct saver *s, struct message *m, struct message **end)
{
	struct cute_shm_hdf5_skipped skipped = {
		.path = message_text(m, 0),
		.reason = message_text(m, 1),
	};

	if (m->kind == MESSAGE_ERROR || m->kind == MESSAGE_DONE) {
		free(*end);
		*end = m;
		return;
	}
	if (m->kind == MESSAGE_SKIPPED && s->opt.skipped)
		s->opt.skipped(&skipped, s->opt.arg);
	if (m->kind == MESSAGE_LOG)
		cute_shm_log((enum cute_shm_log_level)m->err, "%s",
			     message_text(m, 0));
	free(m);
}

static int
watch(const struct saver *s, double passed)
{
	if (passed < START_SECONDS ||
	    __atomic_load_n(&s->l.board->beat, __ATOMIC_ACQUIRE) > 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
			     "%s: libhdf5 does not "
			     "answer; do not save while other threads use it",
			     s->l.file);
}

static int
check_time(const struct saver *s)
{
	char path[sizeof(s->l.board->path)], state[sizeof(path) + 32];

	if (!deadline_over(&s->deadline))
		return 0;
	board_path(s->l.board, path, sizeof(path));
	snprintf(state, sizeof(state), "not done, but at /%s", path);
	return deadline_fail(&s->deadline, s->l.file, state);
}

/* Receive messages until the child closes its end, or must be stopped. */
static int
listen_to_child(const struct saver *s, int pipe, struct message **end)
{
	struct pollfd p = { .fd = pipe, .events = POLLIN };
	double start = clock_now(), told = start;
	struct message *m;
	int rc = 0, n;

	while (rc == 0) {
		n = poll(&p, 1, TICK_MS);
		if (n < 0 && errno != EINTR)
			return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "poll: %s",
					     strerror(errno));
		if (n > 0) {
			/*
			 * Report progress at least once, even for a short
			 * export.
			 */
			if (receive(pipe, &m) <= 0)
				return progress(s);
			handle(s, m, end);
		}
		if (clock_now() - told >= TICK_MS / 1e3) {
			told = clock_now();
			rc = watch(s, told - start);
			if (rc == 0)
				rc = check_time(s);
			if (rc == 0)
				rc = progress(s);
		}
	}
	return rc;
}

static int
child_failed(const struct saver *s, const struct message *end, int status)
{
	char path[sizeof(s->l.board->path)];

	if (end && end->kind == MESSAGE_DONE)
		return 0;
	if (end)
		return cute_shm_fail(end->err, "%s: %s", s->l.file,
				     message_text(end, 0));
	board_path(s->l.board, path, sizeof(path));
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "%s: a page of the "
				     "segment cannot be read at /%s: memory is "
				     "full, or the segment's file was cut",
				     s->l.file, path);
	return cute_shm_fail(
		CUTE_SHM_ERR_SYSTEM, "%s: libhdf5 %s%s%s%s%s", s->l.file,
		WIFSIGNALED(status) ? "crashed (" : "ended the process",
		WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "",
		WIFSIGNALED(status) ? ")" : "",
		path[0] ? " while writing /" : "", path);
}

/* Run a child process, since libhdf5 may be in use in this one. */
static int
run(struct saver *s, const char *open_as)
{
	struct message *end = NULL;
	int ends[2], rc, status = 0;
	pid_t pid;

	s->l.parent = getpid();
	if (pipe_above_stdio(ends) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "pipe: %s",
				     strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		s->l.pipe = ends[1];
		run_child(s, open_as);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "fork: %s",
				     strerror(errno));
	}
	rc = listen_to_child(s, ends[0], &end);
	if (rc != 0)
		kill(pid, SIGKILL);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 0)
		rc = child_failed(s, end, status);
	free(end);
	return rc;
}

static int
check_options(const struct cute_shm_hdf5_export_options *o)
{
	if (o->flags & ~(unsigned)CUTE_SHM_HDF5_OVERWRITE)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "unknown flags %#x to save with",
				     o->flags);
	if (o->gzip > 9)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "gzip has levels up to 9, not %u",
				     o->gzip);
	return 0;
}

static int
save(struct saver *s, const char *file)
{
	struct cute_shm_info info;
	struct outfile out;
	struct stat st;
	int rc;

	/* libhdf5 opens files by name, so the file needs a temporary one. */
	rc = outfile_begin(&out, file,
			   OUTFILE_NAMED |
				   (s->opt.flags & CUTE_SHM_HDF5_OVERWRITE
					    ? OUTFILE_OVERWRITE
					    : 0u));
	if (rc != 0)
		return rc;
	if (cute_shm_info(s->shm, &info) == 0)
		outfile_permit(&out, &info);
	rc = run(s, out.temporary);
	if (rc == 0 && fstat(out.fd, &st) == 0)
		s->result->file_size = (uint64_t)st.st_size;
	if (rc == 0)
		rc = outfile_commit(&out);
	outfile_end(&out);
	return rc;
}

int
cute_shm_hdf5_export(const struct cute_shm *shm, const char *file,
		     const struct cute_shm_hdf5_export_options *opt,
		     struct cute_shm_hdf5_export_result *ret)
{
	struct cute_shm_hdf5_options none = { .size = sizeof(none) };
	struct saver s = { .opt = { .size = sizeof(s.opt) }, .shm = shm };
	double start = clock_now();
	struct cute_shm_info info;
	struct shared *shared;
	int rc;

	rc = options_copy(&s.opt, sizeof(s.opt), opt);
	if (rc == 0)
		rc = check_options(&s.opt);
	if (rc == 0)
		rc = deadline_begin(&s.deadline, s.opt.max_seconds);
	if (rc == 0)
		rc = cute_shm_info(shm, &info);
	if (rc != 0)
		return rc;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory to save");
	s.jobs = s.l.jobs = jobs_or_cpus(s.opt.jobs);
	s.l.max_memory = s.opt.max_memory ? s.opt.max_memory : UINT64_MAX;
	s.l.file = file;
	s.l.opt = &none;
	s.l.board = &shared->board;
	s.result = &shared->result;
	shared->board.total = info.array_bytes;
	shared->board.objects = info.node_count;
	rc = save(&s, file);
	if (rc == 0)
		cute_shm_log(CUTE_SHM_LOG_DEBUG,
			     "wrote %s to %s, %" PRIu64 " bytes in %.3f s",
			     info.path, file, shared->result.file_size,
			     clock_now() - start);
	if (rc == 0 && ret) {
		*ret = shared->result;
		ret->seconds = clock_now() - start;
	}
	munmap(shared, sizeof(*shared));
	return rc;
}
