/* SPDX-License-Identifier: MIT */
/*
 * What has to go through H5Dread, behind filters that are ours and not
 * libhdf5's: it calls our decoders.
 */
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_BLOSC
#include <blosc.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include "filter_util.h"
#include "hdf5_util.h"

/* ------------------------------------------- encoders, which we do not have */

/* lzf: runs of literals alone. */
static size_t
pack_lzf(const uint8_t *src, size_t size, uint8_t *dst)
{
	size_t n = 0;

	for (size_t at = 0; at < size; at += 32) {
		size_t run = size - at < 32 ? size - at : 32;

		dst[n++] = (uint8_t)(run - 1);
		memcpy(dst + n, src + at, run);
		n += run;
	}
	return n;
}

/* The frame of the lz4 plugin, its one block not packed. */
static size_t
pack_lz4(const uint8_t *src, size_t size, uint8_t *dst)
{
	put_be(dst, size, 8);
	put_be(dst + 8, size, 4);
	put_be(dst + 12, size, 4);
	memcpy(dst + 16, src, size);
	return size + 16;
}

static size_t
pack_zstd(const uint8_t *src, size_t size, uint8_t *dst)
{
#ifdef HAVE_ZSTD
	return ZSTD_compress(dst, 2 * size + 100, src, size, 1);
#else
	(void)src, (void)size, (void)dst;
	return 0;
#endif
}

static size_t
pack_blosc(const uint8_t *src, size_t size, uint8_t *dst)
{
#ifdef HAVE_BLOSC
	return (size_t)blosc_compress_ctx(5, 1, 4, size, src, dst,
					  2 * size + 100, "blosclz", 0, 1);
#else
	(void)src, (void)size, (void)dst;
	return 0;
#endif
}

static const struct packer {
	int id;
	bool here;
	size_t (*pack)(const uint8_t *src, size_t size, uint8_t *dst);
} packers[] = {
	{ FILTER_LZF, true, pack_lzf },
#ifdef HAVE_LZ4
	{ FILTER_LZ4, true, pack_lz4 },
#else
	{ FILTER_LZ4, false, pack_lz4 },
#endif
#ifdef HAVE_ZSTD
	{ FILTER_ZSTD, true, pack_zstd },
#else
	{ FILTER_ZSTD, false, pack_zstd },
#endif
#ifdef HAVE_BLOSC
	{ FILTER_BLOSC, true, pack_blosc },
#else
	{ FILTER_BLOSC, false, pack_blosc },
#endif
};

static const struct packer *packer;
static size_t leave_out; /* bytes that a chunk falls short of */

static size_t
encode(unsigned flags, size_t count, const unsigned *params, size_t size,
       size_t *room, void **data)
{
	uint8_t *to = H5allocate_memory(2 * size + 100, true);

	(void)count, (void)params;
	ck_assert_ptr_nonnull(to);
	ck_assert(!(flags & H5Z_FLAG_REVERSE));
	size = packer->pack(*data, size - leave_out, to);
	H5free_memory(*data);
	*data = to;
	*room = size;
	return size;
}

/* A file whose datasets this packer may write. */
static hid_t
begin(const struct packer *p)
{
	const H5Z_class2_t class = {
		.version = H5Z_CLASS_T_VERS,
		.id = p->id,
		.encoder_present = 1,
		.decoder_present = 1,
		.name = "test",
		.filter = encode,
	};

	packer = p;
	leave_out = 0;
	ck_h5(H5Zregister(&class));
	return h5_begin();
}

/* The same properties for all: one chunk of 'n' elements, packed. */
static hid_t
packed(hsize_t n)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	ck_h5(H5Pset_chunk(dcpl, 1, &n));
	/* libhdf5 wants that of filters on variable-length data. */
	ck_h5(H5Pset_filter(dcpl, packer->id, H5Z_FLAG_OPTIONAL, 0, NULL));
	return dcpl;
}

/* Load it when our encoder is gone: what decodes is the library's. */
static struct cute_shm *
load(hid_t file)
{
	struct cute_shm_hdf5_options opt = h5_options(0);

	ck_h5(H5Fclose(file));
	ck_h5(H5Zunregister(packer->id));
	return h5_load_with(H5I_INVALID_HID, &opt);
}

START_TEST(texts)
{
	static const char *const words[] = { "spam", "", "eggs", "bacon" };
	const hsize_t n = 4;
	struct cute_shm *shm;
	hid_t file,
		type = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);

	if (!packers[_i].here)
		return;
	file = begin(&packers[_i]);
	h5_put_with(file, "d", type, 1, &n, packed(n), words);
	H5Tclose(type);
	shm = load(file);
	ck_texts(shm, "d", "spam||eggs|bacon");
	ck_clean(shm);
}
END_TEST

