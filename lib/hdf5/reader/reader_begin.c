/* SPDX-License-Identifier: MIT */
/* The first steps in libhdf5's process, once it has its request. */

#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/reader/reader.h"
#include "hdf5/reader/sandbox.h"
#include "hdf5/report/report.h"

static struct board *board;

/*
 * Tell the caller which signal ends this process: the caller may not get its
 * status, if it ignores SIGCHLD.  The action was reset, so that the signal
 * ends the process when it comes again.
 */
static void
note_signal(int number)
{
	board->signal = (uint32_t)number;
	raise(number);
}

static void
note_signals(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
				     SIGABRT, SIGSYS, SIGTRAP };
	static uint8_t stack[65536];
	const stack_t own = { .ss_sp = stack, .ss_size = sizeof(stack) };
	const struct sigaction note = {
		.sa_handler = note_signal,
		.sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK),
	};
	size_t i;

	sigaltstack(&own, NULL);
	for (i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++)
		sigaction(fatal[i], &note, NULL);
	signal(SIGCHLD, SIG_DFL);
}

/*
 * A filter plugin that is not linked with libhdf5 finds libhdf5 only if its
 * symbols are global.  They are not, since the program opened the module that
 * brings it with RTLD_LOCAL.
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

/* ------------------------------------------------------------- the sandbox */

#define MOST_FOLDERS 64

static char locked_in[SANDBOX_TEXT];

/* Folders and files that are left to the process; texts are never freed. */
struct readable {
	const char *list[MOST_FOLDERS + 1];
	size_t count;
};

static void
add_readable(struct readable *r, const char *path)
{
	if (r->count < MOST_FOLDERS && path && path[0])
		r->list[r->count++] = path;
}

/* The folders of a list such as that of LD_LIBRARY_PATH. */
static void
add_list(struct readable *r, const char *list)
{
	char *copy = list ? strdup(list) : NULL, *rest = NULL, *folder;

	for (folder = copy ? strtok_r(copy, ":", &rest) : NULL; folder;
	     folder = strtok_r(NULL, ":", &rest))
		add_readable(r, folder);
}

/* Where libhdf5 looks for plugins. */
static void
add_plugins(struct readable *r)
{
	unsigned count = 0, i;
	char folder[PATH_MAX];

	H5PLsize(&count);
	for (i = 0; i < count; i++)
		if (H5PLget(i, folder, sizeof(folder)) > 0)
			add_readable(r, strdup(folder));
}

/*
 * Leave libraries and plugins to the process, which libhdf5 opens when it meets
 * a filter that it does not know.
 */
static void
lock_in(bool writes)
{
	static const char *const system[] = {
		"/lib",	    "/lib32",	  "/lib64",	    "/libx32",
		"/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"
	};
	struct readable r = { .count = 0 };
	const struct sandbox box = { .readable = r.list, .writes = writes };
	size_t i;

	for (i = 0; i < sizeof(system) / sizeof(system[0]); i++)
		add_readable(&r, system[i]);
	add_list(&r, getenv("LD_LIBRARY_PATH"));
	add_plugins(&r);
	sandbox_enter(&box, locked_in, sizeof(locked_in));
	cute_shm_log(CUTE_SHM_LOG_DEBUG, "the reader is locked in: %s",
		     locked_in);
}

const char *
reader_locked_in(void)
{
	return locked_in;
}

void
reader_begin(struct loader *l, enum cute_shm_log_level level, bool writes)
{
	board = l->board;
	note_signals();
	limits_set(l->max_memory, l->jobs);
	make_global();
	setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
	cute_shm_set_log(level, log_line, l);
	H5open();
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	lock_in(writes);
	board_work(l->board, "", 0);
}

int
reader_error(const struct loader *l, int err)
{
	char path[sizeof(l->board->path)];

	if (!limits_exceeded(err, cute_shm_errmsg()))
		return err;
	board_path(l->board, path, sizeof(path));
	return limits_fail(loader_file(l, path), path, cute_shm_errmsg());
}
