/* SPDX-License-Identifier: MIT */
/* The native index says what libhdf5 says, of all structures of a file. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5_util.h"
#include "native_compare.h"
#include "native_walk.h"

/* libhdf5 leaves some memory behind that it takes for the newest forms. */
const char *__lsan_default_suppressions(void);
const char *
__lsan_default_suppressions(void)
{
	return "leak:libhdf5\n";
}

/* Old and new forms that all versions of libhdf5 can write. */
static const H5F_libver_t versions[] = { H5F_LIBVER_EARLIEST, H5F_LIBVER_V18,
					 H5F_LIBVER_V110 };
#define VERSIONS 3

/* A new file "t.h5" of a version; closes 'fcpl'. */
static hid_t
create(int version, hid_t fcpl)
{
	hid_t fapl = ck_h5(H5Pcreate(H5P_FILE_ACCESS)), file;

	ck_h5(H5Pset_libver_bounds(fapl, versions[version], H5F_LIBVER_LATEST));
	file = ck_h5(H5Fcreate(h5_path("t.h5"), H5F_ACC_TRUNC, fcpl, fapl));
	ck_h5(H5Pclose(fapl));
	if (fcpl != H5P_DEFAULT)
		ck_h5(H5Pclose(fcpl));
	return file;
}

/*
 * Close the file, and compare; 'unknown' objects are those without opinion.
 * Then once more, with few blocks of the file.
 */
static struct native_report
compare_file(hid_t file, unsigned unknown)
{
	struct native_report r = { .file = "t.h5" };
	char *text = NULL;
	size_t size = 0;

	ck_h5(H5Fclose(file));
	r.out = open_memstream(&text, &size);
	native_compare(h5_path("t.h5"), &r);
	r.whole_limit = 1;
	native_compare(h5_path("t.h5"), &r);
	fclose(r.out);
	/* Which messages are shared depends on the version of libhdf5. */
	ck_assert_msg(r.differences == 0 && r.unknown >= 2 * unknown &&
			      (unknown > 0 || r.unknown == 0),
		      "%u differences, %u without opinion:\n%s", r.differences,
		      r.unknown / 2, text);
	ck_assert_uint_gt(r.groups, 0);
	free(text);
	return r;
}

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
	hid_t file = create(_i % VERSIONS, H5P_DEFAULT), plist, group;
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
	compare_file(file, 0);
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
	hid_t file = create(_i, H5P_DEFAULT), dset;
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
	compare_file(file, 0);
}
END_TEST

/* ------------------------------------------------------------------ values */

/* Texts, lists and references in the global heap. */
START_TEST(test_values)
{
	static const char *const texts[] = { "a", "", "some text", "b" };
	int32_t numbers[] = { 1, 2, 3, 4, 5 };
	const hvl_t lists[] = { { 5, numbers }, { 0, NULL }, { 2, numbers } };
	hid_t file = create(_i, H5P_DEFAULT), text, list;
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
	r = compare_file(file, 0);
	ck_assert_uint_eq(r.values, 2 * 7);
}
END_TEST

/* -------------------------------------------------------------- attributes */

/* Few, many and large ones, some deleted, with and without order. */
START_TEST(test_attributes)
{
	unsigned flags = H5P_CRT_ORDER_TRACKED, i, k;
	hid_t file = create(_i % VERSIONS, H5P_DEFAULT), plist, group;
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
	compare_file(file, 0);
}
END_TEST

/* ----------------------------------------------------------------- storage */

/* How a dataset is made, and how much of it is written. */
struct storage {
	int rank;
	hsize_t dims[3], max[3], chunk[3];
	bool early; /* allocate all chunks at once */
};

#define ANY H5S_UNLIMITED

static const struct storage storages[] = {
	{ 1, { 50 }, { 50 }, { 50 }, false },	       /* single */
	{ 2, { 50, 9 }, { 50, 9 }, { 7, 4 }, true },   /* implicit */
	{ 2, { 50, 9 }, { 50, 12 }, { 7, 4 }, false }, /* fixed */
	{ 1, { 5000 }, { 5000 }, { 1 }, false },       /* with pages */
	{ 1, { 100 }, { ANY }, { 3 }, false },	       /* extensible */
	{ 3, { 4, 300, 6 }, { 4, ANY, 9 }, { 3, 4, 2 }, false },
	{ 2, { 60, 70 }, { ANY, ANY }, { 3, 7 }, false }, /* B-tree 2 */
	{ 2, { 9, 900 }, { ANY, ANY }, { 1, 5 }, false },
};
#define STORAGES (sizeof(storages) / sizeof(*storages))

/* An extensible array has pages behind its first 131,072 elements. */
static const struct storage paged = { 1, { 300000 }, { ANY }, { 2 }, false };

#define WRITTEN ((hsize_t)60) /* elements of each dimension, at most */

