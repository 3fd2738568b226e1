/* SPDX-License-Identifier: MIT */
/*
 * Who may remove or replace a name: the locks of collectors and builders, and
 * what they look at.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "build/build.h"
#include "root_util.h"

/* ------------------------------------------------------------------- names */

static void
claim_orphan(const char *path)
{
	child_lock(path, O_RDWR, LOCK_OWNERS, LOCK_OWNERS_END);
}

static void
claim_name(const char *path)
{
	child_lock(path, O_RDWR, LOCK_NAME, LOCK_OWNERS_END);
}

/* Looks and locks as a collector does, then is held up, then removes. */
static void
collect_slowly(const char *path)
{
	struct timespec pause = { .tv_nsec = 300000000 };
	pid_t self = getpid();

	claim_orphan(path);
	if (fork() != 0)
		return;
	/* The lock is shared by both: it ends with the last of them. */
	nanosleep(&pause, NULL);
	unlink(path);
	kill(self, SIGKILL);
	_exit(0);
}

/*
 * A project that is published meanwhile waits until the collector has removed
 * the orphan: it would remove the new one instead.
 */
START_TEST(publish_beside_collector)
{
	const char *root = test_root();
	pid_t owner = child_start(child_own, NULL), collector;
	struct cute_shm *shm;
	int status;

	child_finish(owner);
	collector = child_start(collect_slowly, test_path(root, "cute-shm.p"));
	shm = root_publish("p", CUTE_SHM_OVERWRITE);
	ck_assert_int_eq(waitpid(collector, &status, 0), collector);
	ck_assert_int_eq(cute_shm_is_current(shm), 1);
	ck_assert_uint_eq(test_count(root), 1);
	cute_shm_close(shm);
}
END_TEST

/* One that dies in the middle has changed nothing, and holds nobody up. */
START_TEST(collector_dies)
{
	const char *root = test_root();
	pid_t owner = child_start(child_own, NULL), collector;
	uint64_t count;

	child_finish(owner);
	collector = child_start(claim_orphan, test_path(root, "cute-shm.p"));
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(test_count(root), 1);
	child_finish(collector);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

/* A collector leaves what a publisher is about to replace. */
START_TEST(collect_beside_publisher)
{
	const char *root = test_root();
	pid_t owner = child_start(child_own, NULL), publisher;
	uint64_t count;

	child_finish(owner);
	publisher = child_start(claim_name, test_path(root, "cute-shm.p"));
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 0);
	child_finish(publisher);
	ck_ok(root_build("p", 0, NULL));
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

/* The name may lead elsewhere by the time the lock is there. */
START_TEST(remove_what_was_seen)
{
	const char *root = test_root();
	const char *path = test_path(root, "cute-shm.p");
	struct cute_shm *old = root_publish("p", 0);
	struct cute_shm *new = root_publish("p", CUTE_SHM_OVERWRITE);
	bool removed = true;
	struct stat st;
	int fd;

	ck_ok(remove_name(path, &old->stat, true, &removed));
	ck_assert(!removed);
	ck_ok(remove_orphan(path, &old->stat, &removed));
	ck_assert(!removed);
	ck_ok(remove_name(path, &new->stat, false, &removed));
	ck_assert(removed);
	ck_ok(remove_name(path, &new->stat, true, &removed));
	ck_assert(!removed);
	ck_ok(name_lock(path, &fd, &st));
	ck_assert_int_eq(fd, -1);
	ck_assert_uint_eq(st.st_nlink, 0);
	cute_shm_close(old);
	cute_shm_close(new);
}
END_TEST

/* What can be neither opened nor locked is replaced all the same. */
START_TEST(replace_what_cannot_be_locked)
{
	const char *root = test_root();
	const char *path = test_path(root, "cute-shm.p");

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_ok(root_build("p", CUTE_SHM_OVERWRITE, NULL));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/nowhere", path), 0);
	ck_ok(root_build("p", CUTE_SHM_OVERWRITE, NULL));
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

/* Without a call that does so, only one builder at a time takes a new name. */
START_TEST(claims)
{
	const char *root = test_root();
	struct appear_place at = temporary_place(root);
	int fd;
	char *name;

	at.claim = "claim.p";
	ck_assert_int_eq(appear_claim(&at, &fd, &name), 0);
	ck_assert_uint_eq(test_count(root), 1);
	/* It is nobody's leftover while it is locked. */
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_assert_uint_eq(test_count(root), 1);
	close(fd);
	/* Left by a builder that died: taken over. */
	free(name);
	ck_assert_int_eq(appear_claim(&at, &fd, &name), 0);
	ck_assert_uint_eq(test_count(root), 1);
	close(fd);
	free(name);
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

/* -------------------------------------------------------------------- cost */

static unsigned long opens;

int __real_open(const char *path, int flags, mode_t mode);
int __wrap_open(const char *path, int flags, mode_t mode);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);

int
__wrap_open(const char *path, int flags, mode_t mode)
{
	opens++;
	return __real_open(path, flags, mode);
}

DIR *
__wrap_opendir(const char *path)
{
	opens++;
	return __real_opendir(path);
}

/* A load costs the same, whatever else is in the root. */
START_TEST(load_is_flat)
{
	const char *root = test_root();
	unsigned long alone, among;
	char name[32];
	int i;

	opens = 0;
	ck_ok(root_build("p", CUTE_SHM_OVERWRITE, NULL));
	ck_ok(root_build("p", CUTE_SHM_OVERWRITE, NULL));
	alone = opens;
	ck_assert_uint_gt(alone, 0);
	ck_ok(cute_shm_unlink("p", NULL, NULL));
	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "other%d", i);
		ck_ok(root_build(name, 0, NULL));
	}
	opens = 0;
	ck_ok(root_build("p", CUTE_SHM_OVERWRITE, NULL));
	ck_ok(root_build("p", CUTE_SHM_OVERWRITE, NULL));
	among = opens;
	ck_assert_uint_eq(among, alone);
	ck_assert_uint_eq(test_count(root), 51);
}
END_TEST

