/* SPDX-License-Identifier: MIT */
/* Files that appear at once, and who may read them: outfile.c, appear.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "file/file.h"
#include "util.h"

#define ACL	    "system.posix_acl_access"
#define DEFAULT_ACL "system.posix_acl_default"

/* Users and groups that are nobody's. */
#define STRANGER 4242

static char folder[4096]; /* of the files; the root is another one */

static void
setup(void)
{
	snprintf(folder, sizeof(folder), "%s", test_root());
	test_root();
	umask(022);
}

static const char *
file(const char *name)
{
	return test_path(folder, name);
}

/* A project of such permissions. */
static struct cute_shm *
project(mode_t mode)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.mode = mode,
		.flags = CUTE_SHM_OVERWRITE,
	};
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	ck_ok(cute_shm_builder_new("p", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 0, NULL, "x"));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	return shm;
}

static void
make(const char *name, mode_t mode)
{
	int fd = open(file(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
write_path(const char *path, const struct cute_shm *shm, unsigned flags)
{
	struct cute_shm_info info;
	struct outfile f;

	ck_ok(outfile_begin(&f, path, flags));
	if (shm)
		if (cute_shm_info(shm, &info) == 0)
			outfile_permit(&f, &info);
	/* Private until it is whole. */
	if (f.temporary)
		ck_assert_uint_eq(mode_of(f.temporary), 0600);
	ck_ok(outfile_commit(&f));
}

static void
write_file(const char *name, const struct cute_shm *shm, unsigned flags)
{
	write_path(file(name), shm, flags);
}

START_TEST(as_the_segment)
{
	static const struct {
		mode_t segment, mask, file;
	} cases[] = {
		{ 0600, 022, 0600 }, { 0600, 0, 0600 },	  { 0640, 022, 0640 },
		{ 0644, 022, 0644 }, { 0644, 077, 0600 }, { 0666, 022, 0644 },
		{ 0777, 0, 0666 },   { 0444, 022, 0444 },
	};
	const unsigned flags = _i % 2 ? OUTFILE_NAMED : 0;
	struct cute_shm *shm;
	size_t i;

	for (i = 0; i < ELEMENTS(cases); i++) {
		umask(0);
		shm = project(cases[i].segment);
		umask(cases[i].mask);
		write_file("f", shm, flags);
		ck_assert_msg(mode_of(file("f")) == cases[i].file,
			      "case %zu: %o", i, mode_of(file("f")));
		ck_assert_int_eq(unlink(file("f")), 0);
		/* Of what nothing is known, nobody may read. */
		write_file("f", NULL, flags);
		ck_assert_uint_eq(mode_of(file("f")), 0600);
		ck_assert_int_eq(unlink(file("f")), 0);
		cute_shm_close(shm);
	}
}
END_TEST

START_TEST(as_the_file_replaced)
{
	static const mode_t modes[] = { 0600, 0640, 0644, 0666, 0700, 0400 };
	const unsigned flags =
		OUTFILE_OVERWRITE | (_i % 2 ? OUTFILE_NAMED : 0u);
	struct cute_shm *shm = project(0644);
	size_t i;

	for (i = 0; i < ELEMENTS(modes); i++) {
		make("f", modes[i]);
		umask(i % 2 ? 077 : 0);
		write_file("f", shm, flags);
		ck_assert_msg(mode_of(file("f")) == modes[i], "case %zu: %o", i,
			      mode_of(file("f")));
	}
	cute_shm_close(shm);
}
END_TEST

/* Those of another group, or who are listed besides. */
START_TEST(not_for_other_groups)
{
	struct cute_shm *shm = project(0640);
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .flags = CUTE_SHM_ANY_OWNER };
	struct stat st;
	pid_t pid;
	int status;

	if (geteuid() != 0)
		return;
	cute_shm_close(shm);
	ck_assert_int_eq(chown(test_path(getenv("CUTE_SHM_ROOT"), "cute-shm.p"),
			       STRANGER, STRANGER),
			 0);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	ck_assert_int_eq(chdir(folder), 0);

	/* Root can give it to the segment's group. */
	ck_ok(cute_shm_open("p", &opt, &shm));
	write_file("f", shm, OUTFILE_NAMED);
	ck_assert_int_eq(stat(file("f"), &st), 0);
	ck_assert_uint_eq(st.st_gid, STRANGER);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);

	/* One who is not of that group cannot, so no group may read it. */
	pid = fork();
	if (pid == 0) {
		ck_assert_int_eq(setgid(STRANGER + 1), 0);
		ck_assert_int_eq(setuid(STRANGER), 0);
		write_path("g", shm, 0);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(stat(file("g"), &st), 0);
	ck_assert_uint_eq(st.st_gid, STRANGER + 1);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);

	/* What root replaces stays its owner's. */
	write_file("g", shm, OUTFILE_OVERWRITE);
	ck_assert_int_eq(stat(file("g"), &st), 0);
	ck_assert_uint_eq(st.st_uid, STRANGER);
	ck_assert_uint_eq(st.st_gid, STRANGER + 1);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	cute_shm_close(shm);
}
END_TEST

/* The owner all, STRANGER may read, the mask is 'r', all others nothing. */
static const unsigned char list[] = {
	2,
	0,
	0,
	0,
	0x01,
	0,
	6,
	0,
	0xff,
	0xff,
	0xff,
	0xff,
	0x02,
	0,
	4,
	0,
	STRANGER & 0xff,
	STRANGER >> 8,
	0,
	0,
	0x04,
	0,
	0,
	0,
	0xff,
	0xff,
	0xff,
	0xff,
	0x10,
	0,
	4,
	0,
	0xff,
	0xff,
	0xff,
	0xff,
	0x20,
	0,
	0,
	0,
	0xff,
	0xff,
	0xff,
	0xff,
};

START_TEST(lists)
{
	struct cute_shm *shm = project(0640);
	unsigned char got[sizeof(list)];

	make("f", 0600);
	if (setxattr(file("f"), ACL, list, sizeof(list), 0) != 0) {
		ck_assert_int_eq(errno, EOPNOTSUPP);
		cute_shm_close(shm);
		return;
	}
	ck_assert_uint_eq(mode_of(file("f")), 0640);
	write_file("f", shm, OUTFILE_OVERWRITE | OUTFILE_NAMED);
	ck_assert_int_eq(getxattr(file("f"), ACL, got, sizeof(got)),
			 sizeof(list));
	ck_assert_mem_eq(got, list, sizeof(list));
	ck_assert_uint_eq(mode_of(file("f")), 0640);

	/* A folder's list would let in who may not read the segment. */
	ck_assert_int_eq(setxattr(folder, DEFAULT_ACL, list, sizeof(list), 0),
			 0);
	write_file("g", shm, 0);
	ck_assert_int_lt(getxattr(file("g"), ACL, got, sizeof(got)), 0);
	ck_assert_uint_eq(mode_of(file("g")), 0640);
	cute_shm_close(shm);
}
END_TEST

/* ---------------------------------------------------- what others have made */

START_TEST(links)
{
	struct outfile f;

	make("f", 0600);
	ck_assert_int_eq(symlink(file("f"), file("l")), 0);
	write_file("l", NULL, OUTFILE_OVERWRITE);
	ck_assert_uint_eq(test_count(folder), 2);
	if (lchown(file("l"), STRANGER, STRANGER) != 0)
		return;
	ck_err(outfile_begin(&f, file("l"), OUTFILE_OVERWRITE),
	       CUTE_SHM_ERR_OWNER);
	ck_errmsg_has("link of user 4242");
}
END_TEST

/* ------------------------------------------------------ a sweep in between */

/* Another one writes the same file between open() and the lock. */
static bool intrude;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int
__wrap_open(const char *path, int flags, ...)
{
	struct outfile other;
	va_list ap;
	mode_t mode;
	int fd;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	fd = __real_open(path, flags, mode);
	if (intrude && flags & O_EXCL) {
		intrude = false;
		ck_ok(outfile_begin(&other, file("f"), OUTFILE_NAMED));
		outfile_end(&other);
	}
	return fd;
}

START_TEST(swept_too_early)
{
	struct outfile f;

	intrude = true;
	ck_ok(outfile_begin(&f, file("f"), OUTFILE_NAMED));
	ck_assert(!intrude);
	ck_ok(outfile_commit(&f));
	ck_assert_uint_eq(mode_of(file("f")), 0600);
	ck_assert_uint_eq(test_count(folder), 1);
}
END_TEST

/* A file of another user that looks like a leftover is not ours to remove. */
START_TEST(not_ours_to_sweep)
{
	make(".f.0123456789abcdef", 0666);
	if (chown(file(".f.0123456789abcdef"), STRANGER, STRANGER) != 0)
		return;
	write_file("f", NULL, OUTFILE_NAMED);
	ck_assert_uint_eq(test_count(folder), 2);
}
END_TEST

/* ------------------------------------- kernels and file systems with less */

enum {
	NO_NOREPLACE = 1,
	NO_LINK = 2,
	NO_PROC = 4
};

static unsigned lacks;

int __real_renameat2(int a, const char *b, int c, const char *d, unsigned e);
int __wrap_renameat2(int a, const char *b, int c, const char *d, unsigned e);
int __real_linkat(int a, const char *b, int c, const char *d, int e);
int __wrap_linkat(int a, const char *b, int c, const char *d, int e);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);

