/* SPDX-License-Identifier: MIT */
/*
 * Files by a host: what a load asks for, what is refused, and files that have
 * no name, or lose it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hdf5/host/host.h"
#include "sources_util.h"

/* ------------------------------------------------------- a host that counts */

#define MOST 400

/* What a load has asked for, and what is to happen then; shared with it. */
static struct asked {
	unsigned opens, stats, real_paths;
	char opened[MOST][200];

	/* These opens of this file, counted from 1, end with this error... */
	char refused[100];
	unsigned refused_from, refused_to; /* 0: all */
	int error;
	/* ...and at the first open of this file, it is called. */
	char watched[100];
	void (*at_open)(void);
} * asked;

static struct host real_host;

int __real_host_files_begin(struct host_files *files, const char *path,
			    bool external);
int __wrap_host_files_begin(struct host_files *files, const char *path,
			    bool external);

static bool
ends_in(const char *path, const char *name)
{
	size_t n = strlen(path), size = strlen(name);

	return size > 0 && n >= size && strcmp(path + n - size, name) == 0;
}

/* How often a file of this name was asked for. */
static unsigned
opens_of(const char *name)
{
	unsigned n = 0;

	for (unsigned i = 0; i < asked->opens && i < MOST; i++)
		n += ends_in(asked->opened[i], name);
	return n;
}

static int
count_open(void *arg, const char *path, struct stat *st)
{
	unsigned n;
	int fd;

	if (asked->opens < MOST)
		snprintf(asked->opened[asked->opens], 200, "%s", path);
	asked->opens++;
	n = opens_of(asked->refused);
	if (ends_in(path, asked->refused) && n >= asked->refused_from &&
	    (asked->refused_to == 0 || n <= asked->refused_to))
		return -asked->error;
	fd = real_host.open(arg, path, st);
	if (fd >= 0 && ends_in(path, asked->watched) &&
	    opens_of(asked->watched) == 1)
		asked->at_open();
	return fd;
}

static int
count_stat(void *arg, const char *path, struct stat *st)
{
	asked->stats++;
	return real_host.stat(arg, path, st);
}

static int
count_real_path(void *arg, const char *path, char ret[PATH_MAX])
{
	asked->real_paths++;
	return real_host.real_path(arg, path, ret);
}

int
__wrap_host_files_begin(struct host_files *files, const char *path,
			bool external)
{
	int err = __real_host_files_begin(files, path, external);

	if (!asked)
		return err;
	real_host = files->host;
	files->host.open = count_open;
	files->host.stat = count_stat;
	files->host.real_path = count_real_path;
	return err;
}

