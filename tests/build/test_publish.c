/* SPDX-License-Identifier: MIT */
/* Names, permissions, leftovers: build.c, publish.c, temporary.c, seal.c. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build/build.h"
#include "util.h"

static const double value = 42;

static int
try_builder(const char *project, unsigned flags, mode_t mode, const char *group,
	    struct cute_shm_builder **ret)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
		.mode = mode,
		.group = group,
	};

	return cute_shm_builder_new(project, &opt, ret);
}

static struct cute_shm_builder *
new_builder(const char *project, unsigned flags, mode_t mode)
{
	struct cute_shm_builder *b = NULL;

	ck_ok(try_builder(project, flags, mode, NULL, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<f8", 0, NULL, &value));
	return b;
}

static struct stat
stat_of(const char *root, const char *name)
{
	struct stat st;

	ck_assert_msg(stat(test_path(root, name), &st) == 0, "no %s", name);
	return st;
}

static double
value_of(const struct cute_shm *shm)
{
	struct cute_shm_array a;

	ck_ok(cute_shm_get(shm, "a", &a));
	return *cute_shm_f64(&a, NULL);
}

/* All tests run twice: with unnamed files, and with named ones. */
static void
setup_unnamed(void)
{
	temporary_flags = 0;
}

static void
setup_named(void)
{
	temporary_flags = APPEAR_NAMED;
}

START_TEST(nothing_before)
{
	const char *root = test_root();
	struct cute_shm_builder *b = new_builder("p", 0, 0);
	unsigned expected = temporary_flags ? 1 : 0;
	struct cute_shm *shm;

	ck_assert_uint_eq(test_count(root), expected);
	ck_ok(cute_shm_builder_reserve(b));
	ck_err(cute_shm_open("p", NULL, &shm), CUTE_SHM_ERR_NOT_FOUND);
	ck_ok(cute_shm_builder_seal(b));
	ck_err(cute_shm_open("p", NULL, &shm), CUTE_SHM_ERR_NOT_FOUND);
	ck_assert_uint_eq(test_count(root), expected);
	ck_ok(cute_shm_builder_publish(b, NULL));
	ck_assert_uint_eq(test_count(root), 1);
	ck_ok(cute_shm_open("p", NULL, &shm));
	ck_assert(value_of(shm) == 42);
	cute_shm_close(shm);
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(root), 1);
	ck_assert_uint_eq(stat_of(root, "cute-shm.p").st_nlink, 1);
}
END_TEST

