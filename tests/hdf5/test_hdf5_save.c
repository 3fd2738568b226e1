/* SPDX-License-Identifier: MIT */
/* The way back: what libhdf5 finds in the file, and what a load makes of it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5_util.h"

static unsigned told;
static char reason[256];

static void
on_skipped(const struct cute_shm_hdf5_skipped *s, void *arg)
{
	(void)arg;
	told++;
	snprintf(reason, sizeof(reason), "/%s: %s", s->path, s->reason);
}

static struct cute_shm_hdf5_export_options
save_options(unsigned gzip)
{
	return (struct cute_shm_hdf5_export_options){
		.size = sizeof(struct cute_shm_hdf5_export_options),
		.flags = CUTE_SHM_HDF5_OVERWRITE,
		.gzip = gzip,
		.shuffle = gzip > 1,
		.chunk_size = gzip ? 5000 : 0,
		.skipped = on_skipped,
	};
}

static uint64_t
digest_of(const struct cute_shm *shm)
{
	struct cute_shm_info info;

	ck_ok(cute_shm_info(shm, &info));
	return info.metadata_digest;
}

/* Save it in all ways; each must load as the same project. */
static void
ck_back(const struct cute_shm *shm)
{
	struct cute_shm_hdf5_options load = h5_options(0);
	struct cute_shm_hdf5_export_options opt;
	struct cute_shm_hdf5_export_result result;
	struct cute_shm_hdf5_result loaded;
	struct cute_shm *back;

	load.flags = CUTE_SHM_HDF5_OVERWRITE;
	load.handle = &back;
	for (unsigned way = 0; way < 4; way++) {
		opt = save_options(way % 3);
		opt.jobs = way == 3 ? 1 : 3;
		told = 0;
		ck_poison(result);
		ck_ok(cute_shm_hdf5_export(shm, h5_path("s.h5"), &opt,
					   &result));
		ck_reserved_zero(result);
		ck_assert_uint_eq(told, result.skipped);
		ck_assert_uint_eq(told, 0);
		ck_poison(loaded);
		ck_ok(cute_shm_hdf5_load("back", h5_path("s.h5"), &load,
					 &loaded));
		ck_reserved_zero(loaded);
		ck_assert_uint_eq(digest_of(back), digest_of(shm));
		cute_shm_close(back);
	}
	/* Without compression, for who looks at it now. */
	opt = save_options(0);
	ck_ok(cute_shm_hdf5_export(shm, h5_path("s.h5"), &opt, NULL));
}

static hid_t
open_saved(void)
{
	return ck_h5(H5Fopen(h5_path("s.h5"), H5F_ACC_RDONLY, H5P_DEFAULT));
}

static hid_t
type_of(hid_t file, const char *name)
{
	hid_t set = ck_h5(H5Dopen2(file, name, H5P_DEFAULT)), type;

	type = ck_h5(H5Dget_type(set));
	H5Dclose(set);
	return type;
}

/* ------------------------------------------------------------------ numbers */

static const char *const plain[] = {
	"|b1",	"|i1", "|u1", "<i2", "<u2",	"<i4",	  "<u4",
	"<i8",	"<u8", "<f2", "<f4", "<f8",	"<f16",	  "<c8",
	"<c16", "|S1", "|S7", "|V3", "<M8[ns]", "<m8[D]",
};

