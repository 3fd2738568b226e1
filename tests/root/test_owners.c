/* SPDX-License-Identifier: MIT */
/*
 * Who owns an ephemeral project: copies, which nobody owns, and the locks of
 * owners and readers.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/build.h"
#include "root_util.h"

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
		shm = root_publish("p", (i < 2 ? CUTE_SHM_EPHEMERAL : 0) |
						CUTE_SHM_NO_VIEW);
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
	owner = child_start(child_own, NULL);
	copy(test_path(root, "cute-shm.p"), test_path(root, "cute-shm.copy"));
	copy(test_path(root, "cute-shm.p"), test_path(backup, "cute-shm.p"));
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(info_of("copy").ephemeral, 0);
		ck_assert_int_eq(info_of("copy").orphan, 0);
		ck_ok(cute_shm_collect(backup, &count, NULL));
		ck_assert_uint_eq(count, 0);
		if (i == 0)
			child_finish(owner);
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
	pid_t owner = child_start(child_own, NULL);
	struct cute_shm *shm;

	copy(test_path(root, "cute-shm.p"), test_path(root, "kept"));
	child_finish(owner);
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_assert_int_eq(rename(test_path(root, "kept"),
				test_path(root, "cute-shm.p")),
			 0);
	ck_ok(cute_shm_collect(NULL, NULL, NULL));
	ck_err(root_build("p", 0, NULL), CUTE_SHM_ERR_EXISTS);
	ck_ok(cute_shm_open("p", NULL, &shm));
	cute_shm_close(shm);
}
END_TEST

static struct cute_shm *
restore(const char *file, unsigned flags)
{
	struct cute_shm_load_options opt = {
		.size = sizeof(opt),
		.flags = flags | CUTE_SHM_NO_VIEW,
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
	struct cute_shm *shm =
		root_publish("p", CUTE_SHM_EPHEMERAL | CUTE_SHM_NO_VIEW);
	struct cute_shm *again;
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
	child_lock(path, O_RDONLY, LOCK_OWNER, LOCK_READER + 1);
	child_lock(path, O_RDONLY, LOCK_OWNERS, LOCK_OWNERS_END);
}

/* Who may only read cannot pass for an owner, and holds nobody up. */
START_TEST(readers_own_nothing)
{
	const char *root = test_root();
	const char *path = test_path(root, "cute-shm.p");
	pid_t owner = child_start(child_own, NULL), reader;
	struct cute_shm *shm;
	uint64_t count;

	if (_i)
		make_first(path);
	ck_assert_int_eq(info_of("p").orphan, 0);
	child_finish(owner);
	reader = child_start(read_lock_all, path);
	ck_err(cute_shm_open("p", NULL, &shm), CUTE_SHM_ERR_NOT_FOUND);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(test_count(root), 0);
	child_finish(reader);
}
END_TEST

static void
read_lock_name(const char *path)
{
	child_lock(path, O_RDONLY, LOCK_NAME, LOCK_OWNERS_END);
}

/* Nor can they keep a name from being replaced or removed. */
START_TEST(readers_hold_no_names)
{
	const char *root = test_root();
	const char *path = test_path(root, "cute-shm.p");
	struct cute_shm *shm;
	pid_t reader;

	cute_shm_close(root_publish("p", 0));
	reader = child_start(read_lock_name, path);
	ck_ok(root_build("p", CUTE_SHM_OVERWRITE, NULL));
	child_finish(reader);
	shm = root_publish("p", CUTE_SHM_OVERWRITE | CUTE_SHM_EPHEMERAL);
	reader = child_start(read_lock_name, path);
	cute_shm_close(shm);
	ck_assert_uint_eq(test_count(root), 0);
	child_finish(reader);
}
END_TEST

static void
join(const char *path)
{
	child_lock(path, O_RDWR, LOCK_OWNERS + 77, LOCK_OWNERS + 78);
}

/* Each owner has a byte of its own: the last one's end is the project's. */
START_TEST(second_owner)
{
	const char *root = test_root();
	pid_t owner = child_start(child_own, NULL), second;
	uint64_t count;

	second = child_start(join, test_path(root, "cute-shm.p"));
	child_finish(owner);
	ck_assert_int_eq(info_of("p").orphan, 0);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 0);
	child_finish(second);
	ck_ok(cute_shm_collect(NULL, &count, NULL));
	ck_assert_uint_eq(count, 1);
}
END_TEST

/* Libraries of before look at byte 0, also of what they cannot know. */
START_TEST(owner_for_the_first_format)
{
	struct cute_shm *shm =
		(test_root(), root_publish("p", CUTE_SHM_EPHEMERAL));

	ck_assert(range_locked(shm->fd, LOCK_OWNER, LOCK_OWNER + 1, false));
	make_first(shm->path);
	ck_assert_int_eq(info_of("p").ephemeral, 1);
	ck_assert_int_eq(info_of("p").orphan, 0);
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("owners");
	TCase *t = tcase_create("owners");

	tcase_add_test(t, home_is_written);
	tcase_add_test(t, copy_stays);
	tcase_add_test(t, copy_comes_back);
	tcase_add_test(t, saved_and_restored);
	tcase_add_loop_test(t, readers_own_nothing, 0, 2);
	tcase_add_test(t, readers_hold_no_names);
	tcase_add_test(t, second_owner);
	tcase_add_test(t, owner_for_the_first_format);
	suite_add_tcase(s, t);
	return test_run(s);
}
