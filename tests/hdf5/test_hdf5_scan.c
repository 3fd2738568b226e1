/* SPDX-License-Identifier: MIT */
/* From links to a tree: order, names, aliases, what is left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5_util.h"

static void
hard_link(hid_t file, const char *target, const char *name)
{
	ck_h5(H5Lcreate_hard(file, target, file, name, H5P_DEFAULT,
			     H5P_DEFAULT));
}

static void
soft_link(hid_t file, const char *target, const char *name)
{
	ck_h5(H5Lcreate_soft(target, file, name, H5P_DEFAULT, H5P_DEFAULT));
}

static void
external_link(hid_t file, const char *other, const char *target,
	      const char *name)
{
	ck_h5(H5Lcreate_external(other, target, file, name, H5P_DEFAULT,
				 H5P_DEFAULT));
}

static void
ck_int(const struct cute_shm *shm, const char *path, int32_t value)
{
	ck_scalar(shm, path, "<i4", &value);
}

/* Small integers "c", "a", "b" in a group; and so as attributes. */
static void
put_cab(hid_t group)
{
	h5_int(group, "c", 3);
	h5_int(group, "a", 1);
	h5_int(group, "b", 2);
	h5_attr(group, "C", H5T_STD_I32LE, 0, NULL, NULL);
	h5_attr(group, "A", H5T_STD_I32LE, 0, NULL, NULL);
	h5_attr(group, "B", H5T_STD_I32LE, 0, NULL, NULL);
}

START_TEST(test_order)
{
	hid_t file = h5_begin(), plist, g;
	unsigned flags = H5P_CRT_ORDER_TRACKED;
	struct cute_shm *shm;

	if (_i == 1)
		flags |= H5P_CRT_ORDER_INDEXED;
	plist = ck_h5(H5Pcreate(H5P_GROUP_CREATE));
	ck_h5(H5Pset_link_creation_order(plist, flags));
	ck_h5(H5Pset_attr_creation_order(plist, flags));
	g = ck_h5(H5Gcreate2(file, "tracked", H5P_DEFAULT, plist, H5P_DEFAULT));
	put_cab(g);
	H5Gclose(g);
	H5Pclose(plist);
	h5_group(file, "plain");
	g = ck_h5(H5Gopen2(file, "plain", H5P_DEFAULT));
	put_cab(g);
	h5_int(g, "B", 2);
	H5Gclose(g);
	shm = h5_load(file);
	ck_children(shm, "", "plain tracked");
	ck_children(shm, "tracked", "c a b");
	ck_attr_names(shm, "tracked", "CAB");
	ck_children(shm, "plain", "B a b c");
	ck_attr_names(shm, "plain", "ABC");
	ck_clean(shm);
}
END_TEST

