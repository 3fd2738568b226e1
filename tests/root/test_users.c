/* SPDX-License-Identifier: MIT */
/*
 * Other users of the machine, as real ones: what modes mean, who may replace
 * and remove, and that squatting on a name is seen.  Needs root, else skipped.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "root/root.h"
#include "util.h"

/* Numbers that no real user has; both in the group SHARED, one not. */
#define ADA    60001
#define BOB    60002
#define EVE    60003
#define SHARED 60010

static const char *root;
static const double value = 42;

/* A root like /dev/shm: all may make files, each removes his own. */
static void
setup(void)
{
	char *end, path[4096];

	root = test_root();
	ck_assert_int_eq(chmod(root, 01777), 0);
	/* The folder above was made for one user. */
	snprintf(path, sizeof(path), "%s", root);
	end = strrchr(path, '/');
	*end = '\0';
	ck_assert_int_eq(chmod(path, 0711), 0);
}

static void
become(uid_t uid)
{
	gid_t groups[] = { SHARED };

	ck_assert_int_eq(setgroups(uid == EVE ? 0 : 1, groups), 0);
	ck_assert_int_eq(setgid(uid), 0);
	ck_assert_int_eq(setuid(uid), 0);
}

/* What 'act' returns, done by that user in a process of his own. */
static int
as(uid_t uid, int (*act)(void))
{
	int status, ends[2], err = 1;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		become(uid);
		err = act();
		if (write(ends[1], &err, sizeof(err)) != sizeof(err))
			_exit(1);
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &err, sizeof(err)) != (ssize_t)sizeof(err))
		err = 1;
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return err;
}

static mode_t mode;
static const char *group;
static unsigned flags;
static const char *words; /* that the message must have */

static int
check_words(int err)
{
	if (err != 0 && words && !strstr(cute_shm_errmsg(), words)) {
		fprintf(stderr, "no \"%s\" in \"%s\"\n", words,
			cute_shm_errmsg());
		return 2;
	}
	return err;
}

static int
publish(void)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.mode = mode,
		.group = group,
		.flags = flags,
	};
	struct cute_shm_builder *b = NULL;
	int err;

	err = cute_shm_builder_new("p", &opt, &b);
	if (err == 0)
		err = cute_shm_builder_array(b, "a", "<f8", 0, NULL, &value);
	if (err == 0)
		err = cute_shm_builder_publish(b, NULL);
	cute_shm_builder_free(b);
	return check_words(err);
}

static int
open_with(unsigned with)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = with,
	};
	struct cute_shm *shm = NULL;
	struct cute_shm_array a;
	int err;

	err = cute_shm_open("p", &opt, &shm);
	if (err == 0)
		err = cute_shm_get(shm, "a", &a);
	if (err == 0 && *cute_shm_f64(&a, NULL) != value)
		err = 3;
	if (err == 0)
		err = cute_shm_verify(shm, NULL, NULL);
	if (err == 0 && (with & CUTE_SHM_WRITE))
		err = cute_shm_update(&a, 0, &value, sizeof(value), 0);
	cute_shm_close(shm);
	return check_words(err);
}

static int
look(void)
{
	return open_with(0);
}

static int
trust(void)
{
	return open_with(CUTE_SHM_ANY_OWNER);
}

static int
change(void)
{
	return open_with(CUTE_SHM_ANY_OWNER | CUTE_SHM_WRITE);
}

static int
remove_it(void)
{
	return check_words(cute_shm_unlink("p", NULL, NULL));
}

/* -------------------------------------------------------------------- modes */

/* What the mode gives Bob, who is in the group, and Eve, who is not. */
static const struct {
	mode_t mode;
	int bob_reads, bob_writes, eve_reads;
} modes[] = {
	{ 0600, CUTE_SHM_ERR_PERMISSION, CUTE_SHM_ERR_PERMISSION,
	  CUTE_SHM_ERR_PERMISSION },
	{ 0640, 0, CUTE_SHM_ERR_PERMISSION, CUTE_SHM_ERR_PERMISSION },
	{ 0644, 0, CUTE_SHM_ERR_PERMISSION, 0 },
	{ 0660, 0, 0, CUTE_SHM_ERR_PERMISSION },
};

