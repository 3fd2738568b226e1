/* SPDX-License-Identifier: MIT */
/* Who owns a project, who uses it, and its end: owner.c, unlink.c, users.c. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build/build.h"
#include "util.h"

static double value = 42;

static struct cute_shm *
publish(const char *project, unsigned flags)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = flags,
	};
	struct cute_shm_builder *b = NULL;
	struct cute_shm *shm = NULL;

	ck_ok(cute_shm_builder_new(project, &opt, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<f8", 0, NULL, &value));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	return shm;
}

static double
value_of(const struct cute_shm *shm)
{
	struct cute_shm_array a;

	ck_ok(cute_shm_get(shm, "a", &a));
	return *cute_shm_f64(&a, NULL);
}

static int
keep_info(const struct cute_shm_info *info, void *arg)
{
	struct cute_shm_info *ret = arg;

	*ret = *info;
	ret->project = ret->path = ""; /* they last for the call only */
	return 0;
}

/* How a listing shows the only project there is. */
static struct cute_shm_info
listed(void)
{
	struct cute_shm_info info = { .err = CUTE_SHM_ERR_NOT_FOUND };

	ck_ok(cute_shm_list(NULL, keep_info, &info));
	return info;
}

/*
 * A process that owns "p" until it is killed, or that ends by itself.  It has
 * published when this returns.
 */
#define CONTAINER (CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)

enum how {
	KILLED,
	EXITS,
	CLOSES
};

/* Whether it has another view of the system, as in a container. */
static bool elsewhere;

