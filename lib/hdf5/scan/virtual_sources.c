/* SPDX-License-Identifier: MIT */
/* Find the sources of virtual datasets, in the same places as libhdf5. */

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/scan/scan.h"

#define DEEPEST 32	/* limit of nested virtual datasets */
#define MOST	1000000 /* limit of all their sources together */

/* The places in which libhdf5 searches a source, in its order. */
struct places {
	char *path[16];
	unsigned count;
};

/*
 * Add a path, which is then owned by *p.  False if 'path' is NULL: no memory.
 */
static bool
add_place(struct places *p, char *path)
{
	bool known = p->count == sizeof(p->path) / sizeof(*p->path);

	for (unsigned i = 0; path && i < p->count && !known; i++)
		known = strcmp(p->path[i], path) == 0;
	if (path && !known)
		p->path[p->count++] = path;
	else
		free(path);
	return path != NULL;
}

static void
places_free(struct places *p)
{
	while (p->count > 0)
		free(p->path[--p->count]);
}

/* The directory of the file 'path', or the working directory; with a slash. */
static void
folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t n = 0;

	folder[0] = '\0';
	if (path[0] != '/' && getcwd(folder, PATH_MAX - 1)) {
		n = strlen(folder);
		folder[n++] = '/';
	}
	snprintf(folder + n, PATH_MAX - n, "%.*s",
		 slash ? (int)(slash - path) + 1 : 0, path);
}

static bool
places_get(struct places *p, const char *name, const char *origin)
{
	const char *prefix = getenv("HDF5_VDS_PREFIX");
	char folder[PATH_MAX], real[PATH_MAX];
	bool ok = true;
	size_t n;

	if (name[0] == '/') {
		ok = add_place(p, strdup(name));
		name = strrchr(name, '/') + 1;
	}
	for (; prefix && *prefix; prefix += n + (prefix[n] == ':')) {
		n = strcspn(prefix, ":");
		ok &= n == 0 ||
		      add_place(p, in_prefix(prefix, n, origin, name));
	}
	folder_of(origin, folder);
	ok &= add_place(p, in_folder(folder, strlen(folder), name));
	folder_of("", folder);
	ok &= add_place(p, in_folder(folder, strlen(folder), name));
	/* Next to the file to which a symbolic link leads. */
	if (host_real_path(origin, real) == 0) {
		folder_of(real, folder);
		ok &= add_place(p, in_folder(folder, strlen(folder), name));
	}
	return ok;
}

/*
 * Open the first source that can be opened.  On failure *error is ENOENT if no
 * source exists; else the message says which one cannot be opened, and why.
 */
static hid_t
open_source(const struct places *p, int *error)
{
	char cause[200], path[4096];
	hid_t file;
	int failure;

	*error = ENOENT;
	for (unsigned i = 0; i < p->count; i++) {
		file_driver_forget();
		file = H5Fopen(p->path[i], H5F_ACC_RDONLY,
			       file_driver_access());
		if (file >= 0)
			return file;
		hdf5_cause(cause, sizeof(cause));
		failure = file_driver_failure(path, sizeof(path));
		if (failure == 0 && !file_driver_last()[0])
			continue;
		if (failure == 0)
			hdf5_refuses(p->path[i], cause, sizeof(cause));
		*error = failure ? failure : EINVAL;
		cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			      "source of a virtual "
			      "dataset: cannot open %s: %s",
			      p->path[i],
			      failure ? host_reason(failure) : cause);
	}
	return H5I_INVALID_HID;
}

static void
add_missing(struct look *k, const char *file, const char *dset,
	    const struct places *p)
{
	size_t at = strlen(k->names), n = 0;

	if (k->missing++ >= NAMES)
		return;
	snprintf(k->names + at, sizeof(k->names) - at, "%s%.60s%s%.40s",
		 at ? ", " : "", file, p ? "" : ":", p ? "" : dset);
	for (unsigned i = 0; p && k->missing == 1 && i < p->count; i++)
		if (i == 0 || strcmp(p->path[i], p->path[i - 1]) != 0)
			n += (size_t)snprintf(k->folders + n,
					      n < sizeof(k->folders)
						      ? sizeof(k->folders) - n
						      : 0,
					      "%s%s", n ? ", " : "",
					      p->path[i]);
}

/* The names of one source: those of a mapping, or of one block of it. */
struct source_name {
	char *file, *dset;
};

