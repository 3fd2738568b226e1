/* SPDX-License-Identifier: MIT */
/* Every row of the mapping of datatypes, as dataset and as attribute. */
#include <stdlib.h>
#include <string.h>

#include "hdf5_util.h"

static const hsize_t two[] = { 2 }, three[] = { 3 }, four[] = { 4 };
static const uint64_t two_[] = { 2 }, three_[] = { 3 }, four_[] = { 4 };

/* ---------------------------------------------------------------- integers */

/* An integer type of odd size; 'precision' bits from bit 'offset' on. */
static hid_t
odd_int(hid_t like, size_t size, size_t precision, size_t offset)
{
	hid_t t = ck_h5(H5Tcopy(like));

	if (size > H5Tget_size(t))
		ck_h5(H5Tset_size(t, size));
	ck_h5(H5Tset_precision(t, precision));
	ck_h5(H5Tset_offset(t, offset));
	ck_h5(H5Tset_size(t, size));
	return t;
}

static const struct int_kind {
	size_t size, precision, offset;
	bool is_signed, big;
	const char *dtype;
	uint8_t stored[8]; /* one element */
	int64_t value;
} ints[] = {
	{ 1, 8, 0, true, false, "|i1", { 0x80 }, -128 },
	{ 1, 8, 0, false, true, "|u1", { 0x80 }, 128 },
	{ 2, 16, 0, true, false, "<i2", { 1, 0xff }, -255 },
	{ 2, 16, 0, true, true, "<i2", { 0xff, 1 }, -255 },
	{ 2, 16, 0, false, true, "<u2", { 0xff, 1 }, 0xff01 },
	{ 4, 32, 0, true, true, "<i4", { 0xff, 0xff, 0xff, 0xfe }, -2 },
	{ 4, 32, 0, false, false, "<u4", { 1, 2, 3, 0x84 }, 0x84030201 },
	{ 8,
	  64,
	  0,
	  true,
	  true,
	  "<i8",
	  { 1, 2, 3, 4, 5, 6, 7, 8 },
	  0x0102030405060708 },
	{ 8,
	  64,
	  0,
	  false,
	  false,
	  "<u8",
	  { 0, 0, 0, 0, 0, 0, 0, 0x80 },
	  INT64_MIN },
	/* precisions and sizes that no machine has */
	{ 3, 24, 0, true, false, "<i4", { 0xfe, 0xff, 0xff }, -2 },
	{ 3, 24, 0, false, true, "<u4", { 1, 2, 3 }, 0x010203 },
	{ 5,
	  40,
	  0,
	  true,
	  true,
	  "<i8",
	  { 0xff, 0, 0, 0, 0 },
	  -(INT64_C(1) << 32) },
	{ 4, 12, 0, true, false, "<i2", { 0xff, 0x0f, 0, 0 }, -1 },
	{ 4, 8, 4, false, false, "|u1", { 0xf0, 0x0f, 0, 0 }, 0xff },
	{ 2, 9, 3, false, false, "<u2", { 0x08, 0x08, 0, 0 }, 0x101 },
	{ 8,
	  33,
	  0,
	  false,
	  true,
	  "<u8",
	  { 0, 0, 0, 1, 0, 0, 0, 2 },
	  0x100000002 },
};

START_TEST(test_int)
{
	const struct int_kind *k = &ints[_i];
	hid_t file = h5_begin();
	hid_t t = odd_int(k->is_signed ? (k->big ? H5T_STD_I8BE : H5T_STD_I8LE)
				       : (k->big ? H5T_STD_U8BE : H5T_STD_U8LE),
			  8, 64, 0);
	uint8_t data[24] = { 0 };
	int64_t values[3] = { 0 };
	uint32_t size;
	struct cute_shm *shm;
	uint8_t packed[24];

	ck_h5(H5Tset_precision(t, k->precision));
	ck_h5(H5Tset_offset(t, k->offset));
	ck_h5(H5Tset_size(t, k->size));
	memcpy(data + k->size, k->stored, k->size);
	values[1] = k->value;
	h5_put_both(file, t, 1, three, data);
	H5Tclose(t);
	ck_ok(cute_shm_dtype_size(k->dtype, &size));
	for (unsigned i = 0; i < 3; i++)
		memcpy(packed + i * size, &values[i], size);
	shm = h5_load(file);
	ck_both(shm, k->dtype, 1, three_, packed);
}
END_TEST

