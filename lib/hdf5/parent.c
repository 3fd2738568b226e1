/* SPDX-License-Identifier: MIT */
/* One reader of a load: start it, handle its messages, watch it. */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/load.h"

/*
 * A step that needs more CPU time than this will never end.  Reading at 4 MB/s
 * is slower than the slowest filter in use.
 */
double step_seconds = 20;
#define STEP_RATE 4e6

/*
 * With KEEP_GOING, objects that crash libhdf5, or never end, are left out.  All
 * of them together may take the CPU time of LOST_STEPS such steps.  If they are
 * more than LOST_STEPS, they may take the clock time of LOST_STEPS_TIME steps:
 * on a busy machine the clock runs faster than CPU time.
 */
#define LOST_STEPS	3
#define LOST_STEPS_TIME 10

/* ---------------------------------------------------------------- messages */

void
dispatch(const struct load *load, const struct message *m)
{
	const struct cute_shm_hdf5_options *opt = load->opt;
	struct cute_shm_hdf5_skipped skipped;
	struct cute_shm_hdf5_array array;

	if (m->kind == MESSAGE_ARRAY) {
		array = (struct cute_shm_hdf5_array){
			.path = message_text(m, 0),
			.dtype = message_text(m, 1),
			.ndim = m->ndim,
			.shape = m->shape,
			.bytes = m->bytes,
			.strategy = message_text(m, 2),
			.seconds = m->seconds,
			.libhdf5 = message_text(m, 3),
		};
		if (opt->array)
			opt->array(&array, opt->arg);
		return;
	}
	skipped = (struct cute_shm_hdf5_skipped){
		.path = message_text(m, 0),
		.reason = message_text(m, 1),
		.failed = m->kind == MESSAGE_FAILED,
		.incomplete = m->kind == MESSAGE_INCOMPLETE,
		.changed = m->kind == MESSAGE_CHANGED,
	};
	if (opt->skipped)
		opt->skipped(&skipped, opt->arg);
}

/*
 * Queue a message of a reader; takes over 'm'.  With KEEP_GOING, and with an
 * old project, only the messages of the last reader are reported.
 */
static int
enqueue(struct load *load, struct message *m)
{
	struct message **more;

	load->queue_bytes += m->size;
	if (load->queue_bytes > load->max_memory) {
		free(m);
		return cute_shm_fail(CUTE_SHM_ERR_LIMIT,
				     "%s: what is to be "
				     "said of its objects takes more than the "
				     "bound of %" PRIu64 " bytes "
				     "(--max-memory): raise it, or load less "
				     "(--select, --exclude)",
				     load->file, load->max_memory);
	}
	if (load->queue_count == load->queue_room) {
		load->queue_room = load->queue_room ? 2 * load->queue_room : 64;
		more = realloc(load->queue, load->queue_room * sizeof(*more));
		if (!more) {
			free(m);
			return fail_memory("for messages");
		}
		load->queue = more;
	}
	load->queue[load->queue_count++] = m;
	return 0;
}

void
queue_clear(struct load *load)
{
	while (load->queue_count > 0)
		free(load->queue[--load->queue_count]);
	load->queue_bytes = 0;
}

/* Handle a message of the reader; takes over 'm'. */
static int
on_message(void *arg, struct message *m)
{
	struct load *load = arg;
	int err = 0;
	bool at_once =
		!(load->opt->flags & CUTE_SHM_HDF5_KEEP_GOING) && !load->old;

	switch (m->kind) {
	case MESSAGE_SKIPPED:
	case MESSAGE_INCOMPLETE:
	case MESSAGE_FAILED:
	case MESSAGE_CHANGED:
	case MESSAGE_ARRAY:
		if (!at_once)
			return enqueue(load, m);
		dispatch(load, m);
		break;
	case MESSAGE_STALE: reuse_stale(load, message_text(m, 0)); break;
	case MESSAGE_FINAL: err = part_final(load, m); break;
	default:
		if (answer_question(&load->process, m, load->builder,
				    &load->files.host, &err))
			err = err == 0 && m->kind == MESSAGE_ROOM
				      ? part_room(load)
				      : err;
		else
			err = cute_shm_fail(CUTE_SHM_ERR_SOURCE,
					    "%s: the reader sent a message of "
					    "unknown kind %u",
					    load->file, m->kind);
	}
	free(m);
	return err;
}