START_TEST(lists)
{
	int32_t values[] = { 1, 2, 3 };
	const hvl_t of[] = { { 2, values }, { 0, NULL }, { 1, values + 2 } };
	const hsize_t n = 3;
	struct cute_shm_array a;
	struct cute_shm *shm;
	hid_t file, type = ck_h5(H5Tvlen_create(H5T_NATIVE_INT32));

	if (!packers[_i].here)
		return;
	file = begin(&packers[_i]);
	h5_put_with(file, "d", type, 1, &n, packed(n), of);
	H5Tclose(type);
	shm = load(file);
	ck_ok(cute_shm_get(shm, "d", &a));
	ck_assert_str_eq(a.dtype, "*<i4");
	ck_assert_uint_eq(a.value_count, 3);
	ck_assert_mem_eq(a.values, values, sizeof(values));
	ck_clean(shm);
}
END_TEST

START_TEST(references)
{
	const hsize_t n = 1;
	struct cute_shm *shm;
	hobj_ref_t ref;
	hid_t file;

	if (!packers[_i].here)
		return;
	file = begin(&packers[_i]);
	h5_group(file, "g");
	ck_h5(H5Rcreate(&ref, file, "g", H5R_OBJECT, -1));
	h5_put_with(file, "d", H5T_STD_REF_OBJ, 1, &n, packed(n), &ref);
	shm = load(file);
	ck_texts(shm, "d", "/g");
	ck_clean(shm);
}
END_TEST

/* Its source's filter runs within a read of another dataset. */
START_TEST(virtual_dataset)
{
	const int32_t data[] = { 1, 2, 3, 4 };
	const uint64_t dims[] = { 4 };
	const hsize_t n = 4;
	hid_t file, space, dcpl;
	struct cute_shm *shm;

	if (!packers[_i].here)
		return;
	file = begin(&packers[_i]);
	h5_put_with(file, "source", H5T_STD_I32BE, 1, &n, packed(n), data);
	space = ck_h5(H5Screate_simple(1, &n, NULL));
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	ck_h5(H5Pset_virtual(dcpl, space, ".", "source", space));
	h5_put_with(file, "d", H5T_STD_I32BE, 1, &n, dcpl, NULL);
	H5Sclose(space);
	shm = load(file);
	ck_array(shm, "d", "<i4", 1, dims,
		 ((const int32_t[]){ 1 << 24, 2 << 24, 3 << 24, 4 << 24 }));
	ck_clean(shm);
}
END_TEST

/* libhdf5 would read on behind the end of what was decoded: that is refused. */
START_TEST(short_chunk)
{
	const struct cute_shm_hdf5_options opt = h5_options(0);
	static const char *const words[] = { "spam", "ham", "eggs", "bacon" };
	const hsize_t n = 4;
	hid_t file,
		type = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);

	if (!packers[_i].here)
		return;
	file = begin(&packers[_i]);
	leave_out = 2 * 16;
	h5_put_with(file, "d", type, 1, &n, packed(n), words);
	H5Tclose(type);
	ck_h5(H5Fclose(file));
	ck_h5(H5Zunregister(packer->id));
	ck_err(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL),
	       CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("cannot read /d: ");
}
END_TEST

/* The reason is our decoder's, not that libhdf5 calls a filter in vain. */
START_TEST(damaged_chunk)
{
	const struct cute_shm_hdf5_options opt = h5_options(0);
	static const char *const words[] = { "spam", "ham" };
	const hsize_t n = 2, zero = 0;
	hid_t file, dset,
		type = h5_string(H5T_VARIABLE, H5T_STR_NULLTERM, H5T_CSET_UTF8);

	file = begin(&packers[0]);
	h5_put_with(file, "d", type, 1, &n, packed(n), words);
	H5Tclose(type);
	dset = ck_h5(H5Dopen2(file, "d", H5P_DEFAULT));
	/* A reference to before the beginning. */
	ck_h5(H5Dwrite_chunk(dset, H5P_DEFAULT, 0, &zero, 4,
			     "\x20\xff\x20\xff"));
	ck_h5(H5Dclose(dset));
	ck_h5(H5Fclose(file));
	ck_h5(H5Zunregister(packer->id));
	ck_err(cute_shm_hdf5_load("t", h5_path("t.h5"), &opt, NULL),
	       CUTE_SHM_ERR_SOURCE);
	ck_errmsg_has("cannot read /d: ");
	ck_errmsg_has("lzf");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hdf5_packed");
	TCase *tc = tcase_create("hdf5_packed");
	const int n = (int)ELEMENTS(packers);

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, texts, 0, n);
	tcase_add_loop_test(tc, lists, 0, n);
	tcase_add_loop_test(tc, references, 0, n);
	tcase_add_loop_test(tc, virtual_dataset, 0, n);
	tcase_add_loop_test(tc, short_chunk, 0, n);
	tcase_add_test(tc, damaged_chunk);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