START_TEST(every_dtype)
{
	static const uint64_t shapes[][3] = {
		{ 1 }, { 1500 }, { 0 }, { 3, 7, 100 }
	};
	static const unsigned ndims[] = { 1, 1, 1, 3, 0 };
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	uint8_t *data = malloc(2100 * 16);
	char path[32];

	for (size_t i = 0; i < 2100 * 16; i++)
		data[i] = (uint8_t)(i * 7 % 251);
	test_root();
	h5_path("x");
	ck_ok(cute_shm_builder_new("t", NULL, &b));
	for (unsigned k = 0; k < ELEMENTS(ndims); k++)
		for (unsigned i = 0; i < ELEMENTS(plain); i++) {
			snprintf(path, sizeof(path), "%u/%u", k, i);
			ck_ok(cute_shm_builder_array(
				b, path, plain[i], ndims[k],
				ndims[k] ? shapes[k] : NULL, data));
			ck_ok(cute_shm_builder_attr(b, path, "same", plain[i],
						    ndims[k] == 3 ? 1
								  : ndims[k],
						    ndims[k] ? shapes[k] : NULL,
						    data));
		}
	ck_ok(cute_shm_builder_array(b, "null", "null", 0, NULL, NULL));
	ck_ok(cute_shm_builder_attr(b, "null", "null", "null", 0, NULL, NULL));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_back(shm);
	cute_shm_close(shm);
	free(data);
}
END_TEST

START_TEST(types_of_others)
{
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	static const int16_t levels[] = { -5, 300 };
	static const uint64_t two[] = { 2 }, offsets[] = { 0, 3, 7 };
	hid_t file, t;

	h5_path("x");
	ck_ok(cute_shm_builder_new("t", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "level", "<i2", 1, two, levels));
	ck_ok(cute_shm_builder_attr_ragged(b, "level", "cute-shm:enum-names",
					   "*|S1", 1, two, offsets, "LOWHIGH"));
	ck_ok(cute_shm_builder_attr(b, "level", "cute-shm:enum-values", "<i2",
				    1, two, levels));
	ck_ok(cute_shm_builder_ragged(b, "text", "*|S1", 1, two, 7, offsets,
				      "abc\303\244de"));
	ck_ok(cute_shm_builder_ragged(b, "bytes", "*|S1", 1, two, 7, offsets,
				      "ab\0cd\0\0"));
	ck_ok(cute_shm_builder_ragged(b, "list", "*|S2", 1, two, 7, offsets,
				      "aabbccddeeffgg"));
	ck_ok(cute_shm_builder_array(b, "when", "<M8[us]", 0, NULL,
				     "12345678"));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_back(shm);
	cute_shm_close(shm);

	file = open_saved();
	t = type_of(file, "level");
	ck_assert_int_eq(H5Tget_class(t), H5T_ENUM);
	ck_assert_int_eq(H5Tget_nmembers(t), 2);
	H5Tclose(t);
	t = type_of(file, "text");
	ck_assert_int_gt(H5Tis_variable_str(t), 0);
	ck_assert_int_eq(H5Tget_cset(t), H5T_CSET_UTF8);
	H5Tclose(t);
	t = type_of(file, "bytes");
	ck_assert_int_eq(H5Tget_class(t), H5T_VLEN);
	H5Tclose(t);
	t = type_of(file, "when");
	ck_assert_int_eq(H5Tget_class(t), H5T_OPAQUE);
	H5Tclose(t);
	H5Fclose(file);
}
END_TEST

/* ---------------------------------------------------------------- compounds */

struct inner {
	float x[2];
	int8_t c;
};

struct outer {
	int32_t id;
	struct inner in[3];
	char *name;
	hvl_t list;
	double m[2][2];
};

static hid_t
outer_type(void)
{
	hsize_t two[] = { 2 }, three[] = { 3 }, four[] = { 2, 2 };
	hid_t x = ck_h5(H5Tarray_create2(H5T_NATIVE_FLOAT, 1, two));
	hid_t m = ck_h5(H5Tarray_create2(H5T_NATIVE_DOUBLE, 2, four));
	hid_t inner = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(struct inner)));
	hid_t in, text, list, t;
	int8_t zero = 0, one = 1;
	hid_t colour = ck_h5(H5Tenum_create(H5T_NATIVE_INT8));

	ck_h5(H5Tenum_insert(colour, "RED", &zero));
	ck_h5(H5Tenum_insert(colour, "BLUE", &one));
	ck_h5(H5Tinsert(inner, "x/y", HOFFSET(struct inner, x), x));
	ck_h5(H5Tinsert(inner, "c", HOFFSET(struct inner, c), colour));
	in = ck_h5(H5Tarray_create2(inner, 1, three));
	text = ck_h5(H5Tcopy(H5T_C_S1));
	ck_h5(H5Tset_size(text, H5T_VARIABLE));
	list = ck_h5(H5Tvlen_create(H5T_NATIVE_INT16));
	t = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(struct outer)));
	ck_h5(H5Tinsert(t, "id", HOFFSET(struct outer, id), H5T_NATIVE_INT32));
	ck_h5(H5Tinsert(t, "in", HOFFSET(struct outer, in), in));
	ck_h5(H5Tinsert(t, "name", HOFFSET(struct outer, name), text));
	ck_h5(H5Tinsert(t, "list", HOFFSET(struct outer, list), list));
	ck_h5(H5Tinsert(t, "m", HOFFSET(struct outer, m), m));
	return t;
}

