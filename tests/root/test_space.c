/* SPDX-License-Identifier: MIT */
/* space.c, cgroup.c, and reservations that do not fit. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build/build.h"
#include "util.h"

#define MIB ((uint64_t)1 << 20)

static void put_file(const char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
put_file(const char *path, const char *format, ...)
{
	FILE *file = fopen(path, "w");
	va_list ap;

	ck_assert_msg(file != NULL, "cannot write %s", path);
	va_start(ap, format);
	vfprintf(file, format, ap);
	va_end(ap);
	fclose(file);
}

static void
make_folder(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

START_TEST(sizes)
{
	static const struct {
		uint64_t size;
		const char *text;
	} cases[] = {
		{ 0, "0 bytes" },
		{ 1023, "1023 bytes" },
		{ 1024, "1.0 KiB (1024 bytes)" },
		{ 1536, "1.5 KiB (1536 bytes)" },
		{ 64 * MIB, "64.0 MiB (67108864 bytes)" },
		{ 5 * 1024 * MIB, "5.0 GiB (5368709120 bytes)" },
		{ UINT64_MAX, "16.0 EiB (18446744073709551615 bytes)" },
	};
	char text[SIZE_TEXT];
	size_t i;

	for (i = 0; i < ELEMENTS(cases); i++)
		ck_assert_str_eq(size_text(cases[i].size, text), cases[i].text);
}
END_TEST

START_TEST(available)
{
	const char *root = test_root();
	struct cute_shm_space space = { 0 };
	uint64_t spare = UINT64_MAX;

	ck_ok(cute_shm_available(root, &space));
	ck_assert_ptr_nonnull(space.limit);
	ck_assert_uint_gt(space.available, 0);
	ck_ok(cute_shm_available(NULL, &space));
	ck_ok(space_check(root, 0, NULL));
	ck_ok(space_check(root, space.available / 2, &spare));
	/* Others may take and give meanwhile. */
	ck_assert_uint_gt(spare, space.available / 4);
	ck_assert_uint_lt(spare, space.available / 4 * 3);
	ck_err(cute_shm_available(test_path(root, "nowhere"), &space),
	       CUTE_SHM_ERR_NOT_FOUND);
}
END_TEST

