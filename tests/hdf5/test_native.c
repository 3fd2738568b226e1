/* SPDX-License-Identifier: MIT */
/* The native index says what libhdf5 says, of links, types and attributes. */
#include <stdlib.h>
#include <string.h>

#include "hdf5_util.h"
#include "native_file.h"

/* ------------------------------------------------------------------- links */

static void
put_links(hid_t group, unsigned count)
{
	char name[300];
	unsigned i;

	for (i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%u name %.*u", i * 7919 % count,
			 (int)(i % 200), i);
		h5_group(group, name);
	}
	ck_h5(H5Lcreate_hard(group, ".", group, "itself", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Lcreate_soft("/no/where", group, "soft", H5P_DEFAULT,
			     H5P_DEFAULT));
}

/* What a link of our own leads to. */
static void
no_object(void)
{
}

static void
put_external(hid_t group)
{
	const char data[] = "data of a link";

	ck_h5(H5Lcreate_external("other.h5", "/a/b", group, "external",
				 H5P_DEFAULT, H5P_DEFAULT));
	if (H5Lis_registered(200) <= 0) {
		const H5L_class_t class = {
			.version = H5L_LINK_CLASS_T_VERS,
			.id = 200,
			/* Its form depends on the version of libhdf5. */
			.trav_func = (H5L_traverse_func_t)no_object,
		};

		ck_h5(H5Lregister(&class));
	}
	ck_h5(H5Lcreate_ud(group, "own", 200, data, sizeof(data), H5P_DEFAULT,
			   H5P_DEFAULT));
	ck_h5(H5Lcreate_ud(group, "empty", 200, NULL, 0, H5P_DEFAULT,
			   H5P_DEFAULT));
}

/* Groups of few and of many links, with and without order of creation. */
START_TEST(test_links)
{
	static const unsigned counts[] = { 0, 1, 7, 40, 800 };
	unsigned flags = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED, i;
	hid_t file = native_file(_i % VERSIONS, H5P_DEFAULT), plist, group;
	char name[32];

	for (i = 0; i < 10; i++) {
		plist = ck_h5(H5Pcreate(H5P_GROUP_CREATE));
		if (i % 2 == 1)
			ck_h5(H5Pset_link_creation_order(plist, flags));
		if (_i >= VERSIONS)
			ck_h5(H5Pset_link_phase_change(plist, 3, 2));
		snprintf(name, sizeof(name), "g%u", i);
		group = ck_h5(H5Gcreate2(file, name, H5P_DEFAULT, plist,
					 H5P_DEFAULT));
		put_links(group, counts[i / 2]);
		if (i > 0)
			put_external(group);
		if (counts[i / 2] > 1)
			ck_h5(H5Ldelete(group, "itself", H5P_DEFAULT));
		ck_h5(H5Gclose(group));
		ck_h5(H5Pclose(plist));
	}
	ck_h5(H5Oset_comment_by_name(file, "g1", "a comment", H5P_DEFAULT));
	native_file_same(file, 0);
}
END_TEST

/* ------------------------------------------------------------------- types */

static hid_t
type_enum(void)
{
	return h5_enum(H5T_STD_I16BE, "small", -3, "a long name", 300);
}

static hid_t
type_compound(void)
{
	const hsize_t dims[] = { 2, 3 };
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, 64)), inner, array, text;

	inner = ck_h5(H5Tcreate(H5T_COMPOUND, 12));
	ck_h5(H5Tinsert(inner, "x", 0, H5T_IEEE_F64BE));
	ck_h5(H5Tinsert(inner, "a name of more than 8", 8, H5T_STD_U32LE));
	array = ck_h5(H5Tarray_create2(H5T_STD_I16LE, 2, dims));
	text = h5_string(5, H5T_STR_SPACEPAD, H5T_CSET_UTF8);
	ck_h5(H5Tinsert(t, "inner", 4, inner));
	ck_h5(H5Tinsert(t, "array", 20, array));
	ck_h5(H5Tinsert(t, "text", 40, text));
	ck_h5(H5Tclose(inner));
	ck_h5(H5Tclose(array));
	ck_h5(H5Tclose(text));
	return t;
}

static hid_t
type_with_texts(void)
{
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, 40)), text, list;

	text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	list = ck_h5(H5Tvlen_create(H5T_STD_I32LE));
	ck_h5(H5Tinsert(t, "text", 0, text));
	ck_h5(H5Tinsert(t, "list", 8, list));
	ck_h5(H5Tinsert(t, "reference", 24, H5T_STD_REF_OBJ));
	ck_h5(H5Tclose(text));
	ck_h5(H5Tclose(list));
	return t;
}

static hid_t
type_opaque(void)
{
	hid_t t = ck_h5(H5Tcreate(H5T_OPAQUE, 7));

	ck_h5(H5Tset_tag(t, "NUMPY:<M8[ns] and more"));
	return t;
}

static hid_t
type_bits(void)
{
	hid_t t = ck_h5(H5Tcopy(H5T_STD_U32BE));

	ck_h5(H5Tset_precision(t, 13));
	ck_h5(H5Tset_offset(t, 5));
	ck_h5(H5Tset_pad(t, H5T_PAD_ONE, H5T_PAD_ZERO));
	return t;
}

