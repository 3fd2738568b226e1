/* SPDX-License-Identifier: MIT */
/* error.c, log.c, options.c: what every call relies on. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "read/read.h"
#include "util.h"

START_TEST(names)
{
	int err;

	for (err = CUTE_SHM_ERR_LIMIT; err <= 0; err++) {
		ck_assert_str_ne(cute_shm_strerror(err), "unknown error");
		ck_assert_str_ne(cute_shm_strerror(err), "");
	}
	ck_assert_str_eq(cute_shm_strerror(1), "unknown error");
	ck_assert_str_eq(cute_shm_strerror(CUTE_SHM_ERR_LIMIT - 1),
			 "unknown error");
	ck_assert_str_eq(cute_shm_strerror(INT_MAX), "unknown error");
	ck_assert_str_eq(cute_shm_strerror(INT_MIN), "unknown error");
}
END_TEST

START_TEST(sentences)
{
	ck_assert_str_eq(cute_shm_errmsg(), "");
	ck_err(cute_shm_fail(CUTE_SHM_ERR_TYPE, "%d of %s", 7, "many"),
	       CUTE_SHM_ERR_TYPE);
	ck_assert_str_eq(cute_shm_errmsg(), "7 of many");
	/* A caller adds to what was said. */
	cute_shm_fail(CUTE_SHM_ERR_TYPE, "array b: %s", cute_shm_errmsg());
	ck_assert_str_eq(cute_shm_errmsg(), "array b: 7 of many");
}
END_TEST

/* What is too long is cut, also where errno's text is added. */
START_TEST(too_long)
{
	char *text = malloc(10001);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', 10000);
	text[10000] = '\0';
	cute_shm_fail(CUTE_SHM_ERR_TYPE, "%s", text);
	ck_assert_uint_gt(strlen(cute_shm_errmsg()), 4096);
	ck_assert_uint_lt(strlen(cute_shm_errmsg()), 10000);
	errno = ENOENT;
	fail_errno("%s", text);
	ck_assert_uint_lt(strlen(cute_shm_errmsg()), 10000);
	free(text);
}
END_TEST

START_TEST(of_errno)
{
	static const struct {
		int number, err;
	} cases[] = {
		{ ENOENT, CUTE_SHM_ERR_NOT_FOUND },
		{ ENOTDIR, CUTE_SHM_ERR_NOT_FOUND },
		{ EEXIST, CUTE_SHM_ERR_EXISTS },
		{ EACCES, CUTE_SHM_ERR_PERMISSION },
		{ EPERM, CUTE_SHM_ERR_PERMISSION },
		{ EROFS, CUTE_SHM_ERR_PERMISSION },
		{ ENOMEM, CUTE_SHM_ERR_NOMEM },
		{ ENOSPC, CUTE_SHM_ERR_NO_SPACE },
		{ EDQUOT, CUTE_SHM_ERR_NO_SPACE },
		{ EIO, CUTE_SHM_ERR_SYSTEM },
	};
	size_t i;

	for (i = 0; i < ELEMENTS(cases); i++) {
		errno = cases[i].number;
		ck_err(fail_errno("file %d", 3), cases[i].err);
		ck_errmsg_has("file 3: ");
		ck_errmsg_has(strerror(cases[i].number));
	}
}
END_TEST

START_TEST(no_memory)
{
	uint32_t room = 0, before;
	int *items = NULL, *grown;
	uint32_t i;

	ck_err(fail_memory("for %d things", 3), CUTE_SHM_ERR_NOMEM);
	ck_assert_str_eq(cute_shm_errmsg(), "no memory for 3 things");
	for (i = 0; i < 1000; i++) {
		before = room;
		items = vector_grow(items, i, &room, sizeof(*items), "things");
		ck_assert_ptr_nonnull(items);
		ck_assert(room > i && (i < before) == (room == before));
		items[i] = (int)i;
	}
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(items[i], (int)i);
	/* No item has the index NO_INDEX; what is there stays. */
	before = room = NO_INDEX;
	grown = vector_grow(items, NO_INDEX, &room, sizeof(*items), "things");
	ck_assert_ptr_null(grown);
	ck_assert_uint_eq(room, before);
	ck_errmsg_has("no memory for more than 4294967295 things");
	free(items);
}
END_TEST

