/* SPDX-License-Identifier: MIT */
/*
 * cute-shm-reader: the program that libcute_shm_hdf5 starts to read or write an
 * HDF5 file.  Descriptor 0 is a socket to the caller; nothing else is
 * inherited.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hdf5/library/library.h"
#include "hdf5/reader/reader.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static bool
is_socket(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

/* Close what the caller had open without FD_CLOEXEC. */
static void
close_others(void)
{
	struct rlimit limit;
	rlim_t fd, most = 65536;

	if (syscall(SYS_close_range, 1u, ~0u, 0u) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < most)
		most = limit.rlim_max;
	for (fd = 1; fd < most; fd++)
		close((int)fd);
}

/*
 * Descriptors 1 and 2 must be open, or libhdf5 would get these numbers for its
 * files, and write messages into them.  If /dev/null cannot be opened, use the
 * ends of a pipe: nobody reads it.
 */
static void
occupy_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int ends[2], i;

	if (fd < 0 && pipe(ends) == 0)
		fd = ends[0];
	for (i = STDOUT_FILENO; fd >= 0 && i <= STDERR_FILENO; i++)
		if (fcntl(i, F_GETFD) < 0)
			dup2(fd, i);
	if (fd > STDERR_FILENO)
		close(fd);
}

/*
 * The caller decides when this process ends.  A signal from the terminal goes
 * to both processes, but only the caller knows what to report.  Write no core
 * file when a damaged file crashes libhdf5.
 */
static void
detach(void)
{
	static const int ignored[] = { SIGINT,	SIGTERM, SIGHUP, SIGQUIT,
				       SIGPIPE, SIGTSTP, SIGXFSZ };
	const struct rlimit none = { 0, 0 };
	sigset_t empty;
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int
say(enum message_kind kind, int err, const char *text)
{
	struct message m = { .kind = kind, .err = err };

	return message_send_texts(0, &m, (const char *const[]){ text, NULL });
}

int
main(int argc, char **argv)
{
	struct message *request;
	int fds[MESSAGE_FDS];

	if (argc != 1 || !is_socket(STDIN_FILENO)) {
		fprintf(stderr,
			"cute-shm-reader %s: libcute_shm_hdf5 starts this "
			"program to read HDF5 files\n",
			CUTE_SHM_VERSION);
		return 2;
	}
	close_others();
	occupy_stdio();
	detach();
	if (say(MESSAGE_HELLO, 0, CUTE_SHM_VERSION) != 0 ||
	    message_receive(STDIN_FILENO, &request, fds) != 1)
		return 1;
	hdf5_module_begin(argv[0]);
	reader_work(STDIN_FILENO, request, fds, &open_hook);
}
