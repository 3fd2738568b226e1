/* SPDX-License-Identifier: MIT */
/*
 * Attributes of a file, of which none may be lost without a word: reserved
 * names, headers that do not count.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5_util.h"

static const hsize_t one[] = { 1 }, two[] = { 2 };
static const uint64_t two_[] = { 2 };

/* ----------------------------------------------------------- reserved names */

/* Values of an attribute. */
enum value {
	NOTHING,
	A_B,   /* two texts */
	A,     /* a list of one text */
	DTYPE, /* a text: "<f8" */
	FIXED, /* two texts of one byte */
	INTS,
	LONGS,
	FLOATS, /* two each */
	U8,
	U8S, /* a number, and two of them */
	NULL_SPACE,
	RECORD
};

static void
put_value(hid_t where, const char *name, enum value value)
{
	static const char *const texts[] = { "a", "b" };
	static const char *const dtype[] = { "<f8" };
	static const uint64_t numbers[] = { 1, 2 };
	hid_t text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	hid_t fixed = h5_string(1, H5T_STR_NULLPAD, H5T_CSET_ASCII);
	hid_t record = ck_h5(H5Tcreate(H5T_COMPOUND, 16));

	ck_h5(H5Tinsert(record, "x", 0, H5T_STD_U64LE));
	ck_h5(H5Tinsert(record, "y", 8, H5T_STD_U64LE));
	if (value == A_B || value == A)
		h5_attr(where, name, text, 1, value == A ? one : two, texts);
	else if (value == DTYPE)
		h5_attr(where, name, text, 0, NULL, dtype);
	else if (value == FIXED)
		h5_attr(where, name, fixed, 1, two, "ab");
	else if (value == INTS || value == LONGS)
		h5_attr(where, name,
			value == INTS ? H5T_STD_I32LE : H5T_STD_I64LE, 1, two,
			numbers);
	else if (value == FLOATS)
		h5_attr(where, name, H5T_IEEE_F32LE, 1, two, numbers);
	else if (value == RECORD)
		h5_attr(where, name, record, 0, NULL, numbers);
	else if (value != NOTHING)
		h5_attr(where, name, H5T_STD_U64LE,
			value == U8    ? 0
			: value == U8S ? 1
				       : -1,
			two, numbers);
	H5Tclose(text);
	H5Tclose(fixed);
	H5Tclose(record);
}

/*
 * Attributes of "d", two integers; of "f", two floats; of "t", a text; of "g",
 * a group of "a" and "b"; of "e", an empty one; or of the root.
 */