/* ---------------------------------------------------------------- watching */

static void
lose(struct load *load, double cpu, double seconds)
{
	load->lost_cpu += cpu;
	load->lost_time += seconds;
	load->lost_steps++;
}

/* Check the limit for all lost steps together; each step has its own limit. */
static int
check_lost(const struct load *load)
{
	bool cpu = load->lost_cpu > LOST_STEPS * step_seconds;
	char path[sizeof(load->process.board->path)];

	if (!cpu && (load->lost_steps <= LOST_STEPS ||
		     load->lost_time <= LOST_STEPS_TIME * step_seconds))
		return 0;
	board_path(load->process.board, path, sizeof(path));
	return cute_shm_fail(CUTE_SHM_ERR_LIMIT,
			     "%s: /%s is the last of %u "
			     "objects that took %.0f s%s and came to no end, "
			     "more than the %.0f s that a load spends on such: "
			     "leave them out (--exclude)",
			     load->file, path, load->lost_steps,
			     cpu ? load->lost_cpu : load->lost_time,
			     cpu ? " of CPU time" : "",
			     step_seconds *
				     (cpu ? LOST_STEPS : LOST_STEPS_TIME));
}

/* Check the caller's time limit. */
static int
check_time(const struct load *load)
{
	char path[sizeof(load->process.board->path)];
	char state[sizeof(path) + 32];

	if (!deadline_over(&load->deadline))
		return 0;
	board_path(load->process.board, path, sizeof(path));
	snprintf(state, sizeof(state), "not done, but at /%s", path);
	return deadline_fail(&load->deadline, load->file, state);
}

/* CUTE_SHM_ERR_SOURCE if the current step of the reader will never end. */
static int
watch(struct load *load)
{
	const struct board *board = load->process.board;
	uint64_t beat = __atomic_load_n(&board->beat, __ATOMIC_ACQUIRE);
	double limit = step_seconds + (double)board->expect / STEP_RATE;
	clockid_t clock;

	if (clock_getcpuclockid(load->process.pid, &clock) != 0)
		return 0;
	load->cpu = clock_seconds(clock);
	if (beat != load->beat) {
		load->beat = beat;
		load->beat_cpu = load->cpu;
		load->beat_time = clock_now();
	}
	return load->cpu - load->beat_cpu > limit ? CUTE_SHM_ERR_SOURCE : 0;
}

static int
progress(const struct load *load)
{
	const struct cute_shm_hdf5_options *opt = load->opt;
	const struct board *board = load->process.board;
	char path[sizeof(board->path)];
	struct cute_shm_hdf5_progress p = {
		.bytes_done = __atomic_load_n(&board->done, __ATOMIC_RELAXED),
		.bytes_total = __atomic_load_n(&board->total, __ATOMIC_RELAXED),
		.objects = __atomic_load_n(&board->objects, __ATOMIC_RELAXED),
		.path = path,
	};

	if (p.bytes_done > p.bytes_total)
		p.bytes_done = p.bytes_total;
	cute_shm_load_progress(load->loading, p.bytes_done, p.bytes_total);
	if (!opt->progress)
		return 0;
	board_path(board, path, sizeof(path));
	if (opt->progress(&p, opt->arg) == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
			     "%s: loading was cancelled", load->file);
}

static int
on_tick(void *arg)
{
	struct load *load = arg;
	int err = watch(load);

	load->endless = err != 0;
	if (err == 0)
		err = check_time(load);
	if (err == 0)
		err = check_lost(load);
	if (err == 0)
		err = progress(load);
	return err;
}

/* --------------------------------------------------------------- one reader */

