/* SPDX-License-Identifier: MIT */
/* Loads that fail, or are told to stop: what is said, and nothing stays. */

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cute_shm_hdf5.h"
#include "test_reader.h"
#include "util.h"

#define ROWS   1000
#define FILTER 32123 /* nobody else has it here */

static const char *root;
static char file[4096];
static unsigned descriptors;

/* What the callbacks were told. */
static unsigned skipped, failed, ticks;
static char reason[512], where[512];

static size_t
pass_through(unsigned flags, size_t count, const unsigned *params, size_t bytes,
	     size_t *size, void **data)
{
	(void)flags, (void)count, (void)params, (void)size, (void)data;
	return bytes;
}

static const H5Z_class2_t own_filter = {
	.version = H5Z_CLASS_T_VERS,
	.id = FILTER,
	.encoder_present = 1,
	.decoder_present = 1,
	.name = "own",
	.filter = pass_through,
};

static hid_t
chunked(hid_t group, const char *name, void (*set)(hid_t dcpl))
{
	const hsize_t shape[] = { ROWS, 16 }, chunk[] = { 100, 16 };
	hid_t space = H5Screate_simple(2, shape, NULL);
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE), dset;
	static int32_t data[ROWS * 16];
	int i;

	for (i = 0; i < ROWS * 16; i++)
		data[i] = i;
	H5Pset_chunk(dcpl, 2, chunk);
	set(dcpl);
	dset = H5Dcreate2(group, name, H5T_STD_I32LE, space, H5P_DEFAULT, dcpl,
			  H5P_DEFAULT);
	ck_assert_int_ge(H5Dwrite(dset, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL,
				  H5P_DEFAULT, data),
			 0);
	H5Pclose(dcpl);
	H5Sclose(space);
	return dset;
}

static void
set_deflate(hid_t dcpl)
{
	H5Pset_deflate(dcpl, 4);
}

static void
set_sum(hid_t dcpl)
{
	H5Pset_fletcher32(dcpl);
}

static void
set_own(hid_t dcpl)
{
	H5Pset_filter(dcpl, FILTER, 0, 0, NULL);
}

/* good; deflate and sum with a chunk of garbage; own with its own filter */
static void
make_file(void)
{
	const hsize_t at[] = { 300, 0 };
	uint8_t garbage[256];
	hid_t f, group, dset;

	memset(garbage, 0x5a, sizeof(garbage));
	H5Zregister(&own_filter);
	f = H5Fcreate(file, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	ck_assert_int_ge(f, 0);
	group = H5Gcreate2(f, "run", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	H5Dclose(chunked(group, "good", set_deflate));
	dset = chunked(group, "deflate", set_deflate);
	ck_assert_int_ge(H5Dwrite_chunk(dset, H5P_DEFAULT, 0, at,
					sizeof(garbage), garbage),
			 0);
	H5Dclose(dset);
	dset = chunked(group, "sum", set_sum);
	ck_assert_int_ge(H5Dwrite_chunk(dset, H5P_DEFAULT, 0, at,
					sizeof(garbage), garbage),
			 0);
	H5Dclose(dset);
	H5Dclose(chunked(group, "own", set_own));
	H5Lcreate_soft("/nowhere", f, "dangling", H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_hard(group, "deflate", f, "again", H5P_DEFAULT, H5P_DEFAULT);
	H5Gclose(group);
	H5Fclose(f);
	H5Zunregister(FILTER);
}

static void
setup(void)
{
	root = test_root();
	snprintf(file, sizeof(file), "%s", test_path(root, "file.h5"));
	make_file();
	skipped = failed = ticks = 0;
	descriptors = test_descriptors();
}

/* No child, no descriptor, no segment but those of this many projects. */
static void
check_clean(unsigned projects)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_uint_eq(test_descriptors(), descriptors);
	ck_assert_uint_eq(test_count(root), projects + 1); /* the file */
}

static void
on_skipped(const struct cute_shm_hdf5_skipped *s, void *arg)
{
	(void)arg;
	if (!s->failed) {
		skipped++;
		return;
	}
	failed++;
	snprintf(reason, sizeof(reason), "%s", s->reason);
	snprintf(where, sizeof(where), "%s", s->path);
}

static int
on_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	(void)arg;
	ck_assert_uint_le(p->bytes_done, p->bytes_total);
	ticks++;
	return 1;
}

static int
load(const char *const *exclude, unsigned flags,
     struct cute_shm_hdf5_result *result)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt) };

	opt.flags = flags;
	opt.exclude = exclude;
	opt.skipped = on_skipped;
	opt.jobs = 2;
	return cute_shm_hdf5_load("safe", file, &opt, result);
}

