/* SPDX-License-Identifier: MIT */
/*
 * Slices to select: each array has what slices of the whole array have, however
 * it is stored, and little more than that is read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/slice.h"
#include "hdf5_util.h"

static uint32_t seed;

static uint64_t
below(uint64_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* ---------------------------------------------------------------- the file */

#define MOST_BYTES (2000 * 700 * 4)

/* A dataset of the file: its shape, its chunks (0: contiguous), its type. */
static const struct put {
	const char *name;
	int rank;
	hsize_t dims[4], chunk[4];
	char type; /* i: integers; w: to be widened; r: records; b: big-endian
		    */
	int gzip;
	int part; /* only the first chunk is written */
	int grows;
} stored[] = {
	{ "contiguous", 2, { 500, 700 }, { 0 }, 'i', 0, 0, 0 },
	{ "long", 1, { 700000 }, { 0 }, 'i', 0, 0, 0 },
	{ "cube", 3, { 60, 50, 40 }, { 0 }, 'b', 0, 0, 0 },
	{ "records", 2, { 300, 100 }, { 0 }, 'r', 0, 0, 0 },
	{ "chunked", 2, { 500, 700 }, { 30, 64 }, 'i', 0, 0, 0 },
	{ "gzip", 2, { 500, 700 }, { 30, 700 }, 'i', 1, 0, 0 },
	{ "narrow", 2, { 500, 70 }, { 1, 70 }, 'i', 1, 0, 0 },
	{ "line", 1, { 700000 }, { 1000 }, 'b', 1, 0, 0 },
	{ "deep", 4, { 20, 30, 11, 13 }, { 3, 30, 11, 13 }, 'i', 1, 0, 0 },
	{ "deeper", 4, { 20, 30, 11, 13 }, { 3, 7, 5, 13 }, 'b', 1, 0, 0 },
	{ "few", 3, { 40, 60, 50 }, { 7, 9, 11 }, 'r', 1, 1, 0 },
	{ "large", 2, { 40, 30 }, { 64, 64 }, 'i', 1, 0, 1 },
	{ "wide", 2, { 300, 200 }, { 16, 300 }, 'i', 1, 0, 1 },
	{ "widened", 2, { 300, 200 }, { 16, 16 }, 'w', 1, 0, 0 },
	{ "tiny", 2, { 5, 7 }, { 0 }, 'i', 0, 0, 0 },
	{ "tiny_chunks", 2, { 5, 7 }, { 2, 3 }, 'i', 0, 0, 0 },
};

struct record {
	uint8_t a;
	double b[2];
	int16_t c;
};

static hid_t
record_type(void)
{
	hid_t t = ck_h5(H5Tcreate(H5T_COMPOUND, sizeof(struct record)));
	const hsize_t two = 2;
	hid_t pair = ck_h5(H5Tarray_create2(H5T_IEEE_F64LE, 1, &two));

	ck_h5(H5Tinsert(t, "a", offsetof(struct record, a), H5T_STD_U8LE));
	ck_h5(H5Tinsert(t, "b", offsetof(struct record, b), pair));
	ck_h5(H5Tinsert(t, "c", offsetof(struct record, c), H5T_STD_I16BE));
	H5Tclose(pair);
	return t;
}

static hid_t
type_of(char type)
{
	hid_t t;

	switch (type) {
	case 'r': return record_type();
	case 'b': return ck_h5(H5Tcopy(H5T_STD_I32BE));
	case 'w':
		t = ck_h5(H5Tcopy(H5T_STD_I32LE));
		ck_h5(H5Tset_precision(t, 24));
		ck_h5(H5Tset_size(t, 3));
		return t;
	default: return ck_h5(H5Tcopy(H5T_STD_I32LE));
	}
}

static hid_t
chunks_of(const struct put *p)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	if (!p->chunk[0])
		return dcpl;
	ck_h5(H5Pset_chunk(dcpl, p->rank, p->chunk));
	if (p->gzip) {
		ck_h5(H5Pset_shuffle(dcpl));
		ck_h5(H5Pset_deflate(dcpl, 1));
	}
	return dcpl;
}

