/* SPDX-License-Identifier: MIT */
/*
 * The public calls, and the parent's side of a load: it watches the child, and
 * publishes what that has built.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../options.h"
#include "internal.h"

/* How often the child is looked at, and the caller told. */
#define TICK_MS		100

/*
 * A step that takes more of the CPU than this will never end.  4 MB/s is slower
 * than the slowest filter in use.
 */
double step_seconds = 20;
#define STEP_RATE	4e6

/*
 * Until libhdf5 has answered once, time is what counts: it never will if the
 * caller's other threads were inside it when the child was made.
 */
#define START_SECONDS	30.0

/*
 * A child that does nothing for so long is woken by a signal, in case it waits
 * for a FIFO to be opened by a writer; at once, if the kernel says so.
 */
#define IDLE_SECONDS	30.0
#define IDLE_CHECK	0.5

/* Crashes that are left out one by one before that makes no sense. */
#define MAX_RESTARTS	64

/* A load as the parent sees it. */
struct load {
	struct loader l;
	struct failures failures;
	struct message **queue;	/* told when the last child is done */
	size_t queue_count, queue_room;
	struct message *end;	/* ERROR, RETRY or DONE */
	pid_t pid;
	int pipe;
	double start;
	uint64_t beat;		/* the last one seen, */
	double beat_cpu;	/* and the child's CPU time then */
	double cpu;		/* that time, when last looked at, */
	double idle_since;	/* and since when it is that */
};

static double
seconds(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---------------------------------------------------------------- messages */

/* Tell the caller of what is not there, or of an array. */
static void
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
	};
	if (opt->skipped)
		opt->skipped(&skipped, opt->arg);
}

