/* SPDX-License-Identifier: MIT */
/*
 * large_file FILE: an HDF5 file that is sent in many pieces: 24 MiB in one
 * array, 2 MiB in chunks that are no blocks, and many small arrays.
 */
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LARGE (3 << 20)
#define ROWS  1000
#define SMALL 200

static hid_t
must(hid_t id)
{
	if (id >= 0)
		return id;
	fputs("large_file: HDF5 failed\n", stderr);
	exit(1);
}

static void
add(hid_t file, const char *name, int rank, const hsize_t *shape, hid_t plist,
    const uint64_t *data)
{
	hid_t space = must(H5Screate_simple(rank, shape, NULL));
	hid_t set = must(H5Dcreate2(file, name, H5T_STD_U64LE, space,
				    H5P_DEFAULT, plist, H5P_DEFAULT));

	must(H5Dwrite(set, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		      data));
	H5Dclose(set);
	H5Sclose(space);
}

int
main(int argc, char **argv)
{
	const hsize_t large[] = { LARGE }, rows[] = { ROWS, 256 };
	const hsize_t chunk[] = { 7, 256 };
	uint64_t *data = malloc(LARGE * sizeof(*data));
	hid_t file, plist;
	hsize_t few;
	char name[32];
	uint64_t i;

	if (argc != 2 || !data)
		return 1;
	for (i = 0; i < LARGE; i++)
		data[i] = i * UINT64_C(0x9e3779b97f4a7c15);
	file = must(
		H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
	plist = must(H5Pcreate(H5P_DATASET_CREATE));
	H5Pset_chunk(plist, 2, chunk);
	H5Pset_deflate(plist, 1);
	add(file, "chunks", 2, rows, plist, data);
	add(file, "large", 1, large, H5P_DEFAULT, data);
	for (few = 1; few <= SMALL; few++) {
		snprintf(name, sizeof(name), "small%u", (unsigned)few);
		add(file, name, 1, &few, H5P_DEFAULT, data);
	}
	H5Pclose(plist);
	free(data);
	return H5Fclose(file) < 0;
}