START_TEST(test_int_too_large)
{
	hid_t t = ck_h5(H5Tcopy(H5T_STD_I64LE));

	ck_h5(H5Tset_size(t, 16));
	ck_h5(H5Tset_precision(t, 128));
	ck_skipped_type(t, "integer of 16 bytes");
}
END_TEST

START_TEST(test_bitfield)
{
	static const uint8_t raw[] = { 1, 2, 3, 4 };
	static const uint8_t swapped[] = { 2, 1, 4, 3 };
	hid_t file = h5_begin(), t = ck_h5(H5Tcopy(H5T_STD_B64LE));
	struct cute_shm *shm;

	h5_put(file, "b8", H5T_STD_B8LE, 1, four, raw);
	h5_put(file, "b16", H5T_STD_B16BE, 1, two, raw);
	h5_put(file, "b32", H5T_STD_B32LE, 0, NULL, raw);
	h5_put(file, "b64", H5T_STD_B64LE, 1, two, NULL);
	ck_h5(H5Tset_size(t, 16));
	ck_h5(H5Tset_precision(t, 128));
	h5_put(file, "large", t, 1, two, NULL);
	H5Tclose(t);
	shm = h5_load(file);
	ck_array(shm, "b8", "|u1", 1, four_, raw);
	ck_array(shm, "b16", "<u2", 1, two_, swapped);
	ck_scalar(shm, "b32", "<u4", raw);
	ck_array(shm, "b64", "<u8", 1, two_, NULL);
	ck_gone("large", "bitfield of 16 bytes");
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------------------ floats */

START_TEST(test_float_order)
{
	static const double d[] = { 1.5, -2.25, 1e300 };
	static const float f[] = { 1.5f, -2.25f, 1e30f };
	uint64_t be8[3];
	uint32_t be4[3];
	hid_t file = h5_begin();
	struct cute_shm *shm;

	for (unsigned i = 0; i < 3; i++) {
		memcpy(&be8[i], &d[i], 8);
		memcpy(&be4[i], &f[i], 4);
		be8[i] = __builtin_bswap64(be8[i]);
		be4[i] = __builtin_bswap32(be4[i]);
	}
	h5_put(file, "d", H5T_IEEE_F64BE, 1, three, be8);
	h5_put(file, "f", H5T_IEEE_F32BE, 1, three, be4);
	h5_put(file, "n", H5T_IEEE_F32LE, 1, three, f);
	shm = h5_load(file);
	ck_array(shm, "d", "<f8", 1, three_, d);
	ck_array(shm, "f", "<f4", 1, three_, f);
	ck_array(shm, "n", "<f4", 1, three_, f);
	ck_clean(shm);
}
END_TEST

/* Three numbers of this type, which is closed, become those of 'dtype'. */
static void
ck_three(hid_t type, const void *from, const char *dtype, const void *to)
{
	hid_t file = h5_begin();

	h5_put_both(file, type, 1, three, from);
	H5Tclose(type);
	ck_both(h5_load(file), dtype, 1, three_, to);
}

START_TEST(test_half)
{
	static const uint16_t half[] = { 0x3c00, 0xc000, 0x7bff };

	ck_three(h5_float(2, 16, 15, 10, 5, 10, 15), half, "<f2", half);
}
END_TEST

/* One exponent bit more than a half has, or fewer bits than a float. */
START_TEST(test_bfloat16)
{
	static const uint16_t data[] = { 0x3f80, 0xc000, 0x7f7f };
	static const float value[] = { 1, -2, 0x1.fep127f };

	ck_three(h5_float(2, 16, 15, 7, 8, 7, 127), data, "<f4", value);
}
END_TEST

START_TEST(test_float_of_one_byte)
{
	static const uint8_t data[] = { 0x38, 0xc0, 0x08 };
	static const uint16_t half[] = { 0x3c00, 0xc000, 0x2400 };

	ck_three(h5_float(1, 8, 7, 3, 4, 3, 7), data, "<f2", half);
}
END_TEST

START_TEST(test_long_double)
{
	long double data[3];
	hid_t file = h5_begin();
	struct cute_shm *shm;
	struct cute_shm_array a;

	memset(data, 0, sizeof(data));
	data[0] = 1.0L / 3;
	data[1] = 1e4000L;
	h5_put_both(file, H5T_NATIVE_LDOUBLE, 1, three, data);
	shm = h5_load(file);
	ck_ok(cute_shm_get(shm, "d", &a));
	/* The bytes beside the ten of the number may be anything. */
	for (unsigned i = 0; i < 3; i++)
		ck_assert(((const long double *)a.data)[i] == data[i]);
	ck_both(shm, "<f16", 1, three_, NULL);
}
END_TEST

START_TEST(test_quad)
{
	hid_t file = h5_begin(),
	      t = h5_float(16, 128, 127, 112, 15, 112, 16383);
	uint8_t data[3][16] = { 0 };
	struct cute_shm *shm;
	struct cute_shm_array a;

	data[0][15] = 0x3f; /* 1 */
	data[0][14] = 0xff;
	data[1][15] = 0xc0; /* -2 */
	h5_put_both(file, t, 1, three, data);
	H5Tclose(t);
	shm = h5_load(file);
	ck_ok(cute_shm_get(shm, "d", &a));
	ck_assert(((const long double *)a.data)[0] == 1);
	ck_assert(((const long double *)a.data)[1] == -2);
	ck_both(shm, "<f16", 1, three_, NULL);
}
END_TEST

START_TEST(test_float_too_large)
{
	ck_skipped_type(h5_float(32, 256, 255, 236, 19, 236, 262143),
			"float of 32 bytes");
}
END_TEST

/* ------------------------------------------------------------------- enums */

START_TEST(test_enum)
{
	static const uint8_t data[] = { 0xff, 0xfe, 0, 7, 0, 7 };
	static const int16_t value[] = { -2, 7, 7 }, members[] = { 7, -2 };
	hid_t file = h5_begin();
	hid_t t = h5_enum(H5T_STD_I16BE, "seven", 7, "less", -2);
	struct cute_shm *shm;

	h5_put_both(file, t, 1, three, data);
	H5Tclose(t);
	shm = h5_load(file);
	ck_attr_texts(shm, "d", "cute-shm:enum-names", "seven|less");
	ck_attr(shm, "d", "cute-shm:enum-values", "<i2", 1, two_, members);
	ck_no_attr(shm, "", "cute-shm:enum-names");
	ck_both(shm, "<i2", 1, three_, value);
}
END_TEST

/* The reserved names come last, and are not to be had by others. */
START_TEST(test_enum_reserved)
{
	hid_t file = h5_begin(), set;
	hid_t t = h5_enum(H5T_STD_I32LE, "a", 1, "b", 2);
	struct cute_shm_node node;
	struct cute_shm_attr attr;
	struct cute_shm *shm;

	h5_put(file, "d", t, 1, three, NULL);
	H5Tclose(t);
	set = ck_h5(H5Dopen2(file, "d", H5P_DEFAULT));
	h5_attr(set, "cute-shm:enum-names", H5T_STD_I32LE, 0, NULL, NULL);
	h5_attr(set, "z", H5T_STD_I32LE, 0, NULL, NULL);
	H5Dclose(set);
	shm = h5_load(file);
	ck_gone("d@cute-shm:enum-names", "name clash");
	ck_attr_texts(shm, "d", "cute-shm:enum-names", "a|b");
	ck_ok(cute_shm_find(shm, "d", &node));
	ck_assert_uint_eq(node.attr_count, 3);
	ck_ok(cute_shm_next_attr(&node, NULL, &attr));
	ck_assert_str_eq(attr.name, "z");
	ck_clean(shm);
}
END_TEST

START_TEST(test_bool)
{
	static const uint8_t data[] = { 1, 0, 1 };
	hid_t file = h5_begin(), t;
	struct cute_shm *shm;

	t = _i ? h5_enum(H5T_STD_U8BE, "TRUE", 1, "FALSE", 0)
	       : h5_enum(H5T_STD_I8LE, "FALSE", 0, "TRUE", 1);
	h5_put_both(file, t, 1, three, data);
	H5Tclose(t);
	shm = h5_load(file);
	ck_no_attr(shm, "d", "cute-shm:enum-names");
	ck_both(shm, "|b1", 1, three_, data);
}
END_TEST

/* Two bytes, other values or other names: an enum like any other. */
START_TEST(test_not_bool)
{
	hid_t file = h5_begin(), t;
	struct cute_shm *shm;

	t = _i == 0   ? h5_enum(H5T_STD_I16LE, "FALSE", 0, "TRUE", 1)
	    : _i == 1 ? h5_enum(H5T_STD_I8LE, "FALSE", 1, "TRUE", 0)
		      : h5_enum(H5T_STD_I8LE, "False", 0, "True", 1);
	h5_put_both(file, t, 1, three, NULL);
	H5Tclose(t);
	shm = h5_load(file);
	ck_attr_texts(shm, "d", "cute-shm:enum-names",
		      _i == 2 ? "False|True" : "FALSE|TRUE");
	ck_both(shm, _i ? "|i1" : "<i2", 1, three_, NULL);
}
END_TEST

/* ------------------------------------------------------------------- texts */

START_TEST(test_fixed_string)
{
	static const H5T_str_t pads[] = { H5T_STR_NULLTERM, H5T_STR_NULLPAD,
					  H5T_STR_SPACEPAD };
	static const char stored[3][13] = { "ab\0x"
					    "abc\0"
					    "\0\0\0\0",
					    "ab\0\0"
					    "abcd"
					    "\0\0\0\0",
					    "ab  "
					    "a cd"
					    "    " };
	static const char value[3][13] = { "ab\0\0"
					   "abc\0"
					   "\0\0\0\0",
					   "ab\0\0"
					   "abcd"
					   "\0\0\0\0",
					   "ab\0\0"
					   "a cd"
					   "\0\0\0\0" };
	hid_t file = h5_begin();
	hid_t t = h5_string(4, pads[_i], _i ? H5T_CSET_UTF8 : H5T_CSET_ASCII);
	struct cute_shm *shm;

	h5_put_both(file, t, 1, three, stored[_i]);
	H5Tclose(t);
	shm = h5_load(file);
	ck_both(shm, "|S4", 1, three_, value[_i]);
}
END_TEST

START_TEST(test_variable_string)
{
	const char *data[] = { "one", NULL, "", "vier \xc3\xa4" };
	hid_t file = h5_begin();
	hid_t t = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM,
			    _i ? H5T_CSET_UTF8 : H5T_CSET_ASCII);
	struct cute_shm *shm;

	h5_put_both(file, t, 1, four, data);
	h5_put(file, "s", t, 0, NULL, data);
	h5_put(file, "none", t, 1, &(hsize_t){ 0 }, NULL);
	h5_put(file, "unwritten", t, 1, two, NULL);
	H5Tclose(t);
	shm = h5_load(file);
	ck_texts(shm, "d", "one|||vier \xc3\xa4");
	ck_attr_texts(shm, "", "a", "one|||vier \xc3\xa4");
	ck_texts(shm, "s", "one");
	ck_texts(shm, "none", "");
	ck_texts(shm, "unwritten", "|");
	ck_array(shm, "d", "*|S1", 1, four_, NULL);
	ck_scalar(shm, "s", "*|S1", NULL);
	ck_clean(shm);
}
END_TEST

