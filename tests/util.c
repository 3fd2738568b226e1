/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "util.h"

/* Made before libcheck forks, so that the tests share it. */
static char base[PATH_MAX];

void
ck_errmsg_has(const char *text)
{
	ck_assert_msg(strstr(cute_shm_errmsg(), text) != NULL,
		      "no \"%s\" in \"%s\"", text, cute_shm_errmsg());
}

static void
make_base(void)
{
	const char *above = getenv("TMPDIR");

	if (!above)
		above = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(base, sizeof(base), "%s/test-cute-shm.XXXXXX", above);
	if (!mkdtemp(base)) {
		perror(base);
		exit(EXIT_FAILURE);
	}
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int
test_run(Suite *suite)
{
	SRunner *runner;
	int failed;

	make_base();
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

const char *
test_root(void)
{
	static char root[PATH_MAX + 16];

	snprintf(root, sizeof(root), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(root));
	ck_assert_int_eq(setenv("CUTE_SHM_ROOT", root, 1), 0);
	return root;
}

unsigned
test_count(const char *folder)
{
	const struct dirent *entry;
	unsigned n = 0;
	DIR *dir;

	dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			n++;
	closedir(dir);
	return n;
}

const char *
test_path(const char *root, const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % ELEMENTS(paths)];

	snprintf(path, PATH_MAX, "%s/%s", root, name);
	return path;
}

unsigned
test_descriptors(void)
{
	return test_count("/proc/self/fd");
}

bool
test_mount(const char *root, const char *options)
{
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) != 0 ||
	    mount("none", "/", "", MS_REC | MS_PRIVATE, "") != 0)
		return false;
	return mount("tmpfs", root, "tmpfs", 0, options) == 0;
}
