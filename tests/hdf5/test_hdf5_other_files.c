/* SPDX-License-Identifier: MIT */
/*
 * Files that took part in a load beside those that were given: recorded, and
 * compared by cute_shm_source_state() and ENSURE.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files_util.h"

#define PARTS "cute-shm:source-parts"
#define SIZE  "cute-shm:source-parts-size"
#define MTIME "cute-shm:source-parts-mtime-ns"

static enum cute_shm_source
state_of(uint64_t *modified)
{
	struct cute_shm_info info;
	struct cute_shm *shm;
	enum cute_shm_source ret;

	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_info(shm, &info));
	ret = cute_shm_source_state(&info, modified);
	cute_shm_close(shm);
	return ret;
}

static void
ck_state(enum cute_shm_source state)
{
	uint64_t modified;

	ck_assert_int_eq(state_of(&modified), state);
}

/* Ensure the project from those that were given, or from t.h5. */
static void
ensure(bool current)
{
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_ENSURE);
	struct cute_shm_hdf5_result result;

	if (files_count > 0)
		ck_ok(cute_shm_hdf5_load_files("t", files_given, files_count,
					       &opt, &result));
	else
		ck_ok(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, &result));
	ck_assert_uint_eq(result.current, current);
}

static struct cute_shm *
load_ensured(hid_t file)
{
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_ENSURE);

	return h5_load_with(file, &opt);
}

static bool
has_part(const struct cute_shm *shm, const char *group, const char *file)
{
	char path[4200];
	struct cute_shm_node node;
	struct cute_shm_attr attr;
	const void *text;
	uint64_t i, size;
	bool ret = false;

	snprintf(path, sizeof(path), "%s", h5_path(file));
	ck_ok(cute_shm_find(shm, group, &node));
	if (cute_shm_attr(&node, PARTS, &attr) != 0)
		return false;
	for (i = 0; i < attr.value.element_count; i++) {
		ck_ok(cute_shm_element(&attr.value, i, &text, &size));
		ret |= size == strlen(path) && memcmp(text, path, size) == 0;
	}
	return ret;
}

static uint64_t
part_count(const struct cute_shm *shm, const char *group)
{
	struct cute_shm_node node;
	struct cute_shm_attr attr;

	ck_ok(cute_shm_find(shm, group, &node));
	return cute_shm_attr(&node, PARTS, &attr) == 0
		       ? attr.value.element_count
		       : 0;
}

/* ---------------------------------------------------------------- one file */

/* In the folder of the file: one file of each kind, which lead on to more. */
static void
put_ways(hid_t file)
{
	static const struct mapping maps[] = { { "virtual.h5", "d" },
					       { "late.h5", "d" } };
	static const struct mapping inner[] = { { "inner.h5", "d" } };
	hid_t other;

	make_source("virtual.h5", 20);
	make_source("inner.h5", 30);
	other = h5_create(h5_path("linked.h5"));
	put_virtual(other, "v", inner, 1);
	ck_h5(H5Fclose(other));
	put_text("one.raw", "a text that is long enough for it");
	put_text("two.raw", "another such text, of the same length");
	external_link(file, "linked.h5", "/v", "link");
	external_link(file, "absent.h5", "/v", "dangling");
	put_virtual(file, "virtual", maps, 2);
	put_raw(file);
	h5_int(file, "own", 1);
}

static const char *const there[] = { "virtual.h5", "inner.h5", "linked.h5",
				     "one.raw", "two.raw" };
static const char *const absent[] = { "absent.h5", "late.h5" };

static void
move(const char *from, const char *to)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s", h5_path(from));
	ck_assert_int_eq(rename(path, h5_path(to)), 0);
}

