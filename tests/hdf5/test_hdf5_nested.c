/* SPDX-License-Identifier: MIT */
/* The mapping of datatypes that are made of others. */
#include <stdlib.h>
#include <string.h>

#include "hdf5_util.h"

static const hsize_t two[] = { 2 }, three[] = { 3 };
static const uint64_t two_[] = { 2 }, three_[] = { 3 };

/* ------------------------------------------------------------------- lists */

START_TEST(test_lists)
{
	static uint16_t a[] = { 0x0100, 0x0200 }, b[] = { 0x0300 };
	hvl_t data[3] = { { 2, a }, { 0, NULL }, { 1, b } };
	static const uint16_t value[] = { 1, 2, 3 };
	static const uint64_t offsets[] = { 0, 2, 2, 3 };
	hid_t file = h5_begin(), t = ck_h5(H5Tvlen_create(H5T_STD_U16BE));
	struct cute_shm *shm;
	struct cute_shm_array array;

	h5_put_both(file, t, 1, three, data);
	H5Tclose(t);
	shm = h5_load(file);
	ck_ok(cute_shm_get(shm, "d", &array));
	ck_assert_uint_eq(array.value_count, 3);
	ck_assert_mem_eq(array.offsets, offsets, sizeof(offsets));
	ck_assert_mem_eq(array.values, value, sizeof(value));
	ck_both(shm, "*<u2", 1, three_, NULL);
}
END_TEST

/* Lists of enums have the members of the enum; lists of texts no form. */
START_TEST(test_list_of_enum)
{
	static int8_t one[] = { 1, 2 };
	static const int8_t members[] = { 1, 2 };
	hvl_t data = { 2, one };
	hid_t file = h5_begin(), t;
	hid_t base = h5_enum(H5T_STD_I8LE, "x", 1, "y", 2);
	struct cute_shm *shm;

	t = ck_h5(H5Tvlen_create(base));
	h5_put_both(file, t, 0, NULL, &data);
	H5Tclose(t);
	H5Tclose(base);
	shm = h5_load(file);
	ck_attr_texts(shm, "d", "cute-shm:enum-names", "x|y");
	ck_attr(shm, "d", "cute-shm:enum-values", "|i1", 1, two_, members);
	ck_both(shm, "*|i1", 0, NULL, NULL);
}
END_TEST

START_TEST(test_lists_without_form)
{
	static const char *const reasons[] = {
		"list of lists",
		"list of lists",
		"list of compounds",
		"list of arrays",
	};
	hid_t base, list;

	switch (_i) {
	case 0: base = ck_h5(H5Tvlen_create(H5T_STD_I8LE)); break;
	case 1:
		base = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM,
				 H5T_CSET_ASCII);
		break;
	case 2:
		base = ck_h5(H5Tcreate(H5T_COMPOUND, 8));
		ck_h5(H5Tinsert(base, "x", 0, H5T_STD_I64LE));
		break;
	default: base = ck_h5(H5Tarray_create2(H5T_STD_I8LE, 1, two));
	}
	list = ck_h5(H5Tvlen_create(base));
	H5Tclose(base);
	ck_skipped_type(list, reasons[_i]);
}
END_TEST

/* ------------------------------------------------------------------ arrays */

START_TEST(test_array)
{
	static const hsize_t inner[] = { 1, 2 };
	static const int32_t data[2][3][1][2] = {
		{ { { 1, 2 } }, { { 3, 4 } }, { { 5, 6 } } },
		{ { { 7, 8 } } },
	};
	static const uint64_t shape[] = { 2, 3, 1, 2 };
	hid_t file = h5_begin(), t, t2;
	struct cute_shm *shm;

	t = ck_h5(H5Tarray_create2(H5T_STD_I32LE, 2, inner));
	t2 = ck_h5(H5Tarray_create2(t, 1, three));
	h5_put_both(file, t2, 1, two, data);
	h5_put(file, "scalar", t2, 0, NULL, data);
	h5_put(file, "null", t2, -1, NULL, NULL);
	H5Tclose(t);
	H5Tclose(t2);
	shm = h5_load(file);
	ck_array(shm, "scalar", "<i4", 3, shape + 1, data);
	ck_scalar(shm, "null", "null", NULL);
	ck_both(shm, "<i4", 4, shape, data);
}
END_TEST

START_TEST(test_array_of_texts)
{
	const char *data[] = { "a", "b", "c", "d", "e", "f" };
	static const uint64_t shape[] = { 2, 3 };
	hid_t file = h5_begin(), t, text;
	struct cute_shm *shm;

	text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
	t = ck_h5(H5Tarray_create2(text, 1, three));
	h5_put_both(file, t, 1, two, data);
	H5Tclose(t);
	H5Tclose(text);
	shm = h5_load(file);
	ck_texts(shm, "d", "a|b|c|d|e|f");
	ck_both(shm, "*|S1", 2, shape, NULL);
}
END_TEST