START_TEST(nested_compound)
{
	static char text[] = "a text", more[] = "";
	static int16_t items[] = { 1, 2, 3 };
	hid_t file = h5_begin(), type = outer_type(), t, set;
	struct outer data[5] = { { .id = 0 } }, again[5];
	hsize_t dims[] = { 5 };
	struct cute_shm *shm;

	for (int i = 0; i < 5; i++) {
		data[i].id = i;
		data[i].in[i % 3].x[1] = (float)i;
		data[i].in[2].c = (int8_t)(i % 2);
		data[i].name = i == 3 ? text : more;
		data[i].list.len = (size_t)(i % 4);
		data[i].list.p = items;
		data[i].m[1][0] = i / 2.0;
	}
	h5_put(file, "records", type, 1, dims, data);
	h5_put(file, "one", type, 0, NULL, data + 3);
	h5_put(file, "null", type, -1, NULL, NULL);
	set = ck_h5(H5Dopen2(file, "records", H5P_DEFAULT));
	h5_attr(set, "unit", H5T_STD_I32LE, 0, NULL, items);
	H5Dclose(set);
	shm = h5_load(file);
	ck_back(shm);

	file = open_saved();
	t = type_of(file, "records");
	ck_assert_int_eq(H5Tget_class(t), H5T_COMPOUND);
	ck_assert_int_eq(H5Tget_nmembers(t), 5);
	ck_assert_int_eq(H5Tget_member_class(t, 1), H5T_ARRAY);
	H5Tclose(t);
	set = ck_h5(H5Dopen2(file, "records", H5P_DEFAULT));
	ck_assert_int_gt(H5Aexists(set, "unit"), 0);
	ck_assert_int_eq(H5Aexists(set, "cute-shm:compound"), 0);
	ck_h5(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, again));
	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(again[i].id, i);
		for (int k = 0; k < 3; k++) {
			ck_assert_mem_eq(again[i].in[k].x, data[i].in[k].x,
					 sizeof(data[i].in[k].x));
			ck_assert_int_eq(again[i].in[k].c, data[i].in[k].c);
		}
		ck_assert_str_eq(again[i].name, data[i].name);
		ck_assert_uint_eq(again[i].list.len, data[i].list.len);
		ck_assert_mem_eq(again[i].m, data[i].m, sizeof(data[i].m));
	}
	t = ck_h5(H5Dget_space(set));
	ck_h5(H5Dvlen_reclaim(type, t, H5P_DEFAULT, again));
	H5Sclose(t);
	H5Dclose(set);
	H5Tclose(type);
	H5Fclose(file);
	cute_shm_close(shm);
}
END_TEST