START_TEST(each_kind_is_compared)
{
	const char *file = there[_i];
	uint64_t modified;
	struct cute_shm *shm;
	struct stat st;
	hid_t main = h5_begin();

	put_ways(main);
	ck_h5(H5Fclose(main));
	ensure(false);
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_assert(has_part(shm, "", file));
	ck_assert(!has_part(shm, "", "t.h5"));
	cute_shm_close(shm);
	ck_state(CUTE_SHM_SOURCE_CURRENT);
	ensure(true);

	move(file, "away");
	ck_assert_int_eq(state_of(&modified), CUTE_SHM_SOURCE_CHANGED);
	ck_assert_int_eq(stat(h5_folder(), &st), 0);
	ck_assert_uint_eq(modified, mtime_ns(&st));
	move("away", file);
	ck_state(CUTE_SHM_SOURCE_CURRENT);
	ensure(true);

	touch(h5_path(file));
	ck_assert_int_eq(state_of(&modified), CUTE_SHM_SOURCE_CHANGED);
	ck_assert_int_eq(stat(h5_path(file), &st), 0);
	ck_assert_uint_eq(modified, mtime_ns(&st));
	ensure(false);
	ck_state(CUTE_SHM_SOURCE_CURRENT);
	append_byte(h5_path(file));
	ck_state(CUTE_SHM_SOURCE_CHANGED);
	ensure(false);
	ensure(true);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

START_TEST(a_file_that_appears_is_a_change)
{
	hid_t main = h5_begin();
	struct cute_shm *shm;

	put_ways(main);
	ck_h5(H5Fclose(main));
	ensure(false);
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_assert(has_part(shm, "", absent[_i]));
	cute_shm_close(shm);
	make_source(absent[_i], 40);
	ck_state(CUTE_SHM_SOURCE_CHANGED);
	ensure(false);
	ensure(true);
	ck_ok(cute_shm_open("t", NULL, &shm));
	if (_i == 1)
		ck_row(shm, "virtual", 1, 40);
	cute_shm_close(shm);
	touch(h5_path(absent[_i]));
	ck_state(CUTE_SHM_SOURCE_CHANGED);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

/* What is not selected, or not wanted, takes no part. */
START_TEST(only_what_took_part_counts)
{
	const char *select[] = { "own", "link", NULL };
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_ENSURE);
	hid_t main = h5_begin();
	struct cute_shm *shm;

	put_ways(main);
	opt.select = select;
	shm = h5_load_with(main, &opt);
	ck_assert_uint_eq(part_count(shm, ""), 2);
	ck_assert(has_part(shm, "", "linked.h5"));
	ck_assert(has_part(shm, "", "inner.h5"));
	cute_shm_close(shm);
	touch(h5_path("virtual.h5"));
	ck_state(CUTE_SHM_SOURCE_CURRENT);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
	opt = h5_options(CUTE_SHM_HDF5_NO_EXTERNAL | CUTE_SHM_HDF5_ENSURE);
	shm = h5_load_with(-1, &opt);
	ck_no_attr(shm, "", PARTS);
	ck_clean(shm);
}
END_TEST

/* A file that only refers to itself is as it always was. */
START_TEST(an_ordinary_file_has_none)
{
	static const struct mapping own[] = { { ".", "d" }, { "t.h5", "d" } };
	static const int32_t data[ROW] = { 10, 11, 12, 13 };
	struct cute_shm_info info;
	hid_t main = h5_begin();
	struct cute_shm *shm;

	h5_put(main, "d", H5T_STD_I32LE, 1, row, data);
	put_virtual(main, "v", own, 2);
	external_link(main, "t.h5", "/d", "self");
	shm = load_ensured(main);
	ck_row(shm, "v", 1, 10);
	ck_no_attr(shm, "", PARTS);
	ck_no_attr(shm, "", SIZE);
	ck_no_attr(shm, "", MTIME);
	ck_ok(cute_shm_info(shm, &info));
	ck_state(CUTE_SHM_SOURCE_CURRENT);
	ck_clean(shm);
}
END_TEST

/* Nor has what is not to be kept current: it has what the file has. */
START_TEST(a_plain_load_has_none)
{
	hid_t main = h5_begin();
	struct cute_shm *shm;

	put_ways(main);
	shm = h5_load(main);
	ck_no_attr(shm, "", PARTS);
	ck_no_attr(shm, "", SIZE);
	ck_no_attr(shm, "", MTIME);
	ck_state(CUTE_SHM_SOURCE_CURRENT);
	ck_clean(shm);
}
END_TEST

/* They are about the load, not about the data. */
START_TEST(an_export_has_none)
{
	hid_t main = h5_begin();
	struct cute_shm *shm, *again;
	struct cute_shm_hdf5_options opt = h5_options(0);

	put_ways(main);
	shm = load_ensured(main);
	ck_assert_uint_gt(part_count(shm, ""), 4);
	ck_ok(cute_shm_hdf5_export(shm, h5_path("back.h5"), NULL, NULL));
	opt.handle = &again;
	ck_ok(cute_shm_hdf5_load("again", h5_path("back.h5"), &opt, NULL));
	ck_no_attr(again, "", PARTS);
	cute_shm_close(again);
	ck_ok(cute_shm_unlink("again", NULL, NULL));
	ck_clean(shm);
}
END_TEST

/* A file that has such attributes is about another load. */
START_TEST(what_a_file_says_is_renamed)
{
	static const hsize_t one[] = { 1 };
	static const uint64_t number = 5;
	const char *text = "/etc/passwd";
	hid_t main = h5_begin(), type = ck_h5(H5Tcopy(H5T_C_S1));
	struct cute_shm *shm;

	ck_h5(H5Tset_size(type, H5T_VARIABLE));
	h5_attr(main, PARTS, type, 1, one, &text);
	h5_attr(main, SIZE, H5T_STD_U64LE, 1, one, &number);
	h5_attr(main, MTIME, H5T_STD_U64LE, 1, one, &number);
	H5Tclose(type);
	shm = load_ensured(main);
	ck_no_attr(shm, "", PARTS);
	ck_attr_texts(shm, "", "%63ute-shm:source-parts", text);
	ck_state(CUTE_SHM_SOURCE_CURRENT);
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------ several files */

/* a.h5 has a link, b.h5 is plain, c.h5 has a source, d.h5 leads to b.h5. */
static void
give_four(void)
{
	static const struct mapping map[] = { { "virtual.h5", "d" } };
	hid_t file;

	ck_assert_int_eq(mkdir(h5_path("s"), 0700), 0);
	make_source("s/linked.h5", 20);
	make_source("s/virtual.h5", 30);
	file = h5_create(h5_path("s/a.h5"));
	external_link(file, "linked.h5", "/d", "link");
	ck_h5(H5Fclose(file));
	make_episode("s/b.h5", 2, NULL);
	file = h5_create(h5_path("s/c.h5"));
	put_virtual(file, "v", map, 1);
	ck_h5(H5Fclose(file));
	make_episode("s/d.h5", 4, "b.h5");
	give(NULL, "s/a.h5");
	give(NULL, "s/b.h5");
	give(NULL, "s/c.h5");
	give(NULL, "s/d.h5");
}

START_TEST(each_group_has_its_own)
{
	static const char *const files[] = { "s/linked.h5", "s/virtual.h5" };
	struct cute_shm *shm;
	unsigned i;

	give_four();
	ensure(false);
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_no_attr(shm, "", PARTS);
	ck_no_attr(shm, "b", PARTS);
	ck_assert_uint_eq(part_count(shm, "a"), 1);
	ck_assert_uint_eq(part_count(shm, "c"), 1);
	ck_assert_uint_eq(part_count(shm, "d"), 1);
	ck_assert(has_part(shm, "a", "s/linked.h5"));
	ck_assert(has_part(shm, "c", "s/virtual.h5"));
	ck_assert(has_part(shm, "d", "s/b.h5"));
	cute_shm_close(shm);
	for (i = 0; i < ELEMENTS(files); i++) {
		ck_state(CUTE_SHM_SOURCE_CURRENT);
		ensure(true);
		move(files[i], "away");
		ck_state(CUTE_SHM_SOURCE_CHANGED);
		move("away", files[i]);
		touch(h5_path(files[i]));
		ck_state(CUTE_SHM_SOURCE_CHANGED);
		ensure(false);
	}
	/* All that was given is gone, and a part is there. */
	for (i = 0; i < files_count; i++)
		take_away(files_given[i].file);
	ck_state(CUTE_SHM_SOURCE_GONE);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

/* Nothing of the group was found: then the root says why. */
START_TEST(a_group_that_is_left_out)
{
	const char *select[] = { "b", "a/link/x", NULL };
	struct cute_shm_hdf5_options opt = h5_options(0);
	struct cute_shm *shm;
	hid_t file;

	ck_assert_int_eq(mkdir(h5_path("s"), 0700), 0);
	file = h5_create(h5_path("s/a.h5"));
	external_link(file, "absent.h5", "/", "link");
	ck_h5(H5Fclose(file));
	make_episode("s/b.h5", 2, NULL);
	give(NULL, "s/a.h5");
	give(NULL, "s/b.h5");
	opt.select = select;
	opt.flags = CUTE_SHM_HDF5_ENSURE;
	/* The pattern matches nothing yet. */
	ck_err(files_load_with(&opt, &shm), CUTE_SHM_ERR_NOT_FOUND);
	select[1] = "a/lin*";
	ck_ok(files_load_with(&opt, &shm));
	ck_assert(has_part(shm, "a", "s/absent.h5") ||
		  has_part(shm, "", "s/absent.h5"));
	cute_shm_close(shm);
	make_source("s/absent.h5", 40);
	ck_state(CUTE_SHM_SOURCE_CHANGED);
	ck_ok(files_load_with(&opt, &shm));
	ck_assert_uint_eq(h5_told.result.current, 0);
	ck_row(shm, "a/link/d", 0, 40);
	ck_clean(shm);
}
END_TEST

START_TEST(many_sources_of_one_file)
{
	struct cute_shm *shm;
	hid_t main = h5_begin();
	char name[32];
	int i;

	for (i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "s%d.h5", i);
		make_source(name, i);
	}
	put_blocks(main, "v", "s%b.h5");
	external_link(main, "s7.h5", "/d", "link");
	shm = load_ensured(main);
	/* The file that would be next is missing, in each folder. */
	ck_assert_uint_gt(part_count(shm, ""), 300);
	ck_assert(has_part(shm, "", "s300.h5"));
	cute_shm_close(shm);
	ck_state(CUTE_SHM_SOURCE_CURRENT);
	touch(h5_path("s299.h5"));
	ck_state(CUTE_SHM_SOURCE_CHANGED);
	ensure(false);
	make_source("s300.h5", 300);
	ck_state(CUTE_SHM_SOURCE_CHANGED);
	ensure(false);
	ck_ok(cute_shm_open("t", NULL, &shm));
	ck_row(shm, "v", 300, 300);
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 other files");
	TCase *t = tcase_create("all");

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, files_begin, NULL);
	tcase_add_loop_test(t, each_kind_is_compared, 0, ELEMENTS(there));
	tcase_add_loop_test(t, a_file_that_appears_is_a_change, 0,
			    ELEMENTS(absent));
	tcase_add_test(t, only_what_took_part_counts);
	tcase_add_test(t, an_ordinary_file_has_none);
	tcase_add_test(t, a_plain_load_has_none);
	tcase_add_test(t, an_export_has_none);
	tcase_add_test(t, what_a_file_says_is_renamed);
	tcase_add_test(t, each_group_has_its_own);
	tcase_add_test(t, a_group_that_is_left_out);
	tcase_add_test(t, many_sources_of_one_file);
	suite_add_tcase(s, t);
	return test_run(s);
}
