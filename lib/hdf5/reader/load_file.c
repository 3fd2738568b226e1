/* SPDX-License-Identifier: MIT */
/* A load: the steps in their order. */

#include <inttypes.h>

#include "build/fill.h"
#include "hdf5/describe/describe.h"
#include "hdf5/reader/reader.h"
#include "hdf5/scan/scan.h"

/* *ret is the file if libhdf5 must open it. */
static int
open_file(struct loader *l, hid_t *ret)
{
	unsigned source;

	l->no_index = open_natively(l, l->file, l->before, &source);
	return l->no_index ? source_open(l->file, l->before, ret) : 0;
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
	builder_writers(l->builder, l->jobs);
	rc = cute_shm_builder_reserve(l->builder);
	if (rc == 0) {
		page_cache_reading();
		prefetch = prefetch_begin(l);
		rc = read_pending(l);
		prefetch_end(prefetch);
	}
	if (rc == 0 && !l->retry) {
		board_work(l->board, "", l->result.bytes);
		reused_progress(l);
		rc = cute_shm_builder_seal(l->builder);
		if (rc == 0)
			rc = reused_check(l);
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
load_file(struct loader *l, int old)
{
	double since = clock_now();
	hid_t file = H5I_INVALID_HID;
	int rc, changed;

	opened_begin(l->locks_matter);
	others_begin(l->board, l->listed_count > 0,
		     !(l->opt->flags & CUTE_SHM_HDF5_NO_EXTERNAL));
	rc = wanted_begin(l);
	l->scan = scan_new();
	if (!l->scan)
		return CUTE_SHM_ERR_NOMEM;
	if (rc == 0 && l->listed_count == 0)
		rc = open_file(l, &file);
	if (rc == 0 && old >= 0)
		rc = reuse_begin(l, old);
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
	/* The memory is needed for what is written besides the data. */
	if (rc == 0 && l->builder && l->pending_count == 0)
		sources_forget(l->scan);
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