/* Takes 'm' over.  What a child tells counts only if it is the last one. */
static int
enqueue(struct load *load, struct message *m)
{
	struct message **more;

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

static void
queue_clear(struct load *load)
{
	while (load->queue_count > 0)
		free(load->queue[--load->queue_count]);
}

/* Takes 'm' over. */
static int
handle(struct load *load, struct message *m)
{
	bool at_once = !(load->l.opt->flags & CUTE_SHM_HDF5_KEEP_GOING);

	switch (m->kind) {
	case MESSAGE_SKIPPED:
	case MESSAGE_FAILED:
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

/* Whether the child waits for someone to open the other end of a FIFO. */
static bool
waits_for_fifo(pid_t pid)
{
	static const char fifo[] = "wait_for_partner";
	char name[64], where[sizeof(fifo)] = "";
	int fd;

	snprintf(name, sizeof(name), "/proc/%ld/wchan", (long)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, where, sizeof(where) - 1) < 0)
		where[0] = '\0';
	close(fd);
	return strcmp(where, fifo) == 0;
}

/*
 * A link, or raw data, may lead to a FIFO.  The signal does nothing but end
 * the wait: the open fails, and libhdf5 takes it from there.
 */
static void
wake(struct load *load, double cpu, double now)
{
	double idle;

	if (cpu > load->cpu || load->beat == 0) {
		load->cpu = cpu;
		load->idle_since = now;
		return;
	}
	idle = now - load->idle_since;
	if (idle < IDLE_CHECK ||
	    (idle < IDLE_SECONDS && !waits_for_fifo(load->pid)))
		return;
	load->idle_since = now;
	syscall(SYS_tgkill, load->pid, load->pid, WAKE_SIGNAL);
}

/* CUTE_SHM_ERR_SOURCE when the step that the child is at has no end. */
static int
watch(struct load *load)
{
	const struct board *board = load->l.board;
	uint64_t beat = __atomic_load_n(&board->beat, __ATOMIC_ACQUIRE);
	double cpu, limit = step_seconds + (double)board->expect / STEP_RATE;
	clockid_t clock;

	if (beat == 0 && seconds(CLOCK_MONOTONIC) - load->start > START_SECONDS)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s: libhdf5 does not answer; do not load "
				     "while other threads use it",
				     load->l.file);
	if (clock_getcpuclockid(load->pid, &clock) != 0)
		return 0;
	cpu = seconds(clock);
	wake(load, cpu, seconds(CLOCK_MONOTONIC));
	if (beat != load->beat) {
		load->beat = beat;
		load->beat_cpu = cpu;
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

/* Until the child has closed its end, or must not go on. */
static int
listen_to_child(struct load *load, bool *endless)
{
	struct pollfd p = { .fd = load->pipe, .events = POLLIN };
	double told = seconds(CLOCK_MONOTONIC), t;
	struct message *m;
	int rc = 0, n;

	while (rc == 0) {
		n = poll(&p, 1, TICK_MS);
		if (n < 0 && errno != EINTR)
			return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
					     "poll: %s", strerror(errno));
		if (n > 0) {
			n = receive(load->pipe, &m);
			if (n <= 0)
				return 0;
			rc = handle(load, m);
		}
		t = seconds(CLOCK_MONOTONIC);
		if (rc == 0 && t - told >= TICK_MS / 1e3) {
			told = t;
			rc = watch(load);
			*endless = rc != 0;
			if (rc == 0)
				rc = progress(load);
		}
	}
	return rc;
}

/* ------------------------------------------------------------------ a child */

/* Wait for the child's end; false if someone else has waited for it. */
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
	load->start = seconds(CLOCK_MONOTONIC);
	load->beat = 0;
	load->beat_cpu = 0;
	load->cpu = 0;
	load->idle_since = load->start;
	load->l.parent = getpid();
	free(load->end);
	load->end = NULL;
	queue_clear(load);
	if (pipe2(ends, O_CLOEXEC) != 0)
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
	return 0;
}

/* What to say when the child is gone without a word. */
static int
fail_crash(const struct load *load, int status, bool known, bool endless,
	   char *reason, size_t size)
{
	char path[sizeof(load->l.board->path)];

	board_path(load->l.board, path, sizeof(path));
	if (endless)
		snprintf(reason, size, "libhdf5 does not come to an end");
	else if (known && WIFSIGNALED(status))
		snprintf(reason, size, "libhdf5 crashed (signal %d, %s)",
			 WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(reason, size, "libhdf5 ended the process");
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: %s%s%s", load->l.file,
			     reason, path[0] ? " while reading /" : "", path);
}

/*
 * One child's life.  Sets *again when the next one may do better: 'failures'
 * has grown then.
 */
static int
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

/* -------------------------------------------------------------- the calls */

static unsigned
build_flags(unsigned flags, unsigned jobs)
{
	unsigned ret = 0;

	if (flags & CUTE_SHM_HDF5_OVERWRITE)
		ret |= CUTE_SHM_OVERWRITE;
	if (flags & CUTE_SHM_HDF5_REPLACE)
		ret |= CUTE_SHM_REPLACE;
	if (flags & CUTE_SHM_HDF5_EPHEMERAL)
		ret |= CUTE_SHM_EPHEMERAL;
	if (jobs > 1)
		ret |= CUTE_SHM_RESERVE_AHEAD;
	return ret;
}

static int
builder_for(const char *project, const struct cute_shm_hdf5_options *opt,
	    const char *file, const struct stat *st,
	    struct cute_shm_builder **ret)
{
	struct cute_shm_build_options o = { .size = sizeof(o) };

	o.root = opt->root;
	o.flags = build_flags(opt->flags, jobs_or_cpus(opt->jobs));
	o.mode = opt->mode;
	o.group = opt->group;
	o.creator = opt->creator ? opt->creator
				 : "libcute_shm_hdf5 " CUTE_SHM_VERSION;
	o.source = file;
	o.source_size = (uint64_t)st->st_size;
	o.source_mtime_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000 +
			    (uint64_t)st->st_mtim.tv_nsec;
	o.jobs = opt->jobs;
	return cute_shm_builder_new(project, &o, ret);
}

static int
stat_source(const char *file, struct stat *st)
{
	int fd = file ? open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	int rc = 0;

	if (!file)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no file given");
	if (fd < 0 || fstat(fd, st) != 0)
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: %s", file,
				   strerror(errno));
	else if (!S_ISREG(st->st_mode))
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				   "%s is %s, not a regular file", file,
				   S_ISDIR(st->st_mode) ? "a directory"
							: "special");
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Give the segment its name, and see how large it has become. */
static int
publish(struct load *load)
{
	struct cute_shm_info info;
	struct cute_shm *shm;
	int rc;

	rc = cute_shm_builder_publish(load->l.builder, &shm);
	if (rc != 0)
		return rc;
	cute_shm_info(shm, &info);
	load->end->result.segment_size = info.size;
	if (load->l.opt->handle)
		*load->l.opt->handle = shm;
	else
		cute_shm_close(shm);
	return 0;
}