/* ------------------------------------------------------- opaque, references */

static hid_t
opaque_type(size_t size, const char *tag)
{
	hid_t t = ck_h5(H5Tcreate(H5T_OPAQUE, size));

	ck_h5(H5Tset_tag(t, tag));
	return t;
}

START_TEST(test_opaque)
{
	static const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t swapped[] = { 8, 7, 6, 5, 4, 3, 2, 1 };
	static const struct {
		const char *tag, *dtype;
		bool swap;
	} kinds[] = {
		{ "", "|V8", false },
		{ "NUMPY:<M8[ns]", "<M8[ns]", false },
		{ "NUMPY:>m8[us]", "<m8[us]", true },
		{ "NUMPY:<M8[25s]", "<M8[25s]", false },
		{ "NUMPY:<M8[123456789ns]", "|V8", false }, /* too long */
		{ "NUMPY:|M8[ns]", "|V8", false },
		/* Times that are none of ours keep the order of their bytes. */
		{ "NUMPY:>m8", "|V8", false },
		{ "NUMPY:>M8[generic]", "|V8", false },
		{ "NUMPY:>M8[1ns]", "|V8", false },
		{ "NUMPY:>m8[ns", "|V8", false },
		{ "NUMPY:>m4[ns]", "|V8", false },
		{ "NUMPY:>M8[99999999999s]", "|V8", false },
		{ "NUMPY:<f8", "|V8", false },
		{ "NUMPY:", "|V8", false },
	};
	hid_t file = h5_begin(), t = opaque_type(8, kinds[_i].tag);
	struct cute_shm *shm;

	h5_put_both(file, t, 0, NULL, data);
	H5Tclose(t);
	shm = h5_load(file);
	ck_both(shm, kinds[_i].dtype, 0, NULL, kinds[_i].swap ? swapped : data);
}
END_TEST

