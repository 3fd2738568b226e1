/* SPDX-License-Identifier: MIT */
/*
 * make bench: how long things take here, against what people do without us.
 * All ways take turns in every round (A-B-A-B); medians are shown.
 */

#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <hdf5.h>

#include "bench.h"

static char folder[PATH_MAX], root[PATH_MAX];

static void
remove_folders(void)
{
	if (*folder) {
		unlink(bench_path(folder, "bench.h5"));
		rmdir(folder);
	}
	if (*root) {
		unlink(bench_path(root, "bench.copy"));
		unlink(bench_path(root, "cute-shm.bench"));
		unlink(bench_path(root, "cute-shm.lookup"));
		unlink(bench_path(root, "cute-shm.verify"));
		unlink(bench_path(root, "cute-shm.live"));
		rmdir(root);
	}
}

/* All of it may be called in a handler: snprintf() of texts takes no lock. */
static void
on_signal(int number)
{
	remove_folders();
	signal(number, SIG_DFL);
	raise(number);
}

void
die(const char *what, ...)
{
	va_list ap;

	va_start(ap, what);
	fputs("bench: ", stderr);
	vfprintf(stderr, what, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
median(double *values, unsigned count)
{
	qsort(values, count, sizeof(*values), compare);
	return count % 2 ? values[count / 2]
			 : (values[count / 2 - 1] + values[count / 2]) / 2;
}

bool
wanted(const struct bench *b, const char *name)
{
	return !b->only || strncmp(name, b->only, strlen(b->only)) == 0;
}

const char *
bench_path(const char *where, const char *name)
{
	static char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", where, name);
	return path;
}

static unsigned
cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0
		       ? (unsigned)CPU_COUNT(&set)
		       : 1;
}

static void
usage(void)
{
	puts("usage: bench [options]\n"
	     "  --size MIB    of each kind of data (default 128)\n"
	     "  --rounds N    of each measurement (default 5)\n"
	     "  --jobs N      threads (default: the CPUs; with --scaling 8)\n"
	     "  --only NAME   kinds that begin so: a load's, start, files,\n"
	     "                lookup, view, verify, live\n"
	     "  --cold        drop the file from the page cache before each "
	     "load\n"
	     "  --scaling     only: the CPU seconds of a load's parts, and\n"
	     "                what limits it on more CPUs\n"
	     "  --json        numbers for programs, in seconds and bytes\n"
	     "  --files DIR   only: leave a file of each kind, DIR/KIND.h5\n"
	     "  --folder DIR  for the HDF5 files (default $TMPDIR or /tmp)\n"
	     "  --root DIR    for the segments (default /dev/shm)");
}

static unsigned
number(const char *text, unsigned most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || n == 0 || n > most)
		die("%s: not a number from 1 to %u", text, most);
	return (unsigned)n;
}

static void
make_folder(char *path, const char *parent)
{
	snprintf(path, PATH_MAX, "%s/cute-shm-bench.XXXXXX", parent);
	if (!mkdtemp(path))
		die("cannot make a folder in %s", parent);
}

static void
parse(int argc, char **argv, struct bench *b)
{
	static const struct option options[] = {
		{ "size", required_argument, NULL, 's' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "only", required_argument, NULL, 'o' },
		{ "cold", no_argument, NULL, 'c' },
		{ "scaling", no_argument, NULL, 'S' },
		{ "json", no_argument, NULL, 'J' },
		{ "files", required_argument, NULL, 'F' },
		{ "folder", required_argument, NULL, 'f' },
		{ "root", required_argument, NULL, 'R' },
		{ "once", required_argument, NULL, '1' }, /* for memory.c */
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 's':
			b->size = (size_t)number(optarg, 1 << 20) << 20;
			break;
		case 'r': b->rounds = number(optarg, MOST_ROUNDS); break;
		case 'j': b->jobs = number(optarg, 256); break;
		case 'o': b->only = optarg; break;
		case 'c': b->cold = true; break;
		case 'S': b->scaling = true; break;
		case 'J': b->json = true; break;
		case 'F': b->files = optarg; break;
		case 'f': b->folder = optarg; break;
		case 'R': b->root = optarg; break;
		case '1': bench_once(b, optarg); exit(0);
		default: usage(); exit(c == 'h' ? 0 : 1);
		}
	}
}

static void
print_setting(const struct bench *b)
{
	char date[32];
	time_t now = time(NULL);

	strftime(date, sizeof(date), "%Y-%m-%d", localtime(&now));
	if (!b->json)
		printf("%s, cute-shm %s, %u CPUs, %u threads, %zu MiB of each "
		       "kind, medians of %u rounds,\nfiles %s the page cache "
		       "(%s), segments in %s, all digests on\n\n",
		       date, cute_shm_version(), cpus(), b->jobs, b->size >> 20,
		       b->rounds, b->cold ? "dropped from" : "in", b->folder,
		       b->root);
	else
		printf("{\"date\": \"%s\", \"version\": \"%s\", \"cpus\": %u, "
		       "\"jobs\": %u, \"rounds\": %u, \"cold\": %s, "
		       "\"results\": [",
		       date, cute_shm_version(), cpus(), b->jobs, b->rounds,
		       b->cold ? "true" : "false");
}

static void
bench_all(struct bench *b)
{
	bench_loads(b);
	if (wanted(b, "start"))
		bench_start(b);
	if (wanted(b, "files"))
		bench_files(b);
	if (wanted(b, "lookup"))
		bench_lookups(b);
	if (wanted(b, "view"))
		bench_views(b);
	if (wanted(b, "verify"))
		bench_verify(b);
	if (wanted(b, "live"))
		bench_live(b);
}

int
main(int argc, char **argv)
{
	struct bench b = { .size = 128 << 20,
			   .rounds = 5,
			   .root = "/dev/shm",
			   .first = true };

	b.folder = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	parse(argc, argv, &b);
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	register_filters();
	if (b.files) {
		bench_make_files(&b);
		return 0;
	}
	if (b.jobs == 0)
		b.jobs = b.scaling ? SCALING_JOBS : cpus();
	atexit(remove_folders);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
	make_folder(folder, b.folder);
	make_folder(root, b.root);
	print_setting(&b);
	b.folder = folder;
	b.root = root;
	if (b.scaling)
		bench_scaling(&b);
	else
		bench_all(&b);
	if (b.json)
		puts("\n]}");
	return 0;
}
