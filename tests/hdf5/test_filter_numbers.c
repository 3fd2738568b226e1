/* SPDX-License-Identifier: MIT */
/* Scaleoffset and szip: chunks of libhdf5, decoded as it decodes them. */

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cute_shm.h"
#include "filter_util.h"
#include "hdf5_util.h"

#define MOST 1000 /* elements */

struct types {
	const char *name;
	hid_t *type;
	bool floating;
};

#define TYPE(name, floating) \
	{ \
#name, &name##_g, floating \
	}

static const struct types types[] = {
	TYPE(H5T_STD_I8LE, false),  TYPE(H5T_STD_U8LE, false),
	TYPE(H5T_STD_I16BE, false), TYPE(H5T_STD_U16LE, false),
	TYPE(H5T_STD_I32LE, false), TYPE(H5T_STD_U32BE, false),
	TYPE(H5T_STD_I64BE, false), TYPE(H5T_STD_U64LE, false),
	TYPE(H5T_IEEE_F32LE, true), TYPE(H5T_IEEE_F32BE, true),
	TYPE(H5T_IEEE_F64LE, true), TYPE(H5T_IEEE_F64BE, true),
};

#define TYPES (sizeof(types) / sizeof(*types))

/* How many different values there are: all the same, few, many. */
static const double spreads[] = { 0, 1, 7, 100, 1e6, 1e12 };

#define SPREADS (sizeof(spreads) / sizeof(*spreads))

/* A dataset of one chunk, and what libhdf5 gives of it. */
struct chunk {
	hid_t file, dset;
	struct filter_pipeline pipeline;
	bool known;
	struct bytes packed, expected;
	uint32_t mask;
};

static void
make_values(double *values, double spread, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = 20 + floor((double)(i * 37 % 101) * spread / 101);
}

/*
 * What libhdf5 makes of the chunk.  1.14.5 does not read all that it has
 * written: then the values themselves are meant.
 */
static void
ask_hdf5(struct chunk *c, hid_t type, double spread, size_t count)
{
	herr_t err;

	H5E_BEGIN_TRY
	{
		err = H5Dread(c->dset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT,
			      c->expected.data);
	}
	H5E_END_TRY;
	if (err >= 0)
		return;
	make_values((double *)(void *)c->expected.data, spread, count);
	ck_h5(H5Tconvert(H5T_NATIVE_DOUBLE, type, count, c->expected.data, NULL,
			 H5P_DEFAULT));
}

static void
read_back(struct chunk *c, hid_t type, double spread, size_t count)
{
	hid_t dcpl = ck_h5(H5Dget_create_plist(c->dset));
	hsize_t zero = 0, size = 0;

	c->expected.size = count * H5Tget_size(type);
	c->expected.data = calloc(count, sizeof(double));
	ck_assert_ptr_nonnull(c->expected.data);
	c->known =
		filter_pipeline_get(dcpl, c->expected.size, &c->pipeline, NULL);
	ck_h5(H5Pclose(dcpl));
	ck_h5(H5Dget_chunk_storage_size(c->dset, &zero, &size));
	c->packed.size = size;
	c->packed.data = malloc(size + 1);
	ck_assert_ptr_nonnull(c->packed.data);
	ck_h5(H5Dread_chunk(c->dset, H5P_DEFAULT, &zero, &c->mask,
			    c->packed.data));
	ask_hdf5(c, type, spread, count);
}

static struct chunk
packed_by_hdf5(hid_t type, hid_t dcpl, double spread, size_t count)
{
	double values[MOST];
	hsize_t dims = count;
	hid_t space = ck_h5(H5Screate_simple(1, &dims, NULL));
	struct chunk c = { .file = h5_create(h5_path("numbers.h5")) };

	ck_h5(H5Pset_chunk(dcpl, 1, &dims));
	c.dset = ck_h5(H5Dcreate2(c.file, "x", type, space, H5P_DEFAULT, dcpl,
				  H5P_DEFAULT));
	make_values(values, spread, count);
	ck_h5(H5Dwrite(c.dset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		       values));
	ck_h5(H5Fflush(c.file, H5F_SCOPE_LOCAL));
	ck_h5(H5Dclose(c.dset));
	/* Without the chunk that libhdf5 has in memory. */
	ck_h5(H5Fclose(c.file));
	c.file = ck_h5(
		H5Fopen(h5_path("numbers.h5"), H5F_ACC_RDONLY, H5P_DEFAULT));
	c.dset = ck_h5(H5Dopen2(c.file, "x", H5P_DEFAULT));
	read_back(&c, type, spread, count);
	ck_h5(H5Sclose(space));
	ck_h5(H5Pclose(dcpl));
	return c;
}

