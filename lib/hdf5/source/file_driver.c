/* SPDX-License-Identifier: MIT */
/*
 * The file driver through which libhdf5 reads.  It opens files by the host of
 * this process, regular files only, and checks whether they change or are being
 * written.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/source/opened.h"

static hid_t driver = H5I_INVALID_HID, access_list = H5I_INVALID_HID;

/* ------------------------------------------------------------------ opening */

static struct opened *
open_in(const char *folder, size_t size, const char *name)
{
	struct opened *f;
	char *path;
	bool gone;

	if (asprintf(&path, "%.*s/%s", (int)size, folder, name) < 0)
		return NULL;
	f = opened_new(path, &gone);
	free(path);
	return f;
}

/*
 * libhdf5 searches a file that another one names in several folders, the
 * working one last.  If the name of that other file is a symbolic link, the
 * folder of the file that it leads to comes after those, and is left to the
 * driver; libhdf5 does not know the folder of a file that was found so.
 */
static struct opened *
open_beside(const char *parent, const char *name)
{
	const char *slash = strrchr(parent, '/');
	size_t size = slash ? (size_t)(slash - parent) : 0, real_size;
	struct opened *f = NULL;
	char real[PATH_MAX];

	if (name[0] == '/')
		return NULL;
	if (slash)
		f = open_in(parent, size, name);
	if (f || host_real_path(parent, real) != 0)
		return f;
	real_size = (size_t)(strrchr(real, '/') - real);
	if (real_size == size && memcmp(real, parent, size) == 0)
		return NULL;
	return open_in(real, real_size, name);
}

static H5FD_t *
open_file(const char *path, unsigned flags, hid_t fapl, haddr_t maxaddr)
{
	const char *parent = H5Pget_driver_info(fapl);
	struct opened *f;
	bool gone;

	(void)maxaddr;
	if (flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC)) {
		opened_fail(NULL, EROFS);
		return NULL;
	}
	f = opened_new(path, &gone);
	if (!f && gone && parent && parent[0])
		f = open_beside(parent, path);
	return f ? &f->public : NULL;
}

static herr_t
close_file(H5FD_t *file)
{
	opened_free((struct opened *)file);
	return 0;
}

/*
 * The driver's part of a file's access properties is the path of the file.
 * Files that it names are opened with the same properties.  For the first file
 * it is "", because libhdf5 takes NULL for an error.
 */
static void *
get_info(H5FD_t *file)
{
	return strdup(((const struct opened *)file)->path);
}

static void *
copy_info(const void *info)
{
	return strdup(info);
}

static herr_t
free_info(void *info)
{
	free(info);
	return 0;
}

static int
compare(const H5FD_t *a, const H5FD_t *b)
{
	const struct stat *x = &((const struct opened *)a)->st;
	const struct stat *y = &((const struct opened *)b)->st;

	if (x->st_dev != y->st_dev)
		return x->st_dev < y->st_dev ? -1 : 1;
	return (x->st_ino > y->st_ino) - (x->st_ino < y->st_ino);
}

/* ------------------------------------------------------------------ reading */

/*
 * Without POSIX_COMPAT_HANDLE: with it, libhdf5 looks at the file by its name,
 * which may have gone.
 */
static herr_t
query(const H5FD_t *file, unsigned long *flags)
{
	(void)file;
	if (flags)
		*flags = DRIVER_FEATURES | H5FD_FEAT_SUPPORTS_SWMR_IO;
	return 0;
}

static haddr_t
get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
	const struct opened *f = (const struct opened *)file;

	/* A heap that older_read() gives may reach beyond the file's end. */
	return type == H5FD_MEM_DRAW && f->heap_end > f->eoa ? f->heap_end
							     : f->eoa;
}

static herr_t
set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address)
{
	(void)type;
	((struct opened *)file)->eoa = address;
	return 0;
}

static haddr_t
get_eof(const H5FD_t *file, H5FD_mem_t type)
{
	(void)type;
	return (haddr_t)((const struct opened *)file)->st.st_size;
}

static herr_t
get_handle(H5FD_t *file, hid_t fapl, void **ret)
{
	struct opened *f = (struct opened *)file;

	(void)fapl;
	if (!ret || opened_descriptor(f) != 0)
		return -1;
	*ret = &f->fd;
	return 0;
}

