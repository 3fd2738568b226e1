/* SPDX-License-Identifier: MIT */
/* The library zeroes the reserved members of each result. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

static struct cute_shm *shm;
static struct cute_shm_array array;

static void
setup(void)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.flags = CUTE_SHM_WRITE,
	};
	const uint64_t shape[] = { 4 };
	struct cute_shm_builder *b;

	test_root();
	ck_ok(cute_shm_builder_new("results", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<u8", 1, shape, NULL));
	ck_ok(cute_shm_builder_attr_text(b, "a", "unit", "m"));
	ck_ok(cute_shm_builder_publish(b, NULL));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_open("results", &opt, &shm));
	ck_poison(array);
	ck_ok(cute_shm_get(shm, "a", &array));
}

static void
teardown(void)
{
	cute_shm_close(shm);
}

START_TEST(test_tree)
{
	struct cute_shm_node node;
	struct cute_shm_attr attr;

	ck_reserved_zero(array);
	ck_poison(node);
	ck_ok(cute_shm_find(shm, "a", &node));
	ck_reserved_zero(node);
	ck_poison(attr);
	ck_ok(cute_shm_attr(&node, "unit", &attr));
	ck_reserved_zero(attr);
	ck_reserved_zero(attr.value);
}
END_TEST

START_TEST(test_live)
{
	struct cute_shm_update_summary summary;
	struct cute_shm_update update;
	struct cute_shm_state state;

	ck_poison(update);
	ck_ok(cute_shm_update_begin(&array, 0, &update));
	ck_reserved_zero(update);
	cute_shm_update_end(&update);
	ck_poison(state);
	ck_ok(cute_shm_state(&array, &state));
	ck_reserved_zero(state);
	ck_poison(summary);
	ck_ok(cute_shm_update_summary(shm, &summary));
	ck_reserved_zero(summary);
}
END_TEST

static int
on_info(const struct cute_shm_info *info, void *arg)
{
	ck_reserved_zero(*info);
	++*(unsigned *)arg;
	return 0;
}

static int
on_user(const struct cute_shm_user *user, void *arg)
{
	ck_reserved_zero(*user);
	++*(unsigned *)arg;
	return 0;
}

START_TEST(test_project)
{
	struct cute_shm_space space;
	struct cute_shm_info info;
	unsigned listed = 0;

	ck_poison(info);
	ck_ok(cute_shm_info(shm, &info));
	ck_reserved_zero(info);
	ck_ok(cute_shm_list(NULL, on_info, &listed));
	ck_assert_uint_eq(listed, 1);
	ck_poison(space);
	ck_ok(cute_shm_available(NULL, &space));
	ck_reserved_zero(space);
}
END_TEST

START_TEST(test_users)
{
	unsigned users = 0;
	int ends[2];
	pid_t pid;
	char byte;

	/* A child that inherits the descriptor is a user, too. */
	ck_assert_int_eq(pipe(ends), 0);
	pid = test_fork();
	if (pid == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	ck_ok(cute_shm_users(shm, on_user, &users));
	ck_assert_uint_ge(users, 1);
	close(ends[1]);
	close(ends[0]);
}
END_TEST

static int
on_damage(const struct cute_shm_damage *damage, void *arg)
{
	ck_reserved_zero(*damage);
	++*(unsigned *)arg;
	return 0;
}

START_TEST(test_verify)
{
	unsigned damages = 0;
	struct cute_shm_verify_options opt = {
		.size = sizeof(opt),
		.jobs = 1,
		.report = on_damage,
		.arg = &damages,
	};
	struct cute_shm_verify_result result;

	ck_poison(result);
	ck_ok(cute_shm_verify(shm, &opt, &result));
	ck_reserved_zero(result);
	*(uint64_t *)(uintptr_t)array.data = 1;
	ck_poison(result);
	ck_err(cute_shm_verify(shm, &opt, &result), CUTE_SHM_ERR_CORRUPT);
	ck_reserved_zero(result);
	ck_assert_uint_eq(damages, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("results");
	TCase *all = tcase_create("reserved members");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, test_tree);
	tcase_add_test(all, test_live);
	tcase_add_test(all, test_project);
	tcase_add_test(all, test_users);
	tcase_add_test(all, test_verify);
	suite_add_tcase(suite, all);
	return test_run(suite);
}
