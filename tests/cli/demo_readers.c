/* SPDX-License-Identifier: MIT */
/*
 * demo_readers PROJECT N: N processes read every byte of the project at the
 * same time, and tell what the kernel says of their memory meanwhile.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cute_shm.h>

#define MOST 64

/* What a reader sends when it has read all, and again when it has measured. */
struct report {
	int pid;
	double open_us;
	uint64_t sum;
	double rss_mib, pss_mib; /* negative: the kernel does not tell */
};

static void
must(int err)
{
	if (err == 0)
		return;
	fprintf(stderr, "demo_readers: %s\n", cute_shm_errmsg());
	exit(EXIT_FAILURE);
}

/* A value of /proc/self/smaps_rollup, in MiB. */
static double
smaps(const char *key)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	double kib = -1024;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtod(line + strlen(key), NULL);
	if (file)
		fclose(file);
	return kib / 1024;
}

static uint64_t
sum_of(const struct cute_shm_array *array)
{
	const uint8_t *p = array->data;
	uint64_t sum = 0, i;

	for (i = 0; i < array->data_size; i++)
		sum += p[i];
	return sum;
}

static uint64_t
sum_all(struct cute_shm *shm)
{
	struct cute_shm_node top, node;
	struct cute_shm_array array;
	uint64_t sum = 0;
	int err;

	must(cute_shm_find(shm, "", &top));
	for (node = top; (err = cute_shm_next(&top, &node, &node)) == 0;) {
		if (node.kind != CUTE_SHM_ARRAY)
			continue;
		must(cute_shm_node_array(&node, &array));
		sum += sum_of(&array);
	}
	must(err == CUTE_SHM_ERR_END ? 0 : err);
	return sum;
}

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
send_report(int fd, const struct report *report)
{
	/* Small enough to be written in one piece. */
	if (write(fd, report, sizeof(*report)) != (ssize_t)sizeof(*report))
		exit(EXIT_FAILURE);
}

/* Until its other end is closed. */
static void
wait_for(int fd)
{
	char c;

	if (read(fd, &c, 1) != 0)
		exit(EXIT_FAILURE);
}

/*
 * A reader keeps the project open until all have measured: the kernel divides a
 * page by those who have it mapped at that moment.
 */
static _Noreturn void
reader(const char *project, int measure, int leave, int reports)
{
	struct report report = { .pid = (int)getpid() };
	double start = now_us();
	struct cute_shm *shm;

	must(cute_shm_open(project, NULL, &shm));
	report.open_us = now_us() - start;
	report.sum = sum_all(shm);
	send_report(reports, &report);
	wait_for(measure);
	report.rss_mib = smaps("Rss:");
	report.pss_mib = smaps("Pss:");
	send_report(reports, &report);
	wait_for(leave);
	exit(EXIT_SUCCESS);
}

/* A report of each, who has a pipe of its own: its end is seen there. */
static void
collect(const int *from, struct report *reports, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (read(from[i], &reports[i], sizeof(*reports)) !=
		    (ssize_t)sizeof(*reports))
			exit(EXIT_FAILURE);
}

static const char *
size_text(double mib, char *text, size_t size)
{
	if (mib < 1023.5)
		snprintf(text, size, "%.0f MiB", mib);
	else
		snprintf(text, size, "%.1f GiB", mib / 1024);
	return text;
}

static int
by_open_us(const void *a, const void *b)
{
	double x = ((const struct report *)a)->open_us;
	double y = ((const struct report *)b)->open_us;

	return (x > y) - (x < y);
}

static void
show(struct report *reports, int count)
{
	double all = 0, copies = 0;
	char a[32], b[32];
	int i;

	for (i = 0; i < count; i++) {
		const struct report *r = &reports[i];

		printf("reader %d: sum of all bytes %" PRIu64, r->pid, r->sum);
		if (r->pss_mib >= 0)
			printf(", sees %.0f MiB, pays %.1f MiB", r->rss_mib,
			       r->pss_mib);
		putchar('\n');
		all += r->pss_mib;
		copies += r->rss_mib;
	}
	if (all < 0)
		puts("this kernel does not tell how memory is shared");
	else
		printf("%d readers, %s in all; %d copies would be %s\n", count,
		       size_text(all, a, sizeof(a)), count,
		       size_text(copies, b, sizeof(b)));
	qsort(reports, (size_t)count, sizeof(*reports), by_open_us);
	printf("to open it took %.0f us in each of them (the median)\n",
	       reports[count / 2].open_us);
}

static void
make_pipe(int ends[2])
{
	if (pipe(ends) == 0)
		return;
	perror("demo_readers");
	exit(EXIT_FAILURE);
}

int
main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[2]) : 0, i, failed = 0, status;
	int measure[2], leave[2], back[2], from[MOST];
	struct report reports[MOST];

	if (count < 1 || count > MOST)
		return 64;
	make_pipe(measure);
	make_pipe(leave);
	fflush(stdout);
	for (i = 0; i < count; i++) {
		make_pipe(back);
		if (fork() == 0) {
			close(measure[1]);
			close(leave[1]);
			reader(argv[1], measure[0], leave[0], back[1]);
		}
		close(back[1]);
		from[i] = back[0];
	}
	collect(from, reports, count);
	close(measure[1]);
	collect(from, reports, count);
	close(leave[1]);
	for (i = 0; i < count; i++)
		if (wait(&status) < 0 || status != 0)
			failed = 1;
	if (!failed)
		show(reports, count);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
