/* SPDX-License-Identifier: MIT */
/* A load: the steps in their order. */

#include <inttypes.h>
#include <stdlib.h>

#include "hdf5/describe/describe.h"
#include "hdf5/reader/reader.h"
#include "hdf5/scan/scan.h"

/*
 * Open the file without libhdf5 and make its index.  False: libhdf5 must open
 * the file, and knows why it cannot.
 */
static bool
open_natively(struct loader *l)
{
	struct native *index = NULL;
	struct opened *opened = NULL;
	struct stat st;
	int err;

	l->no_index = "CUTE_SHM_HDF5_STRATEGY is set";
	if (strategy_library())
		return false;
	l->no_index = "the file cannot be opened without it";
	opened = opened_native(l->file, &st);
	if (!opened || changed_how(l->before, &st))
		return false;
	index = calloc(1, sizeof(*index));
	if (!index)
		return false;
	err = native_open(file_driver_descriptor(opened), (uint64_t)st.st_size,
			  0, index);
	if (err == 0 && source_native(l->scan, opened, l->file, index) == 0)
		return true;
	l->no_index = err == NO_OPINION ? index->image.why : "no memory";
	cute_shm_log(CUTE_SHM_LOG_DEBUG, "libhdf5 reads all of %s: %s", l->file,
		     l->no_index);
	native_close(index);
	free(index);
	return false;
}

/*
 * Reserve, read and seal the described segment; only its name is missing then.
 */
static int
fill(struct loader *l)
{
	struct prefetch *prefetch;
	int rc;

	board_work(l->board, "", l->result.bytes);
	rc = cute_shm_builder_reserve(l->builder);
	if (rc == 0) {
		prefetch = prefetch_begin(l);
		rc = read_pending(l);
		prefetch_end(prefetch);
	}
	if (rc == 0 && !l->retry) {
		board_work(l->board, "", l->result.bytes);
		rc = cute_shm_builder_seal(l->builder);
	}
	return rc;
}

/*
 * Log a finished step, with the sums so far and the time since the process
 * began.
 */
static void
log_step(const struct loader *l, const char *done, double since)
{
	if (!cute_shm_log_wants(CUTE_SHM_LOG_DEBUG))
		return;
	cute_shm_log(CUTE_SHM_LOG_DEBUG,
		     "%s: %s after %.3f s: %zu objects in "
		     "%u files, %" PRIu64 " arrays, %" PRIu64 " bytes",
		     l->file, done, clock_now() - since,
		     l->scan ? l->scan->object_count : 0,
		     l->scan ? l->scan->source_count : 1, l->result.arrays,
		     l->result.bytes);
}

int
load_file(struct loader *l)
{
	double since = clock_now();
	hid_t file = H5I_INVALID_HID;
	int rc, changed;

	opened_begin(l->locks_matter);
	rc = wanted_begin(l);
	l->scan = scan_new();
	if (!l->scan)
		return CUTE_SHM_ERR_NOMEM;
	if (rc == 0 && l->listed_count == 0 && !open_natively(l))
		rc = source_open(l->file, l->before, &file);
	if (rc != 0)
		return rc;
	log_step(l, "opened", since);
	rc = scan_file(l, file);
	if (rc == 0)
		log_step(l, "scanned", since);
	if (rc == 0)
		rc = wanted_check(l);
	if (rc == 0)
		rc = describe(l);
	if (rc == 0)
		log_step(l, "described", since);
	l->board->total = l->result.bytes;
	if (rc == 0 && l->builder && !l->retry)
		rc = fill(l);
	if (rc == 0)
		log_step(l, l->builder ? "loaded" : "planned", since);
	if (rc != 0 && rc != CUTE_SHM_ERR_SOURCE)
		return rc;
	/* If a file has changed, this is the cause of any other error. */
	changed = changed_check();
	return changed ? changed : rc;
}