START_TEST(too_much)
{
	const char *root = test_root();
	static const uint64_t shape = UINT64_C(1) << 60;
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	struct cute_shm_builder *b;
	struct cute_shm_space space;
	uint64_t spare = 7;

	ck_ok(cute_shm_available(root, &space));
	if (space.available == UINT64_MAX)
		return;
	ck_err(space_check(root, UINT64_MAX, &spare), CUTE_SHM_ERR_NO_SPACE);
	ck_assert_uint_eq(spare, 7);
	ck_errmsg_has("16.0 EiB (18446744073709551615 bytes)");
	ck_errmsg_has(space.limit);
	ck_errmsg_has(root);
	ck_errmsg_has("CUTE_SHM_ROOT");
	ck_ok(cute_shm_builder_new("p", &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<f4", 1, &shape, NULL));
	ck_err(cute_shm_builder_reserve(b), CUTE_SHM_ERR_NO_SPACE);
	/* Nothing was taken; with less of it, it would go on. */
	ck_err(cute_shm_builder_publish(b, NULL), CUTE_SHM_ERR_NO_SPACE);
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

START_TEST(ran_out)
{
	const char *root = test_root();

	ck_err(space_ran_out(root, 3 * MIB, MIB), CUTE_SHM_ERR_NO_SPACE);
	ck_errmsg_has(root);
	ck_errmsg_has("gave 1.0 MiB (1048576 bytes)");
	ck_errmsg_has("needed are 3.0 MiB (3145728 bytes)");
	ck_errmsg_has("--shm-size=");
}
END_TEST

/* Files of a process may be limited: an error, no signal. */
START_TEST(file_limit)
{
	static const uint64_t shape = 1000000;
	struct rlimit limit = { 100000, 100000 };
	struct cute_shm_builder *b;

	test_root();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_ok(cute_shm_builder_new("p", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, &shape, NULL));
	ck_err(cute_shm_builder_reserve(b), CUTE_SHM_ERR_NO_SPACE);
	ck_errmsg_has("ulimit -f");
	cute_shm_builder_free(b);
}
END_TEST

static void
ignore(int number)
{
	(void)number;
}

/* Signals that keep coming must not keep a reservation from its end. */
START_TEST(interrupted)
{
	static const uint64_t shape = 300 * MIB;
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	struct sigaction action = { .sa_handler = ignore };
	struct cute_shm_space space;
	struct cute_shm_builder *b;

	ck_ok(cute_shm_available(test_root(), &space));
	if (space.available < 2 * shape)
		return;
	ck_ok(cute_shm_builder_new("p", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, &shape, NULL));
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	ck_ok(cute_shm_builder_reserve(b));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
}
END_TEST

static int
try_size(const char *project, unsigned flags, uint64_t size)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags | CUTE_SHM_NO_VIEW, /* to the byte */
	};
	struct cute_shm_builder *b;
	int err;

	ck_ok(cute_shm_builder_new(project, &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, &size, NULL));
	err = cute_shm_builder_publish(b, NULL);
	cute_shm_builder_free(b);
	return err;
}

START_TEST(small_root)
{
	const char *root = test_root();
	struct cute_shm_space space;

	if (!test_mount(root, "size=8m"))
		return;
	ck_ok(cute_shm_available(root, &space));
	ck_assert_uint_eq(space.available, 8 * MIB);
	ck_assert_str_eq(space.limit, "free space of its file system");
	ck_err(try_size("p", 0, 8 * MIB), CUTE_SHM_ERR_NO_SPACE);
	ck_errmsg_has("has room for 8.0 MiB (8388608 bytes)");
	ck_errmsg_has("needed are 8.0 MiB (8396800 bytes)");
	ck_errmsg_has("mount -o remount,size=");
	ck_errmsg_has("--shm-size=");
	ck_ok(try_size("p", 0, 8 * MIB - 8192));
	ck_err(try_size("p", CUTE_SHM_OVERWRITE, MIB), CUTE_SHM_ERR_NO_SPACE);
	ck_errmsg_has("project p that it replaces holds 8.0 MiB");
	ck_ok(cute_shm_unlink("p", NULL, NULL));
	/* Whatever was refused holds nothing. */
	ck_ok(cute_shm_available(root, &space));
	ck_assert_uint_eq(space.available, 8 * MIB);
	ck_ok(try_size("p", 0, 8 * MIB - 8192));
}
END_TEST

/* No room for two: the old one goes first, if that helps and harms nobody. */
START_TEST(replace)
{
	const char *root = test_root();
	struct cute_shm *shm;

	if (!test_mount(root, "size=8m"))
		return;
	ck_ok(try_size("p", CUTE_SHM_REPLACE, 3 * MIB));
	ck_ok(cute_shm_open("p", NULL, &shm));
	/* Room for both. */
	ck_ok(try_size("p", CUTE_SHM_REPLACE, 4 * MIB));
	cute_shm_close(shm);
	ck_err(try_size("p", CUTE_SHM_OVERWRITE, 6 * MIB),
	       CUTE_SHM_ERR_NO_SPACE);
	ck_errmsg_has("--replace");
	ck_ok(cute_shm_open("p", NULL, &shm));
	ck_err(try_size("p", CUTE_SHM_REPLACE, 6 * MIB), CUTE_SHM_ERR_NO_SPACE);
	ck_errmsg_has("others use it");
	ck_assert_int_eq(cute_shm_is_current(shm), 1);
	cute_shm_close(shm);
	/* Dropping it would not be enough. */
	ck_err(try_size("p", CUTE_SHM_REPLACE, 9 * MIB), CUTE_SHM_ERR_NO_SPACE);
	ck_assert_uint_eq(test_count(root), 1);
	ck_ok(try_size("p", CUTE_SHM_REPLACE, 6 * MIB));
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

/* What statvfs() promises and the file system then does not have. */
START_TEST(quota)
{
	const char *root = test_root();
	struct cute_shm_builder *b;

	if (!test_mount(root, "size=8m,nr_inodes=2"))
		return;
	ck_ok(try_size("p", 0, MIB));
	ck_err(cute_shm_builder_new("q", NULL, &b), CUTE_SHM_ERR_NO_SPACE);
}
END_TEST

static void
put_level(const char *dir, const char *max, const char *current,
	  const char *limit, uint64_t used, const char *key, uint64_t cache)
{
	put_file(test_path(dir, max), "%s\n", limit);
	put_file(test_path(dir, current), "%llu\n", (unsigned long long)used);
	put_file(test_path(dir, "memory.stat"), "anon 5\n%s %llu\nx 9\n", key,
		 (unsigned long long)cache);
}

static uint64_t
look(const char *root, const char *cgroup, const char *mount_line)
{
	put_file(test_path(root, "cgroup"), "%s", cgroup);
	put_file(test_path(root, "mountinfo"),
		 "22 28 0:21 / /sys rw shared:7 - sysfs sysfs rw\n"
		 "malformed\n\n%s",
		 mount_line);
	return cgroup_available(test_path(root, "cgroup"),
				test_path(root, "mountinfo"));
}

/* As mountinfo has it. */
static const char *
escaped(const char *path)
{
	static char text[1024];
	char *p = text;

	for (; *path && p < text + sizeof(text) - 5; path++)
		if (*path == ' ')
			p = stpcpy(p, "\\040");
		else
			*p++ = *path;
	*p = '\0';
	return text;
}

static const char *
mount_line(const char *root, const char *point)
{
	static char line[8192];

	snprintf(line, sizeof(line),
		 "30 23 0:26 %s %s/%s rw,nosuid shared:4 - cgroup2 cgroup2 "
		 "rw,nsdelegate\n",
		 root, escaped(getenv("CUTE_SHM_ROOT")), point);
	return line;
}

START_TEST(cgroup_two)
{
	const char *root = test_root();

	make_folder(test_path(root, "cg"));
	make_folder(test_path(root, "cg/user"));
	make_folder(test_path(root, "cg/user/job"));
	put_level(test_path(root, "cg/user"), "memory.max", "memory.current",
		  "1000", 300, "inactive_file", 0);
	put_level(test_path(root, "cg/user/job"), "memory.max",
		  "memory.current", "max", 250, "inactive_file", 0);

	/* The level above binds. */
	ck_assert_uint_eq(look(root, "0::/user/job\n", mount_line("/", "cg")),
			  700);
	/* Its own does; what can be dropped counts as free. */
	put_level(test_path(root, "cg/user/job"), "memory.max",
		  "memory.current", "400", 250, "inactive_file", 100);
	ck_assert_uint_eq(look(root, "1:name=x:/y\n0::/user/job\n",
			       mount_line("/", "cg")),
			  250);
	/* More cache than use, and more use than the limit. */
	put_level(test_path(root, "cg/user/job"), "memory.max",
		  "memory.current", "400", 250, "inactive_file", 999);
	ck_assert_uint_eq(look(root, "0::/user/job\n", mount_line("/", "cg")),
			  400);
	put_level(test_path(root, "cg/user/job"), "memory.max",
		  "memory.current", "400", 500, "inactive_file", 0);
	ck_assert_uint_eq(look(root, "0::/user/job\n", mount_line("/", "cg")),
			  0);
	/* Another group, one that is not there, no cgroups at all. */
	ck_assert_uint_eq(look(root, "0::/user\n", mount_line("/", "cg")), 700);
	ck_assert_uint_eq(look(root, "0::/\n", mount_line("/", "cg")),
			  UINT64_MAX);
	ck_assert_uint_eq(look(root, "", mount_line("/", "cg")), UINT64_MAX);
	ck_assert_uint_eq(look(root, "0::/user/job\n", ""), UINT64_MAX);
	ck_assert_uint_eq(cgroup_available("/nonexistent", "/nonexistent"),
			  UINT64_MAX);
}
END_TEST

/* In a container: only a part is mounted, or the path leads out of it. */
START_TEST(cgroup_container)
{
	const char *root = test_root();

	make_folder(test_path(root, "c g"));
	make_folder(test_path(root, "c g/inner"));
	put_level(test_path(root, "c g"), "memory.max", "memory.current",
		  "1000", 100, "inactive_file", 0);
	put_level(test_path(root, "c g/inner"), "memory.max", "memory.current",
		  "500", 100, "inactive_file", 0);
	ck_assert_uint_eq(look(root, "0::/docker/abc/inner\n",
			       mount_line("/docker/abc", "c\\040g")),
			  400);
	ck_assert_uint_eq(look(root, "0::/docker/abc\n",
			       mount_line("/docker/abc", "c\\040g")),
			  900);
	ck_assert_uint_eq(look(root, "0::/docker/abcd\n",
			       mount_line("/docker/abc", "c\\040g")),
			  900);
	ck_assert_uint_eq(look(root, "0::/../other\n",
			       mount_line("/", "c\\040g")),
			  900);
	ck_assert_uint_eq(look(root, "0::/gone/inner\n",
			       mount_line("/", "c\\040g")),
			  900);
}
END_TEST

START_TEST(cgroup_one)
{
	const char *root = test_root();
	char line[8192];

	make_folder(test_path(root, "memory"));
	make_folder(test_path(root, "memory/job"));
	put_level(test_path(root, "memory"), "memory.limit_in_bytes",
		  "memory.usage_in_bytes", "9223372036854771712", 4096,
		  "total_inactive_file", 0);
	put_level(test_path(root, "memory/job"), "memory.limit_in_bytes",
		  "memory.usage_in_bytes", "8192", 4096, "total_inactive_file",
		  1000);
	snprintf(line, sizeof(line),
		 "31 23 0:28 / %s/cpu rw - cgroup cgroup rw,cpu\n"
		 "32 23 0:29 / %s/memory rw,relatime - cgroup cgroup "
		 "rw,memory\n",
		 escaped(root), escaped(root));
	ck_assert_uint_eq(look(root, "5:cpu,cpuacct:/\n4:memory:/job\n0::/\n",
			       line),
			  8192 - 3096);
	ck_assert_uint_eq(look(root, "4:hugetlb,memory:/\n", line), UINT64_MAX);
	ck_assert_uint_eq(look(root, "4:memoryless:/job\n", line), UINT64_MAX);
}
END_TEST

/*
 * Page cache that was read once or often can be dropped, but what is dirty must
 * be written first; pages of tmpfs are in neither list.
 */
START_TEST(cgroup_page_cache)
{
	static const char *const two[] = {
		"memory.max",
		"memory.current",
		"file 900\nshmem 300\ninactive_anon 50\nactive_anon 60\n"
		"inactive_file 200\nactive_file 400\nfile_dirty 30\n"
		"file_writeback 20\n",
	};
	static const char *const one[] = {
		"memory.limit_in_bytes",
		"memory.usage_in_bytes",
		"cache 9\nactive_file 7\ninactive_file 8\ndirty 9\n"
		"total_shmem 300\ntotal_inactive_file 200\n"
		"total_active_file 400\ntotal_dirty 30\n"
		"total_writeback 20\n",
	};
	const char *root = test_root();
	const char *const *files = _i ? one : two;
	char line[8192];

	snprintf(line, sizeof(line), "32 23 0:29 / %s/cg rw - %s x rw%s\n",
		 root, _i ? "cgroup" : "cgroup2", _i ? ",memory" : "");
	make_folder(test_path(root, "cg"));
	put_file(test_path(test_path(root, "cg"), files[0]), "2000\n");
	put_file(test_path(test_path(root, "cg"), files[1]), "1500\n");
	put_file(test_path(root, "cg/memory.stat"), "%s", files[2]);
	ck_assert_uint_eq(look(root, _i ? "4:memory:/\n" : "0::/\n", line),
			  500 + 550);
	/* All of it dirty. */
	put_file(test_path(root, "cg/memory.stat"), "%s%s 9999\n", files[2],
		 _i ? "total_dirty" : "file_dirty");
	ck_assert_uint_eq(look(root, _i ? "4:memory:/\n" : "0::/\n", line),
			  500);
}
END_TEST

/* The lower one of memory.high and memory.max, at each level. */
START_TEST(cgroup_high)
{
	static const struct {
		const char *max, *high;
		uint64_t left;
	} cases[] = {
		{ "max", "800", 600 }, { "1000", "800", 600 },
		{ "700", "800", 500 }, { "1000", "max", 800 },
		{ "max", "100", 0 },   { "max", "max", UINT64_MAX },
	};
	const char *root = test_root();
	size_t i;

	make_folder(test_path(root, "cg"));
	make_folder(test_path(root, "cg/job"));
	for (i = 0; i < ELEMENTS(cases); i++) {
		put_level(test_path(root, "cg"), "memory.max", "memory.current",
			  cases[i].max, 200, "x", 0);
		put_file(test_path(root, "cg/memory.high"), "%s\n",
			 cases[i].high);
		ck_assert_uint_eq(look(root, "0::/job\n",
				       mount_line("/", "cg")),
				  cases[i].left);
	}
}
END_TEST

/* Orphans may hold what a load needs: it removes them before it gives up. */
START_TEST(orphans_make_room)
{
	const char *root = test_root();
	const uint64_t shape[] = { 3 << 20 };
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_EPHEMERAL,
	};
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	int status;
	pid_t pid;

	if (!test_mount(root, "size=4m"))
		return;
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (cute_shm_builder_new("old", &opt, &b) == 0 &&
		    cute_shm_builder_array(b, "a", "|u1", 1, shape, NULL) ==
			    0 &&
		    cute_shm_builder_publish(b, &shm) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_uint_eq(test_count(root), 1);
	ck_ok(cute_shm_builder_new("new", NULL, &b));
	ck_assert_uint_eq(test_count(root), 1);
	ck_ok(cute_shm_builder_array(b, "a", "|u1", 1, shape, NULL));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

/* Files without data use up inodes: that is another thing than space. */
START_TEST(no_inodes)
{
	const char *root = test_root();
	struct cute_shm_builder *b, *first;

	if (!test_mount(root, "nr_inodes=2"))
		return;
	ck_ok(cute_shm_builder_new("p", NULL, &first));
	temporary_flags = _i ? APPEAR_NAMED : 0;
	ck_err(cute_shm_builder_new("q", NULL, &b), CUTE_SHM_ERR_NO_SPACE);
	temporary_flags = 0;
	ck_errmsg_has("no inodes");
	ck_ok(cute_shm_builder_publish(first, NULL));
	cute_shm_builder_free(first);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("space");
	TCase *tc = tcase_create("space");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, sizes);
	tcase_add_test(tc, available);
	tcase_add_test(tc, too_much);
	tcase_add_test(tc, ran_out);
	tcase_add_test(tc, file_limit);
	tcase_add_test(tc, interrupted);
	tcase_add_test(tc, small_root);
	tcase_add_test(tc, replace);
	tcase_add_test(tc, quota);
	tcase_add_test(tc, cgroup_two);
	tcase_add_test(tc, cgroup_container);
	tcase_add_test(tc, cgroup_one);
	tcase_add_loop_test(tc, cgroup_page_cache, 0, 2);
	tcase_add_test(tc, cgroup_high);
	tcase_add_test(tc, orphans_make_room);
	tcase_add_loop_test(tc, no_inodes, 0, 2);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