/* All classes, as a dataset, as an attribute, and committed. */
START_TEST(test_types)
{
	const hsize_t dims[] = { 3, 4 };
	hid_t file = native_file(_i, H5P_DEFAULT), dset;
	hid_t types[] = { ck_h5(H5Tcopy(H5T_STD_I8LE)),
			  ck_h5(H5Tcopy(H5T_STD_U64BE)),
			  ck_h5(H5Tcopy(H5T_IEEE_F32BE)),
			  ck_h5(H5Tcopy(H5T_NATIVE_LDOUBLE)),
			  h5_float(2, 16, 15, 7, 8, 7, 127),
			  ck_h5(H5Tcopy(H5T_UNIX_D32LE)),
			  ck_h5(H5Tcopy(H5T_STD_B16LE)),
			  h5_string(9, H5T_STR_NULLPAD, H5T_CSET_ASCII),
			  h5_string(H5T_VARIABLE, H5T_STR_NULLTERM,
				    H5T_CSET_UTF8),
			  ck_h5(H5Tvlen_create(H5T_IEEE_F32LE)),
			  ck_h5(H5Tcopy(H5T_STD_REF_OBJ)),
			  ck_h5(H5Tcopy(H5T_STD_REF_DSETREG)),
			  type_opaque(),
			  type_enum(),
			  type_bits(),
			  type_compound(),
			  type_with_texts(),
			  ck_h5(H5Tarray_create2(H5T_STD_I32LE, 2, dims)) };
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++) {
		snprintf(name, sizeof(name), "d%zu", i);
		h5_put(file, name, types[i], 2, dims, NULL);
		h5_attr(file, name, types[i], 1, dims, NULL);
		dset = ck_h5(H5Dopen2(file, name, H5P_DEFAULT));
		h5_attr(dset, "scalar", types[i], 0, NULL, NULL);
		h5_attr(dset, "null", types[i], -1, NULL, NULL);
		snprintf(name, sizeof(name), "t%zu", i);
		ck_h5(H5Tcommit2(file, name, types[i], H5P_DEFAULT, H5P_DEFAULT,
				 H5P_DEFAULT));
		h5_attr(dset, "committed", types[i], 0, NULL, NULL);
		h5_attr(types[i], "on a type", H5T_STD_I32LE, 0, NULL, NULL);
		snprintf(name, sizeof(name), "c%zu", i);
		h5_put(file, name, types[i], 0, NULL, NULL);
		ck_h5(H5Dclose(dset));
		ck_h5(H5Tclose(types[i]));
	}
	native_file_same(file, 0);
}
END_TEST

/* ------------------------------------------------------------------ values */

/* Texts, lists and references in the global heap. */
START_TEST(test_values)
{
	static const char *const texts[] = { "a", "", "some text", "b" };
	int32_t numbers[] = { 1, 2, 3, 4, 5 };
	const hvl_t lists[] = { { 5, numbers }, { 0, NULL }, { 2, numbers } };
	hid_t file = native_file(_i, H5P_DEFAULT), text, list;
	const hsize_t dims[] = { 4 }, three[] = { 3 };
	struct native_report r;
	hobj_ref_t refs[3];
	char name[32], *many[5000];
	hsize_t n = 5000;
	unsigned i;

	text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
	list = ck_h5(H5Tvlen_create(H5T_NATIVE_INT32));
	h5_put(file, "texts", text, 1, dims, texts);
	h5_attr(file, "texts", text, 1, dims, texts);
	h5_put(file, "lists", list, 1, three, lists);
	h5_attr(file, "lists", list, 1, three, lists);
	for (i = 0; i < n; i++)
		many[i] = (char *)(uintptr_t)texts[i % 4];
	h5_put(file, "many", text, 1, &n, many);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s", i % 2 ? "texts" : "lists");
		ck_h5(H5Rcreate(&refs[i], file, name, H5R_OBJECT, -1));
	}
	h5_put(file, "refs", H5T_STD_REF_OBJ, 1, three, refs);
	h5_attr(file, "refs", H5T_STD_REF_OBJ, 1, three, refs);
	ck_h5(H5Tclose(text));
	ck_h5(H5Tclose(list));
	r = native_file_same(file, 0);
	ck_assert_uint_eq(r.values, 2 * 7);
}
END_TEST

/* -------------------------------------------------------------- attributes */

/* Few, many and large ones, some deleted, with and without order. */
START_TEST(test_attributes)
{
	unsigned flags = H5P_CRT_ORDER_TRACKED, i, k;
	hid_t file = native_file(_i % VERSIONS, H5P_DEFAULT), plist, group;
	const hsize_t large[] = { 3000 }, huge[] = { 20000 };
	char name[32];

	for (k = 0; k < 4; k++) {
		plist = ck_h5(H5Pcreate(H5P_GROUP_CREATE));
		if (_i >= VERSIONS)
			ck_h5(H5Pset_attr_creation_order(plist, flags));
		snprintf(name, sizeof(name), "g%u", k);
		group = ck_h5(H5Gcreate2(file, name, H5P_DEFAULT, plist,
					 H5P_DEFAULT));
		for (i = 0; i < k * k * 40; i++) {
			snprintf(name, sizeof(name), "%u", i * 31 % 400);
			h5_attr(group, name, H5T_STD_I32BE, 0, NULL, &i);
		}
		if (k > 0) {
			h5_attr(group, "large", H5T_STD_I8LE, 1, large, NULL);
			ck_h5(H5Adelete(group, "31"));
		}
		if (k > 1 && _i % VERSIONS > 0)
			h5_attr(group, "huge", H5T_STD_I64LE, 1, huge, NULL);
		ck_h5(H5Gclose(group));
		ck_h5(H5Pclose(plist));
	}
	native_file_same(file, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("native");
	TCase *tc = tcase_create("native");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, test_links, 0, 2 * VERSIONS);
	tcase_add_loop_test(tc, test_types, 0, VERSIONS);
	tcase_add_loop_test(tc, test_values, 0, VERSIONS);
	tcase_add_loop_test(tc, test_attributes, 0, 2 * VERSIONS);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
