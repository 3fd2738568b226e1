/* SPDX-License-Identifier: MIT */
/* What the HDF5 view of a segment costs, and what libhdf5 takes to read it. */

#include <hdf5.h>
#include <string.h>

#include "bench.h"
#include "cute_shm_hdf5.h"
#include "view/view.h"

#define ROUNDS	 5
#define READINGS 200

/* Larger files take libhdf5 minutes to write. */
#define MOST_IN_A_FILE 100000

static const unsigned counts[] = { 1, 1000, 100000, 1000000 };

static int
count_bytes(void *arg, const void *data, size_t size)
{
	(void)data;
	*(uint64_t *)arg += size;
	return 0;
}

/* Median times to measure and to emit the view; its size. */
static uint64_t
time_encoding(const struct cute_shm *shm, double *measure, double *emit)
{
	double measured[ROUNDS], emitted[ROUNDS], begin;
	uint64_t bytes = 0;
	struct view *view;

	for (unsigned i = 0; i < ROUNDS; i++) {
		bytes = 0;
		begin = clock_now();
		if (view_measure(shm, shm->size, &view) != 0)
			die("%s", cute_shm_errmsg());
		measured[i] = clock_now() - begin;
		begin = clock_now();
		if (view_emit(view, count_bytes, &bytes) != 0)
			die("%s", cute_shm_errmsg());
		emitted[i] = clock_now() - begin;
		view_free(view);
	}
	*measure = median(measured, ROUNDS);
	*emit = median(emitted, ROUNDS);
	return bytes;
}

/* Median time for libhdf5 to open a file, and to read one of its arrays. */
static double
time_reading(const char *path, unsigned count)
{
	double times[READINGS], begin, value;
	char name[64];

	for (unsigned i = 0; i < READINGS; i++) {
		hid_t file, set;

		lookup_path(i * 7919 % count, name, sizeof(name));
		begin = clock_now();
		file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
		set = file < 0 ? -1 : H5Dopen2(file, name, H5P_DEFAULT);
		if (set < 0 || H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL,
				       H5P_DEFAULT, &value) < 0)
			die("libhdf5 cannot read /%s of %s", name, path);
		H5Dclose(set);
		H5Fclose(file);
		times[i] = clock_now() - begin;
	}
	return median(times, READINGS);
}

/* The same arrays in a file that libhdf5 wrote; 0: too many. */
static double
time_file(const struct bench *b, const struct cute_shm *shm, unsigned count)
{
	struct cute_shm_hdf5_export_options opt = { .size = sizeof(opt) };
	char path[4096];
	double t;

	if (count > MOST_IN_A_FILE)
		return 0;
	snprintf(path, sizeof(path), "%s", bench_path(b->folder, "view.h5"));
	opt.flags = CUTE_SHM_HDF5_OVERWRITE;
	if (cute_shm_hdf5_export(shm, path, &opt, NULL) != 0)
		die("%s", cute_shm_errmsg());
	t = time_reading(path, count);
	remove(path);
	return t;
}

static void
print(const struct bench *b, unsigned count, uint64_t bytes,
      const double times[4])
{
	if (b->json) {
		printf("%s\n  {\"view\": %u, \"bytes\": %llu, \"measure\": "
		       "%.9f, \"emit\": %.9f, \"read_segment\": %.9f, "
		       "\"read_file\": %.9f}",
		       b->first ? "" : ",", count, (unsigned long long)bytes,
		       times[0], times[1], times[2], times[3]);
		return;
	}
	printf("%10u %10.1f %10.0f %10.0f %12.1f %12.1f\n", count,
	       (double)bytes / count, times[0] / count * 1e9,
	       times[1] / count * 1e9, times[2] * 1e6, times[3] * 1e6);
}

static void
bench_view(struct bench *b, unsigned count)
{
	struct cute_shm_open_options opt = { .size = sizeof(opt),
					     .root = b->root };
	struct cute_shm_info info;
	struct cute_shm *shm;
	double times[4];
	uint64_t bytes;

	lookup_project(b, count);
	if (cute_shm_open("lookup", &opt, &shm) != 0)
		die("%s", cute_shm_errmsg());
	cute_shm_info(shm, &info);
	bytes = time_encoding(shm, &times[0], &times[1]);
	times[2] = time_reading(info.path, count);
	times[3] = time_file(b, shm, count);
	print(b, count, bytes, times);
	b->first = false;
	cute_shm_close(shm);
	lookup_unlink(b);
}

void
bench_views(struct bench *b)
{
	if (!b->json)
		printf("\nHDF5 view, per array; libhdf5 opens and reads one:\n"
		       "%10s %10s %10s %10s %12s %12s\n",
		       "arrays", "bytes", "measure ns", "emit ns", "segment us",
		       "file us");
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		bench_view(b, counts[i]);
}
