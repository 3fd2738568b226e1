/* SPDX-License-Identifier: MIT */
/*
 * Bounds of a load: private memory, the segment, the time, and how long all
 * objects together may take that come to no end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5/load.h"
#include "hdf5_util.h"
#include "reader_bounds.h"
#include "test_reader.h"

#define MIB ((uint64_t)1 << 20)

static struct endless *endless;
static const char *root;

static void
setup(void)
{
	root = test_root();
	test_reader("reader_bounds");
	endless = test_shared(sizeof(*endless));
	h5_told.failed = 0;
}

/* No project, no process, and one line that names all of these. */
static void
ck_limit(int err, const char *object, const char *bound, const char *option)
{
	ck_err(err, CUTE_SHM_ERR_LIMIT);
	ck_errmsg_has(object);
	ck_errmsg_has(bound);
	ck_errmsg_has(option);
	ck_assert_ptr_null(strchr(cute_shm_errmsg(), '\n'));
	ck_assert_uint_eq(test_count(root), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}

static int
load(const char *path, const struct cute_shm_hdf5_options *opt,
     struct cute_shm_hdf5_result *ret)
{
	int err = cute_shm_hdf5_load("t", path, opt, ret);

	if (err == 0)
		ck_ok(cute_shm_unlink("t", NULL, NULL));
	return err;
}

/* ------------------------------------------------------------------ memory */

/* One chunk, which is zeros and nearly nothing in the file. */
static void
put_chunk(hid_t f, const char *name, hsize_t size)
{
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
	void *zeros = calloc(1, size);

	ck_h5(H5Pset_chunk(dcpl, 1, &size));
	ck_h5(H5Pset_deflate(dcpl, 1));
	h5_put_with(f, name, H5T_STD_U8LE, 1, &size, dcpl, zeros);
	free(zeros);
}

START_TEST(large_chunk)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm_hdf5_result result;
	const char *path = h5_path("chunk.h5");
	hid_t f = h5_create(path);

	if (SANITIZED)
		return;
	if (_i)
		setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	h5_int(f, "a", 1);
	put_chunk(f, "big", 96 * MIB);
	h5_int(f, "z", 1);
	ck_h5(H5Fclose(f));
	opt.jobs = 1;
	opt.max_memory = 16 * MIB;
	ck_limit(load(path, &opt, NULL), "/big: ", "16.0 MiB", "--max-memory");
	opt.flags = CUTE_SHM_HDF5_KEEP_GOING;
	ck_ok(load(path, &opt, &result));
	ck_assert_uint_eq(result.failed, 1);
	ck_assert_uint_eq(result.arrays, 2);
	opt.flags = 0;
	opt.max_memory = 0;
	ck_ok(load(path, &opt, &result));
	ck_assert_uint_eq(result.arrays, 3);
}
END_TEST

/* A few bytes of the file claim 3.75 GiB. */
START_TEST(large_list)
{
	static const char text[] = "a text of variable length";
	const char *data[] = { text };
	struct cute_shm_hdf5_options opt = h5_options(0);
	const char *path = h5_path("list.h5");
	hid_t f = h5_create(path), type = H5Tcopy(H5T_C_S1), dset;
	const hsize_t one = 1;
	const uint32_t claim = 0xf0000000;
	haddr_t at;
	int fd;

	if (SANITIZED)
		return;
	ck_h5(H5Tset_size(type, H5T_VARIABLE));
	h5_put(f, "text", type, 1, &one, data);
	H5Tclose(type);
	dset = H5Dopen2(f, "text", H5P_DEFAULT);
	at = H5Dget_offset(dset);
	H5Dclose(dset);
	ck_h5(H5Fclose(f));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, &claim, sizeof(claim), (off_t)at),
			 sizeof(claim));
	close(fd);
	ck_limit(load(path, &opt, NULL), "/text: ", "1.0 GiB", "--max-memory");
	opt.max_memory = 100 * MIB;
	ck_limit(load(path, &opt, NULL), "/text: ", "100.0 MiB", "--exclude");
}
END_TEST

/* -------------------------------------------------------------------- size */

START_TEST(large_segment)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	const char *path = h5_path("size.h5");
	hid_t f = h5_create(path);
	uint64_t size;

	put_chunk(f, "big", 2 * MIB);
	ck_h5(H5Fclose(f));
	opt.max_size = 2 * MIB;
	ck_limit(load(path, &opt, NULL), "project t", "2.0 MiB", "--max-size");
	ck_ok(cute_shm_hdf5_plan(path, &opt, NULL));
	ck_ok(cute_shm_hdf5_size(path, &opt, &size));
	ck_assert_uint_eq(size, 2 * MIB);
	opt.max_size = 3 * MIB;
	ck_ok(load(path, &opt, NULL));
}
END_TEST

/* -------------------------------------------------------------------- time */

static const char *
with_objects(unsigned count, const char *format)
{
	const char *path = h5_path("time.h5");
	hid_t f = h5_create(path);
	char name[32];

	h5_int(f, "a", 1);
	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s%u", format, i);
		h5_int(f, name, 1);
	}
	ck_h5(H5Fclose(f));
	return path;
}

/*
 * Load or plan within a time that ends while the object is read; on a busy
 * machine a short one ends before that.
 */
