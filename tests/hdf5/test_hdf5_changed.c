/* SPDX-License-Identifier: MIT */
/* Files that change while they are loaded, or that a writer has open. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5_util.h"

/*
 * So many arrays that what is told of them fills the pipe many times: when the
 * first is told, the load is far from its end.
 */
#define ARRAYS 2000

static const hsize_t four[] = { 4 };
static const int32_t numbers[] = { 1, 2, 3, 4 };

/* ------------------------------------------------------------------ changes */

static void
write_in_place(const char *path)
{
	int fd = open(path, O_WRONLY);
	struct stat st;
	uint8_t last;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	last = 9;
	ck_assert_int_eq(pwrite(fd, &last, 1, st.st_size - 1), 1);
	close(fd);
}

static void
grow(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(truncate(path, st.st_size + 1), 0);
}

/* As "cp -p" and rsync leave it: the times are those of before. */
static void
write_and_hide(const char *path)
{
	struct timespec times[2];
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	write_in_place(path);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
replace(const char *path)
{
	char other[4096];
	hid_t file;

	snprintf(other, sizeof(other), "%s.new", path);
	file = h5_create(other);
	h5_put(file, "d", H5T_STD_I32LE, 1, four, numbers);
	ck_h5(H5Fclose(file));
	ck_assert_int_eq(rename(other, path), 0);
}

static void
take_away(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}

static void
rename_it(const char *path)
{
	char other[4096];

	snprintf(other, sizeof(other), "%s.old", path);
	ck_assert_int_eq(rename(path, other), 0);
}

static void (*const changes[])(const char *path) = { write_in_place, grow,
						     write_and_hide };

/* What is open already is still the same. */
static void (*const moves[])(const char *path) = { replace, take_away,
						   rename_it };

/* -------------------------------------------------------------------- files */

static void
put_others(hid_t file)
{
	hid_t other = h5_create(h5_path("linked.h5")), dcpl, space;

	h5_put(other, "d", H5T_STD_I32LE, 1, four, numbers);
	ck_h5(H5Fclose(other));
	ck_h5(H5Lcreate_external("linked.h5", "/", file, "a_link", H5P_DEFAULT,
				 H5P_DEFAULT));
	other = h5_create(h5_path("source.h5"));
	h5_put(other, "d", H5T_STD_I32LE, 1, four, numbers);
	ck_h5(H5Fclose(other));
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	space = ck_h5(H5Screate_simple(1, four, NULL));
	ck_h5(H5Pset_virtual(dcpl, space, "source.h5", "d", space));
	H5Sclose(space);
	h5_put_with(file, "a_virtual", H5T_STD_I32LE, 1, four, dcpl, NULL);
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	ck_h5(H5Pset_external(dcpl, h5_path("data.raw"), 0, H5F_UNLIMITED));
	h5_put_with(file, "a_raw", H5T_STD_I32LE, 1, four, dcpl, numbers);
}

/* The load keeps the first two open. */
static const char *const files[] = { "t.h5", "linked.h5", "source.h5",
				     "data.raw" };

static void
make_file(void)
{
	hid_t file = h5_begin();
	char name[20];

	put_others(file);
	for (int i = 0; i < ARRAYS; i++) {
		snprintf(name, sizeof(name), "b%04d", i);
		h5_int(file, name, i);
	}
	ck_h5(H5Fclose(file));
}

/* What to do at the first array, while the child waits for the pipe. */
struct change {
	void (*make)(const char *path);
	const char *path;
	unsigned arrays;
};

static void
on_array(const struct cute_shm_hdf5_array *array, void *arg)
{
	struct change *c = arg;

	(void)array;
	if (c->arrays++ == 0 && c->make)
		c->make(c->path);
}

static int
load_with_change(struct change *c)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt) };

	opt.array = on_array;
	opt.arg = c;
	return cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL);
}

static void
ck_changed(void (*make)(const char *path), const char *name)
{
	struct change c = { make, h5_path(name), 0 };

	make_file();
	ck_err(load_with_change(&c), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("changed while it was read");
	ck_errmsg_has(name);
	ck_assert_uint_gt(c.arrays, 0);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}

START_TEST(a_change_is_an_error)
{
	ck_changed(changes[_i / 4], files[_i % 4]);
}
END_TEST

/* It may have been reopened, and the name leads elsewhere now. */
START_TEST(another_name_of_a_closed_file_is_an_error)
{
	ck_changed(moves[_i / 2], files[2 + _i % 2]);
}
END_TEST

START_TEST(another_name_of_an_open_file_is_no_change)
{
	struct change c = { moves[_i / 2], h5_path(files[_i % 2]), 0 };

	make_file();
	ck_ok(load_with_change(&c));
	ck_assert_uint_eq(c.arrays, ARRAYS + 3);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

/* A plan of it would be of no use either. */
START_TEST(a_change_is_an_error_of_a_plan)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt) };
	struct change c = { write_in_place, h5_path("t.h5"), 0 };

	make_file();
	opt.arg = &c;
	opt.array = on_array;
	ck_err(cute_shm_hdf5_plan(h5_path("t.h5"), &opt, NULL),
	       CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("changed while it was read");
}
END_TEST

