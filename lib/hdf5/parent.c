/* SPDX-License-Identifier: MIT */
/*
 * The parent's side of a load: start the child, receive its messages, watch it.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5/load.h"

/* How often the child is checked and progress is reported. */
#define TICK_MS 100

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

/*
 * Until libhdf5 has answered once, clock time counts: it never answers if
 * another thread of the caller was inside libhdf5 at the fork.
 */
#define START_SECONDS 30.0

/*
 * A child that used no CPU time for so long gets a signal, because it may wait
 * for a writer to open a FIFO.  If the kernel confirms this, the signal is sent
 * after IDLE_CHECK.
 */
#define IDLE_SECONDS 30.0
#define IDLE_CHECK   0.5

/* ---------------------------------------------------------------- messages */

void
dispatch(const struct load *load, const struct message *m)
{
	const struct cute_shm_hdf5_options *opt = load->l.opt;
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
 * Queue a message of a child; takes over 'm'.  With KEEP_GOING only the
 * messages of the last child are reported.
 */
static int
enqueue(struct load *load, struct message *m)
{
	struct message **more;

	load->queue_bytes += m->size;
	if (load->queue_bytes > load->l.max_memory) {
		free(m);
		return cute_shm_fail(CUTE_SHM_ERR_LIMIT,
				     "%s: what is to be "
				     "said of its objects takes more than the "
				     "bound of %" PRIu64 " bytes "
				     "(--max-memory): raise it, or load less "
				     "(--select, --exclude)",
				     load->l.file, load->l.max_memory);
	}
	if (load->queue_count == load->queue_room) {
		load->queue_room = load->queue_room ? 2 * load->queue_room : 64;
		more = realloc(load->queue, load->queue_room * sizeof(*more));
		if (!more) {
			free(m);
			return cute_shm_fail(CUTE_SHM_ERR_NOMEM,
					     "no memory for messages");
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

/* Handle a message of the child; takes over 'm'. */
static int
handle(struct load *load, struct message *m)
{
	bool at_once = !(load->l.opt->flags & CUTE_SHM_HDF5_KEEP_GOING);

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
	case MESSAGE_LOG:
		cute_shm_log((enum cute_shm_log_level)m->err, "%s",
			     message_text(m, 0));
		break;
	default:
		free(load->end);
		load->end = m;
		return 0;
	}
	free(m);
	return 0;
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
	char path[sizeof(load->l.board->path)];

	if (!cpu && (load->lost_steps <= LOST_STEPS ||
		     load->lost_time <= LOST_STEPS_TIME * step_seconds))
		return 0;
	board_path(load->l.board, path, sizeof(path));
	return cute_shm_fail(CUTE_SHM_ERR_LIMIT,
			     "%s: /%s is the last of %u "
			     "objects that took %.0f s%s and came to no end, "
			     "more than the %.0f s that a load spends on such: "
			     "leave them out (--exclude)",
			     load->l.file, path, load->lost_steps,
			     cpu ? load->lost_cpu : load->lost_time,
			     cpu ? " of CPU time" : "",
			     step_seconds *
				     (cpu ? LOST_STEPS : LOST_STEPS_TIME));
}

/* Check the caller's time limit. */
static int
check_time(const struct load *load)
{
	char path[sizeof(load->l.board->path)];
	char state[sizeof(path) + 32];

	if (!deadline_over(&load->deadline))
		return 0;
	board_path(load->l.board, path, sizeof(path));
	snprintf(state, sizeof(state), "not done, but at /%s", path);
	return deadline_fail(&load->deadline, load->l.file, state);
}

/* Whether the child waits until another process opens its end of a FIFO. */
static bool
waits_for_fifo(pid_t pid)
{
	static const char fifo[] = "wait_for_partner";
	char name[64], where[sizeof(fifo)] = "";
	int fd;

	snprintf(name, sizeof(name), "/proc/%ld/wchan", (long)pid);
	fd = fd_above_stdio(open(name, O_RDONLY | O_CLOEXEC));
	if (fd < 0)
		return false;
	if (read(fd, where, sizeof(where) - 1) < 0)
		where[0] = '\0';
	close(fd);
	return strcmp(where, fifo) == 0;
}

/*
 * A link, or the name of a raw file, may lead to a FIFO.  The signal only
 * interrupts the wait: then open() fails, and libhdf5 reports the error.
 */
static void
wake(struct load *load, double cpu, double now)
{
	double idle;
	bool fifo;

	if (cpu > load->cpu || load->beat == 0) {
		load->cpu = cpu;
		load->idle_since = now;
		return;
	}
	idle = now - load->idle_since;
	if (idle < IDLE_CHECK)
		return;
	fifo = waits_for_fifo(load->pid);
	if (idle < IDLE_SECONDS && !fifo)
		return;
	load->idle_since = now;
	if (fifo)
		lose(load, 0, idle);
	syscall(SYS_tgkill, load->pid, load->pid, WAKE_SIGNAL);
}

/* CUTE_SHM_ERR_SOURCE if the current step of the child will never end. */
static int
watch(struct load *load)
{
	const struct board *board = load->l.board;
	uint64_t beat = __atomic_load_n(&board->beat, __ATOMIC_ACQUIRE);
	double cpu, limit = step_seconds + (double)board->expect / STEP_RATE;
	clockid_t clock;

	if (beat == 0 && clock_now() - load->start > START_SECONDS)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s: libhdf5 does not answer; do not load "
				     "while other threads use it",
				     load->l.file);
	if (clock_getcpuclockid(load->pid, &clock) != 0)
		return 0;
	cpu = clock_seconds(clock);
	wake(load, cpu, clock_now());
	if (beat != load->beat) {
		load->beat = beat;
		load->beat_cpu = cpu;
		load->beat_time = clock_now();
	}
	return cpu - load->beat_cpu > limit ? CUTE_SHM_ERR_SOURCE : 0;
}

static int
progress(const struct load *load)
{
	const struct cute_shm_hdf5_options *opt = load->l.opt;
	const struct board *board = load->l.board;
	char path[sizeof(board->path)];
	struct cute_shm_hdf5_progress p = {
		.bytes_done = __atomic_load_n(&board->done, __ATOMIC_RELAXED),
		.bytes_total = __atomic_load_n(&board->total, __ATOMIC_RELAXED),
		.objects = __atomic_load_n(&board->objects, __ATOMIC_RELAXED),
		.path = path,
	};

	if (!opt->progress)
		return 0;
	if (p.bytes_done > p.bytes_total)
		p.bytes_done = p.bytes_total;
	board_path(board, path, sizeof(path));
	if (opt->progress(&p, opt->arg) == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
			     "%s: loading was cancelled", load->l.file);
}

/* Receive messages until the child closes its end, or must be stopped. */
static int
listen_to_child(struct load *load, bool *endless)
{
	struct pollfd p = { .fd = load->pipe, .events = POLLIN };
	double told = clock_now(), t;
	struct message *m;
	int rc = 0, n;

	while (rc == 0) {
		n = poll(&p, 1, TICK_MS);
		if (n < 0 && errno != EINTR)
			return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "poll: %s",
					     strerror(errno));
		if (n > 0) {
			n = receive(load->pipe, &m);
			if (n <= 0)
				return 0;
			rc = handle(load, m);
		}
		t = clock_now();
		if (rc == 0 && t - told >= TICK_MS / 1e3) {
			told = t;
			rc = watch(load);
			*endless = rc != 0;
			if (rc == 0)
				rc = check_time(load);
			if (rc == 0)
				rc = check_lost(load);
			if (rc == 0)
				rc = progress(load);
		}
	}
	return rc;
}

/* ------------------------------------------------------------------ a child */

/*
 * Wait for the child to end.  False if another part of the program has reaped
 * it.
 */
static bool
reap(pid_t pid, int *status)
{
	pid_t n;

	do
		n = waitpid(pid, status, 0);
	while (n < 0 && errno == EINTR);
	return n == pid;
}

static int
start_child(struct load *load)
{
	int ends[2];

	memset(load->l.board, 0, sizeof(*load->l.board));
	load->start = clock_now();
	load->beat = 0;
	load->beat_cpu = 0;
	load->beat_time = load->start;
	load->cpu = 0;
	load->idle_since = load->start;
	load->l.parent = getpid();
	free(load->end);
	load->end = NULL;
	queue_clear(load);
	if (pipe_above_stdio(ends) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "pipe: %s",
				     strerror(errno));
	load->pid = fork();
	if (load->pid == 0) {
		close(ends[0]);
		load->l.pipe = ends[1];
		child_run(&load->l);
	}
	close(ends[1]);
	if (load->pid < 0) {
		close(ends[0]);
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "fork: %s",
				     strerror(errno));
	}
	load->pipe = ends[0];
	cute_shm_log(CUTE_SHM_LOG_DEBUG, "%s: process %ld reads it",
		     load->l.file, (long)load->pid);
	return 0;
}

