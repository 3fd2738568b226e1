/* SPDX-License-Identifier: MIT */
/* Open the files of the load without libhdf5, and make their indexes. */

#include <stdlib.h>

#include "hdf5/scan/scan.h"

/*
 * Small files are kept in memory as a whole, until they have this size
 * together; of those behind, only what describes the objects is.
 */
#define MOST_WHOLE ((uint64_t)16 << 20)

static uint64_t
whole_limit(const struct scan *s, uint64_t size)
{
	return size <= MOST_WHOLE - s->whole ? 0 : 1;
}

/* Make the index, and add the file to those of the scan. */
static const char *
add_index(struct loader *l, const char *path, struct opened *opened,
	  uint64_t size, unsigned *source)
{
	struct native *index = calloc(1, sizeof(*index));
	const char *why = "no memory";
	int err;

	if (!index)
		return why;
	err = native_open(file_driver_descriptor(opened), size,
			  whole_limit(l->scan, size), index);
	if (err == 0)
		err = source_native(l->scan, opened, path, index, source);
	if (err == 0) {
		if (!index->image.present)
			l->scan->whole += size;
		return NULL;
	}
	if (err == NO_OPINION)
		why = index->image.why;
	native_close(index);
	free(index);
	return why;
}

const char *
open_natively(struct loader *l, const char *path, const struct stat *before,
	      unsigned *source)
{
	struct opened *opened;
	struct stat st;
	const struct source *found;
	const char *why;

	if (strategy_library())
		return "CUTE_SHM_HDF5_STRATEGY is set";
	opened = opened_native(path);
	if (!opened)
		return "the file cannot be opened without it";
	opened_status(opened, &st);
	if (changed_how(before, &st)) {
		why = "the file has changed";
	} else if (source_find(l->scan, &st, source)) {
		/* It was given twice. */
		opened_free(opened);
		found = &l->scan->sources[*source];
		return found->index ? NULL : "it was opened before";
	} else {
		why = add_index(l, path, opened, (uint64_t)st.st_size, source);
	}
	if (!why)
		return NULL;
	cute_shm_log(CUTE_SHM_LOG_DEBUG, "libhdf5 reads all of %s: %s", path,
		     why);
	opened_free(opened);
	return why;
}
