/* SPDX-License-Identifier: MIT */
/* demo_file FILE: an HDF5 file as a robotics lab has it, 200 MB of data. */

#include <hdf5.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define STEPS  20000
#define JOINTS 14
#define FRAMES 300
#define HEIGHT 240
#define WIDTH  320
#define DEMOS  3

static void
must(int64_t rc, const char *what)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "demo_file: %s failed\n", what);
	exit(EXIT_FAILURE);
}

/* Chunked, compressed by gzip after shuffling the bytes. */
static void
dataset(hid_t group, const char *name, hid_t type, int rank,
	const hsize_t *shape, const hsize_t *chunk, const void *data)
{
	hid_t space = H5Screate_simple(rank, shape, NULL);
	hid_t plist = H5Pcreate(H5P_DATASET_CREATE), set;

	H5Pset_chunk(plist, rank, chunk);
	H5Pset_shuffle(plist);
	H5Pset_deflate(plist, 4);
	set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, plist,
			 H5P_DEFAULT);
	must(set, name);
	must(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), name);
	H5Dclose(set);
	H5Pclose(plist);
	H5Sclose(space);
}

static void
attribute(hid_t object, const char *name, double value)
{
	hid_t space = H5Screate(H5S_SCALAR);
	hid_t a = H5Acreate2(object, name, H5T_IEEE_F64LE, space, H5P_DEFAULT,
			     H5P_DEFAULT);

	must(a, name);
	must(H5Awrite(a, H5T_NATIVE_DOUBLE, &value), name);
	H5Aclose(a);
	H5Sclose(space);
}

static void
trajectory(hid_t group, unsigned demo)
{
	const hsize_t shape[] = { STEPS, JOINTS }, chunk[] = { 2000, JOINTS };
	double *joints = malloc(sizeof(*joints) * STEPS * JOINTS);
	size_t i;

	must(joints ? 0 : -1, "memory");
	for (i = 0; i < STEPS * JOINTS; i++)
		joints[i] = sin((double)(i + demo) * 1e-4);
	dataset(group, "joints", H5T_NATIVE_DOUBLE, 2, shape, chunk, joints);
	free(joints);
}

static void
camera(hid_t group, unsigned demo)
{
	const hsize_t shape[] = { FRAMES, HEIGHT, WIDTH, 3 };
	const hsize_t chunk[] = { 1, HEIGHT, WIDTH, 3 };
	size_t size = (size_t)FRAMES * HEIGHT * WIDTH * 3, i;
	uint8_t *images = malloc(size);

	must(images ? 0 : -1, "memory");
	for (i = 0; i < size; i++)
		images[i] = (uint8_t)((i / 3 % WIDTH) ^ (i >> 17) ^ demo);
	dataset(group, "camera", H5T_NATIVE_UINT8, 4, shape, chunk, images);
	free(images);
}

int
main(int argc, char **argv)
{
	char name[16];
	unsigned demo;
	hid_t file, group;

	if (argc != 2)
		return 64;
	file = H5Fcreate(argv[1], H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	must(file, argv[1]);
	attribute(file, "control_hz", 50.0);
	for (demo = 0; demo < DEMOS; demo++) {
		snprintf(name, sizeof(name), "demo_%u", demo);
		group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT,
				   H5P_DEFAULT);
		must(group, name);
		attribute(group, "success", demo != 1);
		trajectory(group, demo);
		camera(group, demo);
		H5Gclose(group);
	}
	must(H5Fclose(file), argv[1]);
	return EXIT_SUCCESS;
}