int
driver_read(int fd, haddr_t at, size_t size, void *buffer)
{
	uint8_t *to = buffer;
	ssize_t n;

	for (; size > 0; size -= (size_t)n, at += (haddr_t)n, to += n) {
		n = pread(fd, to, size, (off_t)at);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n == 0)
			break;
		if (n < 0)
			n = 0;
	}
	memset(to, 0, size);
	return 0;
}

static herr_t
read_file(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t at, size_t size,
	  void *buffer)
{
	struct opened *f = (struct opened *)file;
	/* libhdf5 reads global heaps as data. */
	bool is_data = type == H5FD_MEM_DRAW;
	int error = opened_descriptor(f);

	(void)dxpl;
	if (at > INT64_MAX || size > INT64_MAX - at)
		return -1;
	if (error) {
		opened_fail(f->path, error);
		return -1;
	}
	if (older_read(f, is_data, at, size, buffer))
		return 0;
	/* libhdf5 has checked this, but against get_eoa() of data. */
	error = is_data && (at > f->eoa || size > f->eoa - at)
			? EOVERFLOW
			: driver_read(f->fd, at, size, buffer);
	if (error) {
		opened_fail(NULL, error);
		return -1;
	}
	page_cache_read(f->fd, at, size);
	older_see(f, is_data, at, size, buffer);
	return 0;
}

static herr_t
write_file(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t at, size_t size,
	   const void *buffer)
{
	(void)file, (void)type, (void)dxpl, (void)at, (void)size, (void)buffer;
	return -1;
}

/*
 * Locks are checked when a file is opened.  A driver that has none of these
 * calls is taken for one that ignores the marks of writers.
 */
static herr_t
lock(H5FD_t *file, hbool_t write)
{
	(void)file, (void)write;
	return 0;
}

static herr_t
unlock(H5FD_t *file)
{
	(void)file;
	return 0;
}

static const H5FD_class_t class = {
#ifdef H5FD_CLASS_VERSION
	.version = H5FD_CLASS_VERSION,
	.value = (H5FD_class_value_t)400, /* for tests, not registered */
#endif
	.name = "cute-shm",
	.maxaddr = (haddr_t)INT64_MAX,
	.fc_degree = H5F_CLOSE_WEAK,
	.fapl_get = get_info,
	.fapl_copy = copy_info,
	.fapl_free = free_info,
	.open = open_file,
	.close = close_file,
	.cmp = compare,
	.query = query,
	.get_eoa = get_eoa,
	.set_eoa = set_eoa,
	.get_eof = get_eof,
	.get_handle = get_handle,
	.read = read_file,
	.write = write_file,
	.lock = lock,
	.unlock = unlock,
	.fl_map = H5FD_FLMAP_DICHOTOMY,
};

/* ----------------------------------------------------------------- the rest */

void
file_driver_begin(void)
{
	older_begin();
	driver = H5FDregister(&class);
	access_list = source_access();
	if (access_list >= 0)
		H5Pset_driver(access_list, driver, "");
}

hid_t
file_driver_id(void)
{
	return driver;
}

hid_t
file_driver_access(void)
{
	return access_list;
}

struct opened *
file_driver_of(hid_t id)
{
	hid_t file = H5Iget_file_id(id), fapl = -1;
	struct opened *ret = NULL;
	void *handle = NULL;

	if (file >= 0)
		fapl = H5Fget_access_plist(file);
	if (fapl >= 0 && driver >= 0 && H5Pget_driver(fapl) == driver &&
	    H5Fget_vfd_handle(file, fapl, &handle) >= 0 && handle)
		ret = (struct opened *)(void *)((char *)handle -
						offsetof(struct opened, fd));
	if (fapl >= 0)
		H5Pclose(fapl);
	if (file >= 0)
		H5Fclose(file);
	return ret;
}

int
file_driver_descriptor(struct opened *opened)
{
	return opened_descriptor(opened) == 0 ? opened->fd : -1;
}

bool
file_driver_stat(hid_t id, struct stat *ret)
{
	const struct opened *f = file_driver_of(id);

	if (f)
		*ret = f->st;
	return f != NULL;
}

const char *
file_driver_path(hid_t id)
{
	const struct opened *f = file_driver_of(id);

	return f ? f->path : NULL;
}