/* Groups that only look like compounds stay groups; nothing is lost. */
START_TEST(not_quite_compounds)
{
	static const uint64_t two[] = { 2 }, names[] = { 0, 1, 2 };
	static const float data[] = { 1, 2 };
	static const char *const groups[] = {
		"kinds",
		"linked",
		"attributes",
		"complex",
	};
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	H5O_info_t info;
	hid_t file;

	h5_path("x");
	ck_ok(cute_shm_builder_new("t", NULL, &b));
	for (unsigned i = 0; i < ELEMENTS(groups); i++)
		ck_ok(cute_shm_builder_group(b, groups[i]));
	/* One is null, the other is not. */
	ck_ok(cute_shm_builder_array(b, "kinds/a", "null", 0, NULL, NULL));
	ck_ok(cute_shm_builder_array(b, "kinds/b", "<f4", 1, two, data));
	/* A field of a compound cannot have a second name. */
	ck_ok(cute_shm_builder_array(b, "linked/a", "<f4", 1, two, data));
	ck_ok(cute_shm_builder_array(b, "linked/b", "<f4", 1, two, data));
	ck_ok(cute_shm_builder_link(b, "field", "linked/a"));
	ck_ok(cute_shm_builder_array(b, "attributes/a", "<f4", 1, two, data));
	ck_ok(cute_shm_builder_array(b, "attributes/b", "<f4", 1, two, data));
	ck_ok(cute_shm_builder_attr_text(b, "attributes/b", "unit", "m"));
	ck_ok(cute_shm_builder_array(b, "complex/r", "<f4", 1, two, data));
	ck_ok(cute_shm_builder_array(b, "complex/i", "<f4", 1, two, data));
	for (unsigned i = 0; i < 3; i++)
		ck_ok(cute_shm_builder_attr_ragged(b, groups[i],
						   "cute-shm:compound", "*|S1",
						   1, two, names, "ab"));
	ck_ok(cute_shm_builder_attr_ragged(b, "complex", "cute-shm:compound",
					   "*|S1", 1, two, names, "ri"));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_back(shm);
	cute_shm_close(shm);
	file = open_saved();
	for (unsigned i = 0; i < ELEMENTS(groups); i++) {
		ck_h5(H5Oget_info_by_name2(file, groups[i], &info,
					   H5O_INFO_BASIC, H5P_DEFAULT));
		ck_assert_msg(info.type == H5O_TYPE_GROUP, "%s", groups[i]);
	}
	H5Fclose(file);
}
END_TEST

/* ----------------------------------------------------------------- the tree */

START_TEST(links_and_order)
{
	static const int32_t n = 7;
	static char large[200000];
	static const uint64_t size[] = { sizeof(large) };
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	H5L_info_t info;
	hid_t file;

	h5_path("x");
	memset(large, 'x', sizeof(large));
	ck_ok(cute_shm_builder_new("t", NULL, &b));
	ck_ok(cute_shm_builder_attr(b, "", "z", "|S200000", 0, NULL, large));
	ck_ok(cute_shm_builder_attr(b, "", "a", "|u1", 1, size, large));
	ck_ok(cute_shm_builder_array(b, "z/\303\244 b", "<i4", 0, NULL, &n));
	ck_ok(cute_shm_builder_attr(b, "z/\303\244 b", "q", "<i4", 0, NULL,
				    &n));
	ck_ok(cute_shm_builder_attr(b, "z/\303\244 b", "big", "|u1", 1, size,
				    large));
	ck_ok(cute_shm_builder_link(b, "z/before", "z/\303\244 b"));
	ck_ok(cute_shm_builder_link(b, "up", ""));
	ck_ok(cute_shm_builder_group(b, "a/b/c"));
	ck_ok(cute_shm_builder_array(b, "a/y", "<i4", 0, NULL, &n));
	ck_ok(cute_shm_builder_array(b, "a/x", "<i4", 0, NULL, &n));
	ck_ok(cute_shm_builder_link(b, "a/down", "last"));
	ck_ok(cute_shm_builder_array(b, "last", "<i4", 0, NULL, &n));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_back(shm);
	cute_shm_close(shm);
	file = open_saved();
	ck_h5(H5Lget_info(file, "z/before", &info, H5P_DEFAULT));
	ck_assert_int_eq(info.type, H5L_TYPE_HARD);
	ck_h5(H5Lget_info(file, "a/down", &info, H5P_DEFAULT));
	ck_assert_int_eq(info.type, H5L_TYPE_SOFT);
	H5Fclose(file);
}
END_TEST