static int
send_request(struct load *load)
{
	const struct cute_shm_hdf5_options *opt = load->opt;
	struct request r = {
		.work = load->builder ? WORK_LOAD : WORK_PLAN,
		.flags = opt->flags,
		.jobs = load->jobs,
		.log_level = process_log_level(),
		.arrays = opt->array != NULL,
		.parts = opt->part != NULL && load->builder,
		.share = opt->share,
		.shares = opt->shares,
		.reuse = load->old && load->builder,
		.max_memory = load->max_memory,
		.before = load->files.first,
		.file = load->file,
		.select = (const char **)(uintptr_t)opt->select,
		.exclude = (const char **)(uintptr_t)opt->exclude,
		.failures = load->failures,
		.listed = load->list.of,
		.listed_count = load->list.count,
	};
	int fds[3] = { load->process.board_fd, -1, -1 };
	unsigned count = load->builder ? 2 : 1;
	void *loan = NULL;
	size_t size = 0;
	int err = 0;

	if (load->builder)
		err = cute_shm_builder_lend(load->builder, &loan, &size,
					    &fds[REQUEST_SEGMENT]);
	if (err != 0)
		return err;
	r.loan = loan;
	r.loan_size = size;
	if (r.reuse)
		fds[count++] = cute_shm_fd(load->old);
	err = request_send(load->process.socket, &r, fds, count);
	free(loan);
	return err;
}

static int
start_reader(struct load *load)
{
	int err;

	load->beat = 0;
	load->beat_cpu = 0;
	load->beat_time = clock_now();
	load->cpu = 0;
	load->endless = false;
	queue_clear(load);
	err = process_begin(&load->process);
	if (err == 0)
		err = send_request(load);
	if (err == 0)
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "%s: process %ld reads it",
			     load->file, (long)load->process.pid);
	return err;
}

/* Set the error for a reader that ended without a final message. */
static int
fail_crash(struct load *load, char *reason, size_t size)
{
	char path[sizeof(load->process.board->path)];
	int number = process_signal(&load->process);

	board_path(load->process.board, path, sizeof(path));
	load->own_reason = number == SIGKILL && !load->endless;
	if (load->endless)
		snprintf(reason, size, "libhdf5 does not come to an end");
	else if (load->process.nonsense)
		snprintf(reason, size,
			 "libhdf5 damaged its process, which sent nonsense");
	else if (number == SIGKILL)
		snprintf(reason, size,
			 "libhdf5 was killed, perhaps since the "
			 "system, or its control group, had no more memory; "
			 "--max-memory sets a bound");
	else if (number != 0)
		snprintf(reason, size, "libhdf5 crashed (signal %d, %s)",
			 number, strsignal(number));
	else
		snprintf(reason, size, "libhdf5 ended the process");
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: %s%s%s",
			     listed_file(load->list.of, load->list.count, path,
					 load->file),
			     reason, path[0] ? " while reading /" : "", path);
}

/* A reader was lost: with KEEP_GOING the next one leaves its object out. */
static int
lost_reader(struct load *load, bool *again)
{
	char path[sizeof(load->process.board->path)], reason[200];
	int err = fail_crash(load, reason, sizeof(reason));

	board_path(load->process.board, path, sizeof(path));
	if (!(load->opt->flags & CUTE_SHM_HDF5_KEEP_GOING) || !path[0] ||
	    failure_of(&load->failures, path))
		return err;
	lose(load, load->cpu - load->beat_cpu, clock_now() - load->beat_time);
	err = check_lost(load);
	if (err != 0)
		return err;
	*again = true;
	return failure_add(&load->failures, path, reason);
}

/* Objects failed: the next reader leaves them out. */
static int
collect_failures(struct load *load)
{
	int err = 0;
	size_t i;

	for (i = 0; i < load->queue_count && err == 0; i++)
		if (load->queue[i]->kind == MESSAGE_FAILED)
			err = failure_add(&load->failures,
					  message_text(load->queue[i], 0),
					  message_text(load->queue[i], 1));
	return err;
}

int
run_reader(struct load *load, bool *again)
{
	const struct listener listener = { .message = on_message,
					   .tick = on_tick,
					   .arg = load };
	int err = process_finish(&load->process, start_reader(load), &listener);
	const struct message *end = load->process.end;

	*again = false;
	if (err != 0 && !load->endless)
		return err;
	if (!end || load->endless)
		return lost_reader(load, again);
	if (end->kind == MESSAGE_ERROR)
		return process_error(&load->process);
	if (end->kind != MESSAGE_RETRY)
		return 0;
	*again = true;
	return collect_failures(load);
}