/* Bytes that differ from place to place. */
static void
put(hid_t file, const struct put *p, const uint8_t *data)
{
	hid_t type = type_of(p->type), dcpl = chunks_of(p), space, set, mem;
	const hsize_t zero[4] = { 0 };
	hsize_t most[4], count[4];

	for (int i = 0; i < p->rank; i++) {
		most[i] = p->grows ? H5S_UNLIMITED : p->dims[i];
		count[i] = p->part ? p->chunk[i] : p->dims[i];
	}
	space = ck_h5(H5Screate_simple(p->rank, p->dims, most));
	set = ck_h5(H5Dcreate2(file, p->name, type, space, H5P_DEFAULT, dcpl,
			       H5P_DEFAULT));
	mem = ck_h5(H5Screate_simple(p->rank, count, NULL));
	ck_h5(H5Sselect_hyperslab(space, H5S_SELECT_SET, zero, NULL, count,
				  NULL));
	ck_h5(H5Dwrite(set, type, mem, space, H5P_DEFAULT, data));
	H5Sclose(mem);
	H5Sclose(space);
	H5Dclose(set);
	H5Pclose(dcpl);
	H5Tclose(type);
}

#define LISTS 300

static void
put_lists(hid_t file)
{
	hid_t list = ck_h5(H5Tvlen_create(H5T_STD_I32LE));
	hid_t text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	const hsize_t dims[] = { LISTS, 3 }, chunk[] = { 7, 2 };
	static int32_t items[] = { 1, 2, 3, 4, 5, 6, 7 };
	static const char *texts[LISTS][3];
	static hvl_t lists[LISTS][3];

	for (size_t i = 0; i < LISTS * 3; i++) {
		lists[i / 3][i % 3] = (hvl_t){ i % 8, items };
		texts[i / 3][i % 3] = &"abcdefghijklm"[i % 13];
	}
	ck_h5(H5Pset_chunk(dcpl, 2, chunk));
	h5_put_with(file, "lists", list, 2, dims, dcpl, lists);
	h5_put(file, "texts", text, 2, dims, texts);
	H5Tclose(list);
	H5Tclose(text);
}

static hid_t
put_all(void)
{
	hid_t file = h5_begin();
	uint8_t *data = malloc(MOST_BYTES);

	for (size_t i = 0; i < MOST_BYTES; i++)
		data[i] = (uint8_t)(i * 2654435761U >> 13);
	for (size_t i = 0; i < ELEMENTS(stored); i++)
		put(file, &stored[i], data);
	put_lists(file);
	h5_int(file, "scalar", 7);
	h5_put(file, "null", H5T_STD_I32LE, -1, NULL, NULL);
	free(data);
	return file;
}

/* ----------------------------------------------------------------- slicing */

/* A random number near the ends of a dimension, or within. */
static void
add_number(char *to, uint64_t size)
{
	const int64_t n = (int64_t)size;
	const int64_t near[] = { 0, 1, n - 1, n, n + 9, -1, -n, -n - 9 };
	int64_t at =
		below(2) ? near[below(ELEMENTS(near))] : (int64_t)below(size);

	sprintf(to + strlen(to), "%" PRId64, at);
}

static void
add_item(char *to, uint64_t size)
{
	static const unsigned steps[] = { 1, 1, 2, 2, 3, 7, 50, 1000 };

	if (below(6) == 0) {
		sprintf(to + strlen(to), "%" PRId64,
			(int64_t)below(2 * size) - (int64_t)size);
		return;
	}
	if (below(2))
		add_number(to, size);
	strcat(to, ":");
	if (below(2))
		add_number(to, size);
	if (below(2))
		sprintf(to + strlen(to), ":%u", steps[below(ELEMENTS(steps))]);
}

/* The text between the brackets, for an array of these dimensions. */
static void
random_slice(char *to, unsigned ndim, const hsize_t *dims)
{
	unsigned rest = below(3) ? ndim + 1 : (unsigned)below(ndim + 1);
	unsigned left_out = (unsigned)below(2) ? (unsigned)below(ndim) : 0;

	*to = '\0';
	for (unsigned i = 0; i <= ndim; i++) {
		if (i == rest) {
			strcat(to, *to ? ", ..." : "...");
			i += left_out;
		}
		if (i >= ndim || (rest > ndim && i >= ndim - left_out))
			break;
		if (*to)
			strcat(to, below(2) ? ", " : ",");
		add_item(to, dims[i]);
	}
}

#define SELECTED (ELEMENTS(stored) + 2)

struct round {
	char slice[SELECTED][300];
	char pattern[SELECTED][340];
	const char *select[SELECTED + 1];
};

