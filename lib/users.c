/* SPDX-License-Identifier: MIT */
/* Who has a segment open, as far as /proc shows. */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "descriptor.h"
#include "internal.h"

/* The kernel cuts names of processes to 15 bytes. */
#define COMMAND_SIZE 64

/* The process's number if 'name' is one, else 0. */
static pid_t
pid_of(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return name[0] >= '1' && name[0] <= '9' && *end == '\0' ? (pid_t)pid
								: 0;
}

/* Whether a descriptor in the folder /proc/PID/fd leads to the segment. */
static bool
has_open(DIR *fds, const struct stat *segment)
{
	const struct dirent *entry;
	struct stat st;

	while ((entry = readdir(fds)))
		if (entry->d_name[0] != '.' &&
		    fstatat(dirfd(fds), entry->d_name, &st, 0) == 0 &&
		    st.st_dev == segment->st_dev &&
		    st.st_ino == segment->st_ino)
			return true;
	return false;
}

static void
read_command(int process, char command[COMMAND_SIZE])
{
	int fd = fd_above_stdio(openat(process, "comm",
				       O_RDONLY | O_CLOEXEC));
	ssize_t n = fd >= 0 ? read(fd, command, COMMAND_SIZE - 1) : -1;

	command[n > 0 ? n : 0] = '\0';
	command[strcspn(command, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

/* Non-zero ends the search. */
static int
show_process(const struct cute_shm *shm, int process, pid_t pid,
	     cute_shm_user_fn *each, void *arg)
{
	char command[COMMAND_SIZE];
	struct cute_shm_user user = { .pid = pid, .command = command };
	struct stat st;
	int fd, rc = 0;
	DIR *fds;

	fd = fd_above_stdio(openat(process, "fd", O_RDONLY | O_DIRECTORY |
				   O_CLOEXEC));
	fds = fd >= 0 ? fdopendir(fd) : NULL;
	if (!fds) {
		if (fd >= 0)
			close(fd);
		return 0;	/* gone, or another user's */
	}
	if (has_open(fds, &shm->stat) && fstat(process, &st) == 0) {
		user.uid = st.st_uid;
		read_command(process, command);
		rc = each(&user, arg);
	}
	closedir(fds);
	return rc;
}

int
cute_shm_users(const struct cute_shm *shm, cute_shm_user_fn *each, void *arg)
{
	const struct dirent *entry;
	int process, rc = 0;
	DIR *proc;
	pid_t pid;

	proc = dir_above_stdio("/proc");
	if (!proc)
		return fail_errno("cannot list /proc");
	while (rc == 0 && (entry = readdir(proc))) {
		pid = pid_of(entry->d_name);
		if (pid == 0 || pid == getpid())
			continue;
		process = fd_above_stdio(openat(dirfd(proc), entry->d_name,
						O_RDONLY | O_DIRECTORY |
						O_CLOEXEC));
		if (process < 0)
			continue;
		rc = show_process(shm, process, pid, each, arg);
		close(process);
	}
	closedir(proc);
	if (rc != 0)
		return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
				     "the search for users was ended");
	return 0;
}
