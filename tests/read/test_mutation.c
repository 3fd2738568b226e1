/* SPDX-License-Identifier: MIT */
/*
 * Thousands of damaged segments with right digests, the same ones every time:
 * all calls that read end, with an error or not, and touch nothing that is not
 * theirs (sanitizers and valgrind tell).
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sample.h"

#define ROUNDS 2000

static struct segment sample;
static uint64_t state;

/* xorshift64*: numbers that are the same everywhere. */
static uint64_t
number(uint64_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * UINT64_C(0x2545f4914f6cdd1d) >> 16) % below;
}

static void
setup(void)
{
	test_root();
	sample = sample_new();
}

static void
teardown(void)
{
	segment_free(&sample);
}

/* Values at which checks are wrong, if they are. */
static uint64_t
value(const struct segment *s)
{
	const struct format_header *h = segment_header(&sample);
	const uint64_t values[] = {
		0,
		1,
		15,
		16,
		63,
		64,
		UINT32_MAX,
		UINT64_MAX,
		UINT64_MAX - 15,
		UINT64_C(1) << 63,
		UINT64_C(1) << 61,
		UINT64_C(1) << 32,
		h->records_offset,
		h->records_offset + h->records_size,
		h->records_offset + 16 * number(h->records_size / 16 + 1),
		h->data_offset,
		h->segment_size,
		h->segment_size - 64,
		number(s->size),
		number(256),
	};

	return values[number(ELEMENTS(values))];
}

/* Change a byte, or four or eight, mostly in the records. */
static void
mutate(const struct segment *s)
{
	const struct format_header *h = segment_header(&sample);
	uint64_t at, v = value(s);
	size_t size = (size_t)1 << number(4);

	if (number(8) == 0)
		at = number(s->size);
	else if (number(8) == 0)
		at = h->index_offset + number(16 * h->node_count);
	else
		at = h->records_offset + number(h->records_size);
	at -= at % size;
	if (at + size <= s->size)
		memcpy(s->bytes + at, &v, size);
}

static void
use(const struct segment *s)
{
	struct cute_shm_verify_options opt = { .size = sizeof(opt), .jobs = 1 };
	struct cute_shm_array a;
	struct cute_shm *shm;

	if (segment_open(s, &shm) != 0)
		return;
	segment_read_all(shm);
	(void)!cute_shm_get(shm, "links/root/links/a/x", &a);
	(void)!cute_shm_get(shm, "not/there", &a);
	(void)!cute_shm_verify(shm, &opt, NULL);
	cute_shm_close(shm);
}

START_TEST(records_and_index)
{
	struct segment s = { malloc(sample.size), sample.size };
	unsigned round, count;

	ck_assert_ptr_nonnull(s.bytes);
	state = (uint64_t)_i + 1;
	for (round = 0; round < ROUNDS; round++) {
		memcpy(s.bytes, sample.bytes, s.size);
		for (count = 1 + (unsigned)number(3); count > 0; count--)
			mutate(&s);
		segment_seal(&s);
		use(&s);
	}
	segment_free(&s);
}
END_TEST

/* Each number of the header, with right digest, at each strange value. */
START_TEST(headers)
{
	struct segment s = { malloc(sample.size), sample.size };
	size_t at;
	unsigned round;

	ck_assert_ptr_nonnull(s.bytes);
	state = 99;
	for (at = 0; at < sizeof(struct format_header); at += 8) {
		for (round = 0; round < 30; round++) {
			memcpy(s.bytes, sample.bytes, s.size);
			put64(&s, at, value(&sample));
			segment_seal(&s);
			use(&s);
		}
	}
	segment_free(&s);
}
END_TEST

/*
 * Another process, which may write the file, changes it while this one reads:
 * what was checked when it was opened does not hold any more.
 */
static pid_t
mutator_new(const char *path)
{
	struct segment s = { .size = sample.size };
	int fd = open(path, O_RDWR | O_CLOEXEC);
	const struct timespec pause = { .tv_nsec = 20000 };
	pid_t pid = fork();
	unsigned i;

	ck_assert_int_ge(pid, 0);
	if (pid != 0) {
		close(fd);
		return pid;
	}
	s.bytes = mmap(NULL, s.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s.bytes == MAP_FAILED)
		_exit(1);
	for (state = 7;;) {
		/* It opens, and then nothing is as it was. */
		memcpy(s.bytes, sample.bytes, s.size);
		nanosleep(&pause, NULL);
		for (i = 0; i < 100; i++) {
			mutate(&s);
			sched_yield();
		}
	}
}

START_TEST(while_it_is_read)
{
	const char *stress = getenv("CUTE_SHM_STRESS");
	long seconds = 2 * (stress ? atol(stress) : 1), rounds = 0, opened = 0;
	struct cute_shm_verify_options opt = { .size = sizeof(opt), .jobs = 2 };
	struct cute_shm_array a;
	struct cute_shm *shm;
	time_t end;
	pid_t pid;
	int status, i;

	sample_publish("live");
	pid = mutator_new(test_path(getenv("CUTE_SHM_ROOT"), "cute-shm.live"));
	for (end = time(NULL) + seconds; time(NULL) < end; rounds++) {
		if (cute_shm_open("live", NULL, &shm) != 0)
			continue;
		opened++;
		for (i = 0; i < 5; i++)
			segment_read_all(shm);
		(void)!cute_shm_get(shm, "links/root/links/a/x", &a);
		(void)!cute_shm_verify(shm, &opt, NULL);
		cute_shm_close(shm);
	}
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	printf("opened %ld of %ld times\n", opened, rounds);
	ck_assert_int_gt(opened, 20);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mutation");
	TCase *tc = tcase_create("mutation");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, records_and_index, 0, 4);
	tcase_add_test(tc, headers);
	tcase_add_test(tc, while_it_is_read);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