/* Check the source dataset in the open file, and its own sources. */
static int
look_into(struct look *k, hid_t file, const struct source_name *name)
{
	char cause[200], path[4096];
	hid_t dset, dcpl;
	int rc, error;

	file_driver_forget();
	dset = H5Dopen2(file, name->dset, H5P_DEFAULT);
	if (dset < 0) {
		hdf5_cause(cause, sizeof(cause));
		error = file_driver_failure(path, sizeof(path));
		if (error == EREFUSED)
			return look_refuse(k,
					   "virtual dataset with a source "
					   "in another file: %.300s",
					   path);
		if (hdf5_is_missing(cause) || strstr(cause, "not a dataset")) {
			add_missing(k, name->file, name->dset, NULL);
			return 0;
		}
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "source %s:%s of a "
				     "virtual dataset: %s",
				     name->file, name->dset, cause);
	}
	dcpl = H5Dget_create_plist(dset);
	/* libhdf5 reads the source, so our decoders do not help. */
	if (dcpl >= 0 && missing_filter(dcpl, NULL, 0) >= 0 &&
	    H5Dget_storage_size(dset) > 0)
		rc = unreadable_data(dset);
	else
		rc = look_at(k, dset);
	if (dcpl >= 0)
		H5Pclose(dcpl);
	H5Dclose(dset);
	return rc;
}

/*
 * The file of the previous mapping, kept open: many mappings use the same file.
 */
struct open_source {
	hid_t file;
	char *name;
};

static int
look_at_other(struct look *k, const char *origin,
	      const struct source_name *name, struct open_source *last)
{
	struct places places = { .count = 0 };
	int rc = 0, error;

	if (last->name && strcmp(last->name, name->file) == 0)
		return look_into(k, last->file, name);
	if (last->file >= 0)
		H5Fclose(last->file);
	free(last->name);
	last->name = NULL;
	last->file = H5I_INVALID_HID;
	if (!places_get(&places, name->file, origin)) {
		rc = fail_memory("for the names of other files");
	} else {
		last->file = open_source(&places, &error);
		if (last->file >= 0) {
			last->name = strdup(name->file);
			rc = look_into(k, last->file, name);
		} else if (error == EREFUSED ||
			   (error == ENOENT && !external_allowed(k))) {
			rc = look_refuse(k,
					 "virtual dataset with a source in "
					 "another file: %.300s",
					 name->file);
		} else if (error == ENOENT) {
			add_missing(k, name->file, name->dset, &places);
		} else {
			rc = CUTE_SHM_ERR_SOURCE;
		}
	}
	places_free(&places);
	return rc;
}

static int
look_at_source(struct look *k, hid_t dset, const struct source_name *name,
	       struct open_source *last)
{
	const char *origin;
	hid_t file;
	int rc;

	if (k->sources++ == MOST)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "over %d sources of "
				     "a virtual dataset",
				     MOST);
	board_beat(k->l->board);
	if (strcmp(name->file, ".") != 0) {
		origin = file_driver_path(dset);
		return look_at_other(k, origin ? origin : "", name, last);
	}
	file = H5Iget_file_id(dset);
	if (file < 0)
		return unreadable();
	rc = look_into(k, file, name);
	H5Fclose(file);
	return rc;
}

/* Expand a printf-style name: "%b" is the number of the block, "%%" is "%". */
static char *
expand(const char *name, uint64_t block, bool *blocks)
{
	size_t room = strlen(name) * 12 + 24, n = 0;
	char *ret = malloc(room);

	for (; ret && *name; name++) {
		if (name[0] != '%' || (name[1] != '%' && name[1] != 'b')) {
			ret[n++] = *name;
		} else if (*++name == '%') {
			ret[n++] = '%';
		} else {
			*blocks = true;
			n += (size_t)snprintf(ret + n, room - n, "%" PRIu64,
					      block);
		}
	}
	if (ret)
		ret[n] = '\0';
	return ret;
}

/*
 * The number of blocks of the mapping within the current extent of the dataset.
 * libhdf5 ends that extent at missing sources, so check at least the first.
 */
