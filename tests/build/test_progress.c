/* SPDX-License-Identifier: MIT */
/* Builders that report how far they are, and that are stopped. */

#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>

#include "cute_shm.h"
#include "util.h"

#define BYTES ((uint64_t)40 << 20)

struct calls {
	pthread_t thread;
	int count, stop_at;
	uint64_t last;
};

static int
on_progress(uint64_t done, uint64_t total, void *arg)
{
	struct calls *c = arg;

	ck_assert(pthread_equal(pthread_self(), c->thread));
	ck_assert_uint_eq(total, BYTES);
	ck_assert_uint_ge(done, c->last);
	ck_assert_uint_le(done, total);
	c->last = done;
	return ++c->count == c->stop_at;
}

/* Publish the bytes; the call number 'stop_at' stops it, if not 0. */
static int
publish(const void *data, unsigned jobs, struct calls *c, int stop_at)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.jobs = jobs,
		.progress = on_progress,
		.arg = c,
	};
	const uint64_t shape[] = { BYTES };
	struct cute_shm_builder *b;
	int err;

	*c = (struct calls){ .thread = pthread_self(), .stop_at = stop_at };
	ck_ok(cute_shm_builder_new("x", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, shape, data));
	err = cute_shm_builder_publish(b, NULL);
	cute_shm_builder_free(b);
	return err;
}

static int
files_in(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL)
		n += entry->d_name[0] != '.' || entry->d_name[1] == 'c';
	closedir(dir);
	return n;
}

START_TEST(stopped_anywhere)
{
	const char *root = test_root();
	void *data = calloc(1, BYTES);
	struct calls c;
	unsigned jobs;
	int calls, i;

	ck_assert_ptr_nonnull(data);
	for (jobs = 1; jobs <= 3; jobs += 2) {
		ck_ok(publish(data, jobs, &c, 0));
		ck_assert_uint_eq(c.last, BYTES);
		ck_ok(cute_shm_unlink("x", NULL, NULL));
		calls = c.count;
		ck_assert_int_ge(calls, 4);
		for (i = 1; i <= calls; i++) {
			ck_err(publish(data, jobs, &c, i),
			       CUTE_SHM_ERR_CANCELLED);
			ck_assert_int_eq(c.count, i);
			ck_assert_int_eq(files_in(root), 0);
		}
	}
	free(data);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("progress");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, stopped_anywhere);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