/* Children, until one needs no other; then its messages and its segment. */
static int
run(struct load *load, const char *project, const struct stat *st)
{
	unsigned restarts = 0;
	bool again = false;
	size_t i;
	int rc;

	do {
		cute_shm_builder_free(load->l.builder);
		load->l.builder = NULL;
		rc = project ? builder_for(project, load->l.opt, load->l.file,
					   st, &load->l.builder) : 0;
		if (rc == 0)
			rc = run_child(load, &again);
	} while (rc == 0 && again && restarts++ < MAX_RESTARTS);
	if (rc == 0 && again)
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: over %d objects "
				   "make libhdf5 crash", load->l.file,
				   MAX_RESTARTS);
	for (i = 0; i < load->queue_count; i++)
		dispatch(load, load->queue[i]);
	if (rc == 0 && project)
		rc = cute_shm_builder_adopt(load->l.builder);
	if (rc == 0 && project)
		rc = publish(load);
	return rc;
}

/* 'project' is NULL for a plan. */
static int
load_or_plan(const char *project, const char *file,
	     const struct cute_shm_hdf5_options *opt,
	     struct cute_shm_hdf5_result *ret)
{
	struct cute_shm_hdf5_options o = { .size = sizeof(o) };
	struct load load = { .pipe = -1 };
	double start = seconds(CLOCK_MONOTONIC);
	struct stat st;
	int rc;

	rc = options_copy(&o, sizeof(o), opt);
	if (rc == 0)
		rc = stat_source(file, &st);
	if (rc != 0)
		return rc;
	load.l.file = file;
	load.l.opt = &o;
	load.l.failures = &load.failures;
	load.l.jobs = jobs_or_cpus(o.jobs);
	load.l.board = mmap(NULL, sizeof(*load.l.board), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (load.l.board == MAP_FAILED)
		return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory to load");
	rc = run(&load, project, &st);
	if (rc == 0 && ret) {
		*ret = load.end->result;
		ret->seconds = seconds(CLOCK_MONOTONIC) - start;
	}
	cute_shm_builder_free(load.l.builder);
	queue_clear(&load);
	failures_free(&load.failures);
	free(load.queue);
	free(load.end);
	munmap(load.l.board, sizeof(*load.l.board));
	return rc;
}

int
cute_shm_hdf5_load(const char *project, const char *file,
		   const struct cute_shm_hdf5_options *opt,
		   struct cute_shm_hdf5_result *ret)
{
	if (!project)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no project given");
	if (opt && (opt->flags & CUTE_SHM_HDF5_EPHEMERAL) &&
	    (opt->size < sizeof(*opt) || !opt->handle))
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "project %s is "
				     "ephemeral: it needs a handle to own it",
				     project);
	return load_or_plan(project, file, opt, ret);
}

int
cute_shm_hdf5_plan(const char *file, const struct cute_shm_hdf5_options *opt,
		   struct cute_shm_hdf5_result *ret)
{
	return load_or_plan(NULL, file, opt, ret);
}

int
cute_shm_hdf5_size(const char *file, const struct cute_shm_hdf5_options *opt,
		   uint64_t *ret)
{
	struct cute_shm_hdf5_result result;
	int rc;

	rc = load_or_plan(NULL, file, opt, &result);
	if (rc == 0)
		*ret = result.bytes;
	return rc;
}
