/* SPDX-License-Identifier: MIT */
/*
 * The child that does all that calls libhdf5: whatever a damaged file makes
 * that do, it happens here.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"
#include "strategy.h"

/* Without SA_RESTART: what it interrupts fails. */
static void
woken(int signal_number)
{
	(void)signal_number;
}

/*
 * The parent decides when this ends: a signal from the terminal goes to both,
 * and only the parent knows what to say.  No core files of other's faults, and
 * nothing of libhdf5's own messages and assertions on the user's terminal.
 */
static void
detach(void)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
				       SIGPIPE, SIGTSTP, SIGXFSZ };
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT,
				     SIGSYS, SIGTRAP, SIGCHLD };
	const struct sigaction wake = { .sa_handler = woken };
	const struct rlimit none = { 0, 0 };
	sigset_t empty;
	size_t i;
	int null;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		signal(fatal[i], SIG_DFL);
	sigaction(WAKE_SIGNAL, &wake, NULL);
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	setrlimit(RLIMIT_CORE, &none);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
}

/* The number after 'key' in a file of /proc; 0 if there is none. */
static unsigned long long
proc_number(const char *name, const char *key)
{
	unsigned long long n = 0;
	FILE *file = fopen(name, "re");
	char line[256];

	while (file && n == 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			n = strtoull(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return n;
}

/*
 * A damaged size must not take all memory: what is available now, but for an
 * eighth, is the most.  Should memory run out all the same, let the kernel
 * choose this process.  And each file behind an external link stays open.
 */
static void
set_limits(void)
{
	unsigned long long has = proc_number("/proc/self/status", "VmData:");
	unsigned long long free = proc_number("/proc/meminfo", "MemAvailable:");
	struct rlimit limit;
	int fd;

	if (free > 0 && getrlimit(RLIMIT_DATA, &limit) == 0) {
		has = (has + free - free / 8) * 1024;
		if (has < limit.rlim_cur)
			limit.rlim_cur = has;
		setrlimit(RLIMIT_DATA, &limit);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1000", 4) < 0)
			errno = 0;	/* it is only a hint */
		close(fd);
	}
}

/*
 * Filter plugins that are not linked with libhdf5 find it only if its symbols
 * are global, which they are not when a program loaded us with dlopen().
 */
static void
make_global(void)
{
	Dl_info info;

	if (dladdr((void *)(uintptr_t)&H5open, &info) != 0 && info.dli_fname)
		dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_GLOBAL | RTLD_LAZY);
}

static void
log_line(enum cute_shm_log_level level, const char *message, void *arg)
{
	send_log(arg, (int)level, message);
}

/* What libhdf5 says of a file that is marked so. */
#define BEING_WRITTEN "already open for"

/*
 * Locks are no use to a reader, and fail on many a network file system: see
 * child_run().  It is too late for that when the caller has used libhdf5; then
 * try with locks first, as whatever else is opened from the file will be: if
 * these differ, libhdf5 refuses to open a file once more, or takes fill values
 * for it in a virtual dataset.
 *
 * What is marked as being written, perhaps by a writer that died, needs
 * SWMR_READ.  libhdf5 then takes wrong sums for writes under way and tries
 * again, 100 times with growing pauses if it is not told otherwise.  Nothing
 * else is opened that way, for then it does not see that a file was cut.
 */
static hid_t
try_open(const struct loader *l, char *cause, size_t size)
{
	hid_t fapl = source_access();
	hid_t file = H5Fopen(l->file, H5F_ACC_RDONLY, fapl);

	if (file < 0)
		hdf5_cause(cause, size);
#ifdef HAVE_H5PSET_FILE_LOCKING
	if (file < 0) {
		H5Pset_file_locking(fapl, false, true);
		file = H5Fopen(l->file, H5F_ACC_RDONLY, fapl);
		if (file < 0)
			hdf5_cause(cause, size);
	}
#endif
	if (file < 0 && strstr(cause, BEING_WRITTEN)) {
		H5Pset_metadata_read_attempts(fapl, 3);
		file = H5Fopen(l->file, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ,
			       fapl);
	}
	H5Pclose(fapl);
	return file;
}

/*
 * Of a set of files, the one with the superblock tells how it was written, next
 * to that.
 */
static const char *
advice(const struct loader *l, const char *cause)
{
	char begin[4096];
	FILE *file = fopen(l->file, "re");
	size_t size = file ? fread(begin, 1, sizeof(begin), file) : 0;

	if (file)
		fclose(file);
	if (strstr(cause, BEING_WRITTEN))
		return "if no program writes to it any more, 'h5clear -s' "
		       "marks it as closed";
	if (memmem(begin, size, "NCSAfami", 8))
		return "it is one of a family of files: 'h5repack', given the "
		       "pattern of their names, makes one file of them";
	if (memmem(begin, size, "NCSAmult", 8))
		return "it is one of the files that a split or multi driver "
		       "wrote: 'h5repack', given the name that they share, "
		       "makes one file of them";
	return "the file is damaged, or its copy is not complete";
}

static int
open_file(struct loader *l, hid_t *ret)
{
	hid_t file;
	char cause[200];

	file = try_open(l, cause, sizeof(cause));
	if (file >= 0) {
		*ret = file;
		return 0;
	}
	if (H5Fis_hdf5(l->file) == 0)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s is not an HDF5 file", l->file);
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: cannot open: %s; %s",
			     l->file, cause, advice(l, cause));
}

/* Every selection must have met something, or it has a mistake in it. */
static int
check_selection(const struct loader *l)
{
	const char *const *p;
	const char *top;

	for (p = l->opt->select; p && *p; p++) {
		top = **p == '/' ? *p + 1 : *p;
		if (*top && !scan_has(l->scan, top))
			return cute_shm_fail(CUTE_SHM_ERR_NOT_FOUND,
					     "%s: no /%s to select", l->file,
					     top);
	}
	return 0;
}

/* From the description to a segment that lacks its name only. */
static int
fill(struct loader *l)
{
	struct prefetch *prefetch;
	int rc;

	board_work(l->board, "", l->result.bytes);
	rc = cute_shm_builder_reserve(l->builder);
	if (rc == 0) {
		prefetch = prefetch_begin(l);
		rc = read_pending(l);
		prefetch_end(prefetch);
	}
	if (rc == 0 && !l->retry) {
		board_work(l->board, "", l->result.bytes);
		rc = cute_shm_builder_seal(l->builder);
	}
	return rc;
}

static int
load(struct loader *l)
{
	hid_t file = H5I_INVALID_HID;
	int rc;

	rc = filters_register();
	if (rc == 0)
		rc = open_file(l, &file);
	if (rc != 0)
		return rc;
	rc = scan_file(l, file);
	if (rc == 0)
		rc = check_selection(l);
	if (rc == 0)
		rc = describe(l);
	l->board->total = l->result.bytes;
	if (rc == 0 && l->builder && !l->retry)
		rc = fill(l);
	return rc;
}

void
child_begin(struct loader *l)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != l->parent)
		_exit(1);
	detach();
	set_limits();
	make_global();
	setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, log_line, l);
	H5open();
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	board_work(l->board, "", 0);
}

void
child_run(struct loader *l)
{
	int rc;

	child_begin(l);
	rc = load(l);
	if (rc != 0)
		send_end(l, MESSAGE_ERROR, rc, cute_shm_errmsg());
	else
		send_end(l, l->retry ? MESSAGE_RETRY : MESSAGE_DONE, 0, "");
	_exit(0);
}
