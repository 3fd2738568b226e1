/* SPDX-License-Identifier: MIT */
/*
 * The file driver through which libhdf5 reads: it opens regular files only,
 * checks whether they change or are being written, and limits the number of
 * descriptors.
 */

#include "hdf5/source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<H5FDdevelop.h>)
#include <H5FDdevelop.h>
#endif
#endif

/* The fewest and the most descriptors that all open files together may keep. */
#define FEWEST 4
#define MOST   256

struct opened {
	H5FD_t public;
	int fd; /* -1: closed for now, reopened when needed */
	struct stat st;
	haddr_t eoa;
	struct opened *older, *newer; /* list of files with a descriptor */
	char path[];
};

static hid_t driver = H5I_INVALID_HID, access_list = H5I_INVALID_HID;
static bool external_allowed, locks_matter;
static bool first_known;
static struct stat first;
static struct opened *oldest, *newest;
static unsigned kept, most;

static int failure; /* see file_driver_failure() */
static char failure_path[4096];
static char last_path[4096];

/* ------------------------------------------------------------- descriptors */

static void
list_remove(struct opened *f)
{
	*(f->older ? &f->older->newer : &oldest) = f->newer;
	*(f->newer ? &f->newer->older : &newest) = f->older;
	f->older = f->newer = NULL;
	kept--;
}

static void
list_add(struct opened *f)
{
	f->older = newest;
	f->newer = NULL;
	*(newest ? &newest->newer : &oldest) = f;
	newest = f;
	kept++;
}

static bool
is_first(const struct stat *st)
{
	return st->st_dev == first.st_dev && st->st_ino == first.st_ino;
}

/*
 * Close one descriptor.  The first file keeps its own: the prefetch thread
 * reads it, too.
 */
static bool
give_up_one(void)
{
	struct opened *f = oldest;

	while (f && is_first(&f->st))
		f = f->newer;
	if (!f)
		return false;
	list_remove(f);
	close(f->fd);
	f->fd = -1;
	return true;
}

static int
open_descriptor(const char *path)
{
	int fd;

	while (kept >= most && give_up_one())
		;
	do
		fd = fd_above_stdio(open(path, O_RDONLY | O_CLOEXEC |
						       O_NONBLOCK | O_NOCTTY));
	while (fd < 0 &&
	       (errno == EINTR ||
		((errno == EMFILE || errno == ENFILE) && give_up_one())));
	return fd;
}

/* Make sure that the file has a descriptor.  False, with errno, on failure. */
static bool
have_descriptor(struct opened *f)
{
	struct stat st;

	if (f->fd >= 0) {
		if (f != newest) {
			list_remove(f);
			list_add(f);
		}
		return true;
	}
	f->fd = open_descriptor(f->path);
	if (f->fd < 0)
		return false;
	if (fstat(f->fd, &st) != 0 || !changed_add(f->path, &st)) {
		close(f->fd);
		f->fd = -1;
		errno = ESTALE;
		return false;
	}
	list_add(f);
	return true;
}

/* ------------------------------------------------------------------ opening */

static void
push_error(const char *text)
{
	H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS,
		 H5E_FILE, H5E_CANTOPENFILE, "%s", text);
}

static void
note(const char *path, int error)
{
	if (error == 0)
		snprintf(last_path, sizeof(last_path), "%s", path);
	if (error == 0 || error == ENOENT || error == ENOTDIR)
		return;
	failure = error;
	snprintf(failure_path, sizeof(failure_path), "%s", path);
}

/* 0, or the reason why this file must not be read. */
static int
judge(const char *path, int fd, struct stat *st)
{
	if (fstat(fd, st) != 0)
		return errno;
	if (S_ISDIR(st->st_mode))
		return EISDIR;
	if (!S_ISREG(st->st_mode))
		return EUNSUITABLE;
	if (first_known && !external_allowed && !is_first(st))
		return EREFUSED;
	/*
	 * Check for writers last: what a writer does later changes the file's
	 * times.
	 */
	if (!changed_add(path, st))
		return ECHANGED;
	return writer_at_work(fd, st->st_size, locks_matter);
}

/* A file that is not permitted is not even opened. */
static int
permitted(const char *path)
{
	struct stat st;

	if (!first_known || external_allowed)
		return 0;
	if (stat(path, &st) != 0)
		return errno;
	return is_first(&st) ? 0 : EREFUSED;
}