static void
ask(void)
{
	asked = mmap(NULL, sizeof(*asked), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(asked, MAP_FAILED);
}

static int
load(const char *path, unsigned flags, struct cute_shm **ret)
{
	struct cute_shm_hdf5_options opt = h5_options(flags);
	int err = cute_shm_hdf5_load("t", path, &opt, &h5_told.result);

	return err ? err : cute_shm_open("t", NULL, ret);
}

/* ----------------------------------------------------------------- counting */

#define LINKS 200

/* A file that links lead to is opened for the first of them. */
START_TEST(one_request_for_many_links)
{
	struct mapping maps[LINKS];
	hid_t file = h5_begin();
	struct cute_shm *shm;
	char name[20];

	make_source("other.h5", 20);
	make_source("source.h5", 30);
	for (int i = 0; i < LINKS; i++) {
		maps[i] = (struct mapping){ "source.h5", "d" };
		snprintf(name, sizeof(name), "l%03d", i);
		external_link(file, "other.h5", "/d", name);
	}
	put_virtual(file, "v", maps, LINKS);
	ck_h5(H5Fclose(file));
	ask();
	ck_ok(load(h5_path("t.h5"), 0, &shm));
	ck_row(shm, "l000", 0, 20);
	ck_row(shm, "v", LINKS - 1, 30);
	ck_assert_uint_eq(opens_of("t.h5"), 1);
	ck_assert_uint_eq(opens_of("other.h5"), 1);
	/* Once to check it, once to read it, and for the file's two looks. */
	ck_assert_uint_le(opens_of("source.h5"), 4);
	ck_assert_uint_le(asked->stats, 2);
	ck_assert_uint_le(asked->real_paths, 3);
	ck_clean(shm);
}
END_TEST

/* What lies beside the file that a symbolic link leads to is found. */
START_TEST(files_beside_a_symbolic_link)
{
	static const struct mapping maps[] = { { "source.h5", "d" } };
	struct cute_shm *shm;
	hid_t file;

	ck_assert_int_eq(mkdir(h5_path("real"), 0700), 0);
	ck_assert_int_eq(mkdir(h5_path("far"), 0700), 0);
	make_source("far/source.h5", 30);
	make_source("real/source.h5", 40);
	file = h5_create(h5_path("far/linked.h5"));
	put_virtual(file, "v", maps, 1);
	external_link(file, "source.h5", "/d", "d");
	ck_h5(H5Fclose(file));
	ck_assert_int_eq(symlink(h5_path("far/linked.h5"),
				 h5_path("real/linked.h5")),
			 0);
	file = h5_create(h5_path("real/file.h5"));
	put_virtual(file, "v", maps, 1);
	external_link(file, "linked.h5", "/", "l");
	external_link(file, "gone.h5", "/", "g");
	ck_h5(H5Fclose(file));
	ck_assert_int_eq(symlink("real/file.h5", h5_path("t.h5")), 0);
	ck_ok(load(h5_path("t.h5"), 0, &shm));
	ck_row(shm, "v", 0, 40);
	/* The folder of its name comes before that of the file. */
	ck_row(shm, "l/v", 0, 40);
	ck_row(shm, "l/d", 0, 40);
	ck_gone("g", "dangling external link");
	ck_assert_uint_eq(h5_told.skipped, 1);
	ck_clean(shm);
	ck_assert_int_eq(unlink(h5_path("real/source.h5")), 0);
	ck_ok(load(h5_path("t.h5"), 0, &shm));
	ck_row(shm, "v", 0, FILL);
	ck_row(shm, "l/v", 0, 30);
	ck_row(shm, "l/d", 0, 30);
	ck_clean(shm);
}
END_TEST

/* libhdf5 opens these by itself; this program's open() asks the host. */
START_TEST(raw_files_by_the_host)
{
	static const struct mapping maps[] = { { ".", "raw" } };
	hid_t file = h5_begin();
	struct cute_shm *shm;

	put_raw(file);
	put_virtual(file, "v", maps, 1);
	ck_h5(H5Fclose(file));
	ask();
	ck_ok(load(h5_path("t.h5"), 0, &shm));
	ck_row(shm, "raw", 0, 1);
	ck_row(shm, "v", 0, 1);
	ck_assert_uint_ge(opens_of("one.raw"), 4);
	ck_assert_uint_ge(opens_of("two.raw"), 4);
	ck_clean(shm);
	strcpy(asked->refused, "two.raw");
	asked->refused_from = opens_of("two.raw");
	asked->opens = 0;
	asked->error = EREFUSED;
	ck_refused(0, "unable to open");
}
END_TEST

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

/* Each name of the call, without a host. */
START_TEST(the_call_itself)
{
	static const int flags = O_RDONLY | O_CLOEXEC;
	struct stat st;
	int fd[4];

	umask(022);
	put_text("t", "text");
	fd[0] = open(h5_path("new"), O_RDWR | O_CREAT | O_EXCL, 0640);
	fd[1] = open64(h5_path("t"), flags);
	fd[2] = __open_2(h5_path("t"), flags);
	fd[3] = __open64_2(h5_path("t"), flags);
	for (unsigned i = 0; i < ELEMENTS(fd); i++) {
		ck_assert_int_ge(fd[i], 0);
		ck_assert_int_eq(fstat(fd[i], &st), 0);
		ck_assert_int_eq(st.st_size, i > 0 ? 4 : 0);
		close(fd[i]);
	}
	ck_assert_int_eq(stat(h5_path("new"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0640);
	ck_assert_int_eq(open64(h5_path("gone"), flags), -1);
	ck_assert_int_eq(errno, ENOENT);
	open_hook = host_open_served;
	host_serves_open = true;
	fd[0] = open(h5_path("t"), flags);
	ck_assert_int_ge(fd[0], 0);
	close(fd[0]);
	ck_assert_int_eq(open(h5_folder(), flags), -1);
	ck_assert_int_eq(errno, EISDIR);
	ck_assert_int_eq(open("/dev/null", flags), -1);
	ck_assert_int_eq(errno, EACCES);
	fd[0] = open(h5_folder(), flags | O_DIRECTORY);
	ck_assert_int_ge(fd[0], 0);
	close(fd[0]);
	host_serves_open = false;
	open_hook = NULL;
}
END_TEST

/* ----------------------------------------------------------------- refusals */

static void
make_virtual(void)
{
	static const struct mapping maps[] = { { "other.h5", "d" },
					       { "source.h5", "d" } };
	hid_t file = h5_begin();

	make_source("other.h5", 20);
	make_source("source.h5", 30);
	put_virtual(file, "v", maps, 2);
	h5_int(file, "x", 1);
	ck_h5(H5Fclose(file));
	ask();
}

/* libhdf5 reports nothing, and reads the fill value. */
START_TEST(a_source_that_is_refused_later)
{
	static const int errors[] = { EACCES, EREFUSED, EIO, EMFILE };
	struct cute_shm *shm;

	make_virtual();
	strcpy(asked->refused, "source.h5");
	asked->refused_from = 2;
	asked->error = errors[_i];
	ck_refused(0, host_reason(errors[_i]));
	ck_errmsg_has(h5_path("source.h5"));
	asked->opens = 0;
	ck_ok(load(h5_path("t.h5"), CUTE_SHM_HDF5_KEEP_GOING, &shm));
	ck_gone("v", h5_path("source.h5"));
	ck_gone("v", host_reason(errors[_i]));
	ck_assert_uint_eq(h5_told.failed, 1);
	ck_children(shm, "", "x");
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

/* A file that is open gives up its descriptor for another. */
START_TEST(too_many_descriptors_for_a_moment)
{
	struct cute_shm *shm;
	hid_t file;

	make_virtual();
	file = ck_h5(H5Fopen(h5_path("t.h5"), H5F_ACC_RDWR, H5P_DEFAULT));
	make_source("linked.h5", 40);
	external_link(file, "linked.h5", "/", "a");
	ck_h5(H5Fclose(file));
	strcpy(asked->refused, "source.h5");
	asked->refused_from = asked->refused_to = 1 + (unsigned)_i / 2;
	asked->error = _i % 2 ? EMFILE : ENFILE;
	ck_ok(load(h5_path("t.h5"), 0, &shm));
	ck_row(shm, "v", 1, 30);
	ck_row(shm, "a/long", 0, 40);
	ck_assert_uint_gt(opens_of("source.h5"), asked->refused_to);
	ck_assert_uint_gt(opens_of("linked.h5"), 1);
	ck_clean(shm);
}
END_TEST

START_TEST(a_source_that_is_refused_at_once)
{
	struct cute_shm *shm;

	make_virtual();
	strcpy(asked->refused, "source.h5");
	asked->refused_from = 1;
	asked->error = EREFUSED;
	ck_ok(load(h5_path("t.h5"), 0, &shm));
	ck_gone("v", "a source in another file: source.h5");
	ck_children(shm, "", "x");
	ck_clean(shm);
}
END_TEST

/* The extent ends at a block that cannot be opened, if that is let pass. */
START_TEST(a_block_that_is_refused)
{
	static const int errors[] = { EACCES, EREFUSED };
	struct cute_shm *shm;
	struct cute_shm_array a;
	hid_t file = h5_begin();

	make_source("s0.h5", 10);
	make_source("s1.h5", 20);
	make_source("s2.h5", 30);
	put_blocks(file, "v", "s%b.h5");
	h5_int(file, "x", 1);
	ck_h5(H5Fclose(file));
	ask();
	strcpy(asked->refused, "s1.h5");
	asked->refused_from = 1 + (unsigned)_i / 2;
	asked->error = errors[_i % 2];
	ck_ok(load(h5_path("t.h5"), CUTE_SHM_HDF5_KEEP_GOING, &shm));
	if (cute_shm_get(shm, "v", &a) == 0) {
		ck_assert_uint_eq(a.shape[0], 3);
		ck_row(shm, "v", 1, 20);
		ck_assert_uint_eq(h5_told.skipped + h5_told.failed, 0);
		ck_assert_uint_lt(opens_of("s1.h5"), asked->refused_from);
	} else {
		ck_gone("v", "s1.h5");
		ck_assert_uint_ge(opens_of("s1.h5"), asked->refused_from);
	}
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

static void
lose_source(void)
{
	if (unlink(h5_path("source.h5")) != 0)
		abort();
}

START_TEST(a_source_that_goes_meanwhile)
{
	make_virtual();
	strcpy(asked->watched, "source.h5");
	asked->at_open = lose_source;
	ck_refused(0, "source.h5 changed while it was read: "
		      "it is not there any more");
}
END_TEST

/* A link keeps it open: then its name is not needed any more. */
START_TEST(a_source_that_is_open_goes_meanwhile)
{
	struct cute_shm *shm;
	hid_t file;

	make_virtual();
	file = ck_h5(H5Fopen(h5_path("t.h5"), H5F_ACC_RDWR, H5P_DEFAULT));
	external_link(file, "source.h5", "/", "a");
	ck_h5(H5Fclose(file));
	strcpy(asked->watched, "other.h5");
	asked->at_open = lose_source;
	ck_ok(load(h5_path("t.h5"), 0, &shm));
	ck_row(shm, "v", 1, 30);
	ck_row(shm, "a/long", 0, 30);
	ck_clean(shm);
	ck_assert_int_ne(access(h5_path("source.h5"), F_OK), 0);
}
END_TEST

/* ------------------------------------------------ names that lead elsewhere */

static void
lose_first(void)
{
	if (rename(h5_path("t.h5"), h5_path("renamed.h5")) != 0)
		abort();
}

static void
replace_first(void)
{
	if (rename(h5_path("new.h5"), h5_path("t.h5")) != 0)
		abort();
}

/* Also if the file asks for itself by its name, which has gone. */
START_TEST(the_first_file_is_read_to_its_end)
{
	static const struct mapping maps[] = { { "t.h5", "d" } };
	static const int32_t data[ROW] = { 20, 21, 22, 23 };
	hid_t file = h5_begin();
	struct cute_shm *shm;

	make_source("other.h5", 30);
	make_source("new.h5", 90);
	h5_put(file, "d", H5T_STD_I32LE, 1, row, data);
	external_link(file, "other.h5", "/d", "a");
	put_virtual(file, "v", maps, 1);
	ck_h5(H5Fclose(file));
	ask();
	strcpy(asked->watched, "other.h5");
	asked->at_open = _i ? replace_first : lose_first;
	ck_ok(load(h5_path("t.h5"), 0, &shm));
	ck_row(shm, "a", 0, 30);
	ck_row(shm, "d", 0, 20);
	ck_row(shm, "v", 0, 20);
	ck_clean(shm);
	ck_assert_int_eq(access(h5_path("renamed.h5"), F_OK), _i ? -1 : 0);
}
END_TEST

/* A file by the name of a descriptor; some have no other name. */
START_TEST(files_by_descriptor)
{
	hid_t file = h5_begin();
	struct cute_shm *shm;
	char path[40];
	int fd;

	make_source("other.h5", 30);
	h5_int(file, "x", 5);
	external_link(file, "other.h5", "/d", "a");
	ck_h5(H5Fclose(file));
	fd = open(h5_path("t.h5"), O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	snprintf(path, sizeof(path),
		 _i == 1 ? "/proc/self/fd/%d" : "/dev/fd/%d", fd);
	if (_i == 0) {
		strcpy(path, "/dev/stdin");
		ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	}
	if (_i == 3)
		ck_assert_int_eq(unlink(h5_path("t.h5")), 0);
	ck_ok(load(path, 0, &shm));
	ck_scalar(shm, "x", "<i4", &(int32_t){ 5 });
	if (_i == 3)
		ck_gone("a", "dangling external link");
	else
		ck_row(shm, "a", 0, 30);
	ck_clean(shm);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_host");
	TCase *tc = tcase_create("host");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, one_request_for_many_links);
	tcase_add_test(tc, files_beside_a_symbolic_link);
	tcase_add_test(tc, raw_files_by_the_host);
	tcase_add_test(tc, the_call_itself);
	tcase_add_loop_test(tc, a_source_that_is_refused_later, 0, 4);
	tcase_add_loop_test(tc, too_many_descriptors_for_a_moment, 0, 4);
	tcase_add_test(tc, a_source_that_is_refused_at_once);
	tcase_add_loop_test(tc, a_block_that_is_refused, 0, 20);
	tcase_add_test(tc, a_source_that_goes_meanwhile);
	tcase_add_test(tc, a_source_that_is_open_goes_meanwhile);
	tcase_add_loop_test(tc, the_first_file_is_read_to_its_end, 0, 2);
	tcase_add_loop_test(tc, files_by_descriptor, 0, 4);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
