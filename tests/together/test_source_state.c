/* SPDX-License-Identifier: MIT */
/* What has become of the file that a project was loaded from. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "util.h"

static const char *root, *file;

static void
setup(void)
{
	root = test_root();
	file = test_path(root, "source");
	close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* An empty file; the time of its modification. */
static uint64_t
touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	return mtime_ns(&st);
}

/* The state of a project from this source, with those facts. */
static enum cute_shm_source
state_of(const char *source, uint64_t size, uint64_t mtime, uint64_t *now)
{
	const struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_OVERWRITE,
		.source = source,
		.source_size = size,
		.source_mtime_ns = mtime,
	};
	enum cute_shm_source state;
	struct cute_shm_builder *b;
	struct cute_shm_info info;
	struct cute_shm *shm;

	ck_ok(cute_shm_builder_new("p", &opt, &b));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_info(shm, &info));
	state = cute_shm_source_state(&info, now);
	cute_shm_close(shm);
	return state;
}

START_TEST(of_a_file)
{
	uint64_t mtime, now;
	struct stat st;

	ck_assert_int_eq(stat(file, &st), 0);
	mtime = mtime_ns(&st);
	ck_assert_int_eq(state_of(file, 0, mtime, &now),
			 CUTE_SHM_SOURCE_CURRENT);
	ck_assert_uint_eq(now, mtime);
	ck_assert_int_eq(state_of(file, 1, mtime, &now),
			 CUTE_SHM_SOURCE_CHANGED);
	ck_assert_int_eq(state_of(file, 0, mtime - 1, &now),
			 CUTE_SHM_SOURCE_CHANGED);
	ck_assert_uint_eq(now, mtime);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(state_of(file, 0, mtime, &now), CUTE_SHM_SOURCE_GONE);
	ck_assert_uint_eq(now, 0);
	ck_assert_int_eq(state_of(NULL, 0, 0, &now), CUTE_SHM_SOURCE_NONE);
}
END_TEST

/* The header has the end of such a path only, and the root the whole. */
START_TEST(of_a_long_path)
{
	char path[1024], *end = path + sprintf(path, "%s/", root);
	uint64_t mtime, now;
	int i;

	for (i = 0; i < 3; i++) {
		memset(end, 'a' + i, 100);
		strcpy(end + 100, "/");
		ck_assert_int_eq(mkdir(path, 0700), 0);
		end += 101;
		/* The header can begin with a slash, or anywhere else. */
		strcpy(end, i == 1 ? "f" : "file");
		mtime = touch(path);
		ck_assert_int_eq(state_of(path, 0, mtime, &now),
				 CUTE_SHM_SOURCE_CURRENT);
		ck_assert_int_eq(state_of(path, 1, mtime, &now),
				 CUTE_SHM_SOURCE_CHANGED);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_int_eq(state_of(path, 0, mtime, &now),
				 CUTE_SHM_SOURCE_GONE);
	}
}
END_TEST

/* Neither "gone" nor "changed" may be said of what nobody can know. */
START_TEST(of_what_cannot_be_known)
{
	char path[400];
	uint64_t now;

	ck_assert_int_eq(state_of("/dev/null", 0, 1, &now),
			 CUTE_SHM_SOURCE_UNKNOWN);
	ck_assert_int_eq(state_of(root, 0, 1, &now), CUTE_SHM_SOURCE_UNKNOWN);
	if (test_is_root())
		return;
	sprintf(path, "%s/closed", root);
	ck_assert_int_eq(mkdir(path, 0), 0);
	strcat(path, "/file");
	ck_assert_int_eq(state_of(path, 0, 1, &now), CUTE_SHM_SOURCE_UNKNOWN);
	ck_assert_uint_eq(now, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("source_state");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, of_a_file);
	tcase_add_test(tcase, of_a_long_path);
	tcase_add_test(tcase, of_what_cannot_be_known);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
