/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>
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

void
test_file_name(char *ret, size_t size, const char *name)
{
	int n = snprintf(ret, size, "%s/%s", base, name);

	ck_assert(n > 0 && (size_t)n < size);
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

pid_t
test_fork(void)
{
	pid_t pid = fork();

	if (pid != 0)
		ck_assert_int_ge(pid, 0); /* or kill() would kill all */
	return pid;
}

static bool
write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 &&
		    write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return done;
}

/*
 * Give this process mounts of its own, in a user namespace if it needs one.
 * There the user must be mapped: a tmpfs makes no file for a user that its
 * namespace does not know (EOVERFLOW).
 */
static bool
unshare_mounts(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char map[64];

	if (unshare(CLONE_NEWNS) == 0)
		return true;
	if (unshare(CLONE_NEWNS | CLONE_NEWUSER) != 0)
		return false;
	snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	if (!write_text("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	return write_text("/proc/self/setgroups", "deny") &&
	       write_text("/proc/self/gid_map", map);
}

bool
test_mount(const char *root, const char *options)
{
	bool mounted = unshare_mounts() &&
		       mount("none", "/", "", MS_REC | MS_PRIVATE, "") == 0 &&
		       mount("tmpfs", root, "tmpfs", 0, options) == 0;

	if (!mounted)
		puts("no tmpfs can be mounted here: not tested with one");
	return mounted;
}

/* The number in hexadecimal behind a key of /proc/self/status, or 0. */
static unsigned long long
status_mask(const char *key)
{
	FILE *file = fopen("/proc/self/status", "re");
	unsigned long long ret = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			ret = strtoull(line + strlen(key), NULL, 16);
	if (file)
		fclose(file);
	return ret;
}

bool
test_is_root(void)
{
	/* Numbers of linux/capability.h. */
	static const unsigned needed[] = {
		0 /* CHOWN */, 1 /* DAC_OVERRIDE */, 3 /* FOWNER */,
		6 /* SETGID */, 7 /* SETUID */
	};
	unsigned long long mask = status_mask("CapEff:"), first, outer, n = 0;
	FILE *file = fopen("/proc/self/uid_map", "re");
	size_t i;

	for (i = 0; i < ELEMENTS(needed); i++)
		if (!(mask >> needed[i] & 1))
			mask = 0;
	/* In a namespace that has one user there are no others to become. */
	if (file && fscanf(file, "%llu %llu %llu", &first, &outer, &n) != 3)
		n = 0;
	if (file)
		fclose(file);
	return geteuid() == 0 && mask && n >= 65535;
}

int
test_locks(const struct stat *st, bool waiting)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256], file[64];
	int count = 0;

	if (!locks)
		return -1;
	/* Files of two file systems may have one number. */
	snprintf(file, sizeof(file), " %02x:%02x:%ju ", major(st->st_dev),
		 minor(st->st_dev), (uintmax_t)st->st_ino);
	while (fgets(line, sizeof(line), locks))
		count += strstr(line, file) && !strstr(line, "->") == !waiting;
	fclose(locks);
	return count;
}
