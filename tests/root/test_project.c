/* SPDX-License-Identifier: MIT */
/* Projects by name: roots, info, listing, removal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample.h"

static const char *root;

static void
setup(void)
{
	root = test_root();
}

START_TEST(which_root)
{
	ck_assert_str_eq(root_or_default("/x"), "/x");
	ck_assert_str_eq(root_or_default(NULL), root);
	ck_assert_int_eq(setenv("CUTE_SHM_ROOT", "", 1), 0);
	ck_assert_str_eq(root_or_default(NULL), "/dev/shm");
	ck_assert_str_eq(root_or_default(""), "/dev/shm");
	ck_assert_int_eq(unsetenv("CUTE_SHM_ROOT"), 0);
	ck_assert_str_eq(root_or_default(NULL), "/dev/shm");
}
END_TEST

START_TEST(names_of_projects)
{
	static const char *const good[] = {
		"a", ".", "..", "with blank", "\xc5\xbe", "a.b-c_d", "-x",
	};
	static const char *const bad[] = {
		"", "a/b", "/", "a\nb", "\x7f", "\x1b[0m", "\xff", "\xc5",
	};
	char name[202], *path;
	size_t i;

	for (i = 0; i < ELEMENTS(good); i++) {
		ck_ok(project_path("/r", good[i], &path));
		ck_assert(strncmp(path, "/r/cute-shm.", 12) == 0);
		ck_assert_str_eq(path + 12, good[i]);
		free(path);
	}
	for (i = 0; i < ELEMENTS(bad); i++)
		ck_err(project_path("/r", bad[i], &path), CUTE_SHM_ERR_INVALID);
	ck_err(project_path("/r", NULL, &path), CUTE_SHM_ERR_INVALID);
	memset(name, 'n', sizeof(name) - 1);
	name[201] = '\0';
	ck_err(project_path("/r", name, &path), CUTE_SHM_ERR_INVALID);
	ck_errmsg_has("200 bytes");
	name[200] = '\0';
	ck_ok(project_path("/r", name, &path));
	free(path);
}
END_TEST

START_TEST(info_of_a_handle)
{
	struct cute_shm_info info;
	struct cute_shm *shm;

	sample_publish("info");
	ck_ok(cute_shm_open("info", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_int_eq(info.err, 0);
	ck_assert_str_eq(info.message, "");
	ck_assert_str_eq(info.path, test_path(root, "cute-shm.info"));
	ck_assert_uint_eq(info.mode & 07777, 0600);
	ck_assert_uint_eq(info.uid, geteuid());
	ck_assert_uint_eq(info.creator_uid, getuid());
	ck_assert_uint_eq(info.creator_pid, (unsigned)getpid());
	ck_assert_uint_eq(info.block_size, SAMPLE_BLOCK);
	ck_assert_uint_eq(info.source_size, 7);
	ck_assert_uint_eq(info.source_mtime_ns, 8);
	ck_assert_int_eq(info.ephemeral, 0);
	ck_assert(strlen(info.creator) > 0);
	cute_shm_close(shm);
}
END_TEST

#define MAX_LISTED 16

static struct {
	unsigned count;
	unsigned stop_at;
	char names[MAX_LISTED][64];
	char messages[MAX_LISTED][256];
	int errs[MAX_LISTED];
} listed;

static int
note(const struct cute_shm_info *info, void *arg)
{
	ck_assert_ptr_eq(arg, &listed);
	ck_assert_uint_lt(listed.count, MAX_LISTED);
	/* The callback's own failures do not touch what it was given. */
	cute_shm_fail(CUTE_SHM_ERR_INVALID, "something else");
	snprintf(listed.names[listed.count], 64, "%.63s", info->project);
	snprintf(listed.messages[listed.count], 256, "%.255s", info->message);
	listed.errs[listed.count] = info->err;
	ck_assert(info->err == 0 || info->array_count == 0);
	ck_assert_ptr_nonnull(info->creator);
	ck_assert_ptr_nonnull(info->source);
	ck_assert_ptr_nonnull(info->version);
	return ++listed.count == listed.stop_at;
}