START_TEST(modes)
{
	static const mode_t all[] = { 0, 0600, 0640, 0444, 0777 };
	const char *root = test_root();
	struct cute_shm_builder *b;
	size_t i;

	for (i = 0; i < ELEMENTS(all); i++) {
		umask(i % 2 == 0 ? 0777 : 0);
		b = new_builder("p", CUTE_SHM_OVERWRITE, all[i]);
		ck_ok(cute_shm_builder_publish(b, NULL));
		cute_shm_builder_free(b);
		ck_assert_uint_eq(stat_of(root, "cute-shm.p").st_mode & 07777,
				  all[i] ? all[i] : 0600);
	}
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

START_TEST(bad_options)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	const char *root = test_root();
	struct cute_shm_builder *b;
	unsigned before = test_descriptors();

	ck_err(try_builder("a/b", 0, 0, NULL, &b), CUTE_SHM_ERR_INVALID);
	ck_err(try_builder("", 0, 0, NULL, &b), CUTE_SHM_ERR_INVALID);
	ck_err(try_builder(NULL, 0, 0, NULL, &b), CUTE_SHM_ERR_INVALID);
	ck_err(try_builder("p", 0, 04755, NULL, &b), CUTE_SHM_ERR_INVALID);
	ck_err(try_builder("p", 0, 0040, NULL, &b), CUTE_SHM_ERR_INVALID);
	ck_err(try_builder("p", 0x4000, 0, NULL, &b), CUTE_SHM_ERR_UNSUPPORTED);
	ck_err(try_builder("p", 0, 0, "no such group", &b),
	       CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("no such group");
	ck_err(try_builder("p", 0, 0, "4294967295", &b), CUTE_SHM_ERR_INVALID);
	ck_err(try_builder("p", 0, 0, "-1", &b), CUTE_SHM_ERR_INVALID);
	opt.block_size = 100;
	ck_err(cute_shm_builder_new("p", &opt, &b), CUTE_SHM_ERR_INVALID);
	opt.block_size = 0;
	opt.creator = "\xff";
	ck_err(cute_shm_builder_new("p", &opt, &b), CUTE_SHM_ERR_INVALID);
	opt.creator = NULL;
	opt.root = test_path(root, "nowhere");
	ck_err(cute_shm_builder_new("p", &opt, &b), CUTE_SHM_ERR_NOT_FOUND);
	opt.root = "/proc/self/status";
	ck_err(cute_shm_builder_new("p", &opt, &b), CUTE_SHM_ERR_NOT_FOUND);
	opt.size = 3;
	ck_err(cute_shm_builder_new("p", &opt, &b), CUTE_SHM_ERR_INVALID);
	ck_assert_uint_eq(test_count(root), 0);
	ck_assert_uint_eq(test_descriptors(), before);
}
END_TEST

/* A root that may not be written to; root itself has to become another. */
START_TEST(read_only_root)
{
	const char *root = test_root();
	struct cute_shm_builder *b;

	ck_assert_int_eq(chmod(root, 0555), 0);
	if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
		return;
	ck_err(try_builder("p", 0, 0, NULL, &b), CUTE_SHM_ERR_PERMISSION);
	ck_errmsg_has(root);
}
END_TEST

START_TEST(groups)
{
	const char *root = test_root();
	struct cute_shm_builder *b;
	const struct group *group;
	gid_t gid = getegid();
	char number[32];

	/* Root may choose; others have their own. */
	if (test_is_root())
		gid = 12345;
	snprintf(number, sizeof(number), "%u", (unsigned)gid);
	ck_ok(try_builder("p", 0, 0640, number, &b));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	ck_assert_uint_eq(stat_of(root, "cute-shm.p").st_gid, gid);
	group = getgrgid(getegid());
	if (!group)
		return;
	ck_ok(try_builder("q", 0, 0640, group->gr_name, &b));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	ck_assert_uint_eq(stat_of(root, "cute-shm.q").st_gid, getegid());
	ck_assert_uint_eq(stat_of(root, "cute-shm.q").st_mode & 0777, 0640);
}
END_TEST

START_TEST(exists)
{
	const char *root = test_root();
	struct cute_shm_builder *b, *late;
	struct cute_shm *shm;
	ino_t first;

	late = new_builder("p", 0, 0);
	b = new_builder("p", 0, 0);
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	first = stat_of(root, "cute-shm.p").st_ino;
	ck_err(try_builder("p", 0, 0, NULL, &b), CUTE_SHM_ERR_EXISTS);
	ck_errmsg_has("cute-shm.p");
	ck_err(cute_shm_builder_publish(late, &shm), CUTE_SHM_ERR_EXISTS);
	ck_err(cute_shm_builder_publish(late, &shm), CUTE_SHM_ERR_STATE);
	cute_shm_builder_free(late);
	ck_assert_uint_eq(test_count(root), 1);
	ck_assert_uint_eq(stat_of(root, "cute-shm.p").st_ino, first);
}
END_TEST

START_TEST(overwrite)
{
	const char *root = test_root();
	static const double newer = 43;
	struct cute_shm_builder *b;
	struct cute_shm *old, *new;
	struct stat st;

	b = new_builder("p", CUTE_SHM_OVERWRITE, 0);
	ck_ok(cute_shm_builder_publish(b, &old));
	cute_shm_builder_free(b);
	ck_ok(try_builder("p", CUTE_SHM_OVERWRITE, 0, NULL, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<f8", 0, NULL, &newer));
	ck_ok(cute_shm_builder_publish(b, &new));
	cute_shm_builder_free(b);
	ck_assert(value_of(old) == 42);
	ck_assert(value_of(new) == 43);
	cute_shm_close(new);
	ck_ok(cute_shm_open("p", NULL, &new));
	ck_assert(value_of(new) == 43);
	cute_shm_close(new);
	cute_shm_close(old);
	ck_assert_uint_eq(test_count(root), 1);
	st = stat_of(root, "cute-shm.p");
	ck_assert_uint_eq(st.st_nlink, 1);
}
END_TEST

/* A folder of that name cannot be replaced; nothing else stays behind. */
START_TEST(overwrite_fails)
{
	const char *root = test_root();
	struct cute_shm_builder *b;
	unsigned before = test_descriptors();
	struct cute_shm *shm;

	ck_assert_int_eq(mkdir(test_path(root, "cute-shm.p"), 0700), 0);
	ck_err(try_builder("p", CUTE_SHM_OVERWRITE, 0, NULL, &b),
	       CUTE_SHM_ERR_EXISTS);
	ck_errmsg_has("is a folder");
	ck_assert_int_eq(rmdir(test_path(root, "cute-shm.p")), 0);
	/* One that comes later is seen at the end. */
	b = new_builder("p", CUTE_SHM_OVERWRITE, 0);
	ck_assert_int_eq(mkdir(test_path(root, "cute-shm.p"), 0700), 0);
	ck_err(cute_shm_builder_publish(b, &shm), CUTE_SHM_ERR_SYSTEM);
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(root), 1);
	ck_assert_uint_eq(test_descriptors(), before);
}
END_TEST

START_TEST(handle)
{
	const char *root = test_root();
	struct cute_shm_builder *b = new_builder("p", 0, 0640);
	struct cute_shm_info info;
	struct cute_shm *shm;

	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_str_eq(info.project, "p");
	ck_assert_str_eq(info.path, test_path(root, "cute-shm.p"));
	ck_assert_uint_eq(info.mode & 0777, 0640);
	ck_assert_uint_eq(info.creator_pid, (unsigned)getpid());
	ck_assert_uint_eq(info.creator_uid, geteuid());
	ck_assert_str_eq(info.creator, "libcute_shm " CUTE_SHM_VERSION);
	ck_assert_str_eq(info.source, "");
	ck_assert_uint_gt(info.created_ns, UINT64_C(1600000000) * 1000000000);
	ck_assert_uint_eq(info.uuid[6] >> 4, 4);
	ck_assert_uint_eq(info.uuid[8] >> 6, 2);
	cute_shm_close(shm);
}
END_TEST

static struct format_second
second_of(const char *path)
{
	struct format_second ret;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &ret, sizeof(ret),
			       sizeof(struct format_header)),
			 sizeof(ret));
	close(fd);
	return ret;
}

