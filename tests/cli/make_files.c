/* SPDX-License-Identifier: MIT */
/* make_files DIR: HDF5 files for the tests of cute-shm-hdf5. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hdf5.h>

/* HDF5's calls return a negative number on failure, ids among them. */
static hid_t
must(hid_t id)
{
	if (id >= 0)
		return id;
	fputs("make_files: HDF5 failed\n", stderr);
	exit(1);
}

static hid_t
create(const char *name)
{
	return must(H5Fcreate(name, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
}

static void
add(hid_t where, const char *name, hid_t type, int rank, const hsize_t *dims,
    const void *data)
{
	hid_t space = must(H5Screate_simple(rank, dims, NULL));
	hid_t lcpl = must(H5Pcreate(H5P_LINK_CREATE)), set;

	must(H5Pset_create_intermediate_group(lcpl, 1));
	set = must(H5Dcreate2(where, name, type, space, lcpl, H5P_DEFAULT,
			      H5P_DEFAULT));
	if (data)
		must(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
	H5Dclose(set);
	H5Pclose(lcpl);
	H5Sclose(space);
}

static void
add_attribute(hid_t where, const char *object, const char *name, double value)
{
	hid_t space = must(H5Screate(H5S_SCALAR));
	hid_t attr = must(H5Acreate_by_name(where, object, name, H5T_IEEE_F64LE,
					    space, H5P_DEFAULT, H5P_DEFAULT,
					    H5P_DEFAULT));

	must(H5Awrite(attr, H5T_NATIVE_DOUBLE, &value));
	H5Aclose(attr);
	H5Sclose(space);
}

/* Chunks of 'chunk' elements, gzip'ed when told so; never written. */
static hid_t
chunked(hid_t file, const char *name, hsize_t n, hsize_t chunk, int gzip)
{
	hid_t space = must(H5Screate_simple(1, &n, NULL));
	hid_t dcpl = must(H5Pcreate(H5P_DATASET_CREATE)), set;

	must(H5Pset_chunk(dcpl, 1, &chunk));
	if (gzip)
		must(H5Pset_deflate(dcpl, 1));
	set = must(H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT,
			      dcpl, H5P_DEFAULT));
	H5Pclose(dcpl);
	H5Sclose(space);
	return set;
}

static void
make_demo(void)
{
	static const double data[12] = { 1, 2, 3 };
	static const int32_t numbers[4] = { 1, 2, 3, 4 };
	static const hsize_t matrix[] = { 3, 4 }, four[] = { 4 };
	hid_t file = create("demo.h5");

	add(file, "a", H5T_IEEE_F64LE, 2, matrix, data);
	add_attribute(file, "a", "fps", 30);
	add(file, "b/b1", H5T_STD_I32LE, 1, four, numbers);
	add(file, "b/raw/b2", H5T_STD_I32BE, 1, four, numbers);
	add_attribute(file, "b", "gain", 0.5);
	must(H5Lcreate_soft("/a", file, "alias", H5P_DEFAULT, H5P_DEFAULT));
	H5Fclose(file);
}

/* Names for patterns, and several names of one object. */
static void
make_globs(void)
{
	static const char *const names[] = {
		"demo_0/q", "demo_0/q_raw", "demo_1/q",	   "demo_1/sub/x_raw",
		"first",    "g[0]",	    "none/deep/z",
	};
	static const double one[] = { 1 };
	static const hsize_t count[] = { 1 };
	hid_t file = create("globs.h5");
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		add(file, names[i], H5T_IEEE_F64LE, 1, count, one);
	must(H5Lcreate_hard(file, "first", file, "second_raw", H5P_DEFAULT,
			    H5P_DEFAULT));
	must(H5Lcreate_hard(file, "none", file, "same", H5P_DEFAULT,
			    H5P_DEFAULT));
	must(H5Lcreate_soft("/nowhere", file, "dangling", H5P_DEFAULT,
			    H5P_DEFAULT));
	H5Fclose(file);
}

/* A region reference has no form in a segment. */
static void
make_skipped(void)
{
	static const hsize_t two[] = { 2 };
	static const double data[] = { 1, 2 };
	hid_t file = create("skipped.h5");

	add(file, "fine", H5T_IEEE_F64LE, 1, two, data);
	add(file, "regions", H5T_STD_REF_DSETREG, 1, two, NULL);
	must(H5Lcreate_soft("/nowhere", file, "dangling", H5P_DEFAULT,
			    H5P_DEFAULT));
	must(H5Lcreate_external("other.h5", "/", file, "outside", H5P_DEFAULT,
				H5P_DEFAULT));
	H5Fclose(file);
}

static size_t
keep(unsigned flags, size_t count, const unsigned *values, size_t size,
     size_t *room, void **buffer)
{
	(void)flags, (void)count, (void)values, (void)room, (void)buffer;
	return size;
}

/* A filter that no other program has. */
static void
make_filtered(void)
{
	const H5Z_class2_t class = { H5Z_CLASS_T_VERS, 300,  1,	   1,
				     "test",	       NULL, NULL, keep };
	static const hsize_t two[] = { 2 };
	static const double data[] = { 1, 2 };
	hid_t file = create("filtered.h5"), space, dcpl, set;

	must(H5Zregister(&class));
	space = must(H5Screate_simple(1, two, NULL));
	dcpl = must(H5Pcreate(H5P_DATASET_CREATE));
	must(H5Pset_chunk(dcpl, 1, two));
	must(H5Pset_filter(dcpl, 300, H5Z_FLAG_MANDATORY, 0, NULL));
	set = must(H5Dcreate2(file, "b", H5T_IEEE_F64LE, space, H5P_DEFAULT,
			      dcpl, H5P_DEFAULT));
	must(H5Dwrite(set, H5T_IEEE_F64LE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		      data));
	H5Dclose(set);
	H5Pclose(dcpl);
	H5Sclose(space);
	add(file, "fine", H5T_IEEE_F64LE, 1, two, data);
	H5Fclose(file);
}

/* A virtual dataset of a file that is not there, and raw data in another. */
static void
make_outside(void)
{
	static const hsize_t two[] = { 2 };
	hid_t file = create("outside.h5");
	hid_t space = must(H5Screate_simple(1, two, NULL));
	hid_t dcpl = must(H5Pcreate(H5P_DATASET_CREATE));

	must(H5Pset_virtual(dcpl, space, "gone.h5", "d", space));
	H5Dclose(must(H5Dcreate2(file, "virtual", H5T_IEEE_F64LE, space,
				 H5P_DEFAULT, dcpl, H5P_DEFAULT)));
	H5Pclose(dcpl);
	dcpl = must(H5Pcreate(H5P_DATASET_CREATE));
	must(H5Pset_external(dcpl, "data.raw", 0, H5F_UNLIMITED));
	H5Dclose(must(H5Dcreate2(file, "raw", H5T_IEEE_F64LE, space,
				 H5P_DEFAULT, dcpl, H5P_DEFAULT)));
	H5Pclose(dcpl);
	H5Sclose(space);
	H5Fclose(file);
}

/* Many that are left out for the same reason. */
static void
make_alike(void)
{
	static const hsize_t two[] = { 2 };
	hid_t file = create("alike.h5"), space, attr;
	char name[16], link[16];
	int i;

	for (i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "r%02d", i);
		add(file, name, H5T_STD_REF_DSETREG, 1, two, NULL);
		snprintf(link, sizeof(link), "l%02d", i);
		must(H5Lcreate_soft(name, file, link, H5P_DEFAULT,
				    H5P_DEFAULT));
	}
	space = must(H5Screate(H5S_SCALAR));
	attr = must(H5Acreate2(file, "cute-shm:compound", H5T_STD_I32LE, space,
			       H5P_DEFAULT, H5P_DEFAULT));
	must(H5Awrite(attr, H5T_NATIVE_INT, &i));
	H5Aclose(attr);
	H5Sclose(space);
	H5Fclose(file);
}

/* A chunk that gzip cannot have written. */
static void
make_damaged(void)
{
	static const char garbage[] = "this is no deflate stream at all";
	static const hsize_t two[] = { 2 }, zero[] = { 0 };
	static const double data[] = { 1, 2 };
	hid_t file = create("damaged.h5");
	hid_t set = chunked(file, "bad", 1000, 100, 1);

	must(H5Dwrite_chunk(set, H5P_DEFAULT, 0, zero, sizeof(garbage),
			    garbage));
	H5Dclose(set);
	add(file, "fine", H5T_IEEE_F64LE, 1, two, data);
	H5Fclose(file);
}

/* 8 PiB of fill values that take no room in the file. */
static void
make_huge(void)
{
	hid_t file = create("huge.h5");

	H5Dclose(chunked(file, "huge", (hsize_t)1 << 50, 1 << 20, 0));
	H5Fclose(file);
}

/* Small on disk, but some time to load: for signals at any moment. */
static void
make_slow(void)
{
	enum {
		N = 16 << 20,
		CHUNK = 16 << 10
	};
	static double data[CHUNK];
	hid_t file = create("slow.h5"), set, space, memory;
	hsize_t start, count = CHUNK;

	set = chunked(file, "slow", N, CHUNK, 1);
	space = must(H5Dget_space(set));
	memory = must(H5Screate_simple(1, &count, NULL));
	for (start = 0; start < N; start += CHUNK) {
		data[start % CHUNK] = (double)start;
		must(H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL,
					 &count, NULL));
		must(H5Dwrite(set, H5T_NATIVE_DOUBLE, memory, space,
			      H5P_DEFAULT, data));
	}
	H5Sclose(memory);
	H5Sclose(space);
	H5Dclose(set);
	H5Fclose(file);
}

