/* SPDX-License-Identifier: MIT */
/* What this libhdf5 and our decoders can read, for cute-shm-doctor. */

#include <errno.h>
#include <stdio.h>

#include "hdf5/reader/reader.h"
#include "hdf5/report/report.h"

/* Filters in use, and whether this was built with a decoder for it. */
static const struct {
	H5Z_filter_t id;
	const char *name;
	bool ours;
	const char *package; /* what to build with; "": a plugin only */
} known_filters[] = {
	{ H5Z_FILTER_DEFLATE, "gzip",
#ifdef HAVE_LIBDEFLATE
	  true,
#else
	  false,
#endif
	  "libdeflate-dev" },
	{ H5Z_FILTER_SZIP, "szip",
#ifdef HAVE_SZIP
	  true,
#else
	  false,
#endif
	  "libaec-dev" },
	{ 32000, "lzf", true, "" },
	{ 32001, "blosc",
#ifdef HAVE_BLOSC
	  true,
#else
	  false,
#endif
	  "libblosc-dev" },
	{ 32004, "lz4",
#ifdef HAVE_LZ4
	  true,
#else
	  false,
#endif
	  "liblz4-dev" },
	{ 32008, "bitshuffle", true, "" },
	{ 32013, "zfp", false, "" },
	{ 32015, "zstd",
#ifdef HAVE_ZSTD
	  true,
#else
	  false,
#endif
	  "libzstd-dev" },
	{ 32026, "blosc2", false, "" },
};

static int
about_filter(struct loader *l, size_t i)
{
	if (known_filters[i].ours)
		return send_fact(l, "filter", known_filters[i].name, "own", "");
	return send_fact(l, "filter", known_filters[i].name,
			 H5Zfilter_avail(known_filters[i].id) > 0 ? "libhdf5"
								  : "no",
			 known_filters[i].package);
}

int
about(struct loader *l)
{
	unsigned major, minor, release;
	char version[64];
	int err = 0;
	size_t i;

	if (H5get_libversion(&major, &minor, &release) < 0)
		return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
				     "libhdf5 does not work");
	snprintf(version, sizeof(version), "%u.%u.%u", major, minor, release);
	err = send_fact(l, "reader", "", program_invocation_name, "");
	if (err == 0)
		err = send_fact(l, "libhdf5", "", version, "");
	if (err == 0)
		err = send_fact(l, "sandbox", "", reader_locked_in(), "");
	for (i = 0;
	     err == 0 && i < sizeof(known_filters) / sizeof(*known_filters);
	     i++)
		err = about_filter(l, i);
	return err;
}
