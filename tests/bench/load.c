/* SPDX-License-Identifier: MIT */
/* Loads of each kind of data against what people do without us. */

#include <fcntl.h>
#include <hdf5.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "cute_shm_hdf5.h"
#include "hdf5/filter/filter.h"

enum way {
	OURS,	   /* all threads, digests on */
	OURS_ONE,  /* one thread */
	COPY,	   /* of the file's bytes, as cp does */
	READ,	   /* H5Dread to private memory */
	READ_COPY, /* and from there to a fresh shared mapping */
	WAYS
};

/* From the file to the name of the segment. */
static void
run_ours(const struct bench *b, const char *path, unsigned jobs)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt),
					     .root = b->root,
					     .flags = CUTE_SHM_HDF5_OVERWRITE,
					     .jobs = jobs };

	if (cute_shm_hdf5_load("bench", path, &opt, NULL) != 0)
		die("%s: %s", path, cute_shm_errmsg());
}

void
bench_once(const struct bench *b, const char *path)
{
	run_ours(b, path, b->jobs);
}

void
bench_remove(const struct bench *b)
{
	struct cute_shm_unlink_options opt = { .size = sizeof(opt),
					       .root = b->root };

	cute_shm_unlink("bench", &opt, NULL);
}

static void
run_copy(const struct bench *b, const char *path)
{
	static char buffer[256 << 10];
	int from = open(path, O_RDONLY | O_CLOEXEC);
	int to = open(bench_path(b->root, "bench.copy"),
		      O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ssize_t n = 1;

	while (n > 0) {
		n = read(from, buffer, sizeof(buffer));
		if (n > 0 && write(to, buffer, (size_t)n) != n)
			die("cannot copy %s to %s", path, b->root);
	}
	if (from < 0 || to < 0 || n < 0)
		die("cannot copy %s", path);
	close(from);
	close(to);
}

/* What was read, kept until the end as a user's dict does. */
struct kept {
	void **data;
	size_t count, room;
	int fd; /* shared memory, -1: none */
	off_t size;
};

static void
copy_shared(struct kept *k, const void *data, size_t size)
{
	void *map;

	if (ftruncate(k->fd, k->size + (off_t)size) != 0)
		die("no shared memory for %zu bytes", size);
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, k->fd,
		   k->size);
	if (map == MAP_FAILED)
		die("cannot map %zu bytes", size);
	memcpy(map, data, size);
	munmap(map, size);
	k->size += ((off_t)size + 4095) & ~(off_t)4095;
}

/* The type that h5py reads with: native, float16 as it is. */
static hid_t
memory_type(hid_t type)
{
	if (H5Tget_class(type) == H5T_FLOAT && H5Tget_size(type) == 2)
		return H5Tcopy(type);
	return H5Tget_native_type(type, H5T_DIR_DEFAULT);
}

static void
read_dataset(hid_t dset, struct kept *k)
{
	hid_t type = H5Dget_type(dset), space = H5Dget_space(dset);
	hid_t mem = memory_type(type);
	size_t size =
		H5Tget_size(mem) * (size_t)H5Sget_simple_extent_npoints(space);
	void *data = malloc(size);

	if (!data ||
	    H5Dread(dset, mem, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0)
		die("H5Dread fails");
	if (k->fd >= 0)
		copy_shared(k, data, size);
	if (H5Tis_variable_str(mem) > 0)
		H5Dvlen_reclaim(mem, space, H5P_DEFAULT, data);
	if (k->count == k->room) {
		k->room = k->room ? 2 * k->room : 1024;
		k->data = realloc(k->data, k->room * sizeof(*k->data));
		if (!k->data)
			die("no memory");
	}
	k->data[k->count++] = data;
	H5Tclose(mem);
	H5Tclose(type);
	H5Sclose(space);
}

static herr_t
read_link(hid_t group, const char *name, const H5L_info_t *info, void *arg)
{
	hid_t id = H5Oopen(group, name, H5P_DEFAULT);

	(void)info;
	if (id < 0)
		die("cannot open %s", name);
	if (H5Iget_type(id) == H5I_DATASET)
		read_dataset(id, arg);
	H5Oclose(id);
	return 0;
}

/* Freeing it all is no part of the time. */
static double
run_read(const struct bench *b, const char *path, bool copy)
{
	struct kept k = { .fd = -1 };
	double begin = clock_now(), end;
	hid_t file;

	if (copy)
		k.fd = open(b->root, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (copy && k.fd < 0)
		die("no shared memory in %s", b->root);
	file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
	if (file < 0 ||
	    H5Lvisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, read_link, &k) < 0)
		die("cannot read %s", path);
	H5Fclose(file);
	end = clock_now();
	while (k.count > 0)
		free(k.data[--k.count]);
	free(k.data);
	malloc_trim(0);
	if (copy)
		close(k.fd);
	return end - begin;
}

static void
drop_cache(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fsync(fd) == 0)
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	close(fd);
}

