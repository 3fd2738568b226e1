/* SPDX-License-Identifier: MIT */
/* A project with arrays that are updated, and calls for the tests of it. */

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live_util.h"

const char *root;
struct cute_shm *writer, *reader;
struct cute_shm_array wa, ra;

static void
build(void)
{
	const uint64_t shape[] = { COUNT }, none[] = { 0 }, two[] = { 2 };
	const uint64_t offsets[] = { 0, 1, 3 };
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	struct cute_shm_builder *b;

	opt.root = root;
	ck_assert_int_eq(cute_shm_builder_new("live", &opt, &b), 0);
	ck_assert_int_eq(cute_shm_builder_array(b, "state", "<u8", 1, shape,
						NULL),
			 0);
	ck_assert_int_eq(cute_shm_builder_array(b, "other", "<u8", 1, shape,
						NULL),
			 0);
	ck_assert_int_eq(cute_shm_builder_array(b, "empty", "<u8", 1, none,
						NULL),
			 0);
	ck_assert_int_eq(cute_shm_builder_ragged(b, "lists", "*<f4", 1, two, 3,
						 offsets, "abcdefghijkl"),
			 0);
	ck_assert_int_eq(cute_shm_builder_attr_text(b, "state", "unit", "m"),
			 0);
	ck_assert_int_eq(cute_shm_builder_publish(b, NULL), 0);
	cute_shm_builder_free(b);
}

struct cute_shm *
attach(unsigned flags)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt) };
	struct cute_shm *shm;

	opt.root = root;
	opt.flags = flags;
	ck_assert_int_eq(cute_shm_open("live", &opt, &shm), 0);
	return shm;
}

void
live_setup(void)
{
	root = test_root();
	build();
	writer = attach(CUTE_SHM_WRITE);
	reader = attach(0);
	ck_assert_int_eq(cute_shm_get(writer, "state", &wa), 0);
	ck_assert_int_eq(cute_shm_get(reader, "state", &ra), 0);
}

void
live_teardown(void)
{
	struct cute_shm_unlink_options opt = { .size = sizeof(opt) };

	cute_shm_close(writer);
	cute_shm_close(reader);
	opt.root = root;
	ck_assert_int_eq(cute_shm_unlink("live", &opt, NULL), 0);
}

void
fill(uint64_t *values, uint64_t value)
{
	size_t i;

	for (i = 0; i < COUNT; i++)
		values[i] = value;
}

void
put(uint64_t value)
{
	uint64_t values[COUNT];

	fill(values, value);
	ck_assert_int_eq(cute_shm_update(&wa, 0, values, sizeof(values),
					 CUTE_SHM_FOREVER),
			 0);
}

uint64_t
get(uint32_t *sequence)
{
	uint64_t values[COUNT];
	size_t i;

	ck_assert_int_eq(cute_shm_snapshot(&ra, 0, values, sizeof(values),
					   CUTE_SHM_FOREVER, sequence),
			 0);
	for (i = 1; i < COUNT; i++)
		ck_assert_uint_eq(values[i], values[0]);
	return values[0];
}

void
die_in_the_middle(void)
{
	struct cute_shm_update update;
	struct cute_shm_array array;
	struct cute_shm *shm;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		shm = attach(CUTE_SHM_WRITE);
		if (cute_shm_get(shm, "state", &array) == 0 &&
		    cute_shm_update_begin(&array, 0, &update) == 0) {
			memset(update.data, 0xee, update.size / 2);
			kill(getpid(), SIGKILL);
		}
		_exit(1);
	}
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}