/* 32 dimensions are the most, with those of the type. */
START_TEST(test_dimensions)
{
	hsize_t dims[32];
	uint64_t shape[32];
	hid_t file = h5_begin(), t;
	int16_t data[4] = { 1, 2, 3, 4 };
	struct cute_shm *shm;

	for (unsigned i = 0; i < 32; i++)
		shape[i] = dims[i] = i == 3 || i == 31 ? 2 : 1;
	t = ck_h5(H5Tarray_create2(H5T_STD_I16LE, 1, two));
	h5_put(file, "most", H5T_STD_I16LE, 32, dims, data);
	h5_put(file, "more", t, 32, dims, NULL);
	h5_attr(file, "more", t, 32, dims, NULL);
	h5_put(file, "null", t, -1, NULL, NULL);
	ck_h5(H5Lcreate_hard(file, "more", file, "other", H5P_DEFAULT,
			     H5P_DEFAULT));
	H5Tclose(t);
	shm = h5_load(file);
	ck_array(shm, "most", "<i2", 32, shape, data);
	ck_gone("more", "33 dimensions");
	ck_gone("@more", "33 dimensions");
	ck_gone("other", "link to /more, which is skipped");
	ck_children(shm, "", "most null");
	ck_clean(shm);
}
END_TEST

/* --------------------------------------------------------------- compounds */

static hid_t
complex_type(hid_t part, const char *re, const char *im)
{
	size_t size = H5Tget_size(part);
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, 2 * size));

	ck_h5(H5Tinsert(t, re, 0, part));
	ck_h5(H5Tinsert(t, im, size, part));
	return t;
}

START_TEST(test_complex)
{
	static const double d[] = { 1, 2, 3, 4, 5, 6 };
	static const float f[] = { 1, 2, 3, 4, 5, 6 };
	uint32_t be[6];
	hid_t file = h5_begin(), t;
	struct cute_shm *shm;

	for (unsigned i = 0; i < 6; i++) {
		memcpy(&be[i], &f[i], 4);
		be[i] = __builtin_bswap32(be[i]);
	}
	t = complex_type(_i ? H5T_IEEE_F32BE : H5T_IEEE_F64LE, "r", "i");
	h5_put_both(file, t, 1, three, _i ? (const void *)be : d);
	H5Tclose(t);
	shm = h5_load(file);
	ck_both(shm, _i ? "<c8" : "<c16", 1, three_, _i ? (const void *)f : d);
}
END_TEST

/* Other names, other sizes, two kinds: columns. */
START_TEST(test_not_complex)
{
	hid_t file = h5_begin(), t, half = h5_float(2, 16, 15, 10, 5, 10, 15);
	struct cute_shm *shm;

	if (_i == 0) {
		t = complex_type(H5T_IEEE_F64LE, "re", "i");
	} else if (_i == 1) {
		t = complex_type(half, "r", "i");
	} else {
		t = ck_h5(H5Tcreate(H5T_COMPOUND, 12));
		ck_h5(H5Tinsert(t, "r", 0, H5T_IEEE_F64LE));
		ck_h5(H5Tinsert(t, "i", 8, H5T_IEEE_F32LE));
	}
	H5Tclose(half);
	h5_put_both(file, t, 1, three, NULL);
	H5Tclose(t);
	shm = h5_load(file);
	ck_children(shm, "d", _i ? "r i" : "re i");
	ck_array(shm, "d/i",
		 _i == 0   ? "<f8"
		 : _i == 1 ? "<f2"
			   : "<f4",
		 1, three_, NULL);
	ck_attr(shm, "", "a.i",
		_i == 0	  ? "<f8"
		: _i == 1 ? "<f2"
			  : "<f4",
		1, three_, NULL);
	ck_clean(shm);
}
END_TEST

/* A record with padding, a nested one, an array of those, texts and lists. */
struct point {
	int8_t x;
	int32_t y;
};

struct record {
	int8_t id;
	double value;
	struct point at;
	struct point path[2];
	const char *text;
	hvl_t list;
	uint8_t flag;
};