START_TEST(test_opaque_large)
{
	static uint8_t data[3][777];
	hid_t file = h5_begin(), t = opaque_type(777, "anything");
	struct cute_shm *shm;

	memset(data, 0x5a, sizeof(data));
	h5_put_both(file, t, 1, three, data);
	H5Tclose(t);
	shm = h5_load(file);
	ck_both(shm, "|V777", 1, three_, data);
}
END_TEST

START_TEST(test_references)
{
	hid_t file = h5_begin(), set;
	hobj_ref_t refs[6] = { 0 };
	hsize_t six = 6;
	struct cute_shm *shm;

	h5_group(file, "g");
	h5_group(file, "g/inner");
	h5_int(file, "g/x", 1);
	h5_put(file, "region", H5T_STD_REF_DSETREG, 1, two, NULL);
	ck_h5(H5Rcreate(&refs[0], file, "g/x", H5R_OBJECT, -1));
	ck_h5(H5Rcreate(&refs[1], file, "/", H5R_OBJECT, -1));
	ck_h5(H5Rcreate(&refs[2], file, "g/inner", H5R_OBJECT, -1));
	/* refs[3] is null; what is skipped has a name all the same */
	ck_h5(H5Rcreate(&refs[4], file, "region", H5R_OBJECT, -1));
	/* nameless */
	h5_int(file, "gone", 1);
	ck_h5(H5Rcreate(&refs[5], file, "gone", H5R_OBJECT, -1));
	set = ck_h5(H5Dopen2(file, "gone", H5P_DEFAULT));
	h5_put(file, "a", H5T_STD_REF_OBJ, 1, &six, refs);
	h5_attr(set, "r", H5T_STD_REF_OBJ, 1, &six, refs);
	h5_attr(file, "r", H5T_STD_REF_OBJ, 1, &six, refs);
	ck_h5(H5Ldelete(file, "gone", H5P_DEFAULT));
	H5Dclose(set);
	shm = h5_load(file);
	ck_texts(shm, "a", "/g/x|/|/g/inner||/region|");
	ck_attr_texts(shm, "", "r", "/g/x|/|/g/inner||/region|");
	ck_gone("region", "region reference");
	ck_gone("@r", "2 references to objects");
	ck_clean(shm);
}
END_TEST

