/* SPDX-License-Identifier: MIT */
/*
 * Objects that stand for others: committed datatypes, references, and lists of
 * one reference.
 */
#include <stdio.h>

#include "hdf5_util.h"

static const hsize_t two[] = { 2 };

/* ------------------------------------------------------ committed datatypes */

static void
commit(hid_t file, const char *name, hid_t type, bool attribute)
{
	ck_h5(H5Tcommit2(file, name, type, H5P_DEFAULT, H5P_DEFAULT,
			 H5P_DEFAULT));
	if (attribute)
		h5_attr(type, "unit", H5T_STD_I32LE, 1, two, NULL);
	H5Tclose(type);
}

START_TEST(committed_datatypes)
{
	static const char *const names[] = {
		"float", "text", "fixed", "array", "list", "enum", "opaque",
	};
	static const char *const dtypes[] = {
		"<f4", "*|S1", "|S5", "<i2", "*|u1", "|i1", "|V3",
	};
	hid_t file = h5_begin(), record, t[ELEMENTS(names)];
	hobj_ref_t ref;
	struct cute_shm *shm;
	H5O_info_t info;

	t[0] = ck_h5(H5Tcopy(H5T_IEEE_F32BE));
	t[1] = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	t[2] = h5_string(5, H5T_STR_SPACEPAD, H5T_CSET_ASCII);
	t[3] = ck_h5(H5Tarray_create2(H5T_STD_I16BE, 1, two));
	t[4] = ck_h5(H5Tvlen_create(H5T_STD_U8LE));
	t[5] = h5_enum(H5T_STD_I8LE, "x", 1, "y", 2);
	t[6] = ck_h5(H5Tcreate(H5T_OPAQUE, 3));
	for (unsigned i = 0; i < ELEMENTS(names); i++)
		commit(file, names[i], t[i], true);
	record = ck_h5(H5Tcreate(H5T_COMPOUND, 8));
	ck_h5(H5Tinsert(record, "x", 0, H5T_STD_I64LE));
	commit(file, "record", record, true);
	commit(file, "time", ck_h5(H5Tcopy(H5T_UNIX_D64LE)), true);
	commit(file, "bare", ck_h5(H5Tcopy(H5T_STD_I8LE)), false);
	ck_h5(H5Lcreate_hard(file, "float", file, "same", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Lcreate_hard(file, "bare", file, "bare too", H5P_DEFAULT,
			     H5P_DEFAULT));
	ck_h5(H5Rcreate(&ref, file, "float", H5R_OBJECT, -1));
	h5_put(file, "ref", H5T_STD_REF_OBJ, 0, NULL, &ref);
	shm = h5_load(file);
	ck_assert_uint_eq(h5_told.skipped + h5_told.changed, 0);
	for (unsigned i = 0; i < ELEMENTS(names); i++) {
		ck_group(shm, names[i]);
		ck_attr_names(shm, names[i], "unitcute-shm:datatype");
		ck_attr_texts(shm, names[i], "cute-shm:datatype", dtypes[i]);
	}
	ck_attr_texts(shm, "record", "cute-shm:datatype", "compound");
	ck_attr_texts(shm, "time", "cute-shm:datatype", "");
	ck_none(shm, "bare");
	ck_none(shm, "bare too");
	ck_link(shm, "same", "float");
	ck_texts(shm, "ref", "/float");
	ck_again(shm);
	/* And are such in the export. */
	file = ck_h5(H5Fopen(h5_path("again.h5"), H5F_ACC_RDONLY, H5P_DEFAULT));
	for (unsigned i = 0; i < ELEMENTS(names); i++) {
		ck_h5(H5Oget_info_by_name2(file, names[i], &info,
					   H5O_INFO_BASIC, H5P_DEFAULT));
		ck_assert_int_eq(info.type, H5O_TYPE_NAMED_DATATYPE);
	}
	H5Fclose(file);
	ck_clean(shm);
}
END_TEST

/* In the order of their creation where the type keeps that. */
START_TEST(order_on_datatypes)
{
	hid_t file = h5_begin(), t = ck_h5(H5Tcopy(H5T_STD_I8LE));
	hid_t props = ck_h5(H5Pcreate(H5P_DATATYPE_CREATE));
	struct cute_shm *shm;

	ck_h5(H5Pset_attr_creation_order(props, H5P_CRT_ORDER_TRACKED |
							H5P_CRT_ORDER_INDEXED));
	ck_h5(H5Tcommit2(file, "t", t, H5P_DEFAULT, props, H5P_DEFAULT));
	for (const char *name = "zay"; *name; name++)
		h5_attr(t, (char[]){ *name, '\0' }, H5T_STD_I32LE, 0, NULL,
			NULL);
	H5Tclose(t);
	H5Pclose(props);
	shm = h5_load(file);
	ck_attr_names(shm, "t", "zaycute-shm:datatype");
	ck_again(shm);
	ck_clean(shm);
}
END_TEST

/* A group that says it was one, and has no other attribute, remains one. */
START_TEST(datatype_without_attributes)
{
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	h5_path("x");
	ck_ok(cute_shm_builder_new("t", NULL, &b));
	ck_ok(cute_shm_builder_group(b, "g"));
	ck_ok(cute_shm_builder_attr_text(b, "g", "cute-shm:datatype", "<f8"));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_again(shm);
	cute_shm_close(shm);
}
END_TEST

/* --------------------------------------------------------------- references */

/* netCDF's DIMENSION_LIST: one reference, or none, for each dimension. */
START_TEST(lists_of_one_reference)
{
	hobj_ref_t refs[2] = { 0 };
	hvl_t lists[2] = { { 1, &refs[0] }, { 0, NULL } };
	hid_t file = h5_begin(), t = ck_h5(H5Tvlen_create(H5T_STD_REF_OBJ));
	struct cute_shm *shm;

	h5_int(file, "x", 1);
	ck_h5(H5Rcreate(&refs[0], file, "x", H5R_OBJECT, -1));
	ck_h5(H5Rcreate(&refs[1], file, "/", H5R_OBJECT, -1));
	h5_attr(file, "list", t, 1, two, lists);
	h5_attr(file, "none", t, 1, (const hsize_t[]){ 0 }, NULL);
	h5_attr(file, "null", t, -1, NULL, NULL);
	lists[1] = (hvl_t){ 2, refs };
	h5_attr(file, "more", t, 1, two, lists);
	h5_put(file, "set", t, 1, two, lists);
	H5Tclose(t);
	shm = h5_load(file);
	ck_attr_texts(shm, "", "list", "/x|");
	ck_attr_names(shm, "", "listnone");
	ck_gone("@more", "list of object references");
	ck_gone("@null", "list of object references");
	ck_gone("set", "list of object references");
	ck_assert_uint_eq(h5_told.skipped, 3);
	ck_again(shm);
	ck_clean(shm);
}
END_TEST

/* A file with "s/x", "y", and references to both, to nothing, and to null. */
static void
put_references(void)
{
	hobj_ref_t refs[4] = { 0 };
	hvl_t list = { 1, &refs[0] };
	hsize_t four = 4;
	hid_t file = h5_begin(), t, set;
	struct {
		hobj_ref_t ref;
		int32_t n;
	} pair = { .n = 1 };

	h5_group(file, "s");
	h5_int(file, "s/x", 1);
	h5_int(file, "y", 2);
	h5_int(file, "gone", 3);
	ck_h5(H5Rcreate(&refs[0], file, "s/x", H5R_OBJECT, -1));
	ck_h5(H5Rcreate(&refs[1], file, "y", H5R_OBJECT, -1));
	ck_h5(H5Rcreate(&refs[2], file, "gone", H5R_OBJECT, -1));
	set = ck_h5(H5Dopen2(file, "gone", H5P_DEFAULT));
	h5_put(file, "refs", H5T_STD_REF_OBJ, 1, &four, refs);
	h5_attr(file, "refs", H5T_STD_REF_OBJ, 1, &four, refs);
	t = ck_h5(H5Tvlen_create(H5T_STD_REF_OBJ));
	h5_attr(file, "one", t, 0, NULL, &list);
	H5Tclose(t);
	t = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(pair)));
	ck_h5(H5Tinsert(t, "ref", HOFFSET(__typeof__(pair), ref),
			H5T_STD_REF_OBJ));
	ck_h5(H5Tinsert(t, "n", HOFFSET(__typeof__(pair), n), H5T_STD_I32LE));
	pair.ref = refs[0];
	h5_put(file, "record", t, 0, NULL, &pair);
	h5_attr(file, "record", t, 0, NULL, &pair);
	H5Tclose(t);
	ck_h5(H5Ldelete(file, "gone", H5P_DEFAULT));
	H5Dclose(set);
	H5Fclose(file);
}

