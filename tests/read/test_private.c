/* SPDX-License-Identifier: MIT */
/* Handles whose changes nobody else sees, and handles of open segments. */

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live_util.h"

static struct cute_shm *own;
static struct cute_shm_array oa;

static void
setup(void)
{
	live_setup();
	put(1);
	own = attach(CUTE_SHM_PRIVATE);
	ck_ok(cute_shm_get(own, "state", &oa));
}

static void
teardown(void)
{
	cute_shm_close(own);
	live_teardown();
}

/* The values of an array that may be written to. */
static uint64_t *
values_of(const struct cute_shm_array *array)
{
	return (uint64_t *)(uintptr_t)array->data;
}

START_TEST(a_change_is_private)
{
	uint64_t copy[COUNT], *values = values_of(&oa);

	ck_assert_uint_eq(values[7], 1);
	values[7] = 5;
	ck_assert_uint_eq(values[7], 5);
	ck_assert_uint_eq(get(NULL), 1);
	/* Sequence and snapshot are the shared ones. */
	put(2);
	ck_ok(cute_shm_snapshot(&oa, 0, copy, sizeof(copy), 0, NULL));
	ck_assert_uint_eq(copy[7], 2);
	ck_assert_uint_eq(values[7], 5);
	ck_ok(cute_shm_seal(&wa, 0));
	ck_ok(cute_shm_verify(own, NULL, NULL));
}
END_TEST

START_TEST(others_go_on_to_be_seen)
{
	uint32_t seen;

	put(3);
	ck_assert_uint_eq(values_of(&oa)[0], 3);
	ck_ok(cute_shm_wait(&oa, 2, CUTE_SHM_FOREVER, &seen));
	ck_assert_uint_eq(seen, 4);
}
END_TEST

START_TEST(it_is_no_writer)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.root = root,
		.flags = CUTE_SHM_PRIVATE | CUTE_SHM_WRITE,
	};
	struct cute_shm_update update;
	struct cute_shm *shm = NULL;

	ck_err(cute_shm_update_begin(&oa, 0, &update), CUTE_SHM_ERR_PERMISSION);
	ck_err(cute_shm_seal(&oa, 0), CUTE_SHM_ERR_PERMISSION);
	ck_err(cute_shm_open("live", &opt, &shm), CUTE_SHM_ERR_INVALID);
	opt.flags = 16;
	ck_err(cute_shm_open("live", &opt, &shm), CUTE_SHM_ERR_INVALID);
	ck_err(cute_shm_reopen(own, 16, &shm), CUTE_SHM_ERR_INVALID);
	ck_assert_ptr_null(shm);
}
END_TEST

START_TEST(the_lists_of_a_ragged_array)
{
	struct cute_shm_array lists, shared;
	const void *data;
	uint64_t n;

	ck_ok(cute_shm_get(own, "lists", &lists));
	ck_ok(cute_shm_element(&lists, 1, &data, &n));
	ck_assert_uint_eq(n, 2);
	*(char *)(uintptr_t)data = 'X';
	ck_ok(cute_shm_get(reader, "lists", &shared));
	ck_assert_mem_eq(shared.values, "abcdefghijkl", 12);
	ck_assert_mem_eq(lists.values, "abcdXfghijkl", 12);
	ck_ok(cute_shm_check_offsets(&lists));
	values_of(&lists)[1] = 4;
	ck_err(cute_shm_check_offsets(&lists), CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has("/lists: offset 1 is 4");
	values_of(&lists)[1] = 0;
	ck_ok(cute_shm_check_offsets(&lists));
	values_of(&lists)[2] = 2;
	ck_err(cute_shm_check_offsets(&lists), CUTE_SHM_ERR_CORRUPT);
	ck_errmsg_has("end at 2 of 3");
	values_of(&lists)[0] = 1;
	ck_err(cute_shm_check_offsets(&lists), CUTE_SHM_ERR_CORRUPT);
	ck_ok(cute_shm_check_offsets(&shared));
	ck_err(cute_shm_check_offsets(&ra), CUTE_SHM_ERR_TYPE);
	ck_ok(cute_shm_get(own, "empty", &lists));
	ck_assert_ptr_null(lists.data);
}
END_TEST

/* A forked child has private copies of the parent's private copies. */
START_TEST(in_a_forked_child)
{
	uint64_t *values = values_of(&oa);
	int status;
	pid_t pid;

	values[0] = 6;
	pid = fork();
	if (pid == 0) {
		values[0] += 1;
		_exit(values[0] == 7 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(values[0], 6);
}
END_TEST

/* A segment that has no name any more. */
static void
remove_name(void)
{
	struct cute_shm_unlink_options opt = { .size = sizeof(opt),
					       .root = root };

	ck_ok(cute_shm_unlink("live", &opt, NULL));
}

/* The fixture removes it again. */
static void
publish_another(void)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt),
					      .root = root };
	struct cute_shm_builder *b;

	ck_ok(cute_shm_builder_new("live", &opt, &b));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
}

