/* SPDX-License-Identifier: MIT */
/* What a load costs in any case: of a file with one small array. */

#include <hdf5.h>
#include <unistd.h>

#include "bench.h"
#include "cute_shm_hdf5.h"

#define LOADS 200

static void
make_one(const char *path)
{
	const double data[10] = { 1, 2, 3 };
	const hsize_t n = 10;
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
	hid_t space = H5Screate_simple(1, &n, NULL);
	hid_t dset = H5Dcreate2(file, "data", H5T_IEEE_F64LE, space,
				H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

	if (H5Dwrite(dset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
		     data) < 0)
		die("libhdf5 cannot write a dataset");
	H5Dclose(dset);
	H5Sclose(space);
	H5Fclose(file);
}

void
bench_start(struct bench *b)
{
	struct cute_shm_unlink_options gone = { .size = sizeof(gone),
						.root = b->root };
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt),
					     .root = b->root,
					     .jobs = b->jobs };
	double times[LOADS], begin, t;
	char path[4096];

	snprintf(path, sizeof(path), "%s", bench_path(b->folder, "bench.h5"));
	make_one(path);
	for (unsigned i = 0; i < LOADS; i++) {
		begin = clock_now();
		if (cute_shm_hdf5_load("bench", path, &opt, NULL) != 0)
			die("%s: %s", path, cute_shm_errmsg());
		times[i] = clock_now() - begin;
		cute_shm_unlink("bench", &gone, NULL);
	}
	unlink(path);
	t = median(times, LOADS);
	if (!b->json)
		printf("\nloading one small array: %.2f ms (median of %d)\n",
		       t * 1e3, LOADS);
	else
		printf("%s\n  {\"start\": %.6f}", b->first ? "" : ",", t);
	b->first = false;
}