static H5FD_t *
open_file(const char *path, unsigned flags, hid_t fapl, haddr_t maxaddr)
{
	struct opened *f = calloc(1, sizeof(*f) + strlen(path) + 1);
	int error = permitted(path);

	(void)fapl, (void)maxaddr;
	if (!f)
		return NULL;
	strcpy(f->path, path);
	f->fd = -1;
	if (error == 0 && flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC))
		error = EROFS;
	if (error == 0) {
		f->fd = open_descriptor(path);
		error = f->fd < 0 ? errno : judge(path, f->fd, &f->st);
	}
	note(path, error);
	if (error != 0) {
		push_error(file_driver_reason(error));
		if (f->fd >= 0)
			close(f->fd);
		free(f);
		return NULL;
	}
	if (!first_known)
		first = f->st;
	first_known = true;
	list_add(f);
	return &f->public;
}

static herr_t
close_file(H5FD_t *file)
{
	struct opened *f = (struct opened *)file;

	if (f->fd >= 0) {
		list_remove(f);
		close(f->fd);
	}
	free(f);
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

static herr_t
query(const H5FD_t *file, unsigned long *flags)
{
	(void)file;
	if (flags)
		*flags = H5FD_FEAT_AGGREGATE_METADATA |
			 H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
			 H5FD_FEAT_AGGREGATE_SMALLDATA |
			 H5FD_FEAT_POSIX_COMPAT_HANDLE |
			 H5FD_FEAT_SUPPORTS_SWMR_IO |
			 H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
	return 0;
}

static haddr_t
get_eoa(const H5FD_t *file, H5FD_mem_t type)
{
	(void)type;
	return ((const struct opened *)file)->eoa;
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
	if (!ret || !have_descriptor(f))
		return -1;
	*ret = &f->fd;
	return 0;
}

/* Bytes past the end of the file are zero, as in libhdf5's own driver. */
static herr_t
read_file(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t at, size_t size,
	  void *buffer)
{
	struct opened *f = (struct opened *)file;
	uint8_t *to = buffer;
	ssize_t n;

	(void)type, (void)dxpl;
	if (at > INT64_MAX || size > INT64_MAX - at)
		return -1;
	if (!have_descriptor(f))
		goto failed;
	for (; size > 0; size -= (size_t)n, at += (haddr_t)n, to += n) {
		n = pread(f->fd, to, size, (off_t)at);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			goto failed;
		else if (n == 0)
			break;
	}
	memset(to, 0, size);
	return 0;
failed:
	push_error(strerror(errno));
	return -1;
}

static herr_t
write_file(H5FD_t *file, H5FD_mem_t type, hid_t dxpl, haddr_t at, size_t size,
	   const void *buffer)
{
	(void)file, (void)type, (void)dxpl, (void)at, (void)size, (void)buffer;
	return -1;
}

static const H5FD_class_t class = {
#ifdef H5FD_CLASS_VERSION
	.version = H5FD_CLASS_VERSION,
	.value = (H5FD_class_value_t)400, /* for tests, not registered */
#endif
	.name = "cute-shm",
	.maxaddr = (haddr_t)INT64_MAX,
	.fc_degree = H5F_CLOSE_WEAK,
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
	.fl_map = H5FD_FLMAP_DICHOTOMY,
};

/* ----------------------------------------------------------------- the rest */

void
file_driver_begin(bool external, bool locks)
{
	struct rlimit limit = { 0, 0 };

	external_allowed = external;
	locks_matter = locks;
	getrlimit(RLIMIT_NOFILE, &limit);
	/*
	 * Use half of the available descriptors and leave the rest to others.
	 */
	most = limit.rlim_cur > MOST * 2 + 16 ? MOST
	       : limit.rlim_cur > FEWEST * 2 + 16
		       ? (unsigned)(limit.rlim_cur - 16) / 2
		       : FEWEST;
	driver = H5FDregister(&class);
	access_list = source_access();
	if (access_list >= 0)
		H5Pset_driver(access_list, driver, NULL);
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
	return have_descriptor(opened) ? opened->fd : -1;
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

bool
file_driver_is_first(const char *path)
{
	struct stat st;

	return first_known && stat(path, &st) == 0 && is_first(&st);
}

void
file_driver_forget(void)
{
	failure = 0;
	failure_path[0] = last_path[0] = '\0';
}

int
file_driver_failure(char *path, size_t size)
{
	snprintf(path, size, "%s", failure_path);
	return failure;
}

const char *
file_driver_reason(int error)
{
	switch (error) {
	case EREFUSED: return "another file, which is not to be read";
	case EUNSUITABLE: return "not a regular file";
	case ECHANGED: return "changed while it was read";
	case EMARKED: return "marked as being written";
	case EWOULDBLOCK:
		return "a program that writes to it holds a lock on it";
	default: return strerror(error);
	}
}

const char *
file_driver_last(void)
{
	return last_path;
}
