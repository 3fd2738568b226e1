/* SPDX-License-Identifier: MIT */
/* Many small files, each an episode: one load, a load for each, h5py. */

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "cute_shm_hdf5.h"

#define FILES	2000
#define SINGLES 100 /* loads of one file that are timed */
#define STEPS	50
#define IMAGE	2304 /* bytes: 24 x 32 pixels */

static void
put(hid_t file, const char *path, hid_t type, const hsize_t *dims, int rank,
    const hsize_t *chunk, const void *data)
{
	hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
	hid_t lcpl = H5Pcreate(H5P_LINK_CREATE);
	hid_t space = H5Screate_simple(rank, dims, NULL), dset;

	H5Pset_create_intermediate_group(lcpl, 1);
	if (chunk)
		H5Pset_chunk(dcpl, rank, chunk);
	dset = H5Dcreate2(file, path, type, space, lcpl, dcpl, H5P_DEFAULT);
	if (H5Dwrite(dset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
		die("libhdf5 cannot write a dataset");
	H5Dclose(dset);
	H5Sclose(space);
	H5Pclose(lcpl);
	H5Pclose(dcpl);
}

/* As robot-learning data sets have them. */
static void
make_episode(const char *path)
{
	static const hsize_t states[] = { STEPS, 14 },
			     images[] = { STEPS, IMAGE };
	static const hsize_t chunk[] = { 1, IMAGE };
	static uint8_t image[STEPS * IMAGE];
	static float state[STEPS * 14];
	hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);

	put(file, "action", H5T_IEEE_F32LE, states, 2, NULL, state);
	put(file, "observations/qpos", H5T_IEEE_F32LE, states, 2, NULL, state);
	put(file, "observations/qvel", H5T_IEEE_F32LE, states, 2, NULL, state);
	put(file, "observations/images/top", H5T_STD_U8LE, images, 2, chunk,
	    image);
	H5Fclose(file);
}

static const char *
episode(const char *folder, unsigned i)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/episode_%u.h5", folder, i);
	return path;
}

static double
load_all(const struct bench *b, const char *folder)
{
	const struct cute_shm_hdf5_source source = { .file = folder };
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt),
					     .root = b->root,
					     .jobs = b->jobs };
	double begin = clock_now();

	if (cute_shm_hdf5_load_files("bench", &source, 1, &opt, NULL) != 0)
		die("%s: %s", folder, cute_shm_errmsg());
	return clock_now() - begin;
}

static double
load_one(const struct bench *b, const char *path)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt),
					     .root = b->root,
					     .jobs = b->jobs };
	double begin = clock_now();

	if (cute_shm_hdf5_load("bench", path, &opt, NULL) != 0)
		die("%s: %s", path, cute_shm_errmsg());
	return clock_now() - begin;
}

/* What each process does without us: libhdf5 reads all of it. */
static herr_t
read_link(hid_t group, const char *name, const H5L_info_t *info, void *arg)
{
	static uint8_t data[STEPS * IMAGE];
	hid_t id = H5Oopen(group, name, H5P_DEFAULT), type;

	(void)info, (void)arg;
	if (id >= 0 && H5Iget_type(id) == H5I_DATASET) {
		type = H5Dget_type(id);
		if (H5Dread(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
			die("H5Dread fails");
		H5Tclose(type);
	}
	H5Oclose(id);
	return 0;
}

static double
h5_read(const char *folder)
{
	double begin = clock_now();
	hid_t file;

	for (unsigned i = 0; i < FILES; i++) {
		file = H5Fopen(episode(folder, i), H5F_ACC_RDONLY, H5P_DEFAULT);
		if (file < 0 || H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE,
					 read_link, NULL) < 0)
			die("cannot read %s", episode(folder, i));
		H5Fclose(file);
	}
	return clock_now() - begin;
}

static void
print(struct bench *b, double all, double single, double read)
{
	if (!b->json)
		printf("\n%d files of one episode, 0.12 MiB each: one load "
		       "%.3f s; a load for each %.1f s (%d were timed); "
		       "H5Dread, private %.3f s\n",
		       FILES, all, single * FILES, SINGLES, read);
	else
		printf("%s\n  {\"files\": %d, \"one_load\": %.6f, "
		       "\"load_of_one\": %.6f, \"read\": %.6f}",
		       b->first ? "" : ",", FILES, all, single, read);
	b->first = false;
}

void
bench_files(struct bench *b)
{
	struct cute_shm_unlink_options gone = { .size = sizeof(gone),
						.root = b->root };
	double all[MOST_ROUNDS], single[SINGLES], read[MOST_ROUNDS];
	char *folder = strdup(bench_path(b->folder, "bench.files"));
	unsigned i;

	if (!folder || mkdir(folder, 0700) != 0)
		die("cannot make a folder in %s", b->folder);
	for (i = 0; i < FILES; i++)
		make_episode(episode(folder, i));
	for (i = 0; i < b->rounds; i++) {
		read[i] = h5_read(folder);
		all[i] = load_all(b, folder);
		cute_shm_unlink("bench", &gone, NULL);
	}
	for (i = 0; i < SINGLES; i++) {
		single[i] = load_one(b, episode(folder, i));
		cute_shm_unlink("bench", &gone, NULL);
	}
	for (i = 0; i < FILES; i++)
		unlink(episode(folder, i));
	rmdir(folder);
	free(folder);
	print(b, median(all, b->rounds), median(single, SINGLES),
	      median(read, b->rounds));
}