static const struct {
	const char *object, *name;
	enum value value, names; /* names: of an enum, if it has some */
	const char *why;	 /* NULL: it keeps its name */
} reserved[] = {
	{ "d", "enum-values", INTS, A_B, NULL },
	{ "d", "enum-values", INTS, NOTHING, "go together" },
	{ "d", "enum-names", A_B, NOTHING, "go together" },
	{ "d", "enum-values", LONGS, A_B, "values of an enum are <i8" },
	{ "d", "enum-values", INTS, A, "one per value" },
	{ "d", "enum-values", INTS, FIXED, "names of an enum are |S1" },
	{ "d", "enum-values", INTS, DTYPE, "one per value" },
	{ "d", "enum-values", INTS, RECORD, "no value of one dtype" },
	{ "d", "enum-values", NULL_SPACE, A_B, "one per value" },
	{ "f", "enum-values", FLOATS, A_B, "values of an enum are <f4" },
	{ "g", "enum-values", INTS, A_B, "on an array" },
	{ "g", "compound", A_B, NOTHING, NULL },
	{ "g", "compound", A, NOTHING, "1 fields with 2 children" },
	{ "g", "compound", FIXED, NOTHING, "not |S1" },
	{ "g", "compound", INTS, NOTHING, "not <i4" },
	{ "g", "compound", DTYPE, NOTHING, "of 0 dimensions" },
	{ "g", "compound", NULL_SPACE, NOTHING, "not null" },
	{ "g", "compound", RECORD, NOTHING, "no value of one dtype" },
	{ "e", "compound", A_B, NOTHING, "2 fields with 0 children" },
	{ "d", "compound", A_B, NOTHING, "on a group" },
	{ "", "compound", A_B, NOTHING, "2 fields with 5 children" },
	{ "e", "datatype", DTYPE, NOTHING, NULL },
	{ "g", "datatype", DTYPE, NOTHING, "with 2 children" },
	{ "d", "datatype", DTYPE, NOTHING, "on a group" },
	{ "e", "datatype", A, NOTHING, "is a text" },
	{ "t", "unicode", U8, NOTHING, NULL },
	{ "t", "unicode", U8S, NOTHING, "a <u8 scalar" },
	{ "d", "unicode", U8, NOTHING, "not of <i4" },
	{ "g", "unicode", U8, NOTHING, "on an array" },
	{ "", "source", DTYPE, NOTHING, NULL },
	{ "g", "source", DTYPE, NOTHING, NULL },
	{ "d", "source", DTYPE, NOTHING, "on a group" },
	{ "", "source-size", U8, NOTHING, NULL },
	{ "", "source-size", INTS, NOTHING, "a <u8 scalar" },
	{ "", "source-mtime-ns", U8, NOTHING, NULL },
	{ "", "source-mtime-ns", DTYPE, NOTHING, "a <u8 scalar" },
	{ "", "selection", A_B, NOTHING, NULL },
	{ "g", "selection", A_B, NOTHING, "on the root" },
	{ "", "share", U8S, NOTHING, NULL },
	{ "", "share", U8, NOTHING, "two elements" },
	{ "", "omitted", A_B, NOTHING, "no reserved attribute" },
	{ "t", "", U8, NOTHING, "no reserved attribute" },
	{ "g", "no-such", RECORD, NOTHING, "no reserved attribute" },
};

static hid_t
objects(void)
{
	hid_t file = h5_begin(), text;

	text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);
	h5_put(file, "d", H5T_STD_I32LE, 1, two, NULL);
	h5_put(file, "f", H5T_IEEE_F32LE, 1, two, NULL);
	h5_put(file, "t", text, 0, NULL, NULL);
	h5_group(file, "e");
	h5_group(file, "g");
	h5_int(file, "g/a", 1);
	h5_int(file, "g/b", 2);
	H5Tclose(text);
	return file;
}

START_TEST(reserved_names)
{
	const char *why = reserved[_i].why;
	char name[64], names[300], where[100];
	hid_t file = objects(), object;
	bool record = reserved[_i].value == RECORD;
	bool pair = reserved[_i].names != NOTHING;
	struct cute_shm *shm;

	object = ck_h5(
		H5Oopen(file,
			reserved[_i].object[0] ? reserved[_i].object : "/",
			H5P_DEFAULT));
	snprintf(name, sizeof(name), "cute-shm:%s", reserved[_i].name);
	h5_attr(object, "z", H5T_STD_I32LE, 0, NULL, NULL);
	put_value(object, name, reserved[_i].value);
	put_value(object, "cute-shm:enum-names", reserved[_i].names);
	h5_attr(object, "b", H5T_STD_I32LE, 0, NULL, NULL);
	H5Oclose(object);
	shm = h5_load(file);
	snprintf(where, sizeof(where), "%s@%s", reserved[_i].object, name);
	if (why && !strstr(why, "of one dtype"))
		ck_gone(where, why);
	else if (!why)
		ck_assert_uint_eq(h5_told.changed, 0);
	/* What is renamed stays in its place, what is not comes last. */
	if (pair && reserved[_i].names != RECORD) {
		snprintf(names, sizeof(names),
			 why ? "b%%63ute-shm:enum-names%%63%sz"
			     : "bzcute-shm:enum-namesc%s",
			 name + 1);
		ck_attr_names(shm, reserved[_i].object, names);
	} else if (!pair && !record) {
		snprintf(names, sizeof(names), why ? "b%%63%sz" : "bzc%s",
			 name + 1);
		ck_attr_names(shm, reserved[_i].object, names);
	}
	ck_assert_uint_eq(h5_told.skipped, 0);
	ck_again(shm);
	ck_clean(shm);
}
END_TEST