static void
random_round(struct round *r)
{
	static const hsize_t lists[] = { LISTS, 3 };
	size_t i;

	for (i = 0; i < SELECTED; i++) {
		bool ours = i < ELEMENTS(stored);
		const char *name = ours			   ? stored[i].name
				   : i == ELEMENTS(stored) ? "lists"
							   : "texts";

		random_slice(r->slice[i], ours ? (unsigned)stored[i].rank : 2,
			     ours ? stored[i].dims : lists);
		sprintf(r->pattern[i], "%s[%s]", name, r->slice[i]);
		r->select[i] = r->pattern[i];
	}
	r->select[i] = NULL;
}

static struct cute_shm *
load(const char *const *select, int expected)
{
	struct cute_shm_hdf5_options opt = h5_options(CUTE_SHM_HDF5_OVERWRITE);
	struct cute_shm *shm = NULL;

	opt.select = select;
	opt.handle = &shm;
	opt.jobs = 2;
	ck_err(cute_shm_hdf5_load("s", h5_path("t.h5"), &opt, &h5_told.result),
	       expected);
	return shm;
}

/* Element i of 'part' is element 'at' of 'whole'. */
static void
ck_element(const char *pattern, const struct cute_shm_array *part, uint64_t i,
	   const struct cute_shm_array *whole, uint64_t at)
{
	const void *a, *b;
	uint64_t n, m;

	if (part->offsets) {
		ck_ok(cute_shm_element(part, i, &a, &n));
		ck_ok(cute_shm_element(whole, at, &b, &m));
		n *= part->item_size;
		m *= whole->item_size;
	} else {
		n = m = part->item_size;
		a = (const char *)part->data + i * n;
		b = (const char *)whole->data + at * m;
	}
	ck_assert_msg(n == m && memcmp(a, b, n) == 0,
		      "%s: element %" PRIu64 " differs", pattern, i);
}

/* The array has 'inner' elements for each one of the dataset. */
static void
ck_part(const char *pattern, const char *text, unsigned rank,
	const struct cute_shm_array *whole, const struct cute_shm_array *part)
{
	struct slice_text items;
	uint64_t inner = 1;
	char why[SLICE_WHY];
	struct slice s;
	unsigned own = whole->ndim - rank;

	ck_assert(slice_read(text, strlen(text), &items, why));
	ck_assert(slice_apply(&items, rank, whole->shape, &s, why));
	for (unsigned i = 0; i < own; i++)
		inner *= whole->shape[rank + i];
	ck_assert_str_eq(part->dtype, whole->dtype);
	ck_assert_msg(part->ndim == s.result_ndim + own, "%s", pattern);
	for (unsigned i = 0; i < s.result_ndim; i++)
		ck_assert_msg(part->shape[i] == s.shape[i], "%s", pattern);
	ck_assert_uint_eq(part->element_count, s.element_count * inner);
	for (uint64_t i = 0; i < s.element_count * inner; i++)
		ck_element(pattern, part, i, whole,
			   slice_element(&s, i / inner) * inner + i % inner);
}

static void
ck_field(const struct round *r, size_t i, const char *field,
	 const struct cute_shm *whole, const struct cute_shm *part)
{
	struct cute_shm_array a, b;
	char path[100];
	bool ours = i < ELEMENTS(stored);

	sprintf(path, "%.*s%s", (int)strcspn(r->pattern[i], "["), r->pattern[i],
		field);
	ck_ok(cute_shm_get(whole, path, &a));
	ck_ok(cute_shm_get(part, path, &b));
	ck_part(r->pattern[i], r->slice[i], ours ? (unsigned)stored[i].rank : 2,
		&a, &b);
}

static void
ck_round(const struct round *r, const struct cute_shm *whole,
	 const struct cute_shm *part)
{
	for (size_t i = 0; i < SELECTED; i++) {
		if (i < ELEMENTS(stored) && stored[i].type == 'r') {
			ck_field(r, i, "/a", whole, part);
			ck_field(r, i, "/b", whole, part);
			ck_field(r, i, "/c", whole, part);
		} else {
			ck_field(r, i, "", whole, part);
		}
	}
}

/* By all ways of reading, or (1) by H5Dread alone. */
START_TEST(as_of_the_whole)
{
	struct cute_shm *whole = h5_load(put_all()), *part;
	static struct round r;

	if (_i % 2)
		setenv("CUTE_SHM_HDF5_STRATEGY", "generic", 1);
	seed = (uint32_t)_i + 1;
	for (int i = 0; i < 4; i++) {
		random_round(&r);
		part = load(r.select, 0);
		ck_round(&r, whole, part);
		ck_ok(cute_shm_verify(part, NULL, NULL));
		cute_shm_close(part);
	}
	cute_shm_close(whole);
}
END_TEST

