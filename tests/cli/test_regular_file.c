/* SPDX-License-Identifier: MIT */
/* Files of other users that the tools open. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../bin/regular_file.h"
#include "util.h"

/* A user who is nobody. */
#define STRANGER 4242

static const char *folder;

static const char *
file(const char *name)
{
	return test_path(folder, name);
}

START_TEST(only_regular_files)
{
	static const struct {
		const char *name;
		int number;
	} cases[] = {
		{ "fifo", EMEDIUMTYPE }, { "folder", EMEDIUMTYPE },
		{ "link", ELOOP },	 { "zero", ELOOP },
		{ "none", ENOENT },
	};
	struct stat st;
	char *text;
	size_t i;
	int fd;

	folder = test_root();
	ck_assert_int_eq(mkfifo(file("fifo"), 0666), 0);
	ck_assert_int_eq(mkdir(file("folder"), 0777), 0);
	fd = open(file("text"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(symlink(file("text"), file("link")), 0);
	ck_assert_int_eq(symlink("/dev/zero", file("zero")), 0);
	for (i = 0; i < ELEMENTS(cases); i++) {
		ck_assert_int_eq(regular_file_open(AT_FDCWD,
						   file(cases[i].name), &st),
				 -1);
		ck_assert_int_eq(errno, cases[i].number);
		ck_assert_ptr_null(
			regular_file_text(AT_FDCWD, file(cases[i].name), 100));
	}
	ck_assert_int_eq(truncate(file("text"), 100), 0);
	ck_assert_ptr_null(regular_file_text(AT_FDCWD, file("text"), 99));
	text = regular_file_text(AT_FDCWD, file("text"), 100);
	ck_assert_ptr_nonnull(text);
	free(text);
	if (chown(file("text"), STRANGER, STRANGER) != 0)
		return;
	ck_assert_ptr_null(regular_file_text(AT_FDCWD, file("text"), 100));
	fd = regular_file_open(AT_FDCWD, file("text"), &st);
	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("regular_file");
	TCase *t = tcase_create("regular_file");

	tcase_add_test(t, only_regular_files);
	suite_add_tcase(s, t);
	return test_run(s);
}