/* A file may have both names, or the other one alone. */
START_TEST(escaped_names)
{
	hid_t file = objects(), object;
	struct cute_shm *shm;

	object = ck_h5(H5Oopen(file, "g", H5P_DEFAULT));
	put_value(object, "%63ute-shm:compound", INTS);
	put_value(object, "cute-shm:compound", A);
	put_value(object, "%63ute-shm:unicode", U8);
	H5Oclose(object);
	shm = h5_load(file);
	ck_gone("g@%63ute-shm:compound", "name clash");
	ck_attr_names(shm, "g", "%63ute-shm:compound%63ute-shm:unicode");
	ck_attr(shm, "g", "%63ute-shm:compound", "<i4", 1, two_, NULL);
	ck_assert_uint_eq(h5_told.changed, 0);
	ck_again(shm);
	ck_clean(shm);
}
END_TEST

/* A list of fields fits the children that are loaded. */
START_TEST(fields_that_are_not_loaded)
{
	static const char *const none[] = { "g/b", NULL };
	struct cute_shm_hdf5_options opt = h5_options(0);
	hid_t file = objects(), object;
	struct cute_shm *shm;

	object = ck_h5(H5Oopen(file, "g", H5P_DEFAULT));
	if (_i == 0) {
		put_value(object, "cute-shm:compound", A_B);
		opt.exclude = none;
	} else {
		/* "b" has no form, "a" remains. */
		ck_h5(H5Ldelete(object, "b", H5P_DEFAULT));
		h5_put(object, "b", H5T_UNIX_D64LE, 1, two, NULL);
		put_value(object, "cute-shm:compound", A);
	}
	H5Oclose(object);
	shm = h5_load_with(file, &opt);
	if (_i == 0)
		ck_gone("g@cute-shm:compound", "2 fields with 1 children");
	else
		ck_attr_names(shm, "g", "cute-shm:compound");
	ck_again(shm);
	ck_clean(shm);
}
END_TEST

/* The dry run says what the load says. */
START_TEST(plan_of_reserved_names)
{
	struct cute_shm_hdf5_options opt = h5_options(0);
	hid_t file = objects(), object;

	object = ck_h5(H5Oopen(file, "g", H5P_DEFAULT));
	put_value(object, "cute-shm:compound", A);
	H5Oclose(object);
	H5Fclose(file);
	ck_ok(cute_shm_hdf5_plan(h5_path("t.h5"), &opt, NULL));
	ck_gone("g@cute-shm:compound", "1 fields with 2 children");
	ck_assert_uint_eq(h5_told.changed, 1);
}
END_TEST

/* ------------------------------------------------ headers that do not count */

/*
 * Take the message of this type out of all object headers of version 2 that
 * have it in their first chunk; the number of these.
 */
