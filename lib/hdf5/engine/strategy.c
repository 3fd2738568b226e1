/* SPDX-License-Identifier: MIT */
/* Choose the strategy for a dataset. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/engine/engine.h"

int
missing_filter(hid_t dcpl, char *name, size_t size)
{
	int i, id, count = H5Pget_nfilters(dcpl);
	size_t params;
	unsigned flags;

	for (i = 0; i < count; i++) {
		params = 0; /* in: 0, out: how many the filter has */
		id = H5Pget_filter2(dcpl, (unsigned)i, &flags, &params, NULL,
				    size, name, NULL);
		if (id >= 0 && H5Zfilter_avail(id) <= 0)
			return id;
	}
	return -1;
}

static bool
strategy_is(const char *name)
{
	const char *value = getenv("CUTE_SHM_HDF5_STRATEGY");

	return value && strcmp(value, name) == 0;
}

bool
strategy_generic(void)
{
	return strategy_is("generic");
}

bool
strategy_library(void)
{
	return strategy_is("library") || strategy_generic();
}

static int
read_native(struct reader *r, const struct strategy_source *s, const char **how)
{
	bool fits = false;
	int err = 0;

	switch (s->native->layout.kind) {
	case NATIVE_CONTIGUOUS:
		err = read_contiguous(r, s, H5I_INVALID_HID, &fits);
		*how = fits ? "contiguous" : NULL;
		break;
	case NATIVE_CHUNKED:
		err = read_chunks(r, s, H5I_INVALID_HID, &fits);
		*how = fits ? "chunks" : NULL;
		break;
	default: break;
	}
	return err;
}

static int
read_by_layout(struct reader *r, const struct strategy_source *s, hid_t dcpl,
	       const char **how)
{
	bool fits = false;
	int err = 0;

	switch (H5Pget_layout(dcpl)) {
	case H5D_CONTIGUOUS:
		err = read_contiguous(r, s, dcpl, &fits);
		*how = fits ? "contiguous" : NULL;
		break;
	case H5D_CHUNKED:
		err = read_chunks(r, s, dcpl, &fits);
		*how = fits ? "chunks" : NULL;
		break;
	default: break;
	}
	return err;
}

int
strategy_read(struct reader *r, const struct strategy_source *s,
	      const char **how)
{
	hid_t dcpl;
	int err;

	*how = NULL;
	if (strategy_generic())
		return 0;
	if (s->native)
		return read_native(r, s, how);
	dcpl = H5Dget_create_plist(s->dset);
	if (dcpl < 0)
		return 0;
	err = read_by_layout(r, s, dcpl, how);
	H5Pclose(dcpl);
	return err;
}

int
fail_in_chunk(unsigned ndim, const uint64_t *at, int err)
{
	char text[MAX_NDIM * 22] = "";
	size_t size = 0;
	unsigned i;

	for (i = 0; i < ndim; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size,
					 "%s%" PRIu64, i ? ", " : "", at[i]);
	return cute_shm_fail(err, "chunk at (%s): %s", text, cute_shm_errmsg());
}
