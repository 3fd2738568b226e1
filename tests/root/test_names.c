/* SPDX-License-Identifier: MIT */
/*
 * Where a name leads, and who may change that: copies of ephemeral projects,
 * the locks of owners, readers and collectors, and what a builder looks at.
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
#include "lock/lock.h"
#include "root/root.h"
#include "util.h"

static const double value = 42;

static int
build(const char *project, unsigned flags, struct cute_shm **ret)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
		.mode = 0644,
	};
	struct cute_shm_builder *b = NULL;
	int err;

	err = cute_shm_builder_new(project, &opt, &b);
	if (err == 0)
		err = cute_shm_builder_array(b, "a", "<f8", 0, NULL, &value);
	if (err == 0)
		err = cute_shm_builder_publish(b, ret);
	cute_shm_builder_free(b);
	return err;
}

static struct cute_shm *
publish(const char *project, unsigned flags)
{
	struct cute_shm *shm = NULL;

	ck_ok(build(project, flags, &shm));
	return shm;
}

static struct cute_shm_info
info_of(const char *project)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	ck_ok(cute_shm_open(project, NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	cute_shm_close(shm);
	return info;
}

static void
copy(const char *from, const char *to)
{
	uint8_t bytes[65536];
	FILE *in = fopen(from, "re"), *out = fopen(to, "we");
	size_t size;

	ck_assert(in && out);
	size = fread(bytes, 1, sizeof(bytes), in);
	ck_assert_uint_gt(size, 0);
	ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
	ck_assert_int_eq(fclose(out), 0);
	fclose(in);
}

/*
 * A process that does something, then lives until it is killed.  What it does
 * is done when this returns.
 */
