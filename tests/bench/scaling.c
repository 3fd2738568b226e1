/* SPDX-License-Identifier: MIT */
/*
 * What would limit a load on more processors than there are here.  Each part of
 * the load that one thread does, or that waits for one lock, takes some seconds
 * of CPU for a gigabyte; so has the rest, which threads share.  With n
 * processors a load takes no less than the longest of these parts, and than all
 * of them by n.  The locks inside the kernel are not seen, except that of the
 * file: what threads there wait for each other on so many processors is not
 * known.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "cute_shm_hdf5.h"

#define GB    1e9
#define SMALL ((size_t)1 << 20) /* bytes of a small load */

enum part {
	CALLER,	 /* opens files, checks and names the segment */
	READING, /* the reader's first thread: metadata, libhdf5 */
	MEMORY,	 /* the thread that takes pages if few threads write */
	LOCK,	 /* under the file's lock, in write() */
	ALL,
	PARTS
};

/* Seconds of CPU, for a load or for one byte. */
struct parts {
	double of[PARTS];
};

/* What was seen of a load last; a thread that has ended is not seen again. */
struct load {
	double caller;
	struct thread {
		long id;
		double seconds;
		char name[32];
	} threads[512];
	unsigned count;
	long reader;
	double written; /* bytes, by calls of write() */
};

/* The first line of the kernel's file on a thread, "" if it is gone. */
static void
line_of(char *line, size_t size, long pid, long tid, const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/%s", pid, tid, name);
	file = fopen(path, "re");
	if (!file || !fgets(line, (int)size, file))
		line[0] = '\0';
	if (file)
		fclose(file);
	line[strcspn(line, "\n")] = '\0';
}

/* The seconds that a thread was on a CPU, by nanoseconds; 0: it is gone. */
static double
cpu_of(long pid, long tid)
{
	char line[128];

	line_of(line, sizeof(line), pid, tid, "schedstat");
	return strtod(line, NULL) / 1e9;
}

static void
see_thread(struct load *l, long id)
{
	struct thread *t = l->threads;
	double seconds = cpu_of(l->reader, id);

	if (seconds <= 0)
		return;
	while (t < l->threads + l->count && t->id != id)
		t++;
	if (t == l->threads + 512)
		return;
	if (t == l->threads + l->count) {
		l->count++;
		t->id = id;
	}
	t->seconds = seconds;
	line_of(t->name, sizeof(t->name), l->reader, id, "comm");
}

static void
see_written(struct load *l)
{
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/io", l->reader);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "wchar: ", 7) == 0)
			l->written = strtod(line + 7, NULL);
	if (file)
		fclose(file);
}

static void
see(struct load *l, long pid)
{
	double caller = cpu_of(pid, pid);
	const struct dirent *entry;
	char text[128];
	DIR *folder;

	l->caller = caller > 0 ? caller : l->caller;
	if (l->reader == 0) {
		line_of(text, sizeof(text), pid, pid, "children");
		l->reader = strtol(text, NULL, 10);
	}
	if (l->reader == 0)
		return;
	snprintf(text, sizeof(text), "/proc/%ld/task", l->reader);
	folder = opendir(text);
	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			see_thread(l, strtol(entry->d_name, NULL, 10));
	if (folder)
		closedir(folder);
	see_written(l);
}

/* Load the file in a process of its own, and see where its time goes. */
static struct parts
watch(const struct bench *b, const char *path, double lock)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	static struct load l;
	pid_t pid = bench_start_load(b, path);
	struct parts ret = { { 0 } };
	int status = 0;

	memset(&l, 0, sizeof(l));
	while (waitpid(pid, &status, WNOHANG) == 0) {
		see(&l, pid);
		nanosleep(&pause, NULL);
	}
	if (status != 0)
		die("%s: the load in a process of its own failed", path);
	bench_remove(b);
	ret.of[CALLER] = ret.of[ALL] = l.caller;
	for (unsigned i = 0; i < l.count; i++) {
		ret.of[ALL] += l.threads[i].seconds;
		if (l.threads[i].id == l.reader)
			ret.of[READING] = l.threads[i].seconds;
		if (strcmp(l.threads[i].name, "cute-shm-memory") == 0)
			ret.of[MEMORY] = l.threads[i].seconds;
	}
	ret.of[LOCK] = l.written * lock;
	return ret;
}

/*
 * The seconds for a byte that write() takes to copy data into pages that a file
 * in the root has already, as it does under the file's lock.
 */
