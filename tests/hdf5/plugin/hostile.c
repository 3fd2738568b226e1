/* SPDX-License-Identifier: MIT */
#include "hostile.h"

#include <H5PLextern.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Copied out of the chunk. */
static char folder[HOSTILE_SIZE];
static int started[2];

/* "FOLDER/NAME", valid until the next call. */
static const char *
in_folder(const char *name)
{
	static char path[HOSTILE_SIZE + 16];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* ---------------------------------------------------------------- the files */

static int
opens(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
read_users(void)
{
	return opens("/etc/passwd", O_RDONLY);
}

static int
read_at_start(void)
{
	return started[0];
}

static int
read_old(void)
{
	return opens(in_folder("old"), O_RDONLY);
}

static int
opens_parent(int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)getppid());
	return opens(path, flags);
}

static int
read_parent(void)
{
	return opens_parent(O_RDONLY);
}

static int
write_parent(void)
{
	return opens_parent(O_RDWR);
}

static int
create(void)
{
	return opens(in_folder("new"), O_WRONLY | O_CREAT);
}

static int
write_old(void)
{
	return opens(in_folder("old"), O_WRONLY);
}

static int
cut_old(void)
{
	return truncate(in_folder("old"), 0) == 0;
}

static int
change_mode(void)
{
	return chmod(in_folder("old"), 0777) == 0;
}

static int
unlink_old(void)
{
	return unlink(in_folder("old")) == 0;
}

static int
make_symlink(void)
{
	return symlink("/etc/passwd", in_folder("new")) == 0;
}

/* ------------------------------------------------------------ new processes */

static int
fork_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid > 0;
}

static int
fork_at_start(void)
{
	return started[1];
}

static char *const *
shell_arguments(void)
{
	static char shell[] = "sh", option[] = "-c", script[HOSTILE_SIZE + 32];
	static char *const argv[] = { shell, option, script, NULL };

	snprintf(script, sizeof(script), ": >'%s'", in_folder("new"));
	return argv;
}

static int
start_shell(void)
{
	pid_t pid;

	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, shell_arguments(), NULL) !=
	    0)
		return 0;
	waitpid(pid, NULL, 0);
	return 1;
}

static int
become_program(void)
{
	execv("/bin/sh", shell_arguments());
	return 0;
}

/* -------------------------------------------------------------- the network */

static int
connect_local(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), done;

	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/socket",
		 folder);
	done = fd >= 0 && connect(fd, (const struct sockaddr *)&address,
				  sizeof(address)) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

static int
open_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* --------------------------------------------------------------- the parent */

static int
trace_parent(void)
{
	pid_t parent = getppid();
	int done = ptrace(PTRACE_SEIZE, parent, NULL, NULL) == 0;

	if (done)
		ptrace(PTRACE_DETACH, parent, NULL, NULL);
	return done;
}

static int
signal_parent(void)
{
	return kill(getppid(), SIGUSR1) == 0;
}

static int
signal_thread(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), SIGUSR1) == 0;
}

/* Input on a descriptor would send a signal to its owner. */
static int
signal_by_owner(void)
{
	int ends[2], done;

	if (pipe(ends) != 0)
		return 0;
	done = fcntl(ends[0], F_SETOWN, getppid()) == 0;
	close(ends[0]);
	close(ends[1]);
	return done;
}

static int
limit_parent(void)
{
	struct rlimit limit;

	return prlimit(getppid(), RLIMIT_CORE, NULL, &limit) == 0 &&
	       prlimit(getppid(), RLIMIT_CORE, &limit, NULL) == 0;
}

static int
raise_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_CPU, &limit) == 0 &&
	       setrlimit(RLIMIT_CPU, &limit) == 0;
}

/* --------------------------------------------------------------- the plugin */

#define HOSTILE_CALL(name, landlock) name,
static int (*const tries[])(void) = { HOSTILE_TRIES(HOSTILE_CALL) };

/* libhdf5 opens all plugins of a folder while it looks for one. */
__attribute__((constructor)) static void
start(void)
{
	started[0] = read_users();
	started[1] = fork_process();
}

static size_t
decode(unsigned flags, size_t count, const unsigned *values, size_t size,
       size_t *room, void **buffer)
{
	unsigned char *data = *buffer;
	int i;

	(void)count, (void)values, (void)room;
	if (!(flags & H5Z_FLAG_REVERSE) || size != HOSTILE_SIZE)
		return size;
	memcpy(folder, data, sizeof(folder) - 1);
	memset(data, 0, size);
	data[0] = HOSTILE_RAN;
	for (i = 0; i < HOSTILE_COUNT; i++)
		data[1 + i] = (unsigned char)tries[i]();
	return size;
}

static const H5Z_class2_t class = {
	.version = H5Z_CLASS_T_VERS,
	.id = HOSTILE_FILTER,
	.encoder_present = 1,
	.decoder_present = 1,
	.name = "hostile",
	.filter = decode,
};

H5PL_type_t
H5PLget_plugin_type(void)
{
	return H5PL_TYPE_FILTER;
}

const void *
H5PLget_plugin_info(void)
{
	return &class;
}
