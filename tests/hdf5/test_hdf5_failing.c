/* SPDX-License-Identifier: MIT */
/*
 * Every allocation and every system call of ours in a load of an HDF5 file, and
 * on the way back to one, fails once, in the caller or in the reader that it
 * starts: there is an error and a sentence, and nothing is left behind; or all
 * is well without it.  The same with ever less address space and descriptors.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "failing.h"
#include "hdf5_little.h"
#include "test_reader.h"

static const char *root;
static uint64_t digest; /* of the metadata of an undisturbed load */

static int
load(unsigned flags)
{
	struct cute_shm_hdf5_options opt = h5_options(flags);

	return cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL);
}

static int
load_new(void)
{
	return load(0);
}

static int
load_over(void)
{
	return load(CUTE_SHM_HDF5_OVERWRITE | CUTE_SHM_HDF5_KEEP_GOING);
}

static int
save(void)
{
	struct cute_shm_hdf5_export_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_HDF5_OVERWRITE,
		.gzip = 1,
		.jobs = 2,
	};
	struct cute_shm *shm = NULL;
	int err = cute_shm_open("t", NULL, &shm);

	if (err == 0)
		err = cute_shm_hdf5_export(shm, h5_path("back.h5"), &opt, NULL);
	cute_shm_close(shm);
	return err;
}

static int
plan(void)
{
	struct cute_shm_hdf5_options opt = h5_options(0);

	return cute_shm_hdf5_plan(h5_path("t.h5"), &opt, NULL);
}

/* Sound, and what it would be had nothing failed; unless it left things out. */
static bool
sound(void)
{
	struct cute_shm_info info;
	struct cute_shm *shm;
	int err = cute_shm_open("t", NULL, &shm);

	if (err == CUTE_SHM_ERR_NOT_FOUND)
		return false;
	ck_ok(err);
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_ok(cute_shm_info(shm, &info));
	if (h5_told.failed == 0)
		ck_assert_uint_eq(info.metadata_digest, digest);
	cute_shm_close(shm);
	return true;
}

static const struct {
	const char *name;
	int (*act)(void);
	enum failing kind;
	int error;
	bool before, after; /* is there such a project? */
	long least;	    /* failures that must be told */
} lives[] = {
	{ "load", load_new, FAILING_ALLOCATION, ENOMEM, false, true, 100 },
	{ "load", load_new, FAILING_CALL, EIO, false, true, 20 },
	{ "load", load_new, FAILING_CALL, ENOSPC, false, true, 20 },
	{ "over", load_over, FAILING_ALLOCATION, ENOMEM, true, true, 50 },
	{ "over", load_over, FAILING_CALL, EIO, true, true, 20 },
	{ "plan", plan, FAILING_ALLOCATION, ENOMEM, false, false, 50 },
	{ "plan", plan, FAILING_CALL, EIO, false, false, 5 },
	{ "save", save, FAILING_ALLOCATION, ENOMEM, true, true, 15 },
	{ "save", save, FAILING_CALL, EIO, true, true, 10 },
	{ "save", save, FAILING_CALL, ENOSPC, true, true, 10 },
};

static void
prepare(unsigned life)
{
	cute_shm_unlink("t", NULL, NULL);
	if (lives[life].before)
		ck_ok(load(0));
	memset(&h5_told, 0, sizeof(h5_told));
}

/* The file that was saved is whole, if it is there. */
static void
ck_saved(void)
{
	struct cute_shm_hdf5_options opt = h5_options(0);

	if (access(h5_path("back.h5"), F_OK) != 0)
		return;
	ck_ok(cute_shm_hdf5_load("b", h5_path("back.h5"), &opt, NULL));
	ck_assert_uint_eq(h5_told.failed, 0);
	ck_ok(cute_shm_unlink("b", NULL, NULL));
}

static void
ck_nothing_left(unsigned life, long n, unsigned descriptors)
{
	bool is;

	ck_assert_msg(test_descriptors() == descriptors,
		      "%s %d, failure %ld: a descriptor is left",
		      lives[life].name, lives[life].kind, n);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	is = sound();
	ck_assert_msg(test_count(root) == is,
		      "%s %d, failure %ld: something is left", lives[life].name,
		      lives[life].kind, n);
	ck_assert(is || !lives[life].before);
}