/* Dense storage of many links and attributes keeps the order of bytes too. */
START_TEST(test_many)
{
	hid_t fapl = ck_h5(H5Pcreate(H5P_FILE_ACCESS)), file, g;
	char name[16], names[4096] = "", attrs[256] = "";
	struct cute_shm *shm;

	ck_h5(H5Pset_libver_bounds(fapl, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST));
	file = ck_h5(
		H5Fcreate(h5_path("t.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, fapl));
	H5Pclose(fapl);
	h5_group(file, "g");
	g = ck_h5(H5Gopen2(file, "g", H5P_DEFAULT));
	for (int i = 199; i >= 0; i--) {
		snprintf(name, sizeof(name), "n%03d", i);
		h5_int(g, name, i);
		if (i < 50)
			h5_attr(g, name + 2, H5T_STD_I32LE, 0, NULL, NULL);
	}
	for (int i = 0; i < 200; i++) {
		sprintf(names + strlen(names), "%sn%03d", i ? " " : "", i);
		if (i < 50)
			sprintf(attrs + strlen(attrs), "%02d", i);
	}
	H5Gclose(g);
	shm = h5_load(file);
	ck_children(shm, "g", names);
	ck_attr_names(shm, "g", attrs);
	ck_int(shm, "g/n123", 123);
	ck_clean(shm);
}
END_TEST

/* The first name, in the order of the walk, owns the object. */
START_TEST(test_aliases)
{
	hid_t file = h5_begin();
	struct cute_shm *shm;

	h5_group(file, "z");
	h5_int(file, "z/x", 7);
	h5_group(file, "z/sub");
	hard_link(file, "z/x", "a");
	hard_link(file, "z/sub", "m");
	hard_link(file, "z", "z/sub/up");
	hard_link(file, "/", "z/root");
	h5_group(file, "self");
	hard_link(file, "self", "self/self");
	shm = h5_load(file);
	ck_children(shm, "", "a m self z");
	ck_int(shm, "a", 7);
	ck_link(shm, "z/x", "a");
	ck_group(shm, "m");
	ck_link(shm, "z/sub", "m");
	ck_group(shm, "m/up");
	ck_link(shm, "z", "m/up");
	ck_link(shm, "m/up/root", "");
	ck_link(shm, "self/self", "self");
	ck_assert_uint_eq(h5_told.result.links, 5);
	ck_clean(shm);
}
END_TEST

START_TEST(test_soft_links)
{
	hid_t file = h5_begin();
	struct cute_shm *shm;

	soft_link(file, "/x", "a_before");
	h5_int(file, "x", 7);
	soft_link(file, "a_before", "chain");
	soft_link(file, "/nowhere/at/all", "dangling");
	soft_link(file, "loop2", "loop1");
	soft_link(file, "loop1", "loop2");
	h5_group(file, "g");
	soft_link(file, "../x", "g/dots");
	soft_link(file, "/", "g/root");
	soft_link(file, "/g", "g/self");
	soft_link(file, "x", "g/relative");
	h5_int(file, "g/y", 8);
	soft_link(file, "y", "g/own");
	shm = h5_load(file);
	ck_link(shm, "a_before", "x");
	ck_link(shm, "chain", "x");
	ck_link(shm, "g/root", "");
	ck_link(shm, "g/self", "g");
	ck_link(shm, "g/own", "g/y");
	ck_gone("dangling", "dangling soft link");
	ck_gone("loop1", "dangling soft link");
	ck_gone("loop2", "dangling soft link");
	ck_gone("g/relative", "dangling soft link");
	/* HDF5 knows no way up. */
	ck_gone("g/dots", "dangling soft link");
	ck_assert_uint_eq(h5_told.skipped, 5);
	ck_clean(shm);
}
END_TEST

/* What only soft links lead to is loaded in their place. */
START_TEST(test_soft_link_out)
{
	static const char *const exclude[] = { "hidden", NULL };
	struct cute_shm_hdf5_options opt;
	hid_t file = h5_begin();
	struct cute_shm *shm;

	h5_group(file, "hidden");
	h5_group(file, "hidden/g");
	h5_int(file, "hidden/g/x", 1);
	soft_link(file, "/hidden/g/x", "hidden/g/back");
	soft_link(file, "/hidden/g", "first");
	soft_link(file, "/hidden/g", "second");
	soft_link(file, "/hidden/g/x", "third");
	opt = h5_options(0);
	opt.exclude = exclude;
	shm = h5_load_with(file, &opt);
	ck_children(shm, "", "first second third");
	ck_children(shm, "first", "back x");
	ck_link(shm, "second", "first");
	ck_link(shm, "third", "first/x");
	ck_link(shm, "first/back", "first/x");
	ck_int(shm, "first/x", 1);
	ck_clean(shm);
}
END_TEST

static void
make_other(void)
{
	hid_t other = h5_create(h5_path("other.h5"));

	h5_group(other, "g");
	h5_int(other, "g/x", 5);
	external_link(other, "t.h5", "/", "g/back");
	external_link(other, "t.h5", "/here/y", "g/back_y");
	soft_link(other, "/aside", "g/aside");
	h5_int(other, "aside", 6);
	h5_int(other, "alone", 9);
	H5Fclose(other);
}

START_TEST(test_external_links)
{
	hid_t file = h5_begin();
	struct cute_shm *shm;

	make_other();
	external_link(file, "other.h5", "/g", "a");
	external_link(file, "other.h5", "/g/x", "again");
	external_link(file, "other.h5", "alone", "alone");
	external_link(file, "other.h5", "/nothing", "no_object");
	external_link(file, "nowhere.h5", "/", "no_file");
	h5_group(file, "here");
	h5_int(file, "here/y", 1);
	shm = h5_load(file);
	ck_int(shm, "a/x", 5);
	ck_link(shm, "again", "a/x");
	ck_link(shm, "a/back", "");
	ck_int(shm, "a/back_y", 1);
	ck_link(shm, "here/y", "a/back_y");
	ck_int(shm, "a/aside", 6);
	ck_int(shm, "alone", 9);
	ck_gone("no_object", "dangling external link");
	ck_gone("no_file", "dangling external link");
	ck_assert_uint_eq(h5_told.skipped, 2);
	ck_clean(shm);
}
END_TEST

START_TEST(test_no_external)
{
	struct cute_shm_hdf5_options opt;
	hid_t file = h5_begin();
	struct cute_shm *shm;

	make_other();
	external_link(file, "other.h5", "/g", "a");
	soft_link(file, "a/x", "through");
	h5_int(file, "x", 1);
	opt = h5_options(CUTE_SHM_HDF5_NO_EXTERNAL);
	shm = h5_load_with(file, &opt);
	ck_gone("a", "external link");
	ck_int(shm, "x", 1);
	ck_gone("through", "external link, to ");
	ck_none(shm, "through");
	ck_clean(shm);
}
END_TEST

static hid_t
no_traverse(const char *name, hid_t group, const void *data, size_t size,
	    hid_t lapl, hid_t dxpl)
{
	(void)name, (void)group, (void)data, (void)size, (void)lapl;
	(void)dxpl;
	return H5I_INVALID_HID;
}

START_TEST(test_user_defined_link)
{
	const H5L_class_t kind = { .version = H5L_LINK_CLASS_T_VERS,
				   .id = (H5L_type_t)200,
				   .comment = "none",
				   .trav_func = no_traverse };
	hid_t file = h5_begin();
	struct cute_shm *shm;

	ck_h5(H5Lregister(&kind));
	ck_h5(H5Lcreate_ud(file, "mine", (H5L_type_t)200, "x", 1, H5P_DEFAULT,
			   H5P_DEFAULT));
	soft_link(file, "mine/x", "through");
	shm = h5_load(file);
	ck_gone("mine", "user-defined link");
	ck_gone("through", "dangling soft link");
	ck_assert_uint_eq(h5_told.failed, 0);
	ck_clean(shm);
}
END_TEST

/* Committed types are no data; what has such a type is. */
START_TEST(test_committed)
{
	hid_t file = h5_begin(), t = ck_h5(H5Tcopy(H5T_STD_I32BE));
	const uint8_t data[] = { 0, 0, 0, 5 };
	struct cute_shm *shm;

	ck_h5(H5Tcommit2(file, "a_type", t, H5P_DEFAULT, H5P_DEFAULT,
			 H5P_DEFAULT));
	hard_link(file, "a_type", "b_type");
	soft_link(file, "a_type", "c_type");
	h5_put(file, "x", t, 0, NULL, data);
	h5_attr(file, "x", t, 0, NULL, data);
	H5Tclose(t);
	shm = h5_load(file);
	ck_children(shm, "", "x");
	ck_int(shm, "x", 5);
	ck_attr(shm, "", "x", "<i4", 0, NULL, &(int32_t){ 5 });
	ck_assert_uint_eq(h5_told.skipped, 0);
	ck_clean(shm);
}
END_TEST

START_TEST(test_link_to_skipped)
{
	hid_t file = h5_begin();
	struct cute_shm *shm;

	h5_put(file, "gone", H5T_STD_REF_DSETREG, 0, NULL, NULL);
	hard_link(file, "gone", "hard");
	soft_link(file, "gone", "soft");
	shm = h5_load(file);
	ck_children(shm, "", "");
	ck_gone("gone", "region reference");
	ck_gone("hard", "link to /gone, which is skipped");
	ck_gone("soft", "link to /gone, which is skipped");
	ck_clean(shm);
}
END_TEST

START_TEST(test_names)
{
	hid_t file = h5_begin();
	struct cute_shm *shm;

	h5_int(file, "..", 1);
	h5_int(file, "%FF", 2);
	h5_int(file, "\xff", 3);
	h5_int(file, "a\xc3", 4);
	h5_int(file, "\xed\xa0\x80", 5); /* a surrogate */
	h5_int(file, "\xc3\xa4 \xf0\x9f\x98\x80", 6);
	h5_group(file, "\xfe");
	h5_int(file, "\xfe/x", 7);
	h5_attr(file, "at\xff/..", H5T_STD_I32LE, 0, NULL, &(int32_t){ 8 });
	h5_attr(file, "at%FF/..", H5T_STD_I32LE, 0, NULL, &(int32_t){ 9 });
	shm = h5_load(file);
	ck_int(shm, "%2E%2E", 1);
	/* By bytes, % comes before \xff: that is the clash. */
	ck_int(shm, "%FF", 2);
	ck_gone("%FF", "name clash");
	ck_int(shm, "a%C3", 4);
	ck_int(shm, "%ED%A0%80", 5);
	ck_int(shm, "\xc3\xa4 \xf0\x9f\x98\x80", 6);
	ck_int(shm, "%FE/x", 7);
	ck_attr(shm, "", "at%FF/..", "<i4", 0, NULL, &(int32_t){ 9 });
	ck_gone("@at%FF/..", "name clash");
	ck_assert_uint_eq(h5_told.skipped, 2);
	ck_clean(shm);
}
END_TEST

/* Thousands of names that could clash are told apart in a moment. */
START_TEST(test_many_clashes)
{
	struct cute_shm_hdf5_options opt;
	hid_t file = h5_begin();
	char name[32];
	struct cute_shm *shm;

	for (int i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "\xff%d", i);
		h5_group(file, name);
		snprintf(name, sizeof(name), "%%FF%d", i);
		h5_group(file, name);
	}
	opt = h5_options(0);
	shm = h5_load_with(file, &opt);
	ck_assert_uint_eq(h5_told.skipped, 3000);
	ck_assert_uint_eq(h5_told.result.groups, 3001);
	ck_clean(shm);
}
END_TEST

START_TEST(test_deep)
{
	hid_t file = h5_begin(), g = file, next;
	char path[6001] = "";
	struct cute_shm *shm;

	for (int i = 0; i < 3000; i++) {
		next = ck_h5(H5Gcreate2(g, "g", H5P_DEFAULT, H5P_DEFAULT,
					H5P_DEFAULT));
		if (g != file)
			H5Gclose(g);
		g = next;
		strcat(path, i ? "/g" : "g");
	}
	H5Gclose(g);
	shm = h5_load(file);
	ck_group(shm, path);
	ck_assert_uint_eq(h5_told.result.groups, 3001);
	ck_clean(shm);
}
END_TEST

/* A group's, a dataset's and the root's; a compound's lie on its group. */
START_TEST(test_attributes)
{
	static const float v[] = { 1, 2, 3 };
	hid_t file = h5_begin(), id;
	struct cute_shm *shm;

	h5_group(file, "g");
	h5_int(file, "x", 1);
	h5_attr(file, "of root", H5T_IEEE_F32LE, 1, &(hsize_t){ 3 }, v);
	id = ck_h5(H5Gopen2(file, "g", H5P_DEFAULT));
	h5_attr(id, "of/group", H5T_IEEE_F32LE, 1, &(hsize_t){ 3 }, v);
	H5Gclose(id);
	id = ck_h5(H5Dopen2(file, "x", H5P_DEFAULT));
	h5_attr(id, "of set", H5T_IEEE_F32LE, 0, NULL, v);
	h5_attr(id, "region", H5T_STD_REF_DSETREG, 0, NULL, NULL);
	H5Dclose(id);
	shm = h5_load(file);
	ck_attr(shm, "", "of root", "<f4", 1, &(uint64_t){ 3 }, v);
	ck_attr(shm, "g", "of/group", "<f4", 1, &(uint64_t){ 3 }, v);
	ck_attr(shm, "x", "of set", "<f4", 0, NULL, v);
	ck_gone("x@region", "region reference");
	ck_clean(shm);
}
END_TEST

static struct cute_shm *
load_part(const char *const *select, const char *const *exclude)
{
	struct cute_shm_hdf5_options opt;
	hid_t file = h5_begin();

	h5_group(file, "a");
	h5_int(file, "a/x", 1);
	h5_int(file, "a/y", 2);
	h5_group(file, "a/deep");
	h5_int(file, "a/deep/x", 3);
	h5_group(file, "ab");
	h5_int(file, "ab/x", 4);
	hard_link(file, "a/x", "b");
	soft_link(file, "/a/y", "s");
	opt = h5_options(0);
	opt.select = select;
	opt.exclude = exclude;
	return h5_load_with(file, &opt);
}

START_TEST(test_select)
{
	static const char *const one[] = { "/a/deep", NULL };
	static const char *const two[] = { "b", "a/x", NULL };
	static const char *const soft[] = { "s", NULL };
	static const char *const none[] = { NULL };
	static const char *const root[] = { "/", NULL };
	struct cute_shm *shm;

	shm = load_part(one, NULL);
	ck_children(shm, "", "a");
	ck_children(shm, "a", "deep");
	ck_int(shm, "a/deep/x", 3);
	ck_clean(shm);

	shm = load_part(two, NULL);
	ck_children(shm, "", "a b");
	ck_children(shm, "a", "x");
	ck_link(shm, "b", "a/x");
	ck_clean(shm);

	/* Its target is not in the tree: it is loaded in its place. */
	shm = load_part(soft, NULL);
	ck_children(shm, "", "s");
	ck_int(shm, "s", 2);
	ck_clean(shm);

	shm = load_part(none, none);
	ck_children(shm, "", "a ab b s");
	ck_clean(shm);

	shm = load_part(root, NULL);
	ck_children(shm, "", "a ab b s");
	ck_clean(shm);
}
END_TEST

START_TEST(test_exclude)
{
	static const char *const first[] = { "a/x", NULL };
	static const char *const all_x[] = { "*x", "/ab", NULL };
	static const char *const both[] = { "*deep*", NULL };
	static const char *const a[] = { "a", NULL };
	struct cute_shm *shm;

	/* The name that is left out does not own the object. */
	shm = load_part(NULL, first);
	ck_children(shm, "a", "deep y");
	ck_int(shm, "b", 1);
	ck_clean(shm);

	shm = load_part(NULL, all_x);
	ck_children(shm, "", "a b s");
	ck_children(shm, "a", "deep y");
	ck_children(shm, "a/deep", "");
	ck_clean(shm);

	shm = load_part(a, both);
	ck_children(shm, "", "a");
	ck_children(shm, "a", "x y");
	ck_clean(shm);
	ck_assert_uint_eq(h5_told.skipped, 0);
}
END_TEST

START_TEST(test_select_nothing)
{
	static const char *const select[] = { "a", "missing", NULL };
	struct cute_shm_hdf5_options opt = h5_options(0);
	hid_t file = h5_begin();

	h5_group(file, "a");
	H5Fclose(file);
	opt.select = select;
	ck_err(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL),
	       CUTE_SHM_ERR_NOT_FOUND);
	ck_errmsg_has("/missing");
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_scan");
	TCase *tc = tcase_create("scan");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_order, 0, 2);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_aliases);
	tcase_add_test(tc, test_soft_links);
	tcase_add_test(tc, test_soft_link_out);
	tcase_add_test(tc, test_external_links);
	tcase_add_test(tc, test_no_external);
	tcase_add_test(tc, test_user_defined_link);
	tcase_add_test(tc, test_committed);
	tcase_add_test(tc, test_link_to_skipped);
	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_many_clashes);
	tcase_add_test(tc, test_deep);
	tcase_add_test(tc, test_attributes);
	tcase_add_test(tc, test_select);
	tcase_add_test(tc, test_exclude);
	tcase_add_test(tc, test_select_nothing);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