static pid_t
start(void (*act)(const char *path), const char *path)
{
	int ready[2];
	char c = 0;
	pid_t pid;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		act(path);
		if (write(ready[1], &c, 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ck_assert_int_eq((int)read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void
finish(pid_t pid)
{
	int status;

	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
}

static void
own(const char *path)
{
	(void)path;
	publish("p", CUTE_SHM_EPHEMERAL);
}

static void
lock(const char *path, int mode, uint64_t begin, uint64_t end)
{
	int fd = open(path, mode | O_CLOEXEC);

	if (fd < 0 || range_try(fd, begin, end, mode == O_RDWR) != 0)
		_exit(1);
}

/* ------------------------------------------------------------------ copies */

START_TEST(home_is_written)
{
	const char *root = test_root();
	struct format_second second;
	struct format_header h;
	struct cute_shm *shm;
	struct stat st;
	int i;

	for (i = 0; i < 4; i++) {
		temporary_flags = i % 2 ? APPEAR_NAMED : 0;
		shm = publish("p", i < 2 ? CUTE_SHM_EPHEMERAL : 0);
		ck_ok(read_header(shm->fd, shm->size, &h));
		memcpy(&second, shm->base + sizeof(h), sizeof(second));
		ck_assert_int_eq(stat(test_path(root, "cute-shm.p"), &st), 0);
		ck_assert_str_eq(h.version, i < 2 ? "1.1" : "1.0");
		ck_assert_uint_eq(second.home_device, i < 2 ? st.st_dev : 0);
		ck_assert_uint_eq(second.home_inode, i < 2 ? st.st_ino : 0);
		ck_assert_uint_eq(h.view_digest,
				  i < 2 ? digest(&second, sizeof(second)) : 0);
		ck_ok(cute_shm_verify(shm, NULL, NULL));
		cute_shm_close(shm);
		if (i >= 2)
			ck_ok(cute_shm_unlink("p", NULL, NULL));
	}
	temporary_flags = 0;
}
END_TEST

/* A copy is nobody's, whoever lives or dies, and wherever it is. */
START_TEST(copy_stays)
{
	const char *root = test_root();
	char backup[4096];
	struct cute_shm *shm;
	uint64_t count;
	pid_t owner;
	int i;

	snprintf(backup, sizeof(backup), "%s", test_path(root, "backup"));
	ck_assert_int_eq(mkdir(backup, 0700), 0);
	owner = start(own, NULL);
	copy(test_path(root, "cute-shm.p"), test_path(root, "cute-shm.copy"));
	copy(test_path(root, "cute-shm.p"), test_path(backup, "cute-shm.p"));
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(info_of("copy").ephemeral, 0);
		ck_assert_int_eq(info_of("copy").orphan, 0);
		ck_ok(cute_shm_collect(backup, &count, NULL));
		ck_assert_uint_eq(count, 0);
		if (i == 0)
			finish(owner);
		ck_ok(cute_shm_collect(root, &count, NULL));
		ck_assert_uint_eq(count, i == 0 ? 1 : 0);
	}
	ck_ok(cute_shm_open("copy", NULL, &shm));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_assert_int_eq(cute_shm_is_current(shm), 1);
	cute_shm_close(shm);
	ck_assert_uint_eq(test_count(root), 2);
	ck_assert_uint_eq(test_count(backup), 1);
}
END_TEST

/* A copy under the name of the project that it is of, after its end. */
START_TEST(copy_comes_back)
{
	const char *root = test_root();
	pid_t owner = start(own, NULL);
	struct cute_shm *shm;

	copy(test_path(root, "cute-shm.p"), test_path(root, "kept"));
	finish(owner);
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_assert_int_eq(rename(test_path(root, "kept"),
				test_path(root, "cute-shm.p")),
			 0);
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_err(build("p", 0, NULL), CUTE_SHM_ERR_EXISTS);
	ck_ok(cute_shm_open("p", NULL, &shm));
	cute_shm_close(shm);
}
END_TEST

static struct cute_shm *
restore(const char *file, unsigned flags)
{
	struct cute_shm_load_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	struct cute_shm *ret = NULL;
	int fd;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_ok(cute_shm_load("q", fd, &opt, &ret));
	close(fd);
	return ret;
}

/* Saved it is lasting; restored it has a new home, or none. */
START_TEST(saved_and_restored)
{
	const char *root = test_root();
	struct cute_shm *shm = publish("p", CUTE_SHM_EPHEMERAL), *again;
	struct cute_shm_info info;
	char saved[4096];
	int i;

	snprintf(saved, sizeof(saved), "%s", test_path(root, "saved"));
	ck_ok(cute_shm_export(shm, saved, NULL));
	ck_ok(cute_shm_open_file(saved, NULL, &again));
	ck_assert_str_eq(again->version, "1.0");
	ck_ok(cute_shm_verify(again, NULL, NULL));
	cute_shm_close(again);
	for (i = 0; i < 2; i++) {
		again = restore(saved, i ? CUTE_SHM_EPHEMERAL : 0);
		ck_ok(cute_shm_info(again, &info));
		ck_assert_int_eq(info.ephemeral, i);
		ck_assert_int_eq(info.orphan, 0);
		ck_assert_str_eq(again->version, i ? "1.1" : "1.0");
		ck_ok(cute_shm_verify(again, NULL, NULL));
		cute_shm_close(again);
		if (i == 0)
			ck_ok(cute_shm_unlink("q", NULL, NULL));
	}
	/* The bytes of an ephemeral one itself, as by cp. */
	ck_assert_int_eq(unlink(saved), 0);
	copy(test_path(root, "cute-shm.p"), saved);
	for (i = 0; i < 2; i++) {
		again = restore(saved, i ? CUTE_SHM_EPHEMERAL : 0);
		ck_assert_str_eq(again->version, i ? "1.1" : "1.0");
		ck_ok(cute_shm_verify(again, NULL, NULL));
		cute_shm_close(again);
		if (i == 0)
			ck_ok(cute_shm_unlink("q", NULL, NULL));
	}
	cute_shm_close(shm);
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

/* ------------------------------------------------------------------ owners */

/* Make the segment one of format 1.0, which has one owner, at byte 0. */
static void
make_first(const char *path)
{
	static const struct format_second nothing;
	struct format_header h;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct stat st;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_ok(read_header(fd, (uint64_t)st.st_size, &h));
	memcpy(h.version, "1.0", 4);
	h.view_digest = 0;
	h.header_digest = digest_header(&h);
	ck_ok(write_all(fd, &nothing, sizeof(nothing), sizeof(h)));
	ck_ok(write_all(fd, &h, sizeof(h), 0));
	close(fd);
}

static void
read_lock_all(const char *path)
{
	lock(path, O_RDONLY, LOCK_OWNER, LOCK_READER + 1);
	lock(path, O_RDONLY, LOCK_OWNERS, LOCK_OWNERS_END);
}

/* Who may only read cannot pass for an owner, and holds nobody up. */
START_TEST(readers_own_nothing)
{
	const char *root = test_root();
	const char *path = test_path(root, "cute-shm.p");
	pid_t owner = start(own, NULL), reader;
	struct cute_shm *shm;
	uint64_t count;

	if (_i)
		make_first(path);
	ck_assert_int_eq(info_of("p").orphan, 0);
	finish(owner);
	reader = start(read_lock_all, path);
	ck_err(cute_shm_open("p", NULL, &shm), CUTE_SHM_ERR_NOT_FOUND);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(test_count(root), 0);
	finish(reader);
}
END_TEST

static void
read_lock_name(const char *path)
{
	lock(path, O_RDONLY, LOCK_NAME, LOCK_OWNERS_END);
}

/* Nor can they keep a name from being replaced or removed. */
START_TEST(readers_hold_no_names)
{
	const char *root = test_root();
	const char *path = test_path(root, "cute-shm.p");
	struct cute_shm *shm;
	pid_t reader;

	cute_shm_close(publish("p", 0));
	reader = start(read_lock_name, path);
	ck_ok(build("p", CUTE_SHM_OVERWRITE, NULL));
	finish(reader);
	shm = publish("p", CUTE_SHM_OVERWRITE | CUTE_SHM_EPHEMERAL);
	reader = start(read_lock_name, path);
	cute_shm_close(shm);
	ck_assert_uint_eq(test_count(root), 0);
	finish(reader);
}
END_TEST

static void
join(const char *path)
{
	lock(path, O_RDWR, LOCK_OWNERS + 77, LOCK_OWNERS + 78);
}

/* Each owner has a byte of its own: the last one's end is the project's. */
START_TEST(second_owner)
{
	const char *root = test_root();
	pid_t owner = start(own, NULL), second;
	uint64_t count;

	second = start(join, test_path(root, "cute-shm.p"));
	finish(owner);
	ck_assert_int_eq(info_of("p").orphan, 0);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 0);
	finish(second);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 1);
}
END_TEST

/* Libraries of before look at byte 0, also of what they cannot know. */
START_TEST(owner_for_the_first_format)
{
	struct cute_shm *shm = (test_root(), publish("p", CUTE_SHM_EPHEMERAL));

	ck_assert(range_locked(shm->fd, LOCK_OWNER, LOCK_OWNER + 1, false));
	make_first(shm->path);
	ck_assert_int_eq(info_of("p").ephemeral, 1);
	ck_assert_int_eq(info_of("p").orphan, 0);
	cute_shm_close(shm);
}
END_TEST

/* ------------------------------------------------------------------- names */

static void
claim_orphan(const char *path)
{
	lock(path, O_RDWR, LOCK_OWNERS, LOCK_OWNERS_END);
}

static void
claim_name(const char *path)
{
	lock(path, O_RDWR, LOCK_NAME, LOCK_OWNERS_END);
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
	pid_t owner = start(own, NULL), collector;
	struct cute_shm *shm;
	int status;

	finish(owner);
	collector = start(collect_slowly, test_path(root, "cute-shm.p"));
	shm = publish("p", CUTE_SHM_OVERWRITE);
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
	pid_t owner = start(own, NULL), collector;
	uint64_t count;

	finish(owner);
	collector = start(claim_orphan, test_path(root, "cute-shm.p"));
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(test_count(root), 1);
	finish(collector);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

/* A collector leaves what a publisher is about to replace. */
START_TEST(collect_beside_publisher)
{
	const char *root = test_root();
	pid_t owner = start(own, NULL), publisher;
	uint64_t count;

	finish(owner);
	publisher = start(claim_name, test_path(root, "cute-shm.p"));
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 0);
	finish(publisher);
	ck_ok(build("p", 0, NULL));
	ck_assert_uint_eq(test_count(root), 1);
}
END_TEST

/* The name may lead elsewhere by the time the lock is there. */
START_TEST(remove_what_was_seen)
{
	const char *root = test_root();
	const char *path = test_path(root, "cute-shm.p");
	struct cute_shm *old = publish("p", 0);
	struct cute_shm *new = publish("p", CUTE_SHM_OVERWRITE);
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
	ck_ok(build("p", CUTE_SHM_OVERWRITE, NULL));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/nowhere", path), 0);
	ck_ok(build("p", CUTE_SHM_OVERWRITE, NULL));
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
	ck_ok(build("p", CUTE_SHM_OVERWRITE, NULL));
	ck_ok(build("p", CUTE_SHM_OVERWRITE, NULL));
	alone = opens;
	ck_assert_uint_gt(alone, 0);
	ck_ok(cute_shm_unlink("p", NULL, NULL));
	for (i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "other%d", i);
		ck_ok(build(name, 0, NULL));
	}
	opens = 0;
	ck_ok(build("p", CUTE_SHM_OVERWRITE, NULL));
	ck_ok(build("p", CUTE_SHM_OVERWRITE, NULL));
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
	struct cute_shm *p = (test_root(), publish("p", 0));
	struct cute_shm *q = publish("q", 0), *r = publish("r", 0);
	pid_t one = start(open_twice, NULL), two = start(open_twice, NULL);
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
	finish(one);
	ck_ok(cute_shm_usage_new(&usage));
	count = 0;
	ck_ok(cute_shm_usage_users(usage, p, count_user, &count));
	ck_assert_uint_eq(count, 1);
	cute_shm_usage_free(usage);
	finish(two);
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

	tcase_add_test(t, home_is_written);
	tcase_add_test(t, copy_stays);
	tcase_add_test(t, copy_comes_back);
	tcase_add_test(t, saved_and_restored);
	tcase_add_loop_test(t, readers_own_nothing, 0, 2);
	tcase_add_test(t, readers_hold_no_names);
	tcase_add_test(t, second_owner);
	tcase_add_test(t, owner_for_the_first_format);
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