START_TEST(what_has_no_form)
{
	static const uint64_t wide[] = { 0, UINT64_MAX };
	struct cute_shm_hdf5_export_options opt = save_options(0);
	struct cute_shm_hdf5_export_result result;
	struct cute_shm_builder *b;
	struct cute_shm *shm;

	h5_path("x");
	ck_ok(cute_shm_builder_new("u", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "wide", "<f4", 2, wide, NULL));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	told = 0;
	ck_ok(cute_shm_hdf5_export(shm, h5_path("s.h5"), &opt, &result));
	ck_assert_uint_eq(result.skipped, 1);
	ck_assert_uint_eq(told, 1);
	ck_assert_ptr_nonnull(strstr(reason, "/wide: HDF5 has no dimension"));
	cute_shm_close(shm);
}
END_TEST

/* ------------------------------------------------------------------ failure */

/* HDF5 tracks the order of 65535 attributes; what has more comes by name. */
START_TEST(many_attributes)
{
	struct cute_shm_hdf5_export_options opt = save_options(0);
	struct cute_shm_hdf5_options load = h5_options(0);
	const char *const nodes[] = { "group", "group/array" };
	struct cute_shm *shm, *back;
	struct cute_shm_builder *b;
	char name[16];

	test_root();
	ck_ok(cute_shm_builder_new("p", NULL, &b));
	ck_ok(cute_shm_builder_group(b, nodes[0]));
	ck_ok(cute_shm_builder_array(b, nodes[1], "|i1", 0, NULL, "x"));
	for (unsigned i = 0; i < 65536; i++) {
		snprintf(name, sizeof(name), "a%05u", i);
		ck_ok(cute_shm_builder_attr(b, nodes[_i], name, "<u4", 0, NULL,
					    &i));
	}
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	ck_ok(cute_shm_hdf5_export(shm, h5_path("s.h5"), &opt, NULL));
	load.handle = &back;
	ck_ok(cute_shm_hdf5_load("back", h5_path("s.h5"), &load, NULL));
	ck_assert_uint_eq(digest_of(back), digest_of(shm));
	cute_shm_close(back);
	cute_shm_close(shm);
}
END_TEST

static int
refuse(const struct cute_shm_hdf5_progress *p, void *arg)
{
	(void)p;
	(void)arg;
	return 1;
}

START_TEST(refused)
{
	const uint64_t shape[] = { 1 << 23 };
	struct cute_shm_hdf5_export_options opt = save_options(9);
	struct cute_shm_builder *b;
	struct cute_shm *shm;
	unsigned before;

	h5_path("x");
	ck_ok(cute_shm_builder_new("t", NULL, &b));
	ck_ok(cute_shm_builder_array(b, "a", "<f8", 1, shape, NULL));
	ck_ok(cute_shm_builder_publish(b, &shm));
	cute_shm_builder_free(b);
	before = test_descriptors();
	opt.chunk_size = 0;
	opt.progress = refuse;
	ck_err(cute_shm_hdf5_export(shm, h5_path("c.h5"), &opt, NULL),
	       CUTE_SHM_ERR_CANCELLED);
	opt.progress = NULL;
	opt.gzip = 10;
	ck_err(cute_shm_hdf5_export(shm, h5_path("c.h5"), &opt, NULL),
	       CUTE_SHM_ERR_INVALID);
	opt.gzip = 0;
	opt.flags = 1024;
	ck_err(cute_shm_hdf5_export(shm, h5_path("c.h5"), &opt, NULL),
	       CUTE_SHM_ERR_INVALID);
	ck_assert_int_ne(access(h5_path("c.h5"), F_OK), 0);
	ck_assert_uint_eq(test_descriptors(), before);
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hdf5 save");
	TCase *t = tcase_create("save");

	tcase_add_test(t, every_dtype);
	tcase_add_test(t, types_of_others);
	tcase_add_test(t, nested_compound);
	tcase_add_test(t, not_quite_compounds);
	tcase_add_test(t, links_and_order);
	tcase_add_test(t, what_has_no_form);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, many_attributes, 0, 2);
	tcase_add_test(t, refused);
	suite_add_tcase(s, t);
	return test_run(s);
}
