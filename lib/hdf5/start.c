/* SPDX-License-Identifier: MIT */
/*
 * Start the reader process.  posix_spawn() costs the same in any program, and
 * is safe in one with threads, which fork() is not: a forked child may find the
 * locks of malloc or of libhdf5 taken by threads that it does not have.
 */

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "hdf5/load.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#define PROGRAM "cute-shm-reader"

extern char **environ;

/* ------------------------------------------------------------- environment */

/*
 * The variables that the reader gets: where libraries and plugins lie, how
 * libhdf5 finds other files, and those of sanitizers and of our own.
 */
static const char *const passed[] = {
	"LD_LIBRARY_PATH=",
	"HDF5_PLUGIN_PATH=",
	"HDF5_PLUGIN_PRELOAD=",
	"HDF5_EXTFILE_PREFIX=",
	"HDF5_VDS_PREFIX=",
	"HDF5_USE_FILE_LOCKING=",
	"BLOSC_",
	"ASAN_OPTIONS=",
	"UBSAN_OPTIONS=",
	"TSAN_OPTIONS=",
	"LSAN_OPTIONS=",
	"GCOV_PREFIX",
	"CUTE_SHM_",
};

/* In a program with more rights than its user, plugins are not the user's. */
static bool
is_passed(const char *variable)
{
	size_t i;

	for (i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		if (strncmp(variable, passed[i], strlen(passed[i])) == 0)
			return !getauxval(AT_SECURE) ||
			       strncmp(variable, "HDF5_PLUGIN", 11) != 0;
	return false;
}

/* A list for free(); its texts are those of 'environ'. */
static char **
environment(void)
{
	size_t count = 0, i, n = 0;
	char **list;

	while (environ && environ[count])
		count++;
	list = calloc(count + 1, sizeof(*list));
	if (!list)
		return NULL;
	for (i = 0; i < count; i++)
		if (is_passed(environ[i]))
			list[n++] = environ[i];
	return list;
}

/* ---------------------------------------------------------------- starting */

/*
 * The socket as descriptor 0, and no other: a program that cannot start must
 * not write to the caller's terminal.
 */
static int
set_descriptors(posix_spawn_file_actions_t *actions, int socket)
{
	int number, i;

	number =
		posix_spawn_file_actions_adddup2(actions, socket, STDIN_FILENO);
	for (i = STDOUT_FILENO; number == 0 && i <= STDERR_FILENO; i++)
		number = posix_spawn_file_actions_addclose(actions, i);
	return number;
}

/*
 * Start 'path' with the socket as descriptor 0, and all signals blocked until
 * it has chosen what to do with them.  0 or an errno.
 */
static int
spawn(const char *path, int socket, pid_t *pid)
{
	char *argv[] = { (char *)(uintptr_t)path, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char **env = environment();
	sigset_t all;
	int number;

	if (!env)
		return ENOMEM;
	number = posix_spawn_file_actions_init(&actions);
	if (number != 0) {
		free(env);
		return number;
	}
	number = posix_spawnattr_init(&attr);
	if (number == 0) {
		sigfillset(&all);
		posix_spawnattr_setsigmask(&attr, &all);
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
		number = set_descriptors(&actions, socket);
		if (number == 0)
			number = posix_spawn(pid, path, &actions, &attr, argv,
					     env);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	free(env);
	return number;
}

/* The file with this library's code: a shared library, or a program. */
static const char *
own_file(void)
{
	Dl_info info;

	if (dladdr((const void *)(uintptr_t)&process_start, &info) == 0)
		return NULL;
	return info.dli_fname;
}

/* Try the program in a folder, which is named from the folder of 'own'. */
static int
spawn_near(const char *own, const char *folder, int socket, pid_t *pid)
{
	const char *slash = own ? strrchr(own, '/') : NULL;
	char *path;
	int number;

	if (!slash || asprintf(&path, "%.*s/%s/" PROGRAM, (int)(slash - own),
			       own, folder) < 0)
		return ENOENT;
	number = spawn(path, socket, pid);
	free(path);
	return number;
}

/* Whether libtool has built the file, but it is not installed. */
static bool
is_built(const char *own)
{
	const char *slash = own ? strrchr(own, '/') : NULL;

	return slash && slash - own > 6 && strncmp(slash - 6, "/.libs", 6) == 0;
}

static int
fail_start(const char *path, int number)
{
	if (number == ENOENT)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "the program that reads HDF5 files is "
				     "missing (%s): install it, or let "
				     "CUTE_SHM_READER name it",
				     path);
	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
			     "cannot start the program that reads HDF5 files, "
			     "%s: %s",
			     path, strerror(number));
}

/* Where the user says, or where it was installed, or near the library. */
static int
spawn_program(int socket, pid_t *pid)
{
	static const char installed[] = PKGLIBEXECDIR "/" PROGRAM;
	/* From PREFIX/lib, from PREFIX/lib/TRIPLET, and in a build folder. */
	static const char *const near[] = { "../libexec/cute-shm",
					    "../../libexec/cute-shm",
					    "../lib" };
	const char *chosen = secure_getenv("CUTE_SHM_READER");
	const char *own = own_file();
	int number;
	size_t i;

	if (chosen && chosen[0] != '\0') {
		number = spawn(chosen, socket, pid);
		return number ? fail_start(chosen, number) : 0;
	}
	number = is_built(own) ? spawn_near(own, "..", socket, pid) : ENOENT;
	if (number == ENOENT)
		number = spawn(installed, socket, pid);
	for (i = 0; number == ENOENT && i < sizeof(near) / sizeof(*near); i++)
		number = spawn_near(own, near[i], socket, pid);
	return number ? fail_start(installed, number) : 0;
}

int
process_start(struct process *p)
{
	const struct timeval wait = { .tv_sec = (time_t)start_seconds,
				      .tv_usec = 1 };
	int ends[2], err;

	p->start = clock_now();
	p->known = false;
	p->nonsense = false;
	if (sockets_above_stdio(ends) != 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM, "socketpair: %s",
				     strerror(errno));
	err = spawn_program(ends[1], &p->pid);
	close(ends[1]);
	if (err != 0) {
		close(ends[0]);
		return err;
	}
	p->socket = ends[0];
	/* What does not read its request must not hold us up for ever. */
	setsockopt(p->socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	p->pidfd = fd_above_stdio((int)syscall(SYS_pidfd_open, p->pid, 0));
	return 0;
}
