/* SPDX-License-Identifier: MIT */
/* What the host that has the file system opens, and what it does not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hdf5/host/host.h"
#include "sources_util.h"

static int
descriptor_of(const char *name)
{
	int fd = open(h5_path(name), O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static int
open_by(const struct host_files *f, const char *path)
{
	struct stat st;
	int fd = f->host.open(f->host.arg, path, &st);

	if (fd >= 0) {
		ck_assert_int_gt(fd, 2);
		ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
		ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
		close(fd);
	}
	return fd;
}

/* Not even of what this process has open, or is. */
START_TEST(what_no_file_may_open)
{
	struct host_files f;
	char path[PATH_MAX];
	int fd;

	put_text("t.h5", "first");
	put_text("other", "other");
	ck_assert_int_eq(mkfifo(h5_path("fifo"), 0600), 0);
	fd = descriptor_of("other");
	ck_ok(host_files_begin(&f, h5_path("t.h5"), true));
	ck_assert_int_gt(open_by(&f, h5_path("t.h5")), 2);
	ck_assert_int_gt(open_by(&f, h5_path("other")), 2);
	ck_assert_int_eq(open_by(&f, h5_path("gone")), -ENOENT);
	ck_assert_int_eq(open_by(&f, h5_path("t.h5/x")), -ENOTDIR);
	ck_assert_int_eq(open_by(&f, h5_path("fifo")), -EUNSUITABLE);
	ck_assert_int_eq(open_by(&f, h5_folder()), -EISDIR);
	ck_assert_int_eq(open_by(&f, "/dev/null"), -EUNSUITABLE);
	ck_assert_int_lt(open_by(&f, "/proc/self/mem"), 0);
	ck_assert_int_lt(open_by(&f, "/proc/self/environ"), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ck_assert_int_lt(open_by(&f, path), 0);
	/* Linux before 5.6 cannot tell. */
	ck_assert_int_eq(symlink(path, h5_path("link")), 0);
	if (syscall(SYS_openat2, -1, NULL, NULL, 0) == 0 || errno != ENOSYS)
		ck_assert_int_eq(open_by(&f, h5_path("link")), -ELOOP);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	ck_assert_int_lt(open_by(&f, path), 0);
	host_files_end(&f);
	close(fd);
}
END_TEST

START_TEST(only_the_first_file)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct host_files f;
	struct stat st;

	put_text("t.h5", "first");
	put_text("other", "other");
	ck_assert_int_eq(link(h5_path("t.h5"), h5_path("second")), 0);
	ck_assert_ptr_nonnull(realpath(h5_path("t.h5"), real));
	ck_ok(host_files_begin(&f, h5_path("t.h5"), false));
	ck_assert_int_gt(open_by(&f, h5_path("t.h5")), 2);
	ck_assert_int_gt(open_by(&f, h5_path("second")), 2);
	ck_assert_int_eq(open_by(&f, h5_path("other")), -EREFUSED);
	ck_assert_int_eq(f.host.stat(&f, h5_path("other"), &st), -EREFUSED);
	ck_assert_int_eq(f.host.real_path(&f, h5_path("other"), path),
			 -EREFUSED);
	ck_assert_int_eq(unlink(h5_path("t.h5")), 0);
	ck_assert_int_gt(open_by(&f, h5_path("t.h5")), 2);
	ck_ok(f.host.real_path(&f, h5_path("t.h5"), path));
	ck_assert_str_eq(path, real);
	ck_assert_int_eq(f.host.stat(&f, h5_path("t.h5"), &st), -ENOENT);
	ck_ok(f.host.stat(&f, h5_path("second"), &st));
	host_files_end(&f);
	/* The reason for which it cannot be opened is kept. */
	ck_assert_int_eq(host_files_begin(&f, h5_path("gone"), false), -ENOENT);
	ck_assert_int_eq(open_by(&f, h5_path("gone")), -ENOENT);
	ck_assert_int_eq(open_by(&f, h5_path("other")), -EREFUSED);
	host_files_end(&f);
}
END_TEST

/* A descriptor is enough, if its file could not be opened by this user. */
START_TEST(descriptors_that_cannot_be_reopened)
{
	struct host_files f;
	char path[40];
	int fd, out;

	put_text("t.h5", "first");
	fd = descriptor_of("t.h5");
	out = open(h5_path("t.h5"), O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(out, 0);
	ck_assert_int_eq(chmod(h5_path("t.h5"), 0), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	ck_ok(host_files_begin(&f, path, false));
	ck_assert_int_gt(open_by(&f, path), 2);
	host_files_end(&f);
	snprintf(path, sizeof(path), "/dev/fd/%d", out);
	ck_assert_int_eq(host_files_begin(&f, path, false), -EACCES);
	host_files_end(&f);
	ck_assert_int_eq(host_files_begin(&f, "/dev/fd/999", false), -EBADF);
	host_files_end(&f);
	/* A leak checker must be able to look at this process. */
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	prctl(PR_SET_DUMPABLE, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_host_files");
	TCase *tc = tcase_create("files");

	tcase_add_test(tc, what_no_file_may_open);
	tcase_add_test(tc, only_the_first_file);
	tcase_add_test(tc, descriptors_that_cannot_be_reopened);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