/* What a run leaves is removed afterwards, outside the time. */
static double
run(const struct bench *b, const char *path, enum way way)
{
	double begin, end;

	if (b->cold)
		drop_cache(path);
	if (way == READ || way == READ_COPY)
		return run_read(b, path, way == READ_COPY);
	begin = clock_now();
	if (way == COPY)
		run_copy(b, path);
	else
		run_ours(b, path, way == OURS ? b->jobs : 1);
	end = clock_now();
	if (way != COPY)
		bench_remove(b);
	else
		unlink(bench_path(b->root, "bench.copy"));
	return end - begin;
}

/* What is not a time. */
struct facts {
	double size;   /* bytes of the arrays' data */
	double stored; /* bytes of the file */
	double native; /* share of the arrays that libhdf5 did not read */
	double memory; /* private, at most */
};

static void
print_row(struct bench *b, const struct kind *k, const struct facts *f,
	  const double *t)
{
	static const char *const names[] = { "ours", "ours_one_thread", "copy",
					     "read", "read_and_copy" };

	if (!b->json) {
		printf("%-13s %6.0f %5.2f %8.3f %8.3f %8.3f %8.3f %8.3f  %6.2f "
		       "%6.2f %6.2f %6.2f %7.1f %6.1f\n",
		       k->name, f->size / 1048576, f->size / f->stored, t[OURS],
		       t[OURS_ONE], t[COPY], t[READ], t[READ_COPY],
		       t[OURS] / t[COPY], t[READ] / t[OURS],
		       t[READ] / t[OURS_ONE], t[READ_COPY] / t[OURS],
		       f->memory / 1048576, f->native * 100);
		fflush(stdout);
		return;
	}
	printf("%s\n  {\"load\": \"%s\", \"bytes\": %.0f, \"file\": %.0f",
	       b->first ? "" : ",", k->name, f->size, f->stored);
	for (int way = 0; way < WAYS; way++)
		printf(", \"%s\": %.6f", names[way], t[way]);
	printf(", \"private_memory\": %.0f, \"native\": %.4f}", f->memory,
	       f->native);
	b->first = false;
}

/* Arrays of a plan. */
struct counted {
	double all, native;
};

static void
count_array(const struct cute_shm_hdf5_array *array, void *arg)
{
	struct counted *c = arg;

	c->all++;
	c->native += array->libhdf5[0] == '\0';
}

static struct facts
facts_get(const struct bench *b, const char *path)
{
	struct counted c = { 0, 0 };
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt),
					     .array = count_array,
					     .arg = &c };
	struct cute_shm_hdf5_result result;
	struct stat st;

	if (cute_shm_hdf5_plan(path, &opt, &result) != 0)
		die("%s: %s", path, cute_shm_errmsg());
	if (stat(path, &st) != 0)
		die("%s: no such file", path);
	return (struct facts){ .size = (double)result.bytes,
			       .stored = (double)st.st_size,
			       .native = c.all > 0 ? c.native / c.all : 1,
			       .memory = bench_private_memory(b, path) };
}

/* Whether files of this kind can be made here. */
static bool
can_make(const struct kind *k)
{
	return !strchr(k->filters, 'z') || filter_unzstd;
}

void
bench_make_files(const struct bench *b)
{
	char name[64];

	for (size_t i = 0; i < kind_count; i++) {
		if (!wanted(b, kinds[i].name) || !can_make(&kinds[i]))
			continue;
		snprintf(name, sizeof(name), "%s.h5", kinds[i].name);
		kinds[i].make(&kinds[i], bench_path(b->files, name), b->size);
	}
}

static void
bench_kind(struct bench *b, const struct kind *k)
{
	double times[WAYS][MOST_ROUNDS], t[WAYS];
	struct facts facts;
	char path[4096];

	if (!can_make(k))
		return;
	snprintf(path, sizeof(path), "%s", bench_path(b->folder, "bench.h5"));
	k->make(k, path, b->size);
	run(b, path, COPY); /* the file is in the page cache now */
	/* There and back: what one leaves to the next is for all the same. */
	for (unsigned round = 0; round < b->rounds; round++)
		for (int i = 0; i < WAYS; i++) {
			int way = round % 2 ? WAYS - 1 - i : i;

			times[way][round] = run(b, path, (enum way)way);
		}
	for (int way = 0; way < WAYS; way++)
		t[way] = median(times[way], b->rounds);
	facts = facts_get(b, path);
	print_row(b, k, &facts, t);
	unlink(path);
}

void
bench_loads(struct bench *b)
{
	if (!b->json)
		printf("%-13s %6s %5s %8s %8s %8s %8s %8s  %6s %6s %6s %6s "
		       "%7s %6s\n%-13s %6s %5s %8s %8s %8s %8s %8s  %6s %6s "
		       "%6s %6s %7s %6s\n",
		       "loading", "MiB", "data:", "ours", "ours", "cp",
		       "H5Dread", "H5Dread",
		       "ours:", "H5Dr.:", "H5Dr.:", "copy:", "private",
		       "native", "", "", "file", "seconds", "-j1", "to shm",
		       "private", "+ copy", "cp", "ours", "-j1", "ours", "MiB",
		       "%");
	for (size_t i = 0; i < kind_count; i++)
		if (wanted(b, kinds[i].name))
			bench_kind(b, &kinds[i]);
}