static void
ck_late(bool planned, const char *path, struct cute_shm_hdf5_options *opt,
	const char *object)
{
	char after[32];
	int err;

	for (opt->max_seconds = 0.3;; opt->max_seconds *= 4) {
		err = planned ? cute_shm_hdf5_plan(path, opt, NULL)
			      : load(path, opt, NULL);
		if (strstr(cute_shm_errmsg(), object) || opt->max_seconds > 30)
			break;
	}
	snprintf(after, sizeof(after), "after %.1f s", opt->max_seconds);
	ck_limit(err, object, after, "--max-time");
}

/* Whether the reader works or sleeps, and whoever calls. */
START_TEST(by_the_clock)
{
	const char *name = _i % 2 ? "endless" : "asleep";
	const char *path = with_objects(1, name);
	struct cute_shm_hdf5_options opt = h5_options(0);

	if (_i / 2)
		opt.flags = CUTE_SHM_HDF5_KEEP_GOING;
	ck_late(false, path, &opt, name);
	ck_late(true, path, &opt, name);
	opt.max_seconds = -1;
	ck_err(load(path, &opt, NULL), CUTE_SHM_ERR_INVALID);
	opt.max_seconds = 600;
	ck_ok(load(with_objects(1, "plain"), &opt, NULL));
}
END_TEST

/* Each object has its time; all of them have some together. */
START_TEST(many_without_end)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm_hdf5_result result;
	const char *path;

	step_seconds = 0.5;
	path = with_objects(1, "endless");
	ck_err(load(path, &opt, NULL), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("does not come to an end while reading /endless0");
	opt.flags = CUTE_SHM_HDF5_KEEP_GOING;
	ck_ok(load(path, &opt, &result));
	ck_assert_uint_eq(result.failed, 1);
	ck_assert_uint_eq(result.arrays, 1);
	path = with_objects(18, "endless");
	endless->opened = 0;
	ck_limit(load(path, &opt, NULL), "/endless", "more than the ",
		 "--exclude");
	/* On a busy machine these are fewer. */
	ck_assert_uint_ge(endless->opened, 1);
	ck_assert_uint_le(endless->opened, 4);
}
END_TEST

START_TEST(saving_by_the_clock)
{
	struct cute_shm_hdf5_export_options opt = {
		.size = sizeof(opt),
		.max_seconds = 0.3,
	};
	struct cute_shm_hdf5_options load_opt = h5_options(0);
	const char *out = h5_path("out.h5");
	unsigned before = test_count(h5_folder());
	struct cute_shm *shm;

	load_opt.handle = &shm;
	ck_ok(cute_shm_hdf5_load("t", with_objects(1, "plain"), &load_opt,
				 NULL));
	before = test_count(h5_folder());
	endless->saving = true;
	ck_err(cute_shm_hdf5_export(shm, out, &opt, NULL), CUTE_SHM_ERR_LIMIT);
	ck_errmsg_has("after 0.3 s");
	ck_assert_uint_eq(test_count(h5_folder()), before);
	endless->saving = false;
	opt.max_memory = 64 * MIB;
	opt.max_seconds = 0;
	ck_ok(cute_shm_hdf5_export(shm, out, &opt, NULL));
	cute_shm_close(shm);
}
END_TEST

/* ------------------------------------------------------------------- others */

/* A program that was built when the options were shorter. */
START_TEST(older_options)
{
	const char *path = with_objects(1, "plain");
	struct cute_shm *shm = NULL;
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_EPHEMERAL);

	opt.size = offsetof(struct cute_shm_hdf5_options, max_memory);
	opt.handle = &shm;
	memset(&opt.max_memory, 0xff, sizeof(opt) - opt.size);
	ck_ok(cute_shm_hdf5_load("t", path, &opt, NULL));
	cute_shm_close(shm);
	opt.size = offsetof(struct cute_shm_hdf5_options, handle);
	ck_err(cute_shm_hdf5_load("t", path, &opt, NULL), CUTE_SHM_ERR_INVALID);
}
END_TEST

static char said[8192];

static void
on_log(enum cute_shm_log_level level, const char *message, void *arg)
{
	(void)level;
	(void)arg;
	strncat(said, message, sizeof(said) - strlen(said) - 1);
	strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

/* What the reader does is said in the caller's process. */
START_TEST(logs)
{
	static const char *const words[] = {
		"project t: created a file",
		"reads it",
		": opened after",
		": scanned after",
		"3 objects in 1 files",
		": loaded after",
		"2 arrays, 8 bytes",
		"project t: reserved",
		"project t: published as",
	};
	const char *path = with_objects(1, "plain");
	struct cute_shm_hdf5_options opt = h5_options(0);

	cute_shm_set_log(CUTE_SHM_LOG_INFO, on_log, NULL);
	ck_ok(load(path, &opt, NULL));
	ck_assert_str_eq(said, "");
	cute_shm_set_log(CUTE_SHM_LOG_DEBUG, on_log, NULL);
	ck_ok(load(path, &opt, NULL));
	for (size_t i = 0; i < ELEMENTS(words); i++)
		ck_assert_msg(strstr(said, words[i]), "no '%s' in %s", words[i],
			      said);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 bounds");
	TCase *t = tcase_create("bounds");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, large_chunk, 0, 2);
	tcase_add_test(t, large_list);
	tcase_add_test(t, large_segment);
	tcase_add_loop_test(t, by_the_clock, 0, 4);
	tcase_add_test(t, many_without_end);
	tcase_add_test(t, saving_by_the_clock);
	tcase_add_test(t, older_options);
	tcase_add_test(t, logs);
	suite_add_tcase(s, t);
	return test_run(s);
}
