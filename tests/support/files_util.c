/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files_util.h"

struct cute_shm_hdf5_source files_given[FILES_MOST];
size_t files_count;

void
files_begin(void)
{
	files_count = 0;
	h5_folder();
}

void
give(const char *name, const char *file)
{
	static char paths[FILES_MOST][4200];
	char *path = paths[files_count];

	snprintf(path, sizeof(paths[0]), "%s", h5_path(file));
	files_given[files_count++] =
		(struct cute_shm_hdf5_source){ name, path };
}

int
files_load_with(struct cute_shm_hdf5_options *opt, struct cute_shm **shm)
{
	opt->handle = shm;
	return cute_shm_hdf5_load_files("t", files_given, files_count, opt,
					&h5_told.result);
}

struct cute_shm *
files_load(unsigned flags)
{
	struct cute_shm_hdf5_options opt = h5_options(flags);
	struct cute_shm *shm;

	ck_ok(files_load_with(&opt, &shm));
	return shm;
}

void
ck_files_fail(unsigned flags, int err, const char *text)
{
	struct cute_shm_hdf5_options opt = h5_options(flags);
	struct cute_shm *shm = NULL;

	ck_err(files_load_with(&opt, &shm), err);
	ck_errmsg_has(text);
	ck_assert_ptr_null(shm);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 0);
}

void
make_episode(const char *name, int32_t value, const char *next)
{
	static const hsize_t two[] = { 2 };
	const int32_t list[] = { value, -value };
	hid_t file = h5_create(h5_path(name));

	h5_group(file, "obs");
	h5_put(file, "obs/list", H5T_STD_I32LE, 1, two, list);
	h5_int(file, "value", value);
	h5_attr(file, "number", H5T_STD_I32LE, 0, NULL, &value);
	if (next)
		external_link(file, next, "/value", "next");
	ck_h5(H5Fclose(file));
}

void
ck_source(const struct cute_shm *shm, const char *group, const char *file)
{
	struct stat st;
	uint64_t size, mtime;
	char *path = realpath(h5_path(file), NULL);

	ck_assert_int_eq(stat(path, &st), 0);
	size = (uint64_t)st.st_size;
	mtime = (uint64_t)st.st_mtim.tv_sec * 1000000000 +
		(uint64_t)st.st_mtim.tv_nsec;
	ck_attr_texts(shm, group, "cute-shm:source", path);
	ck_attr(shm, group, "cute-shm:source-size", "<u8", 0, NULL, &size);
	ck_attr(shm, group, "cute-shm:source-mtime-ns", "<u8", 0, NULL, &mtime);
	free(path);
}

void
append_byte(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	close(fd);
}

void
touch(const char *path)
{
	ck_assert_int_eq(utimensat(AT_FDCWD, path, NULL, 0), 0);
}

void
take_away(const char *path)
{
	ck_assert_int_eq(unlink(path), 0);
}