static double
lock_seconds(const struct bench *b)
{
	const size_t piece = (size_t)1 << 20;
	size_t size = b->size, at;
	char *data = malloc(piece);
	int fd = open(b->root, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	uint64_t begin;
	double ret;

	if (!data || fd < 0 || posix_fallocate(fd, 0, (off_t)size) != 0)
		die("no room for %zu bytes in %s", size, b->root);
	memset(data, 1, piece);
	begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (at = 0; at + piece <= size; at += piece)
		if (pwrite(fd, data, piece, (off_t)at) != (ssize_t)piece)
			die("cannot write to %s", b->root);
	ret = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / 1e9 /
	      (double)size;
	close(fd);
	free(data);
	return ret;
}

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

/* Bytes a second, at most; 'p' is for one byte. */
static double
ceiling(const struct parts *p, unsigned cpus)
{
	double part = larger(p->of[READING], p->of[MEMORY] + p->of[LOCK]);

	return 1 / (p->of[CALLER] +
		    larger(part, (p->of[ALL] - p->of[CALLER]) / cpus));
}

static const unsigned sizes[] = { SCALING_JOBS, 16, 64 };
#define SIZES (sizeof(sizes) / sizeof(*sizes))

static void
print(struct bench *b, const char *name, const struct parts *p)
{
	size_t i;

	if (!b->json) {
		printf("%-13s %8.4f %8.4f %8.4f %8.4f %8.4f ", name,
		       p->of[CALLER] * GB, p->of[READING] * GB,
		       p->of[MEMORY] * GB, p->of[LOCK] * GB, p->of[ALL] * GB);
		for (i = 0; i < SIZES; i++)
			printf(" %6.1f", ceiling(p, sizes[i]) / GB);
		putchar('\n');
		fflush(stdout);
		return;
	}
	printf("%s\n  {\"scaling\": \"%s\", \"caller\": %.6f, "
	       "\"reading\": %.6f, "
	       "\"memory\": %.6f, \"lock\": %.6f, \"all\": %.6f",
	       b->first ? "" : ",", name, p->of[CALLER] * GB,
	       p->of[READING] * GB, p->of[MEMORY] * GB, p->of[LOCK] * GB,
	       p->of[ALL] * GB);
	for (i = 0; i < SIZES; i++)
		printf(", \"bytes_per_second_%u\": %.0f", sizes[i],
		       ceiling(p, sizes[i]));
	putchar('}');
	b->first = false;
}

/* The median of each part of a load of about 'size' bytes; returns how many. */
static uint64_t
medians(const struct bench *b, const struct kind *k, size_t size,
	struct parts *ret)
{
	double of[PARTS][MOST_ROUNDS];
	uint64_t bytes = 0;
	char path[4096];
	struct parts p;

	snprintf(path, sizeof(path), "%s", bench_path(b->folder, "bench.h5"));
	k->make(k, path, size);
	if (cute_shm_hdf5_size(path, NULL, &bytes) != 0)
		die("%s: %s", path, cute_shm_errmsg());
	watch(b, path, 0); /* the file is in the page cache now */
	for (unsigned i = 0; i < b->rounds; i++) {
		p = watch(b, path, lock_seconds(b));
		for (int n = 0; n < PARTS; n++)
			of[n][i] = p.of[n];
	}
	unlink(path);
	for (int n = 0; n < PARTS; n++)
		ret->of[n] = median(of[n], b->rounds);
	return bytes;
}

/*
 * What each byte costs: a load begins and ends with some milliseconds that do
 * not grow with the data, and a small load has little else.
 */
static void
bench_kind(struct bench *b, const struct kind *k)
{
	struct parts large, small;
	uint64_t bytes = medians(b, k, b->size, &large);

	bytes -= medians(b, k, SMALL, &small);
	for (int n = 0; n < PARTS; n++)
		large.of[n] =
			larger(large.of[n] - small.of[n], 0) / (double)bytes;
	print(b, k->name, &large);
}

void
bench_scaling(struct bench *b)
{
	static const char *const names[] = { "contiguous", "blocks",
					     "gzip-shuffle", "gradients",
					     "lzf" };

	if (b->size < 8 * SMALL)
		die("--scaling needs a --size of 8 MiB or more");
	if (!b->json)
		printf("%-13s %8s %8s %8s %8s %8s  %s\n"
		       "%-13s %8s %8s %8s %8s %8s  %6u %6u %6u CPUs\n",
		       "CPU seconds", "caller", "reading", "memory", "write()",
		       "all", "GB/s at most on", "for 1 GB", "", "thread",
		       "thread", "lock", "", sizes[0], sizes[1], sizes[2]);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		for (size_t k = 0; k < kind_count; k++)
			if (strcmp(kinds[k].name, names[i]) == 0 &&
			    wanted(b, names[i]))
				bench_kind(b, &kinds[k]);
}
