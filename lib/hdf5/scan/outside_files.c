/* SPDX-License-Identifier: MIT */
/*
 * What a dataset reads from other files: external raw data, and the sources of
 * a virtual dataset, which may be virtual datasets, too.  If such a file is
 * missing, libhdf5 reports nothing, and reads zeros or the fill value.
 */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/scan/scan.h"

int
look_refuse(struct look *k, const char *format, ...)
{
	char reason[400];
	va_list ap;

	va_start(ap, format);
	vsnprintf(reason, sizeof(reason), format, ap);
	va_end(ap);
	k->refused = true;
	return send_skipped(k->l, k->path, "%s", reason);
}

char *
in_folder(const char *folder, size_t size, const char *name)
{
	bool slash = size > 0 && folder[size - 1] != '/';
	char *ret;

	if (asprintf(&ret, "%.*s%s%s", (int)size, folder, slash ? "/" : "",
		     name) < 0)
		return NULL;
	return ret;
}

char *
in_prefix(const char *prefix, size_t size, const char *origin, const char *name)
{
	static const char variable[] = "${ORIGIN}";
	const char *slash = strrchr(origin, '/');
	size_t n = strlen(variable);
	char *folder, *ret;

	if (size < n || strncmp(prefix, variable, n) != 0)
		return in_folder(prefix, size, name);
	if (asprintf(&folder, "%.*s%.*s", slash ? (int)(slash - origin) : 1,
		     slash ? origin : ".", (int)(size - n), prefix + n) < 0)
		return NULL;
	ret = in_folder(folder, strlen(folder), name);
	free(folder);
	return ret;
}

/* --------------------------------------------------------------- raw files */

/* As in libhdf5, a relative name is relative to the working directory. */
static char *
raw_path(const char *name, const char *origin)
{
	const char *prefix = getenv("HDF5_EXTFILE_PREFIX");

	if (name[0] == '/' || !prefix || !*prefix || strcmp(prefix, ".") == 0)
		return strdup(name);
	return in_prefix(prefix, strlen(prefix), origin, name);
}

static int
raw_missing(const char *name, const char *path, int error)
{
	char folder[PATH_MAX] = ".";

	if (error != ENOENT && error != ENOTDIR)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "external raw file "
				     "%s: cannot open: %s",
				     path, host_reason(error));
	if (path[0] == '/' || !getcwd(folder, sizeof(folder)))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "external raw file "
				     "%s is missing: looked for as %s",
				     name, path);
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "external raw file %s is "
			     "missing: looked for as %s/%s; "
			     "HDF5_EXTFILE_PREFIX can name another folder than "
			     "the working one",
			     name, folder, path);
}

/* Check one raw file, from which 'size' bytes from 'offset' on are read. */
static int
look_at_raw(struct look *k, const char *name, const char *path, uint64_t offset,
	    uint64_t size)
{
	struct stat st;
	int fd = host_open(path, &st);
	uint64_t has;

	if (fd < 0)
		return raw_missing(name, path,
				   fd == -EISDIR ? EUNSUITABLE : -fd);
	page_cache_open(path, fd, &st);
	changed_add(path, fd, &st);
	close(fd);
	if (!others_add(path, &st))
		return fail_memory("for the names of other files");
	has = (uint64_t)st.st_size > offset ? (uint64_t)st.st_size - offset : 0;
	if (has < size && !k->short_of[0])
		snprintf(k->short_of, sizeof(k->short_of),
			 "external raw file "
			 "%.150s is too short: it has %" PRIu64 " of %" PRIu64
			 " bytes, the others are taken as zero",
			 path, has, size);
	return 0;
}

static uint64_t
data_size(hid_t dset)
{
	hid_t type = H5Dget_type(dset), space = H5Dget_space(dset);
	hssize_t count = space < 0 ? 0 : H5Sget_simple_extent_npoints(space);
	uint64_t size = 0;

	if (type >= 0 && count > 0 &&
	    __builtin_mul_overflow((uint64_t)count, H5Tget_size(type), &size))
		size = UINT64_MAX;
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	return size;
}

static int
look_at_raw_files(struct look *k, hid_t dset, hid_t dcpl, unsigned count)
{
	uint64_t left = data_size(dset), size;
	const char *origin = file_driver_path(dset);
	char name[4096], *path;
	hsize_t slot;
	off_t offset;
	int rc = 0;

	for (unsigned i = 0; i < count && rc == 0 && left > 0; i++) {
		name[0] = '\0';
		if (H5Pget_external(dcpl, i, sizeof(name) - 1, name, &offset,
				    &slot) < 0)
			return unreadable();
		name[sizeof(name) - 1] = '\0';
		if (!external_allowed(k))
			return look_refuse(k, "external raw file %s", name);
		size = slot < left ? slot : left;
		left -= size;
		path = raw_path(name, origin ? origin : "");
		if (!path)
			return fail_memory("for the names of other files");
		rc = look_at_raw(k, name, path, (uint64_t)offset, size);
		free(path);
	}
	return rc;
}

/* --------------------------------------------------------------- the check */

int
look_at(struct look *k, hid_t dset)
{
	hid_t dcpl;
	int count, rc = 0;

	/* Most datasets have contiguous data of their own. */
	if (H5Dget_offset(dset) != HADDR_UNDEF)
		return 0;
	dcpl = H5Dget_create_plist(dset);
	if (dcpl < 0)
		return unreadable();
	switch (H5Pget_layout(dcpl)) {
	case H5D_VIRTUAL: rc = look_at_virtual(k, dset, dcpl); break;
	case H5D_CONTIGUOUS:
		count = H5Pget_external_count(dcpl);
		if (count > 0)
			rc = look_at_raw_files(k, dset, dcpl, (unsigned)count);
		break;
	default: break;
	}
	H5Pclose(dcpl);
	return rc;
}

static int
say_missing(struct look *k)
{
	char more[40] = "";

	if (k->missing > NAMES)
		snprintf(more, sizeof(more), " and %" PRIu64 " more",
			 k->missing - NAMES);
	return send_incomplete(k->l, k->path,
			       "%" PRIu64 " of %" PRIu64
			       " sources of this virtual dataset %s missing, "
			       "its fill value is there instead: %s%s%s%s",
			       k->missing, k->sources,
			       k->missing == 1 ? "is" : "are", k->names, more,
			       k->folders[0] ? "; looked for as " : "",
			       k->folders);
}

int
outside_check(struct loader *l, const char *path, hid_t id)
{
	struct look k = { .l = l, .path = path };
	int rc = look_at(&k, id);

	H5Eclear2(H5E_DEFAULT);
	free(k.seen);
	if (rc == 0 && k.refused)
		return SKIP;
	if (rc == 0 && k.missing > 0)
		rc = say_missing(&k);
	if (rc == 0 && k.short_of[0])
		rc = send_incomplete(l, path, "%s", k.short_of);
	return rc;
}