START_TEST(modes_mean_what_they_say)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };
	size_t m = (size_t)_i / ELEMENTS(masks);
	struct stat st;

	umask(masks[(size_t)_i % ELEMENTS(masks)]);
	mode = modes[m].mode;
	group = "60010";
	ck_assert_int_eq(as(ADA, publish), 0);
	ck_assert_int_eq(stat(test_path(root, "cute-shm.p"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, mode);
	ck_assert_uint_eq(st.st_uid, ADA);
	ck_assert_uint_eq(st.st_gid, SHARED);
	ck_assert_int_eq(as(ADA, look), 0);
	ck_assert_int_eq(as(BOB, trust), modes[m].bob_reads);
	ck_assert_int_eq(as(BOB, change), modes[m].bob_writes);
	ck_assert_int_eq(as(EVE, trust), modes[m].eve_reads);
	ck_assert_int_eq(as(EVE, change), CUTE_SHM_ERR_PERMISSION);
}
END_TEST

START_TEST(others_are_not_trusted)
{
	mode = 0644;
	ck_assert_int_eq(as(EVE, publish), 0);
	words = "belongs to uid 60003";
	ck_assert_int_eq(as(ADA, look), CUTE_SHM_ERR_OWNER);
	words = NULL;
	ck_assert_int_eq(as(ADA, trust), 0);
	/* Root is, by all; and trusts nobody else either. */
	ck_err(look(), CUTE_SHM_ERR_OWNER);
	ck_ok(cute_shm_unlink("p", NULL, NULL));
	ck_ok(publish());
	ck_assert_int_eq(as(EVE, look), 0);
}
END_TEST

static int
check_private(const struct cute_shm_info *info, void *arg)
{
	struct stat *st = arg;

	if (info->err != CUTE_SHM_ERR_PERMISSION || info->uid != st->st_uid ||
	    info->mode != st->st_mode || info->size != (uint64_t)st->st_size)
		return 1;
	st->st_size = 0;
	return 0;
}

static int
list_private(void)
{
	struct stat st;

	if (stat(test_path(root, "cute-shm.p"), &st) != 0 ||
	    cute_shm_list(root, check_private, &st) != 0)
		return 2;
	return st.st_size == 0 ? 0 : 3;
}

/* What others may not read has a size and an owner all the same. */
START_TEST(private_is_listed)
{
	mode = 0600;
	ck_assert_int_eq(as(ADA, publish), 0);
	ck_assert_int_eq(as(BOB, list_private), 0);
}
END_TEST

/* -------------------------------------------------------------------- names */

START_TEST(squatting_is_seen)
{
	mode = 0644;
	ck_assert_int_eq(as(EVE, publish), 0);
	words = "exists already";
	ck_assert_int_eq(as(ADA, publish), CUTE_SHM_ERR_EXISTS);
	flags = CUTE_SHM_OVERWRITE;
	words = "cute-shm.p";
	ck_assert_int_eq(as(ADA, publish), CUTE_SHM_ERR_PERMISSION);
	flags = CUTE_SHM_REPLACE;
	ck_assert_int_eq(as(ADA, publish), CUTE_SHM_ERR_PERMISSION);
	words = NULL;
	/* Hers is as it was, and nothing of Ada's is left. */
	ck_assert_int_eq(as(EVE, look), 0);
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

START_TEST(only_the_owner_removes)
{
	mode = 0666;
	ck_assert_int_eq(as(ADA, publish), 0);
	words = "cute-shm.p";
	ck_assert_int_eq(as(EVE, remove_it), CUTE_SHM_ERR_PERMISSION);
	ck_assert_int_eq(as(BOB, remove_it), CUTE_SHM_ERR_PERMISSION);
	words = NULL;
	ck_assert_int_eq(as(ADA, look), 0);
	ck_assert_uint_eq(test_count(root), 1);
	ck_assert_int_eq(as(ADA, remove_it), 0);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

/* A link of Eve's to what only Ada may read leads Ada nowhere. */
static int
squat_with_link(void)
{
	return symlink("/etc/passwd", test_path(root, "cute-shm.p"));
}

static int
squat_with_fifo(void)
{
	return mkfifo(test_path(root, "cute-shm.p"), 0666);
}

START_TEST(links_and_pipes_are_refused)
{
	ck_assert_int_eq(as(EVE, _i ? squat_with_fifo : squat_with_link), 0);
	ck_assert_int_eq(as(ADA, look), CUTE_SHM_ERR_FORMAT);
	ck_assert_int_eq(as(ADA, trust), CUTE_SHM_ERR_FORMAT);
	ck_assert_int_eq(as(ADA, publish), CUTE_SHM_ERR_EXISTS);
}
END_TEST

/* What can only fail is not begun: as soon as there is a builder, or none. */
static int
begin_over(void)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_OVERWRITE,
	};
	struct cute_shm_builder *b = NULL;
	int err = cute_shm_builder_new("p", &opt, &b);

	cute_shm_builder_free(b);
	return check_words(err);
}

START_TEST(refused_at_once)
{
	mode = 0644;
	words = "belongs to uid 60001";
	ck_assert_int_eq(as(ADA, publish), 0);
	ck_assert_int_eq(as(EVE, begin_over), CUTE_SHM_ERR_PERMISSION);
	ck_assert_int_eq(as(EVE, remove_it), CUTE_SHM_ERR_PERMISSION);
	ck_assert_int_eq(as(ADA, begin_over), 0);
	/* The owner of the folder may, and so may root. */
	ck_assert_int_eq(begin_over(), 0);
	ck_assert_int_eq(chown(root, BOB, (gid_t)-1), 0);
	ck_assert_int_eq(as(BOB, begin_over), 0);
	/* Without the sticky bit all may. */
	ck_assert_int_eq(chmod(root, 0777), 0);
	ck_assert_int_eq(as(EVE, begin_over), 0);
	ck_assert_int_eq(as(EVE, remove_it), 0);
}
END_TEST

/* --------------------------------------------------------- user namespaces */

/* Enter one where the caller is 'inside'; nobody else is mapped.  Or none. */
static int inside;

static bool
enter_namespace(void)
{
	char line[64];
	uid_t uid = geteuid();
	int fd;
	bool done;

	if (unshare(CLONE_NEWUSER) != 0)
		return false;
	if (inside < 0)
		return true;
	snprintf(line, sizeof(line), "%d %u 1\n", inside, (unsigned)uid);
	fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
	done = fd >= 0 &&
	       write(fd, line, strlen(line)) == (ssize_t)strlen(line);
	close(fd);
	return done;
}

#define NO_NAMESPACE 77

static int
look_inside(void)
{
	return enter_namespace() ? open_with(0) : NO_NAMESPACE;
}

static int
trust_inside(void)
{
	return enter_namespace() ? open_with(CUTE_SHM_ANY_OWNER) : NO_NAMESPACE;
}

/* The number of all who are not mapped is nobody's proof. */
START_TEST(overflow_uid)
{
	static const struct {
		uid_t who;  /* published, */
		int inside; /* and what another user or the same is */
		uid_t reader;
		int err;
	} cases[] = {
		{ ADA, -1, BOB, CUTE_SHM_ERR_OWNER },
		{ ADA, 65534, BOB, CUTE_SHM_ERR_OWNER },
		{ ADA, 0, BOB, CUTE_SHM_ERR_OWNER },
		{ 0, 0, BOB, CUTE_SHM_ERR_OWNER },
		{ BOB, -1, BOB, CUTE_SHM_ERR_OWNER },
		{ BOB, 65534, BOB, CUTE_SHM_ERR_OWNER },
		{ BOB, 0, BOB, 0 },
		{ BOB, 1000, BOB, 0 },
	};
	int err;

	mode = 0644;
	ck_assert_int_eq(cases[_i].who == 0 ? publish()
					    : as(cases[_i].who, publish),
			 0);
	inside = cases[_i].inside;
	err = as(cases[_i].reader, look_inside);
	if (err == NO_NAMESPACE)
		return;
	ck_assert_int_eq(err, cases[_i].err);
	words = "CUTE_SHM_ANY_OWNER if";
	ck_assert_int_eq(as(cases[_i].reader, look_inside), cases[_i].err);
	words = NULL;
	ck_assert_int_eq(as(cases[_i].reader, trust_inside), 0);
}
END_TEST

/* Outside of all namespaces it is a user as any other. */
START_TEST(nobody)
{
	mode = 0600;
	if (!uid_map_complete("/proc/self/uid_map"))
		return;
	ck_assert_int_eq(as(65534, publish), 0);
	ck_assert_int_eq(as(65534, look), 0);
}
END_TEST

START_TEST(uid_maps)
{
	static const struct {
		const char *map;
		bool complete;
	} maps[] = {
		{ "         0          0 4294967295\n", true },
		{ "0 0 4294967294\n", false },
		{ "0 1000 1\n", false },
		{ "0 1000 1\n1 100000 65536\n", false },
		{ "0 0 1000\n1000 1000 4294966295\n", true },
		{ "", false },
	};
	const char *path = test_path(root, "map");
	FILE *f;
	size_t i;

	for (i = 0; i < ELEMENTS(maps); i++) {
		f = fopen(path, "we");
		ck_assert_ptr_nonnull(f);
		fputs(maps[i].map, f);
		fclose(f);
		ck_assert_int_eq(uid_map_complete(path), maps[i].complete);
	}
	ck_assert(!uid_map_complete(test_path(root, "none")));
}
END_TEST

/* ------------------------------------------------------------------ memory */

/* A real-time process keeps all of its memory from being swapped. */
static int
look_locked(void)
{
	struct rlimit limit = { 1 << 12, 1 << 12 };

	if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || mlockall(MCL_FUTURE) != 0)
		return NO_NAMESPACE;
	return open_with(CUTE_SHM_ANY_OWNER);
}