static uint64_t
block_count(hid_t dset, hid_t mapped)
{
	hsize_t start[MAX_NDIM], stride[MAX_NDIM], count[MAX_NDIM];
	hsize_t block[MAX_NDIM], dims[MAX_NDIM];
	hid_t space = H5Dget_space(dset);
	int rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
	uint64_t ret = 1;

	if (rank > 0 && rank <= MAX_NDIM &&
	    H5Sget_simple_extent_ndims(mapped) == rank &&
	    H5Sget_simple_extent_dims(space, dims, NULL) == rank &&
	    H5Sis_regular_hyperslab(mapped) > 0 &&
	    H5Sget_regular_hyperslab(mapped, start, stride, count, block) >= 0)
		for (int i = 0; i < rank; i++)
			if (count[i] == H5S_UNLIMITED && dims[i] > start[i] &&
			    stride[i] > 0)
				ret = (dims[i] - start[i] - 1) / stride[i] + 1;
	if (space >= 0)
		H5Sclose(space);
	return ret;
}

/* Check all sources of a mapping, whose names may contain a block's number. */
static int
look_at_blocks(struct look *k, hid_t dset, hid_t mapped,
	       const struct source_name *name, struct open_source *last)
{
	uint64_t count = 1;
	bool blocks = false;
	int rc = 0;

	for (uint64_t i = 0; i < count && rc == 0 && !k->refused; i++) {
		struct source_name one = { expand(name->file, i, &blocks),
					   expand(name->dset, i, &blocks) };

		if (blocks && i == 0)
			count = block_count(dset, mapped);
		rc = one.file && one.dset
			     ? look_at_source(k, dset, &one, last)
			     : fail_memory("for the names of other files");
		free(one.file);
		free(one.dset);
	}
	return rc;
}

/* The text that 'get' returns, for free(). */
static char *
text_of(ssize_t get(hid_t, size_t, char *, size_t), hid_t dcpl, size_t i)
{
	ssize_t size = get(dcpl, i, NULL, 0);
	char *ret = size < 0 ? NULL : calloc(1, (size_t)size + 1);

	if (ret && get(dcpl, i, ret, (size_t)size + 1) < 0) {
		free(ret);
		ret = NULL;
	}
	return ret;
}

static int
look_at_mappings(struct look *k, hid_t dset, hid_t dcpl)
{
	struct open_source last = { .file = H5I_INVALID_HID };
	struct source_name name;
	size_t count = 0;
	hid_t mapped;
	int rc = 0;

	if (H5Pget_virtual_count(dcpl, &count) < 0)
		return unreadable();
	for (size_t i = 0; i < count && rc == 0 && !k->refused; i++) {
		name.file = text_of(H5Pget_virtual_filename, dcpl, i);
		name.dset = text_of(H5Pget_virtual_dsetname, dcpl, i);
		mapped = H5Pget_virtual_vspace(dcpl, i);
		rc = !name.file || !name.dset || mapped < 0
			     ? unreadable()
			     : look_at_blocks(k, dset, mapped, &name, &last);
		if (mapped >= 0)
			H5Sclose(mapped);
		free(name.file);
		free(name.dset);
	}
	if (last.file >= 0)
		H5Fclose(last.file);
	free(last.name);
	return rc;
}

/* Whether the dataset was checked before; remember it if not. */
static int
see(struct look *k, hid_t dset, bool *again)
{
	struct place place = { .address = HADDR_UNDEF }, *more;
	H5O_info_t info;
	struct stat st;

	*again = false;
	if (H5Oget_info2(dset, &info, H5O_INFO_BASIC) < 0 ||
	    !file_driver_stat(dset, &st))
		return unreadable();
	place = (struct place){ st.st_dev, st.st_ino, info.addr };
	for (size_t i = 0; i < k->seen_count && !*again; i++)
		*again = k->seen[i].address == place.address &&
			 k->seen[i].inode == place.inode &&
			 k->seen[i].device == place.device;
	if (*again)
		return 0;
	if (k->seen_count == k->seen_room) {
		k->seen_room = k->seen_room ? 2 * k->seen_room : 16;
		more = realloc(k->seen, k->seen_room * sizeof(*more));
		if (!more)
			return fail_memory("for the names of other files");
		k->seen = more;
	}
	k->seen[k->seen_count++] = place;
	return 0;
}

int
look_at_virtual(struct look *k, hid_t dset, hid_t dcpl)
{
	bool again;
	int rc = see(k, dset, &again);

	if (rc != 0 || again)
		return rc;
	if (k->depth == DEEPEST)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "virtual datasets "
				     "over %d deep in each other",
				     DEEPEST);
	k->depth++;
	rc = look_at_mappings(k, dset, dcpl);
	k->depth--;
	return rc;
}