int
__wrap_renameat2(int a, const char *b, int c, const char *d, unsigned e)
{
	errno = EINVAL;
	return lacks & NO_NOREPLACE ? -1 : __real_renameat2(a, b, c, d, e);
}

int
__wrap_linkat(int a, const char *b, int c, const char *d, int e)
{
	errno = EPERM;
	return lacks & NO_LINK ? -1 : __real_linkat(a, b, c, d, e);
}

int
__wrap_access(const char *path, int mode)
{
	errno = ENOENT;
	return lacks & NO_PROC ? -1 : __real_access(path, mode);
}

/* Each way to give a file its name gives it once, and leaves nothing behind. */
START_TEST(fewer_calls)
{
	static const unsigned cases[] = {
		NO_NOREPLACE,	   NO_NOREPLACE | NO_LINK,	     NO_PROC,
		NO_PROC | NO_LINK, NO_PROC | NO_LINK | NO_NOREPLACE,
	};
	struct outfile first, second;
	struct stat st;

	lacks = cases[_i];
	ck_ok(outfile_begin(&first, file("f"), OUTFILE_NAMED));
	ck_ok(outfile_begin(&second, file("f"),
			    lacks & NO_PROC ? 0 : OUTFILE_NAMED));
	ck_assert_ptr_nonnull(second.temporary);
	ck_assert_int_eq(write(first.fd, "abc", 3), 3);
	ck_ok(outfile_commit(&first));
	ck_err(outfile_commit(&second), CUTE_SHM_ERR_EXISTS);
	ck_assert_int_eq(stat(file("f"), &st), 0);
	ck_assert_int_eq(st.st_size, 3);
	ck_assert_uint_eq(st.st_nlink, 1);
	ck_assert_uint_eq(test_count(folder), 1);
	write_file("f", NULL, OUTFILE_OVERWRITE | OUTFILE_NAMED);
	ck_assert_uint_eq(test_count(folder), 1);
	lacks = 0;
}
END_TEST

/* A sweep removes the claim of a dead process, too, but no file of the user. */
START_TEST(claim_swept)
{
	ck_assert_int_eq(mkfifo(file(".f.0000000000000000"), 0600), 0);
	ck_assert_int_eq(symlink("g", file(".f.0000000000000001")), 0);
	make("g", 0600);
	make(".f.claim", 0600);
	make(".f.claims", 0600);
	make(".f.0123456789abcde", 0600);
	write_file("f", NULL, OUTFILE_NAMED);
	ck_assert_int_ne(access(file(".f.claim"), F_OK), 0);
	ck_assert_uint_eq(test_count(folder), 6);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("outfile");
	TCase *t = tcase_create("outfile");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, as_the_segment, 0, 2);
	tcase_add_loop_test(t, as_the_file_replaced, 0, 2);
	tcase_add_test(t, not_for_other_groups);
	tcase_add_test(t, lists);
	tcase_add_test(t, links);
	tcase_add_test(t, swept_too_early);
	tcase_add_test(t, not_ours_to_sweep);
	tcase_add_loop_test(t, fewer_calls, 0, 5);
	tcase_add_test(t, claim_swept);
	suite_add_tcase(s, t);
	return test_run(s);
}
