/* SPDX-License-Identifier: MIT */
/* A load: the steps in their order. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/describe/describe.h"
#include "hdf5/reader/reader.h"
#include "hdf5/scan/scan.h"

/*
 * A hint for a file that libhdf5 cannot open.  The file with the superblock
 * names the driver that wrote a set of files.
 */
static const char *
advice(const struct loader *l)
{
	char begin[4096];
	struct stat st;
	int fd = host_open(l->file, &st);
	ssize_t n = fd < 0 ? 0 : pread(fd, begin, sizeof(begin), 0);
	size_t size = n < 0 ? 0 : (size_t)n;

	if (fd >= 0)
		close(fd);
	if (fd == -EMFILE || fd == -ENFILE)
		return "too many files are open: raise that limit (ulimit -n)";
	/* If it cannot be opened, the file need not be damaged. */
	if (fd < 0)
		return "the system does not give access to it";
	if (memmem(begin, size, "NCSAfami", 8))
		return "it is one of a family of files: 'h5repack', given the "
		       "pattern of their names, makes one file of them";
	if (memmem(begin, size, "NCSAmult", 8))
		return "it is one of the files that a split or multi driver "
		       "wrote: 'h5repack', given the name that they share, "
		       "makes one file of them";
	return "the file is damaged, or its copy is not complete";
}

/*
 * A writer has locked the file, or has set the mark in the superblock that
 * files of the latest versions have.  The data may be incomplete now.
 */
static int
fail_being_written(const struct loader *l, bool locked)
{
	if (locked)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s is being "
				     "written: another program holds a lock "
				     "on it; load it when that has closed it",
				     l->file);
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "%s is marked as being "
			     "written; load it when its writer has closed it, "
			     "or if there is none any more, 'h5clear -s' marks "
			     "it as closed",
			     l->file);
}

static int
fail_open(const struct loader *l)
{
	char cause[200], path[4096];
	int error = file_driver_failure(path, sizeof(path));

	hdf5_cause(cause, sizeof(cause));
	if (error == EWOULDBLOCK || error == EMARKED)
		return fail_being_written(l, error == EWOULDBLOCK);
	if (error == 0 && source_is_foreign(l->file))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s is not an HDF5 file", l->file);
	if (cause_is_newer(cause))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: cannot open: %s",
				     l->file, cause);
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: cannot open: %s; %s",
			     l->file, cause, advice(l));
}

static int
open_file(struct loader *l, hid_t *ret)
{
	const char *how;
	struct stat st;

	file_driver_forget();
	*ret = H5Fopen(l->file, H5F_ACC_RDONLY, file_driver_access());
	if (*ret < 0)
		return fail_open(l);
	if (!file_driver_stat(*ret, &st))
		return unreadable();
	how = changed_how(l->before, &st);
	return how ? changed_fail(l->file, how) : 0;
}

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
	if (rc == 0 && !open_natively(l))
		rc = open_file(l, &file);
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