START_TEST(without_a_change_all_is_well)
{
	struct change c = { NULL, NULL, 0 };
	int i;

	make_file();
	/* Reading is no change, nor is what happened just before. */
	for (i = 0; i < 3; i++) {
		write_in_place(h5_path("data.raw"));
		ck_ok(load_with_change(&c));
		ck_ok(cute_shm_unlink("t", NULL, NULL));
	}
	ck_assert_uint_eq(c.arrays, 3 * (ARRAYS + 3));
}
END_TEST

static void
touch(const char *path)
{
	ck_assert_int_eq(utimensat(AT_FDCWD, path, NULL, 0), 0);
}

/* A load that ensures the file as it is begins again, until it has that. */
START_TEST(a_load_begins_again)
{
	struct change c = { _i ? replace : touch, h5_path("t.h5"), 0 };
	struct cute_shm_hdf5_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_HDF5_ENSURE,
		.array = on_array,
		.arg = &c,
	};
	struct cute_shm_hdf5_result result;

	make_file();
	ck_ok(cute_shm_hdf5_load("t", c.path, &opt, &result));
	ck_assert_uint_eq(result.current, 0);
	ck_assert_uint_eq(result.arrays, _i ? 1 : ARRAYS + 3);
	ck_assert_uint_gt(c.arrays, result.arrays);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 1);
	ck_ok(cute_shm_hdf5_load("t", c.path, &opt, &result));
	ck_assert_uint_eq(result.current, 1);
	ck_assert_uint_eq(result.arrays, _i ? 1 : ARRAYS + 3);
	opt.flags |= CUTE_SHM_HDF5_NO_EXTERNAL;
	ck_ok(cute_shm_hdf5_load("t", c.path, &opt, &result));
	ck_assert_uint_eq(result.current, 0);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

/* ------------------------------------------------------------------ writers */

/* Another open file has that lock on it. */
static int
hold(const char *name, int lock)
{
	int fd = open(h5_path(name), O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, lock), 0);
	return fd;
}

static int
load(void)
{
	int err = cute_shm_hdf5_load("t", h5_path("t.h5"), NULL, NULL);

	if (err == 0)
		ck_ok(cute_shm_unlink("t", NULL, NULL));
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
	return err;
}

START_TEST(what_a_writer_has_locked_is_not_read)
{
	static const char *const locked[] = { "t.h5", "linked.h5",
					      "source.h5" };
	hid_t file = h5_begin();
	int fd;

	put_others(file);
	ck_h5(H5Fclose(file));
	unsetenv("HDF5_USE_FILE_LOCKING");
	fd = hold(locked[_i], LOCK_EX);
	ck_err(load(), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has(locked[_i]);
	ck_errmsg_has("holds a lock on it");
	/* As for h5py, there is a way round locks that nobody holds. */
	setenv("HDF5_USE_FILE_LOCKING", "FALSE", 1);
	ck_ok(load());
	unsetenv("HDF5_USE_FILE_LOCKING");
	close(fd);
	/* Readers do not mind each other, and none is locked out later. */
	fd = hold(locked[_i], LOCK_SH);
	ck_ok(load());
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
}
END_TEST

/* The mark of a writer, in a file with and without space before it. */
static void
make_marked(uint8_t mark, hsize_t begin)
{
	hid_t fapl = ck_h5(H5Pcreate(H5P_FILE_ACCESS)), file;
	hid_t fcpl = ck_h5(H5Pcreate(H5P_FILE_CREATE));
	int fd;

	ck_h5(H5Pset_libver_bounds(fapl, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST));
	ck_h5(H5Pset_userblock(fcpl, begin));
	file = ck_h5(
		H5Fcreate(h5_path("marked.h5"), H5F_ACC_TRUNC, fcpl, fapl));
	h5_int(file, "x", 1);
	H5Pclose(fapl);
	H5Pclose(fcpl);
	ck_h5(H5Fclose(file));
	fd = open(h5_path("marked.h5"), O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, &mark, 1, (off_t)begin + 11), 1);
	close(fd);
}

START_TEST(what_is_marked_is_not_read)
{
	hsize_t begin = _i % 2 ? 1024 : 0;
	hid_t file;

	make_marked(_i / 2 ? 5 : 1, begin);
	ck_err(cute_shm_hdf5_load("t", h5_path("marked.h5"), NULL, NULL),
	       CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("marked as being written");
	ck_errmsg_has("h5clear -s");
	file = h5_create(h5_path("t.h5"));
	ck_h5(H5Lcreate_external("marked.h5", "/", file, "link", H5P_DEFAULT,
				 H5P_DEFAULT));
	ck_h5(H5Fclose(file));
	ck_err(load(), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("cannot open ");
	ck_errmsg_has("marked as being written");
	make_marked(0, begin);
	ck_ok(load());
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_changed");
	TCase *tc = tcase_create("changed");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_change_is_an_error, 0,
			    4 * (int)ELEMENTS(changes));
	tcase_add_loop_test(tc, another_name_of_a_closed_file_is_an_error, 0,
			    2 * (int)ELEMENTS(moves));
	tcase_add_loop_test(tc, another_name_of_an_open_file_is_no_change, 0,
			    2 * (int)ELEMENTS(moves));
	tcase_add_test(tc, a_change_is_an_error_of_a_plan);
	tcase_add_test(tc, without_a_change_all_is_well);
	tcase_add_loop_test(tc, a_load_begins_again, 0, 2);
	tcase_add_loop_test(tc, what_a_writer_has_locked_is_not_read, 0, 3);
	tcase_add_loop_test(tc, what_is_marked_is_not_read, 0, 4);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