/* What is not data: a datatype with an attribute, references, our names. */
static void
put_attributes(const char *path)
{
	const char *texts[] = { "x", "y" };
	hsize_t two[] = { 2 };
	hobj_ref_t ref;
	hvl_t list = { 1, &ref };
	hid_t file = ck_h5(H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT));
	hid_t type = ck_h5(H5Tcopy(H5T_STD_I16BE)), group;

	ck_h5(H5Tcommit2(file, "type", type, H5P_DEFAULT, H5P_DEFAULT,
			 H5P_DEFAULT));
	h5_attr(type, "n", H5T_STD_I32LE, 0, NULL, NULL);
	H5Tclose(type);
	ck_h5(H5Rcreate(&ref, file, "g", H5R_OBJECT, -1));
	type = ck_h5(H5Tvlen_create(H5T_STD_REF_OBJ));
	h5_attr(file, "reference", type, 0, NULL, &list);
	H5Tclose(type);
	type = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	group = ck_h5(H5Gopen2(file, "g", H5P_DEFAULT));
	h5_attr(group, "cute-shm:compound", type, 1, two, texts);
	h5_attr(group, "cute-shm:source", type, 0, NULL, texts);
	H5Gclose(group);
	H5Tclose(type);
	H5Fclose(file);
}

static void
begin(void)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	test_reader("reader_failing");
	h5_make_little(h5_path("t.h5"), true);
	put_attributes(h5_path("t.h5"));
	root = getenv("CUTE_SHM_ROOT");
	ck_ok(load(0));
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	digest = info.metadata_digest;
	cute_shm_close(shm);
}

START_TEST(each_failure)
{
	unsigned life = (unsigned)_i, before;
	long n, failed = 0;
	int err;

	begin();
	before = test_descriptors();
	for (n = 0;; n++) {
		prepare(life);
		failing_after(lives[life].kind, n, lives[life].error);
		err = lives[life].act();
		if (!failing_end())
			break;
		ck_assert_msg(err <= 0 && err >= CUTE_SHM_ERR_LIMIT, "%d", err);
		if (err != 0)
			ck_assert_str_ne(cute_shm_errmsg(), "");
		failed += err != 0;
		ck_nothing_left(life, n, before);
		if (lives[life].act == save)
			ck_saved();
		ck_assert_int_lt(n, 20000);
	}
	ck_ok(err);
	ck_assert_msg(failed >= lives[life].least, "%s: %ld of %ld failed",
		      lives[life].name, failed, n);
	ck_assert_uint_eq(test_count(root), lives[life].after);
	if (lives[life].act == save)
		ck_saved();
}
END_TEST

/* ------------------------------------------------------------------ limits */

static int (*const acts[])(void) = { load_new, load_over, plan, save };

/* Bytes of address space that this process has. */
static rlim_t
address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%lu", &pages), 1);
	fclose(f);
	return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* In a process of its own.  True if there was enough for it. */
static bool
enough(bool descriptors, rlim_t most, int (*act)(void))
{
	struct rlimit limit = { most, most };
	int status, err;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (setrlimit(descriptors ? RLIMIT_NOFILE : RLIMIT_AS,
			      &limit) != 0)
			_exit(3);
		err = act();
		if (err > 0 || err < CUTE_SHM_ERR_LIMIT)
			_exit(4);
		_exit(err == 0 ? 0 : cute_shm_errmsg()[0] ? 1 : 5);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= 1,
		      "limit %llu: status %#x", (unsigned long long)most,
		      (unsigned)status);
	return WEXITSTATUS(status) == 0;
}

/*
 * From what is too little to what is enough: one descriptor more each time, or,
 * as a plan needs little and a load much, ever more memory, 50 MiB in the end.
 */
static void
ck_limits(bool descriptors, rlim_t from, unsigned act)
{
	unsigned steps = descriptors ? 20 : 100, n, failed = 0;
	rlim_t more;

	for (n = 0; n < steps; n++) {
		cute_shm_unlink("t", NULL, NULL);
		if (acts[act] == save || acts[act] == load_over)
			ck_ok(load(0));
		more = descriptors ? n : (rlim_t)n * n * 5 << 10;
		failed += !enough(descriptors, from + more, acts[act]);
		ck_ok(cute_shm_collect(NULL, NULL, NULL));
		ck_assert_uint_eq(test_count(root), sound());
		if (acts[act] == save)
			ck_saved();
	}
	ck_assert_uint_ge(failed, 3);
	ck_assert_uint_lt(failed, steps);
}

START_TEST(few_descriptors)
{
	begin();
	ck_limits(true, 3, (unsigned)_i);
}
END_TEST

START_TEST(little_address_space)
{
	begin();
	ck_limits(false, address_space(), (unsigned)_i);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_failing");
	TCase *tc = tcase_create("hdf5_failing");

	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, each_failure, 0, (int)ELEMENTS(lives));
	tcase_add_loop_test(tc, few_descriptors, 0, (int)ELEMENTS(acts));
	/* Their shadow memory takes terabytes of it. */
	if (!SANITIZED)
		tcase_add_loop_test(tc, little_address_space, 0,
				    (int)ELEMENTS(acts));
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