static hid_t
dataset_plist(const struct storage *s, unsigned filters)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	const int16_t fill = -7;

	ck_h5(H5Pset_chunk(dcpl, s->rank, s->chunk));
	ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT16, &fill));
	if (s->early)
		ck_h5(H5Pset_alloc_time(dcpl, H5D_ALLOC_TIME_EARLY));
	if (filters > 0) {
		ck_h5(H5Pset_shuffle(dcpl));
		ck_h5(H5Pset_deflate(dcpl, 1));
		ck_h5(H5Pset_fletcher32(dcpl));
	}
	if (filters > 1)
		ck_h5(H5Pset_chunk_opts(dcpl,
					H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS));
	return dcpl;
}

static void
put_storage(hid_t file, const char *name, const struct storage *s,
	    unsigned filters, bool part)
{
	hid_t dcpl = dataset_plist(s, filters), space, dset, memory;
	hsize_t count[3], start[3] = { 0 }, points = 1;
	int16_t *data;
	int i;

	for (i = 0; i < s->rank; i++) {
		/* A part leaves chunks out, also at the beginning. */
		count[i] = part ? s->dims[i] / 8 + 1 : s->dims[i];
		if (count[i] > WRITTEN)
			count[i] = WRITTEN;
		start[i] = part ? s->dims[i] / 8 * 7 : 0;
		points *= count[i];
	}
	data = calloc(points, sizeof(*data));
	for (hsize_t k = 0; k < points; k++)
		data[k] = (int16_t)(k * 37 / 11);
	space = ck_h5(H5Screate_simple(s->rank, s->dims, s->max));
	memory = ck_h5(H5Screate_simple(s->rank, count, NULL));
	dset = ck_h5(H5Dcreate2(file, name, H5T_STD_I16BE, space, H5P_DEFAULT,
				dcpl, H5P_DEFAULT));
	ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count,
				  NULL));
	ck_h5(H5Dwrite(dset, H5T_NATIVE_INT16, memory, space, H5P_DEFAULT,
		       data));
	free(data);
	ck_h5(H5Sclose(space));
	ck_h5(H5Sclose(memory));
	ck_h5(H5Dclose(dset));
	ck_h5(H5Pclose(dcpl));
}

/* All indexes of chunks, with and without filters, whole and in parts. */
START_TEST(test_chunks)
{
	hid_t file = create(_i, H5P_DEFAULT);
	struct native_report r;
	char name[32];
	unsigned i, k;

	for (i = 0; i < STORAGES; i++)
		for (k = 0; k < 6; k++) {
			snprintf(name, sizeof(name), "s%u.%u", i, k);
			put_storage(file, name, &storages[i], k % 3, k > 2);
		}
	r = compare_file(file, 0);
	ck_assert_uint_eq(r.values, 2 * 6 * STORAGES);
}
END_TEST

START_TEST(test_pages)
{
	hid_t file = create(2, H5P_DEFAULT);
	struct native_report r;

	put_storage(file, "plain", &paged, 0, true);
	put_storage(file, "filtered", &paged, 1, true);
	r = compare_file(file, 0);
	ck_assert_uint_eq(r.values, 4);
}
END_TEST

/* Chunks outside the extent stay in the file; a dataset without any. */
START_TEST(test_shrunk)
{
	hid_t file = create(_i, H5P_DEFAULT), dset;
	const hsize_t less[] = { 11, 2000 }, one[] = { 40 };

	put_storage(file, "a", &storages[7], 0, false);
	dset = ck_h5(H5Dopen2(file, "a", H5P_DEFAULT));
	ck_h5(H5Dset_extent(dset, less));
	ck_h5(H5Dclose(dset));
	put_storage(file, "b", &storages[4], 1, false);
	dset = ck_h5(H5Dopen2(file, "b", H5P_DEFAULT));
	ck_h5(H5Dset_extent(dset, one));
	ck_h5(H5Dclose(dset));
	h5_put_with(file, "c", H5T_STD_I16LE, 2, less,
		    dataset_plist(&storages[6], 1), NULL);
	compare_file(file, 0);
}
END_TEST

/* Compact and contiguous data, with all kinds of fill values. */
START_TEST(test_plain)
{
	hid_t file = create(_i, H5P_DEFAULT), dcpl;
	const hsize_t dims[] = { 5, 6 }, none[] = { 0, 6 };
	const int32_t data[30] = { 1, 2, 3 }, fill = 42;
	char name[32];
	unsigned i;

	for (i = 0; i < 12; i++) {
		dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
		if (i % 2)
			ck_h5(H5Pset_layout(dcpl, H5D_COMPACT));
		if (i % 3 == 1)
			ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT32, &fill));
		if (i % 3 == 2)
			ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_INT32, NULL));
		if (i == 3)
			ck_h5(H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER));
		snprintf(name, sizeof(name), "d%u", i);
		h5_put_with(file, name, H5T_STD_I32LE, 2, i == 8 ? none : dims,
			    dcpl, i < 6 ? data : NULL);
	}
	h5_put(file, "null", H5T_STD_I32LE, -1, NULL, NULL);
	h5_int(file, "scalar", 3);
	compare_file(file, 0);
}
END_TEST