/* ------------------------------------------------------------ what is read */

/* Bytes that this process and its children that have ended read. */
static uint64_t
bytes_read(void)
{
	FILE *f = fopen("/proc/self/io", "r");
	uint64_t n = 0;

	if (!f || fscanf(f, "rchar: %" SCNu64, &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

/* Of 700 or more chunks, or of 2.8 MB of contiguous data. */
static const struct {
	const char *pattern;
	uint64_t most;
} reads[] = {
	{ "tiny", 0 }, /* what every load reads */
	{ "contiguous[:, 0]", 500 * 4096 * 2 },
	{ "contiguous[100:110]", 64 << 10 },
	{ "contiguous[::100]", 128 << 10 },
	{ "long[::100000]", 128 << 10 },
	{ "records[5:50:9]", 64 << 10 },
	{ "chunked[0:30, 0:64]", 64 << 10 },
	{ "chunked[::200, 5]", 128 << 10 },
	{ "gzip[0:400:100]", 512 << 10 },
	{ "line[0:150000:10000]", 256 << 10 },
	{ "line[7000:17000]", 256 << 10 },
	{ "plain[0:500000]", 3000 << 10 },
	{ "plain[0:100000]", 600 << 10 },
	{ "plain[::100000]", 256 << 10 },
};

/* As 'long', in chunks without filters, twice as large. */
static void
put_plain(hid_t file)
{
	const hsize_t size = 1400000, chunk = 1000;
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	int32_t *data = calloc(size, sizeof(*data));

	ck_h5(H5Pset_chunk(dcpl, 1, &chunk));
	h5_put_with(file, "plain", H5T_STD_I32LE, 1, &size, dcpl, data);
	free(data);
}

START_TEST(only_what_is_needed)
{
	hid_t file = put_all();
	uint64_t before, base = 0;

	put_plain(file);
	ck_h5(H5Fclose(file));
	/* The first call is the first to read anything. */
	if (bytes_read() == bytes_read()) {
		puts("/proc/self/io has no counts");
		return;
	}
	for (size_t i = 0; i < ELEMENTS(reads); i++) {
		const char *const select[] = { reads[i].pattern, NULL };

		before = bytes_read();
		cute_shm_close(load(select, 0));
		before = bytes_read() - before;
		if (i == 0)
			base = before + (64 << 10);
		else
			ck_assert_msg(before <= base + reads[i].most,
				      "%s: %" PRIu64 " bytes are read, "
				      "%" PRIu64 " by every load",
				      reads[i].pattern, before, base);
	}
}
END_TEST

/* ----------------------------------------------------------------- patterns */

static const struct {
	const char *select[4];
	int err;
	const char *message;
} wrong[] = {
	{ { "tiny[5]" }, CUTE_SHM_ERR_INVALID, "outside of axis 0" },
	{ { "tiny[-6]" }, CUTE_SHM_ERR_INVALID, "outside of axis 0" },
	{ { "tiny[0,0,0]" }, CUTE_SHM_ERR_INVALID, "3 indices" },
	{ { "tiny[::-1]" }, CUTE_SHM_ERR_INVALID, "negative step" },
	{ { "tiny[::0]" }, CUTE_SHM_ERR_INVALID, "step of 0" },
	{ { "tiny[1:2:3:4]" }, CUTE_SHM_ERR_INVALID, "not understood" },
	{ { "scalar[0]" }, CUTE_SHM_ERR_INVALID, "no dimensions" },
	{ { "scalar[:]" }, CUTE_SHM_ERR_INVALID, "no dimensions" },
	{ { "null[0:1]" }, CUTE_SHM_ERR_INVALID, "no dimensions" },
	{ { "*[0:1]" }, CUTE_SHM_ERR_INVALID, "no dimensions" },
	{ { "tiny[0:1]", "tin*[0:2]" }, CUTE_SHM_ERR_INVALID, "two different" },
	{ { "tiny[0]", "tiny[0:1]" }, CUTE_SHM_ERR_INVALID, "two different" },
	{ { "tiny", "same[0:1]" }, CUTE_SHM_ERR_INVALID, "are one array" },
	{ { "none[0:1]" }, CUTE_SHM_ERR_NOT_FOUND, "\"none\"" },
	{ { "tin[1234]" }, CUTE_SHM_ERR_NOT_FOUND, "is a slice" },
};

START_TEST(refused)
{
	hid_t file = put_all();

	ck_h5(H5Lcreate_soft("/tiny", file, "same", H5P_DEFAULT, H5P_DEFAULT));
	ck_h5(H5Fclose(file));
	load(wrong[_i].select, wrong[_i].err);
	ck_errmsg_has(wrong[_i].message);
}
END_TEST

/* Brackets may also be a set of bytes, or a part of a name. */
static const struct {
	const char *select[4];
	const char *children;
	uint64_t first; /* dimension of the first child */
	const char *recorded;
} right[] = {
	{ { "g/a[0:2]" }, "g", 0, "select=g/a[:2]" },
	{ { "g/a[0:2]", "g" }, "g", 0, "select=g|select=g/a[:2]" },
	{ { "a[12]*" }, "a1 a2", 4, "select=a[12]*" },
	{ { "a[1-2]" }, "a1 a2", 4, "select=a[1-2]" },
	{ { "a[12]/" }, "a1 a2", 4, "select=a[12]/" },
	{ { "a[1]" }, "a a[1]", 0, "select=a[1]" },
	{ { "a[0:9]", "/a[ :, ]" }, "a", 4, "select=a[:9]|select=a[:]" },
	{ { "b[9:]", "a2[-1:]" }, "a2 b", 1, "select=a2[-1:]|select=b[9:]" },
	{ { "a?[1::2]", "a2[1:4:2]" },
	  "a1 a2",
	  2,
	  "select=a2[1:4:2]|select=a?[1::2]" },
	{ { "a[...]" }, "a", 4, "select=a[...]" },
	{ { "*[0:3,...]" }, "a a1 a2 a[1] b g", 3, "select=*[:3]" },
};

START_TEST(accepted)
{
	static const int32_t data[] = { 1, 2, 3, 4 };
	const hsize_t four = 4;
	hid_t file = h5_begin(), group;
	struct cute_shm_array a;
	struct cute_shm *shm;
	char path[20];

	h5_put(file, "a", H5T_STD_I32LE, 1, &four, data);
	h5_put(file, "a1", H5T_STD_I32LE, 1, &four, data);
	h5_put(file, "a2", H5T_STD_I32LE, 1, &four, data);
	h5_put(file, "a[1]", H5T_STD_I32LE, 1, &four, data);
	h5_put(file, "b", H5T_STD_I32LE, 1, &four, data);
	h5_group(file, "g");
	group = ck_h5(H5Gopen2(file, "g", H5P_DEFAULT));
	h5_put(group, "a", H5T_STD_I32LE, 1, &four, data);
	h5_put(group, "z", H5T_STD_I32LE, 1, &four, data);
	H5Gclose(group);
	ck_h5(H5Fclose(file));
	shm = load(right[_i].select, 0);
	ck_children(shm, "", right[_i].children);
	ck_attr_texts(shm, "", "cute-shm:selection", right[_i].recorded);
	sprintf(path, "%.*s", (int)strcspn(right[_i].children, " "),
		right[_i].children);
	if (*path == 'g') {
		ck_ok(cute_shm_get(shm, "g/a", &a));
		ck_assert_uint_eq(a.shape[0], 2);
	} else {
		ck_ok(cute_shm_get(shm, path, &a));
		ck_assert_uint_eq(a.ndim > 0 ? a.shape[0] : 0, right[_i].first);
	}
	ck_ok(cute_shm_verify(shm, NULL, NULL));
	cute_shm_close(shm);
}
END_TEST

/* An attribute of the file is about how that came to be; as is a load's own. */
START_TEST(of_another_load)
{
	hid_t file = h5_begin();
	hid_t text = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_ASCII);
	const char *texts[] = { "select=z" };
	const char *const select[] = { "a", NULL };
	const hsize_t one = 1;
	struct cute_shm *shm;

	h5_int(file, "a", 1);
	h5_attr(file, "cute-shm:selection", text, 1, &one, texts);
	H5Tclose(text);
	ck_h5(H5Fclose(file));
	shm = load(select, 0);
	ck_attr_names(shm, "", "%63ute-shm:selectioncute-shm:selection");
	ck_attr_texts(shm, "", "cute-shm:selection", "select=a");
	ck_assert_uint_eq(h5_told.changed, 1);
	cute_shm_close(shm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_slices");
	TCase *tc = tcase_create("slices");

	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, as_of_the_whole, 0, 4);
	tcase_add_test(tc, only_what_is_needed);
	tcase_add_loop_test(tc, refused, 0, (int)ELEMENTS(wrong));
	tcase_add_loop_test(tc, accepted, 0, (int)ELEMENTS(right));
	tcase_add_test(tc, of_another_load);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