static const char *const only_good[] = { "*sum", "*own", "*deflate", "again",
					 NULL };
static const char *const only_deflate[] = { "*sum", "*own", "again", NULL };
static const char *const only_sum[] = { "*deflate", "*own", "again", NULL };
static const char *const only_own[] = { "*deflate", "*sum", "again", NULL };

START_TEST(a_damaged_chunk_is_named)
{
	ck_err(load(only_deflate, 0, NULL), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("/run/deflate");
	ck_errmsg_has("chunk at (300, 0)");
	check_clean(0);
	ck_err(load(only_sum, 0, NULL), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("/run/sum");
	ck_errmsg_has("fletcher32");
	check_clean(0);
}
END_TEST

START_TEST(a_missing_filter_is_named)
{
	ck_err(load(only_own, 0, NULL), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("/run/own");
	ck_errmsg_has("32123");
	ck_errmsg_has("HDF5_PLUGIN_PATH");
	check_clean(0);
}
END_TEST

START_TEST(keep_going_leaves_out_what_is_damaged)
{
	struct cute_shm_hdf5_result result;
	struct cute_shm_array array;
	struct cute_shm *shm;
	const int32_t *values;
	uint64_t n;

	ck_ok(load(NULL, CUTE_SHM_HDF5_KEEP_GOING, &result));
	ck_assert_uint_eq(result.failed, 3);
	ck_assert_uint_eq(failed, 3);
	ck_assert_uint_eq(result.skipped, 2); /* the dangling and the alias */
	ck_assert_uint_eq(skipped, 2);
	ck_assert_uint_eq(result.arrays, 1);
	ck_assert_uint_eq(result.groups, 2);
	ck_ok(cute_shm_open("safe", NULL, &shm));
	ck_ok(cute_shm_get(shm, "run/good", &array));
	values = cute_shm_i32(&array, &n);
	ck_assert_uint_eq(n, ROWS * 16);
	ck_assert_int_eq(values[n - 1], ROWS * 16 - 1);
	ck_err(cute_shm_get(shm, "run/sum", &array), CUTE_SHM_ERR_NOT_FOUND);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
	check_clean(1);
}
END_TEST

START_TEST(files_that_are_none)
{
	int fd;

	ck_err(cute_shm_hdf5_load("safe", test_path(root, "nothing"), NULL,
				  NULL),
	       CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("nothing");
	ck_err(cute_shm_hdf5_load("safe", root, NULL, NULL),
	       CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("directory");
	ck_err(cute_shm_hdf5_load("safe", NULL, NULL, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_hdf5_load(NULL, file, NULL, NULL),
	       CUTE_SHM_ERR_INVALID);
	check_clean(0);
	ck_assert_int_eq(truncate(file, 1000), 0);
	ck_err(load(NULL, 0, NULL), CUTE_SHM_ERR_SOURCE);
	ck_assert_int_eq(truncate(file, 0), 0);
	ck_err(load(NULL, 0, NULL), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("not an HDF5 file");
	fd = open(file, O_WRONLY);
	ck_assert_int_eq(write(fd, "hello", 5), 5);
	close(fd);
	ck_err(load(NULL, CUTE_SHM_HDF5_KEEP_GOING, NULL), CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("not an HDF5 file");
	check_clean(0);
}
END_TEST

/* A link, or raw data, in a FIFO that nobody writes: no endless wait. */
/* Files of a set alone are not damaged; one that was cut is. */
START_TEST(one_file_of_several)
{
	static const struct {
		const char *name, *member, *advice;
	} sets[] = {
		{ "set%d", "set0", "one of a family of files: 'h5repack'" },
		{ "set", "set-m.h5",
		  "a split or multi driver wrote: "
		  "'h5repack'" },
		{ "set", "set",
		  "the file is damaged, or its copy is not "
		  "complete" },
	};
	hid_t fapl = H5Pcreate(H5P_FILE_ACCESS), f;
	const char *member = test_path(root, sets[_i / 2].member);

	if (_i / 2 == 0)
		ck_assert_int_ge(H5Pset_fapl_family(fapl, 4096, H5P_DEFAULT),
				 0);
	else if (_i / 2 == 1)
		ck_assert_int_ge(H5Pset_fapl_split(fapl, "-m.h5", H5P_DEFAULT,
						   "-r.h5", H5P_DEFAULT),
				 0);
	if (_i % 2)
		H5Pset_libver_bounds(fapl, H5F_LIBVER_LATEST,
				     H5F_LIBVER_LATEST);
	f = H5Fcreate(test_path(root, sets[_i / 2].name), H5F_ACC_TRUNC,
		      H5P_DEFAULT, fapl);
	ck_assert_int_ge(f, 0);
	H5Dclose(chunked(f, "x", set_sum));
	H5Fclose(f);
	H5Pclose(fapl);
	if (_i / 2 == 2)
		ck_assert_int_eq(truncate(member, 4096), 0);
	ck_err(cute_shm_hdf5_load("safe", member, NULL, NULL),
	       CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("cannot open");
	ck_errmsg_has(sets[_i / 2].advice);
}
END_TEST

START_TEST(a_fifo_is_not_waited_for)
{
	const hsize_t ten = 10;
	hid_t f, dcpl, space;

	ck_assert_int_eq(mkfifo(test_path(root, "fifo"), 0600), 0);
	f = H5Fcreate(file, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	H5Lcreate_external("fifo", "/x", f, "link", H5P_DEFAULT, H5P_DEFAULT);
	dcpl = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_external(dcpl, "fifo", 0, 40);
	space = H5Screate_simple(1, &ten, NULL);
	H5Dclose(H5Dcreate2(f, "raw", H5T_STD_I32LE, space, H5P_DEFAULT, dcpl,
			    H5P_DEFAULT));
	H5Sclose(space);
	H5Pclose(dcpl);
	ck_assert_int_ge(H5Fclose(f), 0);
	ck_ok(load(NULL, CUTE_SHM_HDF5_KEEP_GOING, NULL));
	ck_assert_uint_eq(skipped, 0);
	ck_assert_uint_eq(failed, 2);
	ck_assert_str_eq(where, "raw");
	unlink(test_path(root, "fifo"));
	check_clean(1);
}
END_TEST

START_TEST(a_project_is_replaced_only_when_asked)
{
	ck_ok(load(only_good, 0, NULL));
	ck_err(load(only_good, 0, NULL), CUTE_SHM_ERR_EXISTS);
	check_clean(1);
	/* A failing load leaves the old one as it is. */
	ck_err(load(only_sum, CUTE_SHM_HDF5_OVERWRITE, NULL),
	       CUTE_SHM_ERR_SOURCE);
	check_clean(1);
	ck_ok(load(only_good, CUTE_SHM_HDF5_OVERWRITE, NULL));
	check_clean(1);
}
END_TEST

/* In a process that may open 'free' more files: 2 if it speaks of damage. */
static int
load_with_descriptors(unsigned free)
{
	struct rlimit limit = { 0, 0 };
	int lowest = dup(0), status, err;
	pid_t pid;

	close(lowest);
	limit.rlim_cur = limit.rlim_max = (rlim_t)lowest + free;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			_exit(3);
		err = load(only_good, CUTE_SHM_HDF5_OVERWRITE, NULL);
		_exit(err == 0				     ? 0
		      : strstr(cute_shm_errmsg(), "damaged") ? 2
							     : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* A file that cannot be opened for want of descriptors is not damaged. */
START_TEST(few_descriptors)
{
	unsigned n, refused = 0;
	int how = 1;

	for (n = 1; how != 0; n++) {
		how = load_with_descriptors(n);
		ck_assert_msg(how <= 1, "%u descriptors: %d", n, how);
		refused += how == 1;
		ck_assert_uint_lt(n, 64);
	}
	ck_assert_uint_ge(refused, 2);
	check_clean(1);
}
END_TEST

/* The reader sleeps for ever when it opens this array. */
START_TEST(a_callback_may_cancel)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt),
					     .progress = on_progress };
	const int zero = 0;
	hid_t f = H5Fcreate(file, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	hid_t space = H5Screate(H5S_SCALAR);
	hid_t d = H5Dcreate2(f, "asleep", H5T_NATIVE_INT, space, H5P_DEFAULT,
			     H5P_DEFAULT, H5P_DEFAULT);

	H5Dwrite(d, H5T_NATIVE_INT, H5S_ALL, H5S_ALL, H5P_DEFAULT, &zero);
	H5Dclose(d);
	H5Sclose(space);
	H5Fclose(f);
	test_reader("reader_bounds");
	ck_err(cute_shm_hdf5_load("safe", file, &opt, NULL),
	       CUTE_SHM_ERR_CANCELLED);
	ck_assert_uint_eq(ticks, 1);
	check_clean(0);
}
END_TEST

START_TEST(a_caller_that_ignores_its_children)
{
	struct sigaction old, now;

	signal(SIGCHLD, SIG_IGN);
	sigaction(SIGCHLD, NULL, &old);
	ck_ok(load(only_good, 0, NULL));
	ck_err(load(only_sum, CUTE_SHM_HDF5_OVERWRITE, NULL),
	       CUTE_SHM_ERR_SOURCE);
	sigaction(SIGCHLD, NULL, &now);
	ck_assert(now.sa_handler == SIG_IGN && old.sa_handler == SIG_IGN);
	check_clean(1);
}
END_TEST

START_TEST(what_is_selected)
{
	static const char *const wanted[] = { "/run/good", NULL };
	static const char *const unknown[] = { "run/god", NULL };
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt) };
	struct cute_shm_hdf5_result result;
	uint64_t size;

	opt.select = wanted;
	ck_ok(cute_shm_hdf5_load("safe", file, &opt, &result));
	ck_assert_uint_eq(result.arrays, 1);
	ck_assert_uint_eq(result.groups, 2);
	ck_assert_uint_eq(result.bytes, 4 * 16 * ROWS);
	ck_assert_uint_ge(result.segment_size, result.bytes);
	ck_ok(cute_shm_hdf5_size(file, &opt, &size));
	ck_assert_uint_eq(size, result.bytes);
	opt.select = unknown;
	ck_err(cute_shm_hdf5_plan(file, &opt, &result), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("run/god");
	opt.size = 3;
	ck_err(cute_shm_hdf5_plan(file, &opt, &result), CUTE_SHM_ERR_INVALID);
	check_clean(1);
}
END_TEST

/* As a daemon does that has closed 0, 1 and 2: none of them is used. */
START_TEST(a_caller_without_standard_descriptors)
{
	static const char *const good[] = { "run/good", NULL };
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt),
					     .select = good };
	char copy[sizeof(file) + 8];
	struct cute_shm *shm;
	int status, fd, err, report = fcntl(STDERR_FILENO, F_DUPFD, 10);
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		for (fd = 0; fd < 3; fd++)
			close(fd);
		err = cute_shm_hdf5_load("safe", file, &opt, NULL);
		snprintf(copy, sizeof(copy), "%s.copy", file);
		if (err == 0)
			err = cute_shm_open("safe", NULL, &shm);
		if (err == 0)
			err = cute_shm_hdf5_export(shm, copy, NULL, NULL);
		for (fd = 0; fd < 3; fd++)
			if (fcntl(fd, F_GETFD) >= 0)
				_exit(2);
		if (err != 0)
			dprintf(report, "%s\n", cute_shm_errmsg());
		_exit(err != 0);
	}
	close(report);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_ok(cute_shm_open("safe", NULL, &shm));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
	snprintf(copy, sizeof(copy), "%s.copy", file);
	ck_assert_int_eq(H5Fis_hdf5(copy) > 0, 1);
	unlink(copy);
	check_clean(1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_safety");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_damaged_chunk_is_named);
	tcase_add_test(tcase, a_missing_filter_is_named);
	tcase_add_test(tcase, keep_going_leaves_out_what_is_damaged);
	tcase_add_test(tcase, files_that_are_none);
	tcase_add_loop_test(tcase, one_file_of_several, 0, 6);
	tcase_add_test(tcase, a_fifo_is_not_waited_for);
	tcase_add_test(tcase, a_project_is_replaced_only_when_asked);
	tcase_add_test(tcase, few_descriptors);
	tcase_add_test(tcase, a_callback_may_cancel);
	tcase_add_test(tcase, a_caller_that_ignores_its_children);
	tcase_add_test(tcase, a_caller_without_standard_descriptors);
	tcase_add_test(tcase, what_is_selected);
	suite_add_tcase(suite, tcase);
	return test_run(suite);
}