static const struct {
	const char *select, *exclude, *texts, *first;
	unsigned lost;
} references[] = {
	{ NULL, NULL, "/s/x|/y||", "@refs", 2 },
	{ NULL, "s", "|/y||", "@one", 7 },
	{ NULL, "y", "/s/x|||", "@refs", 4 },
	{ "refs", NULL, "|||", "@one", 8 },
};

/* They are counted once, and said in one line; by a dry run as well. */
START_TEST(references_that_lead_to_nothing)
{
	const char *select[] = { references[_i].select, NULL };
	const char *exclude[] = { references[_i].exclude, NULL };
	struct cute_shm_hdf5_options opt;
	struct cute_shm *shm;
	char reason[40];

	put_references();
	snprintf(reason, sizeof(reason), "%u references to objects",
		 references[_i].lost);
	for (unsigned plan = 2; plan-- > 0;) {
		opt = h5_options(0);
		opt.select = select[0] ? select : NULL;
		opt.exclude = exclude[0] ? exclude : NULL;
		if (plan)
			ck_ok(cute_shm_hdf5_plan(h5_path("t.h5"), &opt, NULL));
		else
			shm = h5_load_with(H5I_INVALID_HID, &opt);
		ck_assert_uint_eq(h5_told.changed, 1);
		ck_gone(references[_i].first, reason);
	}
	ck_texts(shm, "refs", references[_i].texts);
	ck_attr_texts(shm, "", "refs", references[_i].texts);
	ck_again(shm);
	ck_clean(shm);
}
END_TEST

/* Lists that are read twice, since they are not kept, are counted once. */
START_TEST(references_that_are_read_twice)
{
	const char *exclude[] = { "s", NULL };
	struct cute_shm_hdf5_options opt;
	struct cute_shm *shm;

	put_references();
	keep_lists_max = 0;
	opt = h5_options(0);
	opt.exclude = exclude;
	shm = h5_load_with(H5I_INVALID_HID, &opt);
	ck_gone("@one", "7 references");
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_references");
	TCase *tc = tcase_create("references");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, committed_datatypes);
	tcase_add_test(tc, order_on_datatypes);
	tcase_add_test(tc, datatype_without_attributes);
	tcase_add_test(tc, lists_of_one_reference);
	tcase_add_loop_test(tc, references_that_lead_to_nothing, 0,
			    ELEMENTS(references));
	tcase_add_test(tc, references_that_are_read_twice);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