static struct cute_shm *
with_source(const char *creator, const char *source)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.creator = creator,
		.source = source,
		.source_size = 77,
		.source_mtime_ns = 88,
		.flags = CUTE_SHM_OVERWRITE | CUTE_SHM_NO_VIEW,
	};
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	ck_ok(cute_shm_builder_new("s", &opt, &b));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	return shm;
}

START_TEST(sources)
{
	char cwd[PATH_MAX], expected[PATH_MAX + 16], long_name[301], *whole;
	struct cute_shm_info info;
	struct cute_shm *shm;

	test_root();
	/* 30 bytes, then a character of three: it does not fit. */
	shm = with_source("123456789012345678901234567890\xe2\x82\xac", "/x/y");
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_str_eq(info.creator, "123456789012345678901234567890");
	ck_assert_str_eq(info.source, "/x/y");
	ck_assert_str_eq(info.version, "1.0");
	ck_assert_int_eq(cute_shm_attr_text(shm, "", "cute-shm:source", &whole),
			 CUTE_SHM_ERR_NOT_FOUND);
	ck_assert_uint_eq(info.source_size, 77);
	ck_assert_uint_eq(info.source_mtime_ns, 88);
	cute_shm_close(shm);

	ck_assert_ptr_nonnull(getcwd(cwd, sizeof(cwd)));
	snprintf(expected, sizeof(expected), "%s/not there", cwd);
	shm = with_source("1234567890123456789012345678\xe2\x82\xac",
			  "not there");
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_str_eq(info.creator,
			 "1234567890123456789012345678\xe2\x82\xac");
	ck_assert_str_eq(info.source, expected);
	cute_shm_close(shm);

	memset(long_name, 'x', 300);
	long_name[0] = '/';
	memcpy(long_name + 295, "end.h5", 6);
	long_name[300] = '\0';
	shm = with_source("", long_name);
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_uint_eq(strlen(info.source), 239);
	ck_assert_str_eq(info.source, long_name + 300 - 239);
	ck_assert_str_eq(info.version, "1.1");
	ck_ok(cute_shm_attr_text(shm, "", "cute-shm:source", &whole));
	ck_assert_str_eq(whole, long_name);
	free(whole);
	ck_assert_uint_eq(second_of(info.path).source_digest,
			  digest(long_name, strlen(long_name)));
	ck_assert_str_eq(info.creator, "libcute_shm " CUTE_SHM_VERSION);
	cute_shm_close(shm);

	shm = with_source(NULL, "/proc/self/../self/../version");
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_str_eq(info.source, "/proc/version");
	cute_shm_close(shm);
	shm = with_source(NULL, NULL);
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_uint_eq(info.source_size, 0);
	cute_shm_close(shm);
}
END_TEST