static void
make_zeros(const char *name, size_t size)
{
	FILE *file = fopen(test_path(root, name), "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(ftruncate(fileno(file), (off_t)size), 0);
	fclose(file);
}

START_TEST(listing_is_sorted_and_tells_what_is_foreign)
{
	static const struct {
		const char *name;
		int err;
	} all[] = {
		{ "B", 0 },
		{ "a", 0 },
		{ "empty", CUTE_SHM_ERR_FORMAT },
		{ "fifo", CUTE_SHM_ERR_FORMAT },
		{ "folder", CUTE_SHM_ERR_FORMAT },
		{ "link", CUTE_SHM_ERR_FORMAT },
		{ "short", CUTE_SHM_ERR_CORRUPT },
		{ "zeros", CUTE_SHM_ERR_FORMAT },
		{ "\xc5\xbe", 0 },
	};
	unsigned before = test_descriptors(), i;

	sample_publish("\xc5\xbe");
	sample_publish("a");
	sample_publish("B");
	sample_publish("short");
	ck_assert_int_eq(truncate(test_path(root, "cute-shm.short"), 5000), 0);
	make_zeros("cute-shm.zeros", 4096);
	make_zeros("cute-shm.empty", 0);
	make_zeros("cute-shm.", 0);
	make_zeros("other", 0);
	make_zeros(".cute-shm.tmp", 0);
	ck_assert_int_eq(mkdir(test_path(root, "cute-shm.folder"), 0700), 0);
	ck_assert_int_eq(mkfifo(test_path(root, "cute-shm.fifo"), 0600), 0);
	ck_assert_int_eq(symlink("nowhere", test_path(root, "cute-shm.link")),
			 0);
	ck_ok(cute_shm_list(NULL, note, &listed));
	ck_assert_uint_eq(listed.count, ELEMENTS(all));
	for (i = 0; i < ELEMENTS(all); i++) {
		ck_assert_str_eq(listed.names[i], all[i].name);
		ck_assert_int_eq(listed.errs[i], all[i].err);
		ck_assert_int_eq(listed.messages[i][0] == '\0',
				 all[i].err == 0);
		ck_assert_ptr_null(strstr(listed.messages[i], "else"));
	}
	ck_assert_uint_eq(test_descriptors(), before);
}
END_TEST

START_TEST(a_listing_may_be_ended)
{
	sample_publish("one");
	sample_publish("two");
	listed.stop_at = 1;
	ck_err(cute_shm_list(root, note, &listed), CUTE_SHM_ERR_CANCELLED);
	ck_assert_uint_eq(listed.count, 1);
}
END_TEST

START_TEST(roots_without_projects)
{
	ck_ok(cute_shm_list(NULL, note, &listed));
	ck_assert_uint_eq(listed.count, 0);
	ck_err(cute_shm_list("/nonexistent/root", note, &listed),
	       CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("/nonexistent/root");
}
END_TEST

START_TEST(unlink_tells_what_it_frees)
{
	struct stat st;
	uint64_t freed = 99;

	sample_publish("gone");
	ck_assert_int_eq(stat(test_path(root, "cute-shm.gone"), &st), 0);
	ck_ok(cute_shm_unlink("gone", NULL, &freed));
	ck_assert_uint_eq(freed, (uint64_t)st.st_blocks * 512);
	ck_assert_uint_eq(test_count(root), 0);
	freed = 99;
	ck_err(cute_shm_unlink("gone", NULL, &freed), CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("\"gone\"");
	ck_errmsg_has(root);
	ck_assert_uint_eq(freed, 99);
	ck_err(cute_shm_unlink("../x", NULL, NULL), CUTE_SHM_ERR_INVALID);
}
END_TEST

START_TEST(unlink_what_is_no_project)
{
	struct cute_shm_unlink_options opt = { .size = sizeof(opt),
					       .root = root };

	make_zeros("cute-shm.zeros", 4096);
	ck_ok(cute_shm_unlink("zeros", &opt, NULL));
	make_zeros("target", 1);
	ck_assert_int_eq(symlink("target", test_path(root, "cute-shm.link")),
			 0);
	ck_ok(cute_shm_unlink("link", &opt, NULL));
	ck_assert_int_eq(access(test_path(root, "target"), F_OK), 0);
	ck_assert_int_eq(mkdir(test_path(root, "cute-shm.folder"), 0700), 0);
	ck_assert_int_lt(cute_shm_unlink("folder", &opt, NULL), 0);
	ck_errmsg_has("cute-shm.folder");
	ck_assert_uint_eq(test_count(root), 2);
	opt.root = "/nonexistent/root";
	ck_err(cute_shm_unlink("folder", &opt, NULL), CUTE_SHM_ERR_NOT_FOUND);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("project");
	TCase *tc = tcase_create("project");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, which_root);
	tcase_add_test(tc, names_of_projects);
	tcase_add_test(tc, info_of_a_handle);
	tcase_add_test(tc, listing_is_sorted_and_tells_what_is_foreign);
	tcase_add_test(tc, a_listing_may_be_ended);
	tcase_add_test(tc, roots_without_projects);
	tcase_add_test(tc, unlink_tells_what_it_frees);
	tcase_add_test(tc, unlink_what_is_no_project);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