START_TEST(locked_memory)
{
	int err;

	/* Their mlockall() does nothing. */
	if (SANITIZED)
		return;
	mode = 0644;
	ck_assert_int_eq(as(ADA, publish), 0);
	words = "mlockall";
	err = as(ADA, look_locked);
	ck_assert(err == CUTE_SHM_ERR_NOMEM || err == NO_NAMESPACE);
}
END_TEST

/* ------------------------------------------------------------------ mounts */

START_TEST(a_mount_for_reading)
{
	mode = 0644;
	ck_assert_int_eq(as(ADA, publish), 0);
	/* Containers may not do this; then there is nothing to test. */
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, "") != 0 ||
	    mount(root, root, "none", MS_BIND, "") != 0 ||
	    mount("none", root, "none", MS_BIND | MS_REMOUNT | MS_RDONLY, "") !=
		    0)
		return;
	ck_assert_int_eq(as(ADA, look), 0);
	ck_assert_int_eq(as(BOB, trust), 0);
	words = "Read-only file system";
	ck_assert_int_eq(as(ADA, change), CUTE_SHM_ERR_PERMISSION);
	ck_assert_int_eq(as(ADA, remove_it), CUTE_SHM_ERR_PERMISSION);
	words = NULL;
	umount(root);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("users");
	TCase *tc = tcase_create("users");

	if (!test_is_root()) {
		puts("skipped: only root can become other users");
		return 77;
	}
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, modes_mean_what_they_say, 0,
			    4 * (int)ELEMENTS(modes));
	tcase_add_test(tc, others_are_not_trusted);
	tcase_add_test(tc, private_is_listed);
	tcase_add_test(tc, squatting_is_seen);
	tcase_add_test(tc, only_the_owner_removes);
	tcase_add_loop_test(tc, links_and_pipes_are_refused, 0, 2);
	tcase_add_test(tc, refused_at_once);
	tcase_add_loop_test(tc, overflow_uid, 0, 8);
	tcase_add_test(tc, nobody);
	tcase_add_test(tc, uid_maps);
	tcase_add_test(tc, locked_memory);
	tcase_add_test(tc, a_mount_for_reading);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
