/* SPDX-License-Identifier: MIT */
/*
 * The private memory of a load, over its whole process tree: a program that
 * loads, and the reader that it starts.
 */

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

extern char **environ;

/* What a process has in memory, in KiB: its share of it all, and of shmem. */
struct memory {
	double all;
	double shared;
	bool known;
};

static struct memory
memory_of(long pid)
{
	struct memory m = { 0, 0, false };
	char line[256];
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%ld/smaps_rollup", pid);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "Pss:", 4) == 0)
			m.all = strtod(line + 4, NULL);
		if (strncmp(line, "Pss_Shmem:", 10) == 0) {
			m.shared = strtod(line + 10, NULL);
			m.known = true;
		}
	}
	if (file)
		fclose(file);
	return m;
}

/*
 * The bytes that 'pid' and the processes below it have now, less shared memory:
 * that is the segment, if the root is a tmpfs.  What several processes map,
 * such as libraries, counts by their shares.
 */
static double
private_bytes(long pid)
{
	struct memory m = memory_of(pid);
	double sum = m.known ? (m.all - m.shared) * 1024 : 0;
	char name[64];
	FILE *file;
	long child;

	snprintf(name, sizeof(name), "/proc/%ld/task/%ld/children", pid, pid);
	file = fopen(name, "re");
	while (file && fscanf(file, "%ld", &child) == 1)
		sum += private_bytes(child);
	if (file)
		fclose(file);
	return sum;
}

pid_t
bench_start_load(const struct bench *b, const char *path)
{
	char jobs[16], self[] = "/proc/self/exe", once[] = "--once";
	char jobs_option[] = "--jobs", root_option[] = "--root";
	char root[4096], file[4096];
	char *argv[] = { self, root_option, root, jobs_option,
			 jobs, once,	    file, NULL };
	pid_t pid;

	snprintf(jobs, sizeof(jobs), "%u", b->jobs);
	snprintf(root, sizeof(root), "%s", b->root);
	snprintf(file, sizeof(file), "%s", path);
	if (posix_spawn(&pid, self, NULL, NULL, argv, environ) != 0)
		die("cannot start %s again", self);
	return pid;
}

double
bench_private_memory(const struct bench *b, const char *path)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	pid_t pid = bench_start_load(b, path);
	double most = 0, now;
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		now = private_bytes(pid);
		most = now > most ? now : most;
		nanosleep(&pause, NULL);
	}
	if (status != 0)
		die("%s: the load in a process of its own failed", path);
	bench_remove(b);
	return most;
}