static hid_t
record_type(void)
{
	static const hsize_t pair[] = { 2 };
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(struct record)));
	hid_t p = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(struct point)));
	hid_t a, s, v;

	ck_h5(H5Tinsert(p, "x", HOFFSET(struct point, x), H5T_STD_I8LE));
	ck_h5(H5Tinsert(p, "y", HOFFSET(struct point, y), H5T_STD_I32LE));
	a = ck_h5(H5Tarray_create2(p, 1, pair));
	s = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	v = ck_h5(H5Tvlen_create(H5T_STD_I16LE));
	ck_h5(H5Tinsert(t, "id", HOFFSET(struct record, id), H5T_STD_I8LE));
	ck_h5(H5Tinsert(t, "value", HOFFSET(struct record, value),
			H5T_IEEE_F64LE));
	ck_h5(H5Tinsert(t, "at", HOFFSET(struct record, at), p));
	ck_h5(H5Tinsert(t, "path", HOFFSET(struct record, path), a));
	ck_h5(H5Tinsert(t, "text", HOFFSET(struct record, text), s));
	ck_h5(H5Tinsert(t, "list", HOFFSET(struct record, list), v));
	ck_h5(H5Tinsert(t, "flag", HOFFSET(struct record, flag), H5T_STD_U8LE));
	H5Tclose(p);
	H5Tclose(a);
	H5Tclose(s);
	H5Tclose(v);
	return t;
}

START_TEST(test_compound)
{
	static int16_t items[] = { 7, 8, 9 };
	struct record data[2] = {
		{ 1,
		  1.5,
		  { 2, 3 },
		  { { 4, 5 }, { 6, 7 } },
		  "one",
		  { 3, items },
		  0xaa },
		{ -1,
		  -1.5,
		  { -2, -3 },
		  { { -4, -5 }, { -6, -7 } },
		  "two",
		  { 0, NULL },
		  0x55 },
	};
	static const int8_t id[] = { 1, -1 }, x[] = { 4, 6, -4, -6 };
	static const int32_t y[] = { 5, 7, -5, -7 }, at[] = { 3, -3 };
	static const double value[] = { 1.5, -1.5 };
	static const uint8_t flag[] = { 0xaa, 0x55 };
	static const uint64_t pairs[] = { 2, 2 };
	hid_t file = h5_begin(), t = record_type();
	struct cute_shm *shm;

	h5_put_both(file, t, 1, two, data);
	H5Tclose(t);
	shm = h5_load(file);
	ck_attr_texts(shm, "d", "cute-shm:compound",
		      "id|value|at|path|text|list|flag");
	ck_attr_texts(shm, "d/at", "cute-shm:compound", "x|y");
	ck_attr_texts(shm, "d/path", "cute-shm:compound", "x|y");
	ck_children(shm, "d", "id value at path text list flag");
	ck_array(shm, "d/id", "|i1", 1, two_, id);
	ck_array(shm, "d/value", "<f8", 1, two_, value);
	ck_array(shm, "d/at/y", "<i4", 1, two_, at);
	ck_array(shm, "d/path/x", "|i1", 2, pairs, x);
	ck_array(shm, "d/path/y", "<i4", 2, pairs, y);
	ck_texts(shm, "d/text", "one|two");
	ck_array(shm, "d/list", "*<i2", 1, two_, NULL);
	ck_array(shm, "d/flag", "|u1", 1, two_, flag);
	ck_attr(shm, "", "a.id", "|i1", 1, two_, id);
	ck_attr(shm, "", "a.at.y", "<i4", 1, two_, at);
	ck_attr(shm, "", "a.path.x", "|i1", 2, pairs, x);
	ck_attr(shm, "", "a.path.y", "<i4", 2, pairs, y);
	ck_attr_texts(shm, "", "a.text", "one|two");
	ck_attr(shm, "", "a.list", "*<i2", 1, two_, NULL);
	ck_no_attr(shm, "", "a");
	ck_clean(shm);
}
END_TEST

START_TEST(test_compound_null)
{
	hid_t file = h5_begin(), t = record_type();
	struct cute_shm *shm;

	h5_put(file, "d", t, -1, NULL, NULL);
	h5_attr(file, "a", t, -1, NULL, NULL);
	h5_put(file, "empty", t, 1, &(hsize_t){ 0 }, NULL);
	H5Tclose(t);
	shm = h5_load(file);
	ck_children(shm, "d", "id value at path text list flag");
	ck_scalar(shm, "d/path/x", "null", NULL);
	ck_scalar(shm, "d/text", "null", NULL);
	ck_attr(shm, "", "a.path.x", "null", 0, NULL, NULL);
	ck_array(shm, "empty/value", "<f8", 1, &(uint64_t){ 0 }, NULL);
	ck_texts(shm, "empty/text", "");
	ck_clean(shm);
}
END_TEST