START_TEST(test_time)
{
	ck_skipped_type(ck_h5(H5Tcopy(H5T_UNIX_D64LE)), "H5T_TIME");
}
END_TEST

/* -------------------------------------------------------------- dataspaces */

START_TEST(test_spaces)
{
	static const hsize_t none[] = { 3, 0, 2 };
	static const uint64_t none_[] = { 3, 0, 2 };
	static const double pi = 3.14;
	hid_t file = h5_begin();
	struct cute_shm *shm;

	h5_put(file, "scalar", H5T_IEEE_F64LE, 0, NULL, &pi);
	h5_put(file, "empty", H5T_IEEE_F64LE, 3, none, NULL);
	h5_put(file, "null", H5T_IEEE_F64LE, -1, NULL, NULL);
	h5_attr(file, "scalar", H5T_IEEE_F64LE, 0, NULL, &pi);
	h5_attr(file, "empty", H5T_IEEE_F64LE, 3, none, NULL);
	h5_attr(file, "null", H5T_IEEE_F64LE, -1, NULL, NULL);
	shm = h5_load(file);
	ck_scalar(shm, "scalar", "<f8", &pi);
	ck_array(shm, "empty", "<f8", 3, none_, NULL);
	ck_scalar(shm, "null", "null", NULL);
	ck_attr(shm, "", "scalar", "<f8", 0, NULL, &pi);
	ck_attr(shm, "", "empty", "<f8", 3, none_, NULL);
	ck_attr(shm, "", "null", "null", 0, NULL, NULL);
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_types");
	TCase *tc = tcase_create("types");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_int, 0, ELEMENTS(ints));
	tcase_add_test(tc, test_int_too_large);
	tcase_add_test(tc, test_bitfield);
	tcase_add_test(tc, test_float_order);
	tcase_add_test(tc, test_half);
	tcase_add_test(tc, test_bfloat16);
	tcase_add_test(tc, test_float_of_one_byte);
	tcase_add_test(tc, test_long_double);
	tcase_add_test(tc, test_quad);
	tcase_add_test(tc, test_float_too_large);
	tcase_add_test(tc, test_enum);
	tcase_add_test(tc, test_enum_reserved);
	tcase_add_loop_test(tc, test_bool, 0, 2);
	tcase_add_loop_test(tc, test_not_bool, 0, 3);
	tcase_add_loop_test(tc, test_fixed_string, 0, 3);
	tcase_add_loop_test(tc, test_variable_string, 0, 2);
	tcase_add_loop_test(tc, test_opaque, 0, 14);
	tcase_add_test(tc, test_opaque_large);
	tcase_add_test(tc, test_references);
	tcase_add_test(tc, test_time);
	tcase_add_test(tc, test_spaces);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
