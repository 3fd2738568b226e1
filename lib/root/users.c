/* SPDX-License-Identifier: MIT */
/* The processes that have a segment open, as far as /proc shows them. */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "root/root.h"

/* The kernel cuts names of processes to 15 bytes. */
#define COMMAND_SIZE 64

/* The process ID that 'name' stands for, or 0. */
static pid_t
pid_of(const char *name)
{
	char *end;
	long pid = strtol(name, &end, 10);

	return name[0] >= '1' && name[0] <= '9' && *end == '\0' ? (pid_t)pid
								: 0;
}

struct process {
	pid_t pid;
	uid_t uid;
	char command[COMMAND_SIZE];
};

/* One process has one file open. */
struct use {
	dev_t device;
	ino_t inode;
	uint32_t process;
};

struct cute_shm_usage {
	struct process *processes;
	struct use *uses; /* sorted, without duplicates */
	uint32_t process_count, use_count;
	uint32_t process_room, use_room;
};

static int
compare(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	return x->process < y->process ? -1 : x->process > y->process;
}

static void
read_command(int process, char command[COMMAND_SIZE])
{
	int fd = fd_above_stdio(openat(process, "comm", O_RDONLY | O_CLOEXEC));
	ssize_t n = fd >= 0 ? read(fd, command, COMMAND_SIZE - 1) : -1;

	command[n > 0 ? n : 0] = '\0';
	command[strcspn(command, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static int
add_use(struct cute_shm_usage *u, const struct stat *st)
{
	void *grown = vector_grow(u->uses, u->use_count, &u->use_room,
				  sizeof(*u->uses), "open files");

	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	u->uses = grown;
	u->uses[u->use_count++] =
		(struct use){ st->st_dev, st->st_ino, u->process_count };
	return 0;
}

/* Add the files behind the descriptors in the folder /proc/PID/fd. */
static int
add_files(struct cute_shm_usage *u, DIR *fds)
{
	const struct dirent *entry;
	struct stat st;
	int err = 0;

	while (err == 0 && (entry = readdir(fds)))
		if (entry->d_name[0] != '.' &&
		    fstatat(dirfd(fds), entry->d_name, &st, 0) == 0 &&
		    S_ISREG(st.st_mode))
			err = add_use(u, &st);
	return err;
}

static int
add_process(struct cute_shm_usage *u, int process, pid_t pid)
{
	uint32_t before = u->use_count;
	struct stat st;
	void *grown;
	int fd, err;
	DIR *fds;

	fd = fd_above_stdio(
		openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	fds = fd >= 0 ? fdopendir(fd) : NULL;
	if (!fds) {
		if (fd >= 0)
			close(fd);
		return 0; /* has ended, or belongs to another user */
	}
	err = add_files(u, fds);
	closedir(fds);
	if (err != 0 || u->use_count == before || fstat(process, &st) != 0) {
		u->use_count = before;
		return err;
	}
	grown = vector_grow(u->processes, u->process_count, &u->process_room,
			    sizeof(*u->processes), "processes");
	if (!grown)
		return CUTE_SHM_ERR_NOMEM;
	u->processes = grown;
	u->processes[u->process_count].pid = pid;
	u->processes[u->process_count].uid = st.st_uid;
	read_command(process, u->processes[u->process_count++].command);
	return 0;
}

static int
look(struct cute_shm_usage *u, DIR *proc)
{
	const struct dirent *entry;
	int process, err = 0;
	pid_t pid;

	while (err == 0 && (entry = readdir(proc))) {
		pid = pid_of(entry->d_name);
		if (pid == 0 || pid == getpid())
			continue;
		process = fd_above_stdio(
			openat(dirfd(proc), entry->d_name,
			       O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		if (process < 0)
			continue;
		err = add_process(u, process, pid);
		close(process);
	}
	return err;
}

/* Sort the uses, and drop duplicates: a file that a process opened twice. */
static void
arrange(struct cute_shm_usage *u)
{
	uint32_t i, kept = 0;

	if (u->use_count == 0)
		return;
	qsort(u->uses, u->use_count, sizeof(*u->uses), compare);
	for (i = 1; i < u->use_count; i++)
		if (compare(&u->uses[kept], &u->uses[i]) != 0)
			u->uses[++kept] = u->uses[i];
	u->use_count = kept + 1;
}

int
cute_shm_usage_new(struct cute_shm_usage **ret)
{
	struct cute_shm_usage *u;
	DIR *proc;
	int err;

	proc = dir_above_stdio("/proc");
	if (!proc)
		return fail_errno("cannot list /proc");
	u = calloc(1, sizeof(*u));
	err = u ? look(u, proc) : fail_memory("for a list of processes");
	closedir(proc);
	if (err != 0) {
		cute_shm_usage_free(u);
		return err;
	}
	arrange(u);
	*ret = u;
	return 0;
}

void
cute_shm_usage_free(struct cute_shm_usage *u)
{
	if (!u)
		return;
	free(u->processes);
	free(u->uses);
	free(u);
}

/* The index of the file's first use, or of the next file's if it has none. */
static uint32_t
first_use(const struct cute_shm_usage *u, const struct stat *st)
{
	const struct use wanted = { st->st_dev, st->st_ino, 0 };
	uint32_t low = 0, high = u->use_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare(&u->uses[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int
usage_users(const struct cute_shm_usage *u, const struct stat *st,
	    cute_shm_user_fn *each, void *arg)
{
	const struct process *p;
	struct cute_shm_user user;
	uint32_t i;

	for (i = first_use(u, st);
	     i < u->use_count && u->uses[i].device == st->st_dev &&
	     u->uses[i].inode == st->st_ino;
	     i++) {
		p = &u->processes[u->uses[i].process];
		user = (struct cute_shm_user){
			.pid = p->pid,
			.uid = p->uid,
			.command = p->command,
		};
		if (each(&user, arg) != 0)
			return cute_shm_fail(CUTE_SHM_ERR_CANCELLED,
					     "the "
					     "search for users was ended");
	}
	return 0;
}
