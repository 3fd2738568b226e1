/* SPDX-License-Identifier: MIT */
/*
 * Damaged HDF5 files by the thousand, made from good ones: cut at every KiB,
 * bytes changed in metadata and in data.  Each load comes to an end, with a
 * sound segment or a sentence, and with nothing left behind.
 * CUTE_SHM_STRESS=N does N times as much.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5/load.h"
#include "hdf5_little.h"

#define CHANGES 250 /* files of each kind */

/* Seconds of processors that a load of so small a file may take. */
#define LONG 60

/* Both formats of the file, the old one and the newest. */
static const bool newest[] = { false, true };

static uint8_t *bytes;
static size_t size;

static void
read_whole(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(fstat(fd, &st), 0);
	size = (size_t)st.st_size;
	bytes = malloc(size);
	ck_assert_int_eq(read(fd, bytes, size), (ssize_t)size);
	close(fd);
}

static void
write_whole(const char *path, const uint8_t *from, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, from, n), (ssize_t)n);
	close(fd);
}

/* Of this process and the children that have ended. */
static double
processor_seconds(void)
{
	static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
	struct rusage used;
	double sum = 0;
	size_t i;

	for (i = 0; i < ELEMENTS(whose); i++) {
		ck_assert_int_eq(getrusage(whose[i], &used), 0);
		sum += (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec);
		sum += (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) /
		       1e6;
	}
	return sum;
}

/* True if there is a project of it. */
static bool
load(const char *path, unsigned flags)
{
	struct cute_shm_hdf5_options opt = h5_options(flags);
	unsigned before = test_descriptors();
	const char *root = getenv("CUTE_SHM_ROOT");
	double begin = processor_seconds();
	struct cute_shm *shm = NULL;
	int err;

	opt.handle = &shm;
	opt.progress = NULL;
	err = cute_shm_hdf5_load("t", path, &opt, NULL);
	ck_assert(processor_seconds() - begin < LONG);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	if (err != 0) {
		ck_assert_msg(err == CUTE_SHM_ERR_SOURCE ||
				      err == CUTE_SHM_ERR_LIMIT ||
				      err == CUTE_SHM_ERR_NO_SPACE,
			      "%d: %s", err, cute_shm_errmsg());
		ck_assert_str_ne(cute_shm_errmsg(), "");
		ck_assert_uint_eq(test_count(root), 0);
	} else {
		ck_ok(cute_shm_verify(shm, NULL, NULL));
		cute_shm_close(shm);
		ck_ok(cute_shm_unlink("t", NULL, NULL));
	}
	ck_assert_uint_eq(test_descriptors(), before);
	return err == 0;
}

static void
setup(void)
{
	/* What has no end is found sooner. */
	step_seconds = 2;
}

START_TEST(cut)
{
	const char *path = h5_path("t.h5");
	unsigned loaded = 0;

	h5_make_little(path, newest[_i]);
	ck_assert(load(path, 0));
	read_whole(path);
	for (size_t at = 0; at < size; at += 1024) {
		write_whole(h5_path("cut.h5"), bytes, at);
		loaded += load(h5_path("cut.h5"), CUTE_SHM_HDF5_KEEP_GOING);
	}
	/* HDF5 notes the size of the file. */
	ck_assert_uint_eq(loaded, 0);
	free(bytes);
}
END_TEST

START_TEST(changed)
{
	const char *stress = getenv("CUTE_SHM_STRESS"), *path = h5_path("t.h5");
	long changes = CHANGES * (stress ? atol(stress) : 1), i;
	unsigned seed = (unsigned)_i + 1, refused = 0, k;
	uint8_t *other;
	size_t at;

	h5_make_little(path, newest[_i % 2]);
	read_whole(path);
	other = malloc(size);
	for (i = 0; i < changes; i++) {
		memcpy(other, bytes, size);
		for (k = (unsigned)rand_r(&seed) % 4 + 1; k > 0; k--) {
			at = (size_t)rand_r(&seed) % size;
			/* Where something is: most of a file is zero. */
			while (other[at] == 0 && rand_r(&seed) % 8)
				at = (at + 1) % size;
			other[at] = (uint8_t)rand_r(&seed);
		}
		write_whole(h5_path("bad.h5"), other, size);
		refused += !load(h5_path("bad.h5"),
				 _i / 2 ? CUTE_SHM_HDF5_KEEP_GOING : 0);
	}
	ck_assert_uint_gt(refused, _i / 2 ? 0 : 10);
	free(other);
	free(bytes);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 damage");
	TCase *t = tcase_create("damage");

	tcase_set_timeout(t, 600);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, cut, 0, 2);
	tcase_add_loop_test(t, changed, 0, 4);
	suite_add_tcase(s, t);
	return test_run(s);
}