/* Fields without a form are told and passed over, whatever is left. */
START_TEST(test_compound_without_fields)
{
	hid_t file = h5_begin(), set, in, t;
	struct cute_shm *shm;

	in = ck_h5(H5Tcreate(H5T_COMPOUND, 12));
	ck_h5(H5Tinsert(in, "region", 0, H5T_STD_REF_DSETREG));
	t = ck_h5(H5Tcreate(H5T_COMPOUND, 40));
	ck_h5(H5Tinsert(t, "in", 0, in));
	ck_h5(H5Tinsert(t, "when", 16, H5T_UNIX_D64LE));
	h5_put(file, "d", t, 1, two, NULL);
	h5_attr(file, "a", t, 1, two, NULL);
	set = ck_h5(H5Dopen2(file, "d", H5P_DEFAULT));
	h5_attr(set, "own", H5T_STD_I32LE, 0, NULL, &(int32_t){ 42 });
	H5Dclose(set);
	H5Tclose(in);
	H5Tclose(t);
	shm = h5_load(file);
	ck_gone("d/in/region", "region reference");
	ck_gone("d/when", "H5T_TIME");
	ck_gone("@a.in.region", "region reference");
	ck_children(shm, "d", "in");
	ck_children(shm, "d/in", "");
	ck_attr_texts(shm, "d", "cute-shm:compound", "in");
	ck_attr_texts(shm, "d/in", "cute-shm:compound", "");
	ck_attr(shm, "d", "own", "<i4", 0, NULL, &(int32_t){ 42 });
	ck_clean(shm);
}
END_TEST

START_TEST(test_field_names)
{
	static const int8_t data[] = { 1, 2, 3, 4, 5, 6 };
	hid_t file = h5_begin(), t = ck_h5(H5Tcreate(H5T_COMPOUND, 6));
	struct cute_shm *shm;

	ck_h5(H5Tinsert(t, "a/b", 0, H5T_STD_I8LE));
	ck_h5(H5Tinsert(t, "..", 1, H5T_STD_I8LE));
	ck_h5(H5Tinsert(t, "a%2Fb", 2, H5T_STD_I8LE));
	ck_h5(H5Tinsert(t, "\xff", 3, H5T_STD_I8LE));
	ck_h5(H5Tinsert(t, ".", 4, H5T_STD_I8LE));
	ck_h5(H5Tinsert(t, "x.y", 5, H5T_STD_I8LE));
	h5_put_both(file, t, 0, NULL, data);
	H5Tclose(t);
	shm = h5_load(file);
	ck_children(shm, "d", "a%2Fb %2E%2E %FF %2E x.y");
	ck_gone("d/a%2Fb", "name clash");
	ck_attr_texts(shm, "d", "cute-shm:compound", "a/b|..|\xff|.|x.y");
	ck_scalar(shm, "d/a%2Fb", "|i1", &data[0]);
	ck_scalar(shm, "d/%FF", "|i1", &data[3]);
	ck_attr(shm, "", "a.a/b", "|i1", 0, NULL, &data[0]);
	ck_attr(shm, "", "a.a%2Fb", "|i1", 0, NULL, &data[2]);
	ck_attr(shm, "", "a.%FF", "|i1", 0, NULL, &data[3]);
	ck_clean(shm);
}
END_TEST

/* Arrays of compounds whose fields would have too many dimensions. */
START_TEST(test_compound_dimensions)
{
	hsize_t dims[32];
	hid_t file = h5_begin(), in, a, t;
	struct cute_shm *shm;

	for (unsigned i = 0; i < 32; i++)
		dims[i] = 1;
	in = ck_h5(H5Tcreate(H5T_COMPOUND, 1));
	ck_h5(H5Tinsert(in, "x", 0, H5T_STD_I8LE));
	a = ck_h5(H5Tarray_create2(in, 1, two));
	t = ck_h5(H5Tcreate(H5T_COMPOUND, 3));
	ck_h5(H5Tinsert(t, "in", 0, a));
	ck_h5(H5Tinsert(t, "y", 2, H5T_STD_I8LE));
	h5_put(file, "d", t, 32, dims, NULL);
	H5Tclose(in);
	H5Tclose(a);
	H5Tclose(t);
	shm = h5_load(file);
	ck_children(shm, "d", "in y");
	ck_children(shm, "d/in", "");
	ck_gone("d/in/x", "33 dimensions");
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_nested");
	TCase *tc = tcase_create("nested");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, test_lists);
	tcase_add_test(tc, test_list_of_enum);
	tcase_add_loop_test(tc, test_lists_without_form, 0, 4);
	tcase_add_test(tc, test_array);
	tcase_add_test(tc, test_array_of_texts);
	tcase_add_test(tc, test_dimensions);
	tcase_add_loop_test(tc, test_complex, 0, 2);
	tcase_add_loop_test(tc, test_not_complex, 0, 3);
	tcase_add_test(tc, test_compound);
	tcase_add_test(tc, test_compound_null);
	tcase_add_test(tc, test_compound_without_fields);
	tcase_add_test(tc, test_field_names);
	tcase_add_test(tc, test_compound_dimensions);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