/* -------------------------------------------------------------- whole files */

static void
put_some(hid_t file)
{
	const hsize_t dims[] = { 4 };
	static const char *const texts[] = { "a", "", "some text", "b" };
	hid_t text, group;

	text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
	h5_put(file, "texts", text, 1, dims, texts);
	ck_h5(H5Tclose(text));
	group = ck_h5(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT,
				 H5P_DEFAULT));
	put_links(group, 60);
	ck_h5(H5Gclose(group));
	put_storage(file, "chunks", &storages[7], 1, false);
	put_storage(file, "array", &storages[4], 1, false);
	h5_attr(file, "attribute", H5T_STD_I32LE, 1, dims, NULL);
}

/* Numbers of other sizes, user blocks, other nodes, pages. */
START_TEST(test_whole)
{
	hid_t fcpl = ck_h5(H5Pcreate(H5P_FILE_CREATE));
	int what = _i / VERSIONS;

	switch (what) {
	case 0: ck_h5(H5Pset_userblock(fcpl, 2048)); break;
	case 1: ck_h5(H5Pset_sizes(fcpl, 4, 4)); break;
	case 2: ck_h5(H5Pset_sizes(fcpl, 8, 4)); break;
	case 3:
		ck_h5(H5Pset_sym_k(fcpl, 3, 2));
		ck_h5(H5Pset_istore_k(fcpl, 2));
		break;
	default:
		ck_h5(H5Pset_file_space_strategy(fcpl, H5F_FSPACE_STRATEGY_PAGE,
						 true, 1));
		break;
	}
	hid_t file = create(_i % VERSIONS, fcpl);

	put_some(file);
	/* With lengths of 4 bytes libhdf5 cannot open what has no limit. */
	compare_file(file, 0);
}
END_TEST

/* What only libhdf5 reads: data in other files, shared messages. */
START_TEST(test_no_opinion)
{
	hid_t fcpl = ck_h5(H5Pcreate(H5P_FILE_CREATE)), file, dcpl, space;
	const hsize_t dims[] = { 8 };

	ck_h5(H5Pset_shared_mesg_nindexes(fcpl, 1));
	ck_h5(H5Pset_shared_mesg_index(fcpl, 0, H5O_SHMESG_DTYPE_FLAG, 1));
	file = create(2, fcpl);
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	ck_h5(H5Pset_external(dcpl, "raw", 0, 32));
	h5_put_with(file, "raw", H5T_STD_I32LE, 1, dims, dcpl, NULL);
	space = ck_h5(H5Screate_simple(1, dims, NULL));
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	ck_h5(H5Pset_virtual(dcpl, space, ".", "raw", space));
	h5_put_with(file, "virtual", H5T_STD_I32LE, 1, dims, dcpl, NULL);
	ck_h5(H5Sclose(space));
	h5_put(file, "shared1", H5T_STD_I64BE, 1, dims, NULL);
	h5_put(file, "shared2", H5T_STD_I64BE, 1, dims, NULL);
	compare_file(file, 3);
}
END_TEST

/* ------------------------------------------------------- few, large reads */

/* The number of reads follows from the file's size, not from its objects. */
START_TEST(test_reads)
{
	hid_t file = create(_i, H5P_DEFAULT);
	int fd = -1;
	struct native n;
	uint64_t size, sum;

	for (int32_t i = 0; i < 3000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%d", i);
		h5_int(file, name, i);
	}
	ck_h5(H5Fclose(file));
	fd = open(h5_path("t.h5"), O_RDONLY | O_CLOEXEC);
	size = (uint64_t)lseek(fd, 0, SEEK_END);
	ck_assert_int_eq(native_open(fd, size, 0, &n), 0);
	ck_assert_uint_eq(n.count, 3001);
	ck_assert_uint_eq(n.image.reads, 1);
	sum = native_walk(&n);
	native_close(&n);
	ck_assert_int_eq(native_open(fd, size, 1, &n), 0);
	/* A small file: a few reads that are small, then large ones. */
	ck_assert_uint_le(n.image.reads, 8 + size / 65536 + 1);
	ck_assert(native_walk(&n) == sum);
	native_close(&n);
	close(fd);
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
	tcase_add_loop_test(tc, test_chunks, 0, VERSIONS);
	tcase_add_test(tc, test_pages);
	tcase_add_loop_test(tc, test_shrunk, 0, VERSIONS);
	tcase_add_loop_test(tc, test_plain, 0, VERSIONS);
	tcase_add_loop_test(tc, test_whole, 0, 5 * VERSIONS);
	tcase_add_test(tc, test_no_opinion);
	tcase_add_loop_test(tc, test_reads, 0, VERSIONS);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
