/* SPDX-License-Identifier: MIT */
#include "evaluate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "interrupt.h"
#include "now.h"
#include "text.h"

/* A reader, and the two pipes to it. */
struct reader {
	pid_t pid;
	int from; /* a double when ready; its rate when done */
	int to;	  /* a byte: go; a byte: end */
};

/* -------------------------------------------------------------- the reader */

/* Once over all: so each has in memory what it may read. */
static uint64_t
read_all(const struct evaluate_arrays *arrays)
{
	uint64_t sum = 0, k, bytes;
	size_t i;

	for (i = 0; i < arrays->count; i++) {
		bytes = arrays->of[i].count * arrays->of[i].size;
		for (k = 0; k < bytes; k += 64)
			sum += arrays->of[i].data[k];
	}
	return sum;
}

/* xorshift64*: quick, and good enough to choose an element. */
static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static uint64_t
read_random(const struct evaluate_arrays *arrays, unsigned iterations)
{
	uint64_t state = (uint64_t)getpid() * 2654435761u + 1, sum = 0, at;
	size_t i;

	while (iterations-- > 0)
		for (i = 0; i < arrays->count; i++) {
			const struct evaluate_array *a = &arrays->of[i];

			at = next_random(&state) % a->count;
			sum += a->data[at * a->size];
		}
	return sum;
}

static void
say(int fd, double number)
{
	if (write(fd, &number, sizeof(number)) != (ssize_t)sizeof(number))
		_exit(1);
}

static void
wait_for_word(int fd)
{
	char word;

	if (read(fd, &word, 1) != 1)
		_exit(1);
}

/* The sums go somewhere, so that nobody leaves the reading out. */
static volatile uint64_t sink;

/* Iterations per second. */
static double
rate(const struct evaluate_arrays *arrays, unsigned iterations)
{
	double begin = clock_now(), done = 0, seconds;
	unsigned n = iterations ? iterations : 1;

	do {
		sink = read_random(arrays, n);
		done += n;
		seconds = clock_now() - begin;
		if (n < 1u << 24)
			n *= 2;
	} while (!iterations && seconds < EVALUATE_SECONDS);
	return seconds > 0 ? done / seconds : 0;
}

static void __attribute__((noreturn))
be_reader(const struct evaluate_request *r, int from, int to)
{
	struct evaluate_arrays arrays;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!(r->copies ? evaluate_copy(r->project, r->root, &arrays)
			: evaluate_attach(r->project, r->root, &arrays)))
		_exit(1);
	sink = read_all(&arrays);
	say(to, 0);
	wait_for_word(from);
	say(to, rate(&arrays, r->iterations));
	wait_for_word(from);
	_exit(0);
}

/* ------------------------------------------------------------- its parent */

static bool
start(const struct evaluate_request *r, struct reader *reader,
      const struct reader *others, unsigned count)
{
	int up[2], down[2];
	unsigned i;

	if (pipe2(up, O_CLOEXEC) != 0) {
		cli_message("pipe: %s", strerror(errno));
		return false;
	}
	if (pipe2(down, O_CLOEXEC) != 0) {
		cli_message("pipe: %s", strerror(errno));
		close(up[0]);
		close(up[1]);
		return false;
	}
	fflush(NULL);
	reader->pid = fork();
	if (reader->pid == 0) {
		for (i = 0; i < count; i++) {
			close(others[i].from);
			close(others[i].to);
		}
		close(up[0]);
		close(down[1]);
		be_reader(r, down[0], up[1]);
	}
	close(up[1]);
	close(down[0]);
	reader->from = up[0];
	reader->to = down[1];
	if (reader->pid > 0)
		return true;
	cli_message("fork: %s", strerror(errno));
	close(up[0]);
	close(down[1]);
	return false;
}

static bool
hear(const struct reader *reader, double *ret)
{
	return read(reader->from, ret, sizeof(*ret)) == (ssize_t)sizeof(*ret);
}

static void
tell(const struct reader *reader)
{
	if (write(reader->to, "", 1) != 1)
		kill(reader->pid, SIGKILL);
}

/* Bytes behind the keys in /proc/PID/smaps_rollup. */
static void
add_memory(pid_t pid, struct evaluate_result *ret)
{
	unsigned long long kib;
	char name[64], line[256];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%ld/smaps_rollup", (long)pid);
	f = fopen(name, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Pss: %llu kB", &kib) == 1)
			ret->pss += kib * 1024;
		if (sscanf(line, "Private_Clean: %llu kB", &kib) == 1 ||
		    sscanf(line, "Private_Dirty: %llu kB", &kib) == 1)
			ret->private_bytes += kib * 1024;
		if (sscanf(line, "Anonymous: %llu kB", &kib) == 1)
			ret->anonymous += kib * 1024;
	}
	if (f)
		fclose(f);
}

static bool
measure(const struct evaluate_request *r, const struct reader *readers,
	double begin, struct evaluate_result *ret)
{
	double word, sum = 0;
	unsigned i;

	for (i = 0; i < r->processes; i++)
		if (!hear(&readers[i], &word))
			return false;
	ret->ready = clock_now() - begin;
	for (i = 0; i < r->processes; i++)
		tell(&readers[i]);
	for (i = 0; i < r->processes; i++) {
		if (!hear(&readers[i], &word))
			return false;
		sum += word;
	}
	ret->rate = sum / r->processes;
	for (i = 0; i < r->processes; i++)
		add_memory(readers[i].pid, ret);
	return true;
}

static bool
end(const struct reader *readers, unsigned count, bool good)
{
	int status;
	unsigned i;

	for (i = 0; i < count; i++) {
		if (good)
			tell(&readers[i]);
		else
			kill(readers[i].pid, SIGKILL);
		close(readers[i].from);
		close(readers[i].to);
		while (waitpid(readers[i].pid, &status, 0) < 0 &&
		       errno == EINTR)
			;
		if (good && status != 0)
			good = false;
	}
	return good;
}

bool
evaluate_run(const struct evaluate_request *r, struct evaluate_result *ret)
{
	struct reader *readers =
		text_alloc(NULL, r->processes, sizeof(*readers));
	double begin = clock_now();
	unsigned count = 0;
	bool good = true;

	*ret = (struct evaluate_result){ .ready = 0 };
	while (good && count < r->processes) {
		good = start(r, &readers[count], readers, count);
		count += good;
	}
	if (good && !measure(r, readers, begin, ret)) {
		good = false;
		if (!interrupt_pending())
			cli_message("a reader has ended too early");
	}
	good = end(readers, count, good);
	free(readers);
	return good;
}