static void
chunk_free(struct chunk *c)
{
	free(c->packed.data);
	free(c->expected.data);
	ck_h5(H5Dclose(c->dset));
	ck_h5(H5Fclose(c->file));
}

/* -------------------------------------------------------------- scaleoffset */

enum fill {
	FILL_NONE,
	FILL_DEFAULT,
	FILL_THERE,
	FILLS
};

static hid_t
scaled(const struct types *t, int factor, enum fill fill)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	const double there = 20;

	ck_h5(H5Pset_scaleoffset(dcpl,
				 t->floating ? H5Z_SO_FLOAT_DSCALE : H5Z_SO_INT,
				 factor));
	if (fill == FILL_NONE)
		ck_h5(H5Pset_fill_value(dcpl, *t->type, NULL));
	else if (fill == FILL_THERE)
		ck_h5(H5Pset_fill_value(dcpl, H5T_NATIVE_DOUBLE, &there));
	return dcpl;
}

START_TEST(test_scaleoffset)
{
	const struct types *t = &types[_i];
	static const size_t counts[] = { 1, 7, MOST };

	for (unsigned n = 0; n < SPREADS * FILLS * 3; n++) {
		double spread = spreads[n % SPREADS];
		enum fill fill = (enum fill)(n / SPREADS % FILLS);
		size_t count = counts[n / SPREADS / FILLS];
		struct chunk c;

		/* What a byte cannot hold is clipped, and all bits are kept. */
		c = packed_by_hdf5(*t->type,
				   scaled(t, t->floating ? 2 : 0, fill), spread,
				   count);
		ck_assert_msg(c.known, "%s", t->name);
		check_decodes(&c.pipeline, c.mask, c.packed, c.expected);
		chunk_free(&c);
	}
}
END_TEST

/* The number of bits may be given, too: even all of them. */
START_TEST(test_given_bits)
{
	for (int bits = 5; bits <= 32; bits += 9) {
		struct chunk c =
			packed_by_hdf5(H5T_STD_I32BE,
				       scaled(&types[4], bits, FILL_NONE), 7,
				       100);

		ck_assert(c.known);
		check_decodes(&c.pipeline, c.mask, c.packed, c.expected);
		chunk_free(&c);
	}
}
END_TEST

/* Deflate does not need to know how far its data were packed. */
START_TEST(test_packed_twice)
{
	hid_t dcpl = scaled(&types[4], 0, FILL_DEFAULT);
	struct chunk c;

	ck_h5(H5Pset_shuffle(dcpl));
	ck_h5(H5Pset_deflate(dcpl, 3));
	ck_h5(H5Pset_fletcher32(dcpl));
	c = packed_by_hdf5(H5T_STD_I32LE, dcpl, 1e6, MOST);
	ck_assert(c.known == (filter_inflate != NULL));
	if (c.known) {
		check_decodes(&c.pipeline, c.mask, c.packed, c.expected);
		check_robust(&c.pipeline, c.packed, c.expected, true);
	}
	chunk_free(&c);

	/* The elements are not what scaleoffset gets then. */
	dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));
	ck_h5(H5Pset_shuffle(dcpl));
	ck_h5(H5Pset_scaleoffset(dcpl, H5Z_SO_INT, 0));
	c = packed_by_hdf5(H5T_STD_I32LE, dcpl, 1e6, MOST);
	ck_assert(!c.known);
	chunk_free(&c);
}
END_TEST

START_TEST(test_scaleoffset_damage)
{
	struct chunk c =
		packed_by_hdf5(H5T_STD_I32LE,
			       scaled(&types[4], 0, FILL_DEFAULT), 1e6, MOST);
	size_t size = c.packed.size;

	check_robust(&c.pipeline, c.packed, c.expected, false);
	c.packed.size = 20;
	check_damaged(&c.pipeline, 0, c.packed, "20 bytes are too few");
	c.packed.size = size / 2;
	check_damaged(&c.pipeline, 0, c.packed, "bytes are too few");
	c.packed.size = size;
	/* Of too many bits nothing is unpacked, as by libhdf5 1.10. */
	c.packed.data[0] = 33;
	for (size_t i = 0; i < c.expected.size; i += 4)
		memcpy(c.expected.data + i, c.packed.data + 5, 4);
	check_decodes(&c.pipeline, 0, c.packed, c.expected);
	chunk_free(&c);
}
END_TEST