/*
 * Even smaller, and slower: of each chunk of 4 MiB the dataset has one byte,
 * but all of it is decoded.  They are the same.
 */
static void
make_slower(void)
{
	enum {
		N = 1500
	};
	static const hsize_t max[] = { H5S_UNLIMITED, H5S_UNLIMITED };
	static const hsize_t chunk[] = { 1, 4 << 20 };
	static const uint8_t data[N];
	hid_t file = create("slower.h5"), dcpl, space, set;
	hsize_t at[] = { 0, 0 }, dims[] = { 1, 1 }, size;
	uint32_t mask;
	void *packed;

	dcpl = must(H5Pcreate(H5P_DATASET_CREATE));
	space = must(H5Screate_simple(2, dims, max));
	must(H5Pset_chunk(dcpl, 2, chunk));
	must(H5Pset_deflate(dcpl, 9));
	set = must(H5Dcreate2(file, "slower", H5T_STD_U8LE, space, H5P_DEFAULT,
			      dcpl, H5P_DEFAULT));
	must(H5Dwrite(set, H5T_STD_U8LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
	must(H5Dflush(set));
	must(H5Dget_chunk_storage_size(set, at, &size));
	packed = malloc(size);
	if (!packed)
		exit(1);
	must(H5Dread_chunk(set, H5P_DEFAULT, at, &mask, packed));
	dims[0] = N;
	must(H5Dset_extent(set, dims));
	for (at[0] = 1; at[0] < N; at[0]++)
		must(H5Dwrite_chunk(set, H5P_DEFAULT, mask, at, size, packed));
	free(packed);
	H5Dclose(set);
	H5Sclose(space);
	H5Pclose(dcpl);
	H5Fclose(file);
}

static void
make_hostile(void)
{
	static const hsize_t two[] = { 2 };
	hid_t file = create("hostile.h5");

	add(file, "\033[2J\033[31mred", H5T_IEEE_F64LE, 1, two, NULL);
	add(file, "\033]0;title\a", H5T_STD_REF_DSETREG, 1, two, NULL);
	add(file, "no utf-8 \xff", H5T_IEEE_F64LE, 1, two, NULL);
	H5Fclose(file);
}

int
main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1]) != 0)
		return 64;
	make_demo();
	make_globs();
	make_filtered();
	make_outside();
	make_skipped();
	make_alike();
	make_damaged();
	make_huge();
	make_slow();
	make_slower();
	make_hostile();
	return 0;
}