START_TEST(reopened_without_its_name)
{
	struct cute_shm *again, *third;
	struct cute_shm_array a;

	remove_name();
	publish_another();
	ck_ok(cute_shm_reopen(reader, CUTE_SHM_WRITE, &again));
	ck_assert_str_eq(cute_shm_path(again), cute_shm_path(reader));
	ck_assert_mem_eq(cute_shm_uuid(again), cute_shm_uuid(reader), 16);
	ck_assert_int_ne(cute_shm_fd(again), cute_shm_fd(reader));
	ck_assert(!cute_shm_is_current(again));
	ck_ok(cute_shm_get(again, "state", &a));
	ck_ok(cute_shm_update(&a, 0, &(uint64_t){ 9 }, 8, 0));
	ck_assert_uint_eq(*values_of(&ra), 9);
	ck_ok(cute_shm_reopen(again, CUTE_SHM_PRIVATE, &third));
	cute_shm_close(again);
	ck_ok(cute_shm_get(third, "state", &a));
	*values_of(&a) = 3;
	ck_assert_uint_eq(*values_of(&ra), 9);
	cute_shm_close(third);
	ck_err(cute_shm_reopen(reader, 0, NULL), CUTE_SHM_ERR_INVALID);
}
END_TEST

/* Its locks are its own: it excludes the other handle, and is excluded. */
START_TEST(reopened_with_its_own_locks)
{
	struct cute_shm_update update;
	struct cute_shm_array a;
	struct cute_shm *again;

	ck_ok(cute_shm_reopen(writer, CUTE_SHM_WRITE, &again));
	ck_ok(cute_shm_get(again, "state", &a));
	ck_ok(cute_shm_update_begin(&a, 0, &update));
	ck_err(cute_shm_update(&wa, 0, &update, 8, 0), CUTE_SHM_ERR_TIMEOUT);
	/* Closed in the middle, as if its process had died. */
	cute_shm_close(again);
	ck_err(cute_shm_update(&wa, 0, &update, 8, 0), CUTE_SHM_ERR_TORN);
	put(1);
}
END_TEST

START_TEST(reopened_by_a_forked_child)
{
	struct cute_shm *again;
	struct cute_shm_array a;
	int status;
	pid_t pid;

	remove_name();
	pid = fork();
	if (pid == 0) {
		if (cute_shm_reopen(reader, CUTE_SHM_WRITE, &again) != 0 ||
		    cute_shm_get(again, "state", &a) != 0 ||
		    cute_shm_update(&a, 0, &(uint64_t){ 4 }, 8, 0) != 0)
			_exit(1);
		cute_shm_close(again);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(*values_of(&ra), 4);
	publish_another();
}
END_TEST

/* Reading rights give no right to write. */
START_TEST(reopened_with_too_few_rights)
{
	struct cute_shm *again;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		return;
	pid = fork();
	if (pid == 0) {
		if (setuid(65534) != 0)
			_exit(2);
		_exit(cute_shm_reopen(reader, CUTE_SHM_WRITE, &again) ==
				      CUTE_SHM_ERR_PERMISSION
			      ? 0
			      : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void
found(const char *path, uint64_t *id)
{
	struct cute_shm_node node;

	ck_ok(cute_shm_find(reader, path, &node));
	*id = cute_shm_node_id(&node);
}

START_TEST(what_is_not_found)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = root };
	struct cute_shm_unlink_options un = { .size = sizeof(un),
					      .root = root };
	struct cute_shm_node node;
	struct cute_shm_attr attr;
	struct cute_shm_array a;
	struct cute_shm *shm;
	uint64_t one, two;

	ck_err(cute_shm_open("nothing", &opt, &shm), CUTE_SHM_ERR_NOT_FOUND);
	ck_assert_int_eq(cute_shm_missing(), CUTE_SHM_MISSING_PROJECT);
	ck_err(cute_shm_unlink("nothing", &un, NULL), CUTE_SHM_ERR_NOT_FOUND);
	ck_assert_int_eq(cute_shm_missing(), CUTE_SHM_MISSING_PROJECT);
	ck_err(cute_shm_get(reader, "nothing", &a), CUTE_SHM_ERR_NOT_FOUND);
	ck_assert_int_eq(cute_shm_missing(), CUTE_SHM_MISSING_NODE);
	ck_err(cute_shm_find(reader, "x/y", &node), CUTE_SHM_ERR_NOT_FOUND);
	ck_assert_int_eq(cute_shm_missing(), CUTE_SHM_MISSING_NODE);
	ck_ok(cute_shm_find(reader, "state", &node));
	ck_err(cute_shm_attr(&node, "nothing", &attr), CUTE_SHM_ERR_NOT_FOUND);
	ck_assert_int_eq(cute_shm_missing(), CUTE_SHM_MISSING_ATTR);
	ck_err(cute_shm_open_file("/nothing/here", NULL, &shm),
	       CUTE_SHM_ERR_NOT_FOUND);
	ck_assert_int_eq(cute_shm_missing(), 0);
	found("state", &one);
	found("other", &two);
	ck_assert_uint_ne(one, two);
	found("/state", &two);
	ck_assert_uint_eq(one, two);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("private");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_change_is_private);
	tcase_add_test(tc, others_go_on_to_be_seen);
	tcase_add_test(tc, it_is_no_writer);
	tcase_add_test(tc, the_lists_of_a_ragged_array);
	tcase_add_test(tc, in_a_forked_child);
	tcase_add_test(tc, reopened_without_its_name);
	tcase_add_test(tc, reopened_with_its_own_locks);
	tcase_add_test(tc, reopened_by_a_forked_child);
	tcase_add_test(tc, reopened_with_too_few_rights);
	tcase_add_test(tc, what_is_not_found);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