/* Set the error for a child that ended without a final message. */
static int
fail_crash(const struct load *load, int status, bool known, bool endless,
	   char *reason, size_t size)
{
	char path[sizeof(load->l.board->path)];

	board_path(load->l.board, path, sizeof(path));
	if (endless)
		snprintf(reason, size, "libhdf5 does not come to an end");
	else if (known && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		snprintf(reason, size,
			 "libhdf5 was killed, perhaps since the "
			 "system, or its control group, had no more memory; "
			 "--max-memory sets a bound");
	else if (known && WIFSIGNALED(status))
		snprintf(reason, size, "libhdf5 crashed (signal %d, %s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(reason, size, "libhdf5 ended the process");
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: %s%s%s", load->l.file,
			     reason, path[0] ? " while reading /" : "", path);
}

int
run_child(struct load *load, bool *again)
{
	bool endless = false, known, keep_going;
	char path[sizeof(load->l.board->path)], reason[200];
	int rc, status = 0;
	size_t i;

	*again = false;
	rc = start_child(load);
	if (rc != 0)
		return rc;
	rc = listen_to_child(load, &endless);
	if (rc != 0)
		kill(load->pid, SIGKILL);
	close(load->pipe);
	known = reap(load->pid, &status);
	if (rc != 0 && !endless)
		return rc;
	keep_going = load->l.opt->flags & CUTE_SHM_HDF5_KEEP_GOING;
	if (!load->end || endless) {
		if (load->l.board->beat == 0 && endless)
			return rc;
		rc = fail_crash(load, status, known, endless, reason,
				sizeof(reason));
		board_path(load->l.board, path, sizeof(path));
		if (!keep_going || !path[0] ||
		    failure_of(&load->failures, path))
			return rc;
		lose(load, load->cpu - load->beat_cpu,
		     clock_now() - load->beat_time);
		rc = check_lost(load);
		if (rc != 0)
			return rc;
		*again = true;
		return failure_add(&load->failures, path, reason);
	}
	if (load->end->kind == MESSAGE_ERROR)
		return cute_shm_fail(load->end->err, "%s",
				     message_text(load->end, 0));
	if (load->end->kind != MESSAGE_RETRY)
		return 0;
	*again = true;
	for (i = 0; i < load->queue_count && rc == 0; i++)
		if (load->queue[i]->kind == MESSAGE_FAILED)
			rc = failure_add(&load->failures,
					 message_text(load->queue[i], 0),
					 message_text(load->queue[i], 1));
	return rc;
}