static void *
other_thread(void *arg)
{
	(void)arg;
	if (cute_shm_errmsg()[0] != '\0')
		return NULL;
	cute_shm_fail(CUTE_SHM_ERR_TYPE, "theirs");
	return (void *)(uintptr_t)1;
}

START_TEST(by_thread)
{
	pthread_t id;
	void *result;

	cute_shm_fail(CUTE_SHM_ERR_TYPE, "ours");
	ck_assert_int_eq(pthread_create(&id, NULL, other_thread, NULL), 0);
	pthread_join(id, &result);
	ck_assert_ptr_nonnull(result);
	ck_assert_str_eq(cute_shm_errmsg(), "ours");
}
END_TEST

static char logged[2048];
static int log_count;

static void
keep_log(enum cute_shm_log_level level, const char *message, void *arg)
{
	ck_assert_ptr_eq(arg, logged);
	ck_assert_int_eq(level, CUTE_SHM_LOG_INFO);
	strcpy(logged, message);
	log_count++;
}

START_TEST(logs)
{
	cute_shm_log(CUTE_SHM_LOG_INFO, "nobody hears it");
	cute_shm_set_log(CUTE_SHM_LOG_INFO, keep_log, logged);
	cute_shm_log(CUTE_SHM_LOG_DEBUG, "too much");
	ck_assert_int_eq(log_count, 0);
	cute_shm_log(CUTE_SHM_LOG_INFO, "loaded %d", 5);
	ck_assert_str_eq(logged, "loaded 5");
	cute_shm_set_log(CUTE_SHM_LOG_INFO, NULL, NULL);
	cute_shm_log(CUTE_SHM_LOG_INFO, "silence");
	ck_assert_int_eq(log_count, 1);
}
END_TEST

struct options {
	size_t size;
	int a, b;
};

struct newer {
	struct options known;
	long c; /* no padding: it would have to be zero too */
};

START_TEST(options)
{
	struct options o = { 0, 1, 2 };
	struct options older = { offsetof(struct options, b), 7, 8 };
	struct newer newer = { { sizeof(newer), 3, 4 }, 0 };

	ck_ok(options_copy(&o, sizeof(o), NULL));
	ck_assert(o.a == 1 && o.b == 2);
	ck_ok(options_copy(&o, sizeof(o), &older));
	ck_assert(o.a == 7 && o.b == 2);
	ck_ok(options_copy(&o, sizeof(o), &newer));
	ck_assert(o.a == 3 && o.b == 4);
	newer.c = 1;
	newer.known.a = 9;
	ck_err(options_copy(&o, sizeof(o), &newer), CUTE_SHM_ERR_UNSUPPORTED);
	ck_assert_int_eq(o.a, 3);
	older.size = 0;
	ck_err(options_copy(&o, sizeof(o), &older), CUTE_SHM_ERR_INVALID);
}
END_TEST

START_TEST(jobs)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	ck_assert_uint_eq(jobs_or_cpus(5), 5);
	ck_assert_uint_ge(jobs_or_cpus(0), 1);
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) == 0)
		ck_assert_uint_eq(jobs_or_cpus(0), 1);
	ck_assert_str_eq(cute_shm_version(), CUTE_SHM_VERSION);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("error");
	TCase *tc = tcase_create("error");

	tcase_add_test(tc, names);
	tcase_add_test(tc, sentences);
	tcase_add_test(tc, too_long);
	tcase_add_test(tc, of_errno);
	tcase_add_test(tc, no_memory);
	tcase_add_test(tc, by_thread);
	tcase_add_test(tc, logs);
	tcase_add_test(tc, options);
	tcase_add_test(tc, jobs);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
