/* SPDX-License-Identifier: MIT */
/* Export: have a reader process write one file, and give it its name. */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hdf5/export.h"

static int
progress(const struct export *e)
{
	const struct board *board = e->process.board;
	char path[sizeof(board->path)];
	struct cute_shm_hdf5_progress p = {
		.bytes_done = e->before +
			      __atomic_load_n(&board->done, __ATOMIC_RELAXED),
		.bytes_total = e->info.array_bytes,
		.objects = e->info.node_count,
		.path = path,
	};

	if (!e->opt.progress)
		return 0;
	if (p.bytes_done > p.bytes_total)
		p.bytes_done = p.bytes_total;
	board_path(board, path, sizeof(path));
	if (e->opt.progress(&p, e->opt.arg) == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_CANCELLED, "%s: saving was cancelled",
			     e->file);
}

/* Handle a message of the reader process; takes over 'm'. */
static int
on_message(void *arg, struct message *m)
{
	struct export *e = arg;
	struct cute_shm_hdf5_skipped skipped = {
		.path = message_text(m, 0),
		.reason = message_text(m, 1),
	};
	int err = 0;

	switch (m->kind) {
	case MESSAGE_SKIPPED:
		if (e->opt.skipped)
			e->opt.skipped(&skipped, e->opt.arg);
		break;
	default:
		err = cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				    "%s: the program that writes it sent a "
				    "message of unknown kind %u",
				    e->file, m->kind);
	}
	free(m);
	return err;
}

static int
check_time(const struct export *e)
{
	char path[sizeof(e->process.board->path)], state[sizeof(path) + 32];

	if (!deadline_over(&e->deadline))
		return 0;
	board_path(e->process.board, path, sizeof(path));
	snprintf(state, sizeof(state), "not done, but at /%s", path);
	return deadline_fail(&e->deadline, e->file, state);
}

static int
on_tick(void *arg)
{
	int err = check_time(arg);

	return err == 0 ? progress(arg) : err;
}

/* The result of a process that has ended. */
static int
judge(const struct export *e)
{
	char path[sizeof(e->process.board->path)];
	const struct message *end = e->process.end;
	int number = process_signal(&e->process);

	if (end && end->kind == MESSAGE_DONE)
		return 0;
	if (end)
		return cute_shm_fail(process_error(&e->process), "%s: %s",
				     e->file, cute_shm_errmsg());
	board_path(e->process.board, path, sizeof(path));
	if (number == SIGBUS)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "%s: a page of the "
				     "segment cannot be read at /%s: memory is "
				     "full, or the segment's file was cut",
				     e->file, path);
	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "%s: libhdf5 %s%s%s%s%s",
			     e->file,
			     number ? "crashed (" : "ended the process",
			     number ? strsignal(number) : "", number ? ")" : "",
			     path[0] ? " while writing /" : "", path);
}

static int
send_request(const struct export *e, int fd)
{
	struct request r = {
		.work = WORK_EXPORT,
		.jobs = jobs_or_cpus(e->opt.jobs),
		.log_level = process_log_level(),
		.gzip = e->opt.gzip,
		.shuffle = e->opt.shuffle != 0,
		.max_memory =
			e->opt.max_memory ? e->opt.max_memory : UINT64_MAX,
		.chunk_size = e->opt.chunk_size,
		.file = e->file,
		.path = e->info.path,
		.top = e->top,
	};
	const int fds[] = { e->process.board_fd, cute_shm_fd(e->shm), fd };

	return request_send(e->process.socket, &r, fds, 3);
}

static int
run(struct export *e, int fd)
{
	const struct listener listener = { .message = on_message,
					   .tick = on_tick,
					   .arg = e };
	int err = process_begin(&e->process);

	if (err == 0)
		err = send_request(e, fd);
	err = process_finish(&e->process, err, &listener);
	/* Report progress at least once, even for a short export. */
	if (err == 0)
		err = progress(e);
	return err == 0 ? judge(e) : err;
}

/* Add the counts of a file that was written. */
static void
add_result(struct export *e, const struct stat *st, double start)
{
	const struct cute_shm_hdf5_result *r = &e->process.end->result;
	struct cute_shm_hdf5_export_result *sum = &e->sum;

	sum->datasets += r->arrays;
	sum->groups += r->groups;
	sum->links += r->links;
	sum->bytes += r->bytes;
	sum->file_size += (uint64_t)st->st_size;
	sum->skipped += r->skipped;
	e->before = sum->bytes;
	cute_shm_log(CUTE_SHM_LOG_DEBUG, "wrote %s to %s, %jd bytes in %.3f s",
		     e->info.path, e->file, (intmax_t)st->st_size,
		     clock_now() - start);
}

int
export_write(struct export *e, const char *file, const char *top,
	     struct outfile *out)
{
	struct stat st = { .st_size = 0 };
	double start = clock_now();
	int err;

	e->file = file;
	e->top = top;
	outfile_permit(out, &e->info);
	err = run(e, out->fd);
	if (err == 0)
		fstat(out->fd, &st);
	if (err == 0)
		err = outfile_commit(out);
	outfile_end(out);
	if (err == 0)
		add_result(e, &st, start);
	return err;
}

unsigned
export_outfile_flags(const struct export *e)
{
	return e->opt.flags & CUTE_SHM_HDF5_OVERWRITE ? OUTFILE_OVERWRITE : 0;
}
