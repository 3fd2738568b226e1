/* SPDX-License-Identifier: MIT */
/* Files that appear in a folder together, or none of them: outfiles.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file.h"
#include "util.h"

static char folder[4096];

static void
setup(void)
{
	snprintf(folder, sizeof(folder), "%s", test_root());
	umask(022);
}

static const char *
file(const char *name)
{
	return test_path(folder, name);
}

static void
put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void
ck_text(const char *name, const char *text)
{
	char got[64] = { 0 };
	int fd = open(file(name), O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, got, sizeof(got) - 1), (ssize_t)strlen(text));
	ck_assert_str_eq(got, text);
	close(fd);
}

/* Write files "a" and "b" of the set, with these names as their text. */
static void
write_both(struct outfiles *f, unsigned flags)
{
	struct outfile one;
	uint32_t i;

	outfiles_begin(f, folder, flags);
	ck_ok(outfiles_add(f, "a"));
	ck_ok(outfiles_add(f, "b"));
	for (i = 0; i < 2; i++) {
		ck_ok(outfiles_open(f, i, &one));
		ck_assert_int_eq(write(one.fd, i ? "b" : "a", 1), 1);
		ck_ok(outfile_commit(&one));
		/* Only the folder of the set is there. */
		ck_assert_uint_eq(test_count(f->work), i + 1);
	}
}

START_TEST(all_appear_at_the_end)
{
	struct outfiles f;

	write_both(&f, 0);
	ck_assert_uint_eq(test_count(folder), 1);
	ck_ok(outfiles_commit(&f));
	outfiles_end(&f);
	ck_text("a", "a");
	ck_text("b", "b");
	ck_assert_uint_eq(test_count(folder), 2);
}
END_TEST

START_TEST(without_a_commit_none_does)
{
	struct outfiles f;

	write_both(&f, 0);
	outfiles_end(&f);
	ck_assert_uint_eq(test_count(folder), 0);
	outfiles_begin(&f, folder, 0);
	outfiles_end(&f);
	ck_assert_uint_eq(test_count(folder), 0);
}
END_TEST

/* A file of another program has appeared meanwhile. */
START_TEST(a_name_that_was_taken)
{
	struct outfiles f;

	write_both(&f, 0);
	put(file("b"), "theirs");
	ck_err(outfiles_commit(&f), CUTE_SHM_ERR_EXISTS);
	ck_errmsg_has("/b exists already");
	outfiles_end(&f);
	ck_assert_uint_eq(test_count(folder), 1);
	ck_text("b", "theirs");
}
END_TEST

/* The second one cannot have its name: the first comes back as it was. */
START_TEST(what_was_replaced_comes_back)
{
	struct outfiles f;

	put(file("a"), "old a");
	put(file("b"), "old b");
	write_both(&f, OUTFILE_OVERWRITE);
	ck_assert_int_eq(unlink(f.of[1].work), 0);
	ck_err(outfiles_commit(&f), CUTE_SHM_ERR_NOT_FOUND);
	outfiles_end(&f);
	ck_assert_uint_eq(test_count(folder), 2);
	ck_text("a", "old a");
	ck_text("b", "old b");
	/* One that is new does not stay. */
	ck_assert_int_eq(unlink(file("a")), 0);
	write_both(&f, OUTFILE_OVERWRITE);
	ck_assert_int_eq(unlink(f.of[1].work), 0);
	ck_err(outfiles_commit(&f), CUTE_SHM_ERR_NOT_FOUND);
	outfiles_end(&f);
	ck_assert_uint_eq(test_count(folder), 1);
	ck_text("b", "old b");
	write_both(&f, OUTFILE_OVERWRITE);
	ck_ok(outfiles_commit(&f));
	outfiles_end(&f);
	ck_assert_uint_eq(test_count(folder), 2);
	ck_text("a", "a");
	ck_text("b", "b");
}
END_TEST

/* Such a file is not visible to others before it has its permissions. */
START_TEST(permissions)
{
	struct outfiles f;
	struct stat st;

	put(file("b"), "old");
	ck_assert_int_eq(chmod(file("b"), 0604), 0);
	write_both(&f, OUTFILE_OVERWRITE);
	ck_assert_int_eq(stat(f.work, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	ck_ok(outfiles_commit(&f));
	outfiles_end(&f);
	ck_assert_int_eq(stat(file("a"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(file("b"), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0604);
}
END_TEST

START_TEST(names)
{
	static const char *const wrong[] = { "",     ".",   "..",    "/",
					     "../a", "x/y", "/etc/x" };
	struct outfiles f;
	struct outfile one;
	size_t i;

	outfiles_begin(&f, folder, OUTFILE_OVERWRITE);
	for (i = 0; i < ELEMENTS(wrong); i++)
		ck_err(outfiles_add(&f, wrong[i]), CUTE_SHM_ERR_INVALID);
	/* As two names that differ in case on some file systems. */
	ck_ok(outfiles_add(&f, "a"));
	ck_ok(outfiles_add(&f, "a"));
	ck_ok(outfiles_open(&f, 0, &one));
	ck_ok(outfile_commit(&one));
	ck_err(outfiles_open(&f, 1, &one), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("another one of the files has this name");
	outfiles_end(&f);
	ck_assert_uint_eq(test_count(folder), 0);
}
END_TEST

/* Of a process that died; the lock of one that lives is respected. */
START_TEST(leftovers)
{
	const char *left = file(".cute-shm-files.aB3456");
	const char *other = file(".cute-shm-files.longer-name");
	struct outfiles f;
	int fd;

	ck_assert_int_eq(mkdir(left, 0700), 0);
	put(test_path(left, "a"), "half");
	ck_assert_int_eq(mkdir(other, 0700), 0);
	fd = open(left, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	write_both(&f, 0);
	outfiles_end(&f);
	ck_assert_uint_eq(test_count(folder), 2);
	close(fd);
	write_both(&f, 0);
	outfiles_end(&f);
	ck_assert_uint_eq(test_count(folder), 1);
	ck_assert_int_eq(access(file(".cute-shm-files.longer-name"), F_OK), 0);
}
END_TEST

/* Two sets in one folder do not disturb each other. */
START_TEST(two_sets)
{
	struct outfiles f, g;

	write_both(&f, 0);
	write_both(&g, OUTFILE_OVERWRITE);
	ck_ok(outfiles_commit(&f));
	ck_ok(outfiles_commit(&g));
	outfiles_end(&f);
	outfiles_end(&g);
	ck_assert_uint_eq(test_count(folder), 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("outfiles");
	TCase *t = tcase_create("outfiles");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, all_appear_at_the_end);
	tcase_add_test(t, without_a_commit_none_does);
	tcase_add_test(t, a_name_that_was_taken);
	tcase_add_test(t, what_was_replaced_comes_back);
	tcase_add_test(t, permissions);
	tcase_add_test(t, names);
	tcase_add_test(t, leftovers);
	tcase_add_test(t, two_sets);
	suite_add_tcase(s, t);
	return test_run(s);
}