static int
count_user(const struct cute_shm_user *user, void *arg)
{
	unsigned *count = arg;

	(void)user;
	++*count;
	return 0;
}

static void
open_twice(const char *path)
{
	struct cute_shm *shm;

	(void)path;
	if (cute_shm_open("p", NULL, &shm) != 0 ||
	    cute_shm_open("p", NULL, &shm) != 0 ||
	    cute_shm_open("q", NULL, &shm) != 0)
		_exit(1);
}

/* One look at /proc answers for all projects, without further calls. */
START_TEST(one_look_for_all)
{
	struct cute_shm *p = (test_root(), root_publish("p", 0));
	struct cute_shm *q = root_publish("q", 0), *r = root_publish("r", 0);
	pid_t one = child_start(open_twice, NULL),
	      two = child_start(open_twice, NULL);
	struct cute_shm_usage *usage;
	unsigned count;
	int i;

	ck_ok(cute_shm_usage_new(&usage));
	opens = 0;
	for (i = 0; i < 3; i++) {
		count = 0;
		/* In the children, what was open at the fork is closed. */
		ck_ok(cute_shm_usage_users(usage,
					   i == 0   ? p
					   : i == 1 ? q
						    : r,
					   count_user, &count));
		ck_assert_uint_eq(count, 2);
	}
	ck_assert_uint_eq(opens, 0);
	cute_shm_usage_free(usage);
	cute_shm_usage_free(NULL);
	child_finish(one);
	ck_ok(cute_shm_usage_new(&usage));
	count = 0;
	ck_ok(cute_shm_usage_users(usage, p, count_user, &count));
	ck_assert_uint_eq(count, 1);
	cute_shm_usage_free(usage);
	child_finish(two);
	cute_shm_close(p);
	cute_shm_close(q);
	cute_shm_close(r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("names");
	TCase *t = tcase_create("names");

	tcase_add_test(t, publish_beside_collector);
	tcase_add_test(t, collector_dies);
	tcase_add_test(t, collect_beside_publisher);
	tcase_add_test(t, remove_what_was_seen);
	tcase_add_test(t, replace_what_cannot_be_locked);
	tcase_add_test(t, claims);
	tcase_add_test(t, load_is_flat);
	tcase_add_test(t, one_look_for_all);
	suite_add_tcase(s, t);
	return test_run(s);
}