static pid_t
owner_new(enum how how)
{
	struct cute_shm *shm;
	int ready[2];
	char c = 0;
	pid_t pid;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = test_fork();
	if (pid == 0) {
		if (elsewhere && unshare(CONTAINER) != 0)
			_exit(2);
		shm = publish("p", CUTE_SHM_EPHEMERAL);
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		if (how == KILLED)
			pause();
		if (how == CLOSES) {
			cute_shm_close(shm);
			_exit(0);
		}
		exit(0);
	}
	close(ready[1]);
	ck_assert_int_eq((int)read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void
reap(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

static void
owner_kill(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	reap(pid);
}

/* -------------------------------------------------------------- ephemeral */

START_TEST(closed)
{
	const char *root = test_root();
	unsigned before = test_descriptors();
	struct cute_shm *owner = publish("p", CUTE_SHM_EPHEMERAL), *shm;
	struct cute_shm_info info;

	ck_ok(cute_shm_info(owner, &info));
	ck_assert_int_eq(info.ephemeral, 1);
	ck_assert_int_eq(info.orphan, 0);
	ck_assert_int_eq(info.in_use, 0);
	ck_assert_int_eq(cute_shm_is_current(owner), 1);
	ck_ok(cute_shm_open("p", NULL, &shm));
	info = listed();
	ck_assert_int_eq(info.ephemeral, 1);
	ck_assert_int_eq(info.orphan, 0);
	ck_assert_int_eq(info.in_use, 1);
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_assert_int_eq(cute_shm_is_current(shm), 1);
	cute_shm_close(owner);
	ck_assert_uint_eq(test_count(root), 0);
	ck_assert_int_eq(cute_shm_is_current(shm), 0);
	ck_assert(value_of(shm) == 42);
	cute_shm_close(shm);
	ck_assert_uint_eq(test_descriptors(), before);
}
END_TEST

START_TEST(needs_handle)
{
	struct cute_shm_build_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_EPHEMERAL,
	};
	const char *root = test_root();
	struct cute_shm_builder *b;

	ck_ok(cute_shm_builder_new("p", &opt, &b));
	ck_err(cute_shm_builder_publish(b, NULL), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("handle");
	cute_shm_builder_free(b);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

START_TEST(ends_by_itself)
{
	const char *root = test_root();

	reap(owner_new((enum how)_i));
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

START_TEST(orphan)
{
	const char *root = test_root();
	pid_t pid = owner_new(KILLED);
	uint64_t count = 7, freed = 7;
	struct cute_shm *shm, *late;

	ck_ok(cute_shm_open("p", NULL, &shm));
	ck_ok(cute_shm_collect(NULL, &count, &freed));
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(freed, 0);
	owner_kill(pid);
	ck_assert_int_eq(listed().orphan, 1);
	ck_assert_int_eq(cute_shm_is_current(shm), 0);
	ck_err(cute_shm_open("p", NULL, &late), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("owner");
	ck_ok(cute_shm_open_file(test_path(root, "cute-shm.p"), NULL, &late));
	cute_shm_close(late);
	ck_ok(cute_shm_collect(NULL, &count, &freed));
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_gt(freed, 0);
	ck_assert_uint_eq(test_count(root), 0);
	ck_assert(value_of(shm) == 42);
	cute_shm_close(shm);
}
END_TEST

/* Root of a container may often not. */
static bool
may_be_in_a_container(void)
{
	int status = 0;
	pid_t pid = test_fork();

	if (pid == 0)
		_exit(unshare(CONTAINER) != 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (status != 0)
		puts("no namespaces can be made here: not tested in others");
	return status == 0;
}

START_TEST(in_a_container)
{
	const char *root = test_root();
	struct cute_shm *shm;
	uint64_t count;
	pid_t pid;

	if (!may_be_in_a_container())
		return;
	elsewhere = true;
	pid = owner_new(KILLED);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 0);
	ck_ok(cute_shm_open("p", NULL, &shm));
	ck_assert_int_eq(cute_shm_is_current(shm), 1);
	owner_kill(pid);
	ck_assert_int_eq(cute_shm_is_current(shm), 0);
	cute_shm_close(shm);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

/* The name is free for the next one, without a word. */
START_TEST(orphan_in_the_way)
{
	const char *root = test_root();

	owner_kill(owner_new(KILLED));
	ck_assert_uint_eq(test_count(root), 1);
	cute_shm_close(publish("p", 0));
	ck_assert_uint_eq(test_count(root), 1);
	ck_assert_int_eq(listed().ephemeral, 0);
}
END_TEST

/* A copy is not its own owner, and a persistent project has none to lose. */
START_TEST(others_stay)
{
	const char *root = test_root();
	struct cute_shm *shm = publish("p", 0);
	uint64_t count;

	cute_shm_close(shm);
	ck_assert_int_eq(mkdir(test_path(root, "cute-shm.d"), 0700), 0);
	ck_assert_int_eq(mkfifo(test_path(root, "cute-shm.f"), 0600), 0);
	ck_assert_int_eq(symlink("cute-shm.p", test_path(root, "cute-shm.l")),
			 0);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(test_count(root), 4);
	ck_err(cute_shm_collect(test_path(root, "nowhere"), &count, NULL),
	       CUTE_SHM_ERR_NOT_FOUND);
}
END_TEST

/* A child that closes what it inherited takes nothing away. */
START_TEST(child_closes)
{
	const char *root = test_root();
	struct cute_shm *owner = publish("p", CUTE_SHM_EPHEMERAL);
	pid_t pid = test_fork();

	if (pid == 0) {
		cute_shm_close(owner);
		exit(0);
	}
	reap(pid);
	ck_assert_uint_eq(test_count(root), 1);
	ck_assert_int_eq(listed().orphan, 0);
	cute_shm_close(owner);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST

START_TEST(replaced_meanwhile)
{
	const char *root = test_root();
	struct cute_shm *owner = publish("p", CUTE_SHM_EPHEMERAL);
	struct cute_shm *next = publish("p", CUTE_SHM_OVERWRITE);

	ck_assert_int_eq(cute_shm_is_current(owner), 0);
	ck_assert_int_eq(cute_shm_is_current(next), 1);
	cute_shm_close(owner);
	ck_assert_uint_eq(test_count(root), 1);
	ck_assert_int_eq(cute_shm_is_current(next), 1);
	ck_ok(cute_shm_unlink("p", NULL, NULL));
	ck_assert_int_eq(cute_shm_is_current(next), 0);
	cute_shm_close(next);
}
END_TEST

/* A relative root is that of the time when it was given. */
START_TEST(elsewhere_meanwhile)
{
	const char *root = test_root();
	struct cute_shm_build_options build = {
		.size = sizeof(build),
		.root = ".",
		.flags = CUTE_SHM_EPHEMERAL | CUTE_SHM_OVERWRITE,
	};
	struct cute_shm_open_options opt = { .size = sizeof(opt), .root = "." };
	struct cute_shm *owner, *reader, *file;
	struct cute_shm_builder *b;
	unsigned i;

	for (i = 0; i < 2; i++) {
		temporary_flags = i ? APPEAR_NAMED : 0;
		ck_assert_int_eq(chdir(root), 0);
		ck_ok(cute_shm_builder_new("p", &build, &b));
		ck_assert_int_eq(chdir("/"), 0);
		ck_ok(cute_shm_builder_publish(b, &owner));
		cute_shm_builder_free(b);
		ck_assert_uint_eq(test_count(root), 1);
		ck_assert_int_eq(chdir(root), 0);
		ck_ok(cute_shm_open("p", &opt, &reader));
		ck_ok(cute_shm_open_file("cute-shm.p", NULL, &file));
		ck_assert_int_eq(chdir("/"), 0);
		ck_assert_int_eq(cute_shm_is_current(owner), 1);
		ck_assert_int_eq(cute_shm_is_current(reader), 1);
		ck_assert_int_eq(cute_shm_is_current(file), 1);
		cute_shm_close(owner);
		ck_assert_uint_eq(test_count(root), 0);
		cute_shm_close(reader);
		cute_shm_close(file);
	}
	temporary_flags = 0;
}
END_TEST

#ifdef CUTE_SHM_SCOPED
static void
in_scope(const char *root)
{
	CUTE_SHM_SCOPED(shm);
	CUTE_SHM_SCOPED(unused);

	shm = publish("p", CUTE_SHM_EPHEMERAL);
	ck_assert_ptr_null(unused);
	ck_assert_uint_eq(test_count(root), 1);
}

START_TEST(scope)
{
	const char *root = test_root();

	in_scope(root);
	ck_assert_uint_eq(test_count(root), 0);
}
END_TEST
#endif

/* ------------------------------------------------------------------- users */

struct found {
	pid_t pid; /* looked for */
	unsigned count;
	char command[32];
};

static int
count_user(const struct cute_shm_user *user, void *arg)
{
	struct found *f = arg;

	ck_assert_int_ne(user->pid, getpid());
	if (user->pid != f->pid)
		return 0;
	f->count++;
	ck_assert_uint_eq(user->uid, geteuid());
	snprintf(f->command, sizeof(f->command), "%s", user->command);
	return 0;
}

static int
stop(const struct cute_shm_user *user, void *arg)
{
	(void)user;
	(void)arg;
	return 1;
}

START_TEST(users)
{
	pid_t pid = (test_root(), owner_new(KILLED));
	struct found f = { .pid = pid };
	char expected[32] = "";
	struct cute_shm *shm;
	FILE *comm;

	ck_ok(cute_shm_open("p", NULL, &shm));
	ck_ok(cute_shm_users(shm, count_user, &f));
	ck_assert_uint_eq(f.count, 1);
	comm = fopen("/proc/self/comm", "re");
	ck_assert_ptr_nonnull(comm);
	ck_assert_ptr_nonnull(fgets(expected, sizeof(expected), comm));
	fclose(comm);
	expected[strcspn(expected, "\n")] = '\0';
	ck_assert_str_eq(f.command, expected);
	ck_err(cute_shm_users(shm, stop, NULL), CUTE_SHM_ERR_CANCELLED);
	owner_kill(pid);
	f.count = 0;
	ck_ok(cute_shm_users(shm, count_user, &f));
	ck_assert_uint_eq(f.count, 0);
	cute_shm_close(shm);
}
END_TEST

START_TEST(unlink_idle)
{
	struct cute_shm_unlink_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_UNLINK_IDLE,
	};
	const char *root = test_root();
	struct cute_shm *shm = publish("p", 0);
	uint64_t freed = 0;

	ck_err(cute_shm_unlink("p", &opt, &freed), CUTE_SHM_ERR_BUSY);
	ck_assert_uint_eq(test_count(root), 1);
	ck_assert_uint_eq(freed, 0);
	cute_shm_close(shm);
	ck_assert_int_eq(listed().in_use, 0);
	ck_ok(cute_shm_unlink("p", &opt, &freed));
	ck_assert_uint_gt(freed, 0);
	ck_assert_uint_eq(test_count(root), 0);
	ck_err(cute_shm_unlink("p", &opt, &freed), CUTE_SHM_ERR_NOT_FOUND);
	opt.flags = 0x80;
	ck_err(cute_shm_unlink("p", &opt, &freed), CUTE_SHM_ERR_INVALID);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lifetime");
	TCase *t = tcase_create("ephemeral");

	tcase_add_test(t, closed);
	tcase_add_test(t, needs_handle);
	tcase_add_loop_test(t, ends_by_itself, EXITS, CLOSES + 1);
	tcase_add_test(t, orphan);
	tcase_add_test(t, in_a_container);
	tcase_add_test(t, orphan_in_the_way);
	tcase_add_test(t, others_stay);
	tcase_add_test(t, child_closes);
	tcase_add_test(t, replaced_meanwhile);
	tcase_add_test(t, elsewhere_meanwhile);
#ifdef CUTE_SHM_SCOPED
	tcase_add_test(t, scope);
#endif
	suite_add_tcase(s, t);
	t = tcase_create("users");
	tcase_add_test(t, users);
	tcase_add_test(t, unlink_idle);
	suite_add_tcase(s, t);
	return test_run(s);
}