static unsigned
forget_message(uint8_t *bytes, size_t size, uint8_t type)
{
	uint8_t *p = bytes, *at, *end, *first, flags;
	unsigned count = 0, begin;
	uint32_t sum;
	size_t chunk;

	while ((p = memmem(p, size - (size_t)(p - bytes), "OHDR\2", 5))) {
		first = p;
		flags = p[5];
		at = p + 6 + (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
		begin = 1U << (flags & 3);
		chunk = at[0];
		if (begin > 1)
			chunk |= (size_t)at[1] << 8;
		at += begin;
		end = at + chunk;
		p = end;
		for (; at + 4 <= end;
		     at += 4 + (flags & 4 ? 2 : 0) + (at[1] | at[2] << 8)) {
			if (*at != type)
				continue;
			*at = 0;
			count++;
		}
		sum = lookup3(first, (size_t)(end - first));
		memcpy(end, &sum, sizeof(sum));
	}
	return count;
}

static unsigned
forget_in(const char *path, uint8_t type)
{
	static uint8_t bytes[1 << 16];
	int fd = open(path, O_RDWR | O_CLOEXEC);
	ssize_t size = read(fd, bytes, sizeof(bytes));
	unsigned count;

	ck_assert_int_gt(size, 0);
	count = forget_message(bytes, (size_t)size, type);
	ck_assert_int_eq(pwrite(fd, bytes, (size_t)size, 0), size);
	close(fd);
	return count;
}

/*
 * Without an attribute-info message libhdf5 counts no attributes on what has
 * some: a dataset that is small, one that is not, a group, a datatype.
 */
START_TEST(attributes_that_are_not_counted)
{
	static const char *const names[] = {
		"small",
		"large",
		"group",
		"type",
	};
	hid_t fapl = ck_h5(H5Pcreate(H5P_FILE_ACCESS)), file, object;
	const hsize_t many[] = { 4000 };
	struct cute_shm *shm;
	H5O_info_t info;

	ck_h5(H5Pset_libver_bounds(fapl, H5F_LIBVER_V18, H5F_LIBVER_LATEST));
	file = ck_h5(
		H5Fcreate(h5_path("t.h5"), H5F_ACC_TRUNC, H5P_DEFAULT, fapl));
	h5_int(file, "small", 1);
	h5_put(file, "large", H5T_STD_I32LE, 1, many, NULL);
	h5_group(file, "group");
	object = ck_h5(H5Tcopy(H5T_STD_I8LE));
	ck_h5(H5Tcommit2(file, "type", object, H5P_DEFAULT, H5P_DEFAULT,
			 H5P_DEFAULT));
	H5Tclose(object);
	for (unsigned i = 0; i < ELEMENTS(names); i++) {
		object = ck_h5(H5Oopen(file, names[i], H5P_DEFAULT));
		h5_attr(object, "a", H5T_STD_I32LE, 0, NULL, NULL);
		if (i % 2)
			h5_attr(object, "b", H5T_STD_I32LE, 0, NULL, NULL);
		H5Oclose(object);
	}
	H5Fclose(file);
	ck_assert_uint_ge(forget_in(h5_path("t.h5"), 0x15), 4);
	file = ck_h5(H5Fopen(h5_path("t.h5"), H5F_ACC_RDONLY, fapl));
	ck_h5(H5Oget_info_by_name2(file, names[_i], &info, H5O_INFO_NUM_ATTRS,
				   H5P_DEFAULT));
	ck_assert_uint_eq(info.num_attrs, 0);
	H5Pclose(fapl);
	shm = h5_load(file);
	if (_i == 3)
		ck_attr_names(shm, "type", "abcute-shm:datatype");
	else
		ck_attr_names(shm, names[_i], _i % 2 ? "ab" : "a");
	ck_again(shm);
	ck_clean(shm);
}
END_TEST

/* What h5dump shows, and a segment has no place for. */
START_TEST(comments)
{
	hid_t file = h5_begin();
	struct cute_shm *shm;

	h5_int(file, "d", 1);
	h5_group(file, "g");
	ck_h5(H5Oset_comment_by_name(file, "d", "of the data", H5P_DEFAULT));
	ck_h5(H5Oset_comment_by_name(file, "/", "of the root", H5P_DEFAULT));
	shm = h5_load(file);
	ck_gone("d", "comment of an object");
	ck_gone("", "comment of an object");
	ck_assert_uint_eq(h5_told.skipped, 2);
	ck_scalar(shm, "d", "<i4", (const int32_t[]){ 1 });
	ck_clean(shm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_attributes");
	TCase *tc = tcase_create("attributes");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, reserved_names, 0, ELEMENTS(reserved));
	tcase_add_test(tc, escaped_names);
	tcase_add_loop_test(tc, fields_that_are_not_loaded, 0, 2);
	tcase_add_test(tc, plan_of_reserved_names);
	tcase_add_loop_test(tc, attributes_that_are_not_counted, 0, 4);
	tcase_add_test(tc, comments);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
