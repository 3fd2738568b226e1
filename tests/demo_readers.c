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
	char line[256];
	double kib = 0;

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
	for (node = top; (err = cute_shm_next(&top, &node, &node)) == 0; ) {
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

/* A reader stays until 'done' is closed, so that all are there at once. */
static void
reader(const char *project, int done, int ready)
{
	struct cute_shm *shm;
	double start = now_us(), opened;
	uint64_t sum;
	char c;

	must(cute_shm_open(project, NULL, &shm));
	opened = now_us() - start;
	sum = sum_all(shm);
	if (write(ready, "r", 1) != 1 || read(done, &c, 1) != 1)
		exit(EXIT_FAILURE);
	printf("reader %6d: opened in %4.0f us, sum of all bytes %" PRIu64
	       ", sees %6.1f MiB, its share %5.1f MiB\n", (int)getpid(),
	       opened, sum, smaps("Rss:"), smaps("Pss:"));
	exit(EXIT_SUCCESS);
}

int
main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[2]) : 0, i, failed = 0, status;
	int done[2], ready[2];
	char c;

	if (count < 1 || count > 64)
		return 64;
	if (pipe(done) != 0 || pipe(ready) != 0)
		return EXIT_FAILURE;
	fflush(stdout);
	for (i = 0; i < count; i++)
		if (fork() == 0)
			reader(argv[1], done[0], ready[1]);
	close(ready[1]);
	for (i = 0; i < count && read(ready[0], &c, 1) == 1; i++)
		;
	/* All have read all: let them tell, and go, one by one. */
	for (i = 0; i < count; i++)
		if (write(done[1], "d", 1) != 1)
			failed = 1;
	for (i = 0; i < count; i++)
		if (wait(&status) < 0 || status != 0)
			failed = 1;
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