static int
wait_for(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

/* The child describes and fills it, or fills what was described before. */
START_TEST(child_fills)
{
	const char *root = test_root();
	struct cute_shm_builder *b = NULL;
	struct cute_shm *shm;
	int before = _i;
	pid_t pid;

	ck_ok(try_builder("p", 0, 0, NULL, &b));
	if (before) {
		ck_ok(cute_shm_builder_array(b, "a", "<f8", 0, NULL, NULL));
		ck_ok(cute_shm_builder_reserve(b));
	}
	pid = fork();
	if (pid == 0) {
		int err = 0;

		if (!before)
			err = cute_shm_builder_array(b, "a", "<f8", 0, NULL,
						     NULL);
		if (err == 0 && !before)
			err = cute_shm_builder_reserve(b);
		if (err == 0)
			err = cute_shm_builder_write(b, "a", 0, &value, 8);
		if (err == 0)
			err = cute_shm_builder_seal(b);
		/* Its copy ends here; that must not take the file away. */
		cute_shm_builder_free(b);
		_exit(err == 0 ? 0 : 1);
	}
	ck_assert_int_eq(wait_for(pid), 0);
	ck_ok(cute_shm_builder_adopt(b));
	ck_err(cute_shm_builder_write(b, "a", 0, &value, 8),
	       CUTE_SHM_ERR_STATE);
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_assert(value_of(shm) == 42);
	cute_shm_close(shm);
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

START_TEST(child_dies)
{
	const char *root = test_root();
	struct cute_shm_builder *b = new_builder("p", 0, 0);
	pid_t pid;

	pid = fork();
	if (pid == 0) {
		if (cute_shm_builder_reserve(b) == 0)
			raise(SIGKILL);
		_exit(0);
	}
	ck_assert(WIFSIGNALED(wait_for(pid)));
	ck_err(cute_shm_builder_adopt(b), CUTE_SHM_ERR_STATE);
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

/* A child is killed at a builder's work; collecting cleans up. */
static void
die_with_builder(unsigned flags)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct cute_shm_builder *b;

		if (try_builder("p", flags, 0, NULL, &b) == 0)
			raise(SIGKILL);
		_exit(0);
	}
	ck_assert(WIFSIGNALED(wait_for(pid)));
}

START_TEST(leftovers)
{
	const char *root = test_root();
	struct cute_shm_builder *b, *alive;
	int fd;

	alive = new_builder("alive", 0, 0);
	die_with_builder(0);
	fd = open(test_path(root, ".cute-shm.0123456789abcdef"),
		  O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	/* Others' things of like names stay. */
	ck_assert_int_eq(mkdir(test_path(root, ".cute-shm.folder"), 0700), 0);
	ck_assert_int_eq(mkfifo(test_path(root, ".cute-shm.fifo"), 0600), 0);
	ck_assert_int_eq(symlink("/dev/null", test_path(root, ".cute-shm.l")),
			 0);
	fd = open(test_path(root, ".cute-shn.other"), O_CREAT | O_WRONLY, 0600);
	close(fd);
	b = new_builder("p", 0, 0);
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_assert_uint_eq(test_count(root), temporary_flags ? 6 : 4);
	ck_ok(cute_shm_builder_publish(alive, NULL));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(alive);
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(root), 6);
}
END_TEST

/* Root's builder must not take away what other users left. */
START_TEST(leftovers_of_others)
{
	const char *root = test_root();
	struct cute_shm_builder *b;
	int fd;

	if (!test_is_root())
		return;
	fd = open(test_path(root, ".cute-shm.1"), O_CREAT | O_WRONLY, 0600);
	ck_assert_int_eq(fchown(fd, 12345, 12345), 0);
	close(fd);
	b = new_builder("p", 0, 0);
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

static void
add_tests(Suite *suite, const char *name, void (*setup)(void))
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, nothing_before);
	tcase_add_test(tc, modes);
	tcase_add_test(tc, bad_options);
	tcase_add_test(tc, read_only_root);
	tcase_add_test(tc, groups);
	tcase_add_test(tc, exists);
	tcase_add_test(tc, overwrite);
	tcase_add_test(tc, overwrite_fails);
	tcase_add_test(tc, handle);
	tcase_add_test(tc, sources);
	tcase_add_loop_test(tc, child_fills, 0, 2);
	tcase_add_test(tc, child_dies);
	tcase_add_test(tc, leftovers);
	tcase_add_test(tc, leftovers_of_others);
	suite_add_tcase(suite, tc);
}

int
main(void)
{
	Suite *suite = suite_create("publish");

	add_tests(suite, "unnamed", setup_unnamed);
	add_tests(suite, "named", setup_named);
	return test_run(suite);
}