/* Parameters that do not fit the chunk: libhdf5 may know what they mean. */
START_TEST(test_scaleoffset_parameters)
{
	static const unsigned good[20] = { 2, 0, 25, 0, 4, 1, 0, 0 };
	static const struct {
		unsigned at, value;
	} bad[] = { { 0, 0 }, { 0, 1 },	 { 1, 33 }, { 2, 24 }, { 3, 2 },
		    { 4, 3 }, { 4, 16 }, { 5, 2 },  { 6, 2 },  { 7, 2 } };
	struct filter_pipeline p =
		one_filter(H5Z_FILTER_SCALEOFFSET, 100, 20, good);

	ck_assert(filter_scaleoffset_known(&p.filter[0], 100));
	ck_assert(!filter_scaleoffset_known(&p.filter[0], 104));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		p = one_filter(H5Z_FILTER_SCALEOFFSET, 100, 20, good);
		p.filter[0].param[bad[i].at] = bad[i].value;
		ck_assert(!filter_scaleoffset_known(&p.filter[0], 100));
	}
	p = one_filter(H5Z_FILTER_SCALEOFFSET, 100, 19, good);
	ck_assert(!filter_scaleoffset_known(&p.filter[0], 100));
}
END_TEST

/* --------------------------------------------------------------------- szip */

static bool
writes_szip(void)
{
	unsigned info;

	return filter_unszip && H5Zfilter_avail(H5Z_FILTER_SZIP) > 0 &&
	       H5Zget_filter_info(H5Z_FILTER_SZIP, &info) >= 0 &&
	       (info & H5Z_FILTER_CONFIG_ENCODE_ENABLED);
}

static struct chunk
zipped(hid_t type, unsigned options, unsigned block, double spread,
       size_t count)
{
	hid_t dcpl = ck_h5(H5Pcreate(H5P_DATASET_CREATE));

	ck_h5(H5Pset_szip(dcpl, options, block));
	return packed_by_hdf5(type, dcpl, spread, count);
}

START_TEST(test_szip)
{
	const struct types *t = &types[_i];
	static const unsigned blocks[] = { 2, 8, 32 };

	if (!writes_szip())
		return;
	for (unsigned n = 0; n < SPREADS * 6; n++) {
		unsigned option = n / SPREADS % 2 ? H5_SZIP_EC_OPTION_MASK
						  : H5_SZIP_NN_OPTION_MASK;
		struct chunk c =
			zipped(*t->type, option, blocks[n / SPREADS / 2],
			       spreads[n % SPREADS], n % 2 ? 77 : MOST);

		ck_assert_msg(c.known, "%s", t->name);
		check_decodes(&c.pipeline, c.mask, c.packed, c.expected);
		chunk_free(&c);
	}
}
END_TEST

START_TEST(test_szip_damage)
{
	struct chunk c;

	if (!writes_szip())
		return;
	c = zipped(H5T_STD_I32LE, H5_SZIP_NN_OPTION_MASK, 8, 1e6, MOST);
	check_robust(&c.pipeline, c.packed, c.expected, false);
	check_begins(&c.pipeline, c.packed, c.expected);
	c.packed.size = 3;
	check_damaged(&c.pipeline, 0, c.packed, "szip stream is damaged");
	chunk_free(&c);
}
END_TEST

START_TEST(test_szip_parameters)
{
	static const unsigned good[4] = { 141, 8, 32, 256 };
	static const struct {
		unsigned at, value;
	} bad[] = { { 1, 0 },  { 1, 7 }, { 1, 34 },  { 2, 0 },
		    { 2, 12 }, { 3, 0 }, { 3, 4097 } };
	struct filter_pipeline p = one_filter(H5Z_FILTER_SZIP, 100, 4, good);

	ck_assert(filter_szip_known(&p.filter[0]) == (filter_unszip != NULL));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		p = one_filter(H5Z_FILTER_SZIP, 100, 4, good);
		p.filter[0].param[bad[i].at] = bad[i].value;
		ck_assert(!filter_szip_known(&p.filter[0]));
	}
	p = one_filter(H5Z_FILTER_SZIP, 100, 2, good);
	ck_assert(!filter_szip_known(&p.filter[0]));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("filter_numbers");
	TCase *tc = tcase_create("filter_numbers");

	/* It sets the numbers of the types. */
	if (H5open() < 0)
		return 1;
	tcase_set_timeout(tc, 300);
	tcase_add_loop_test(tc, test_scaleoffset, 0, (int)TYPES);
	tcase_add_test(tc, test_given_bits);
	tcase_add_test(tc, test_packed_twice);
	tcase_add_test(tc, test_scaleoffset_damage);
	tcase_add_test(tc, test_scaleoffset_parameters);
	tcase_add_loop_test(tc, test_szip, 0, (int)TYPES);
	tcase_add_test(tc, test_szip_damage);
	tcase_add_test(tc, test_szip_parameters);
	suite_add_tcase(suite, tc);
	return test_run(suite);
}
