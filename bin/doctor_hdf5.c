/* SPDX-License-Identifier: MIT */
#include "doctor.h"

#ifdef HAVE_HDF5

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hdf5.h>

#include "text.h"

static void
check_version(void)
{
	unsigned major, minor, release;

	if (H5get_libversion(&major, &minor, &release) < 0) {
		doctor_add(DOCTOR_PROBLEM, "hdf5", NULL,
			   "libhdf5 does not "
			   "work");
		return;
	}
	doctor_add(DOCTOR_OK, "hdf5", NULL, "libhdf5 %u.%u.%u", major, minor,
		   release);
}

/* Filters in use, and whether this was built with a decoder for it. */
static const struct {
	H5Z_filter_t id;
	const char *name;
	bool ours;
	const char *package; /* what to build with; NULL: a plugin only */
} filters[] = {
	{ H5Z_FILTER_DEFLATE, "gzip",
#ifdef HAVE_LIBDEFLATE
	  true,
#else
	  false,
#endif
	  "libdeflate-dev" },
	{ H5Z_FILTER_SZIP, "szip", false, NULL },
	{ 32000, "lzf", true, NULL },
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
	{ 32008, "bitshuffle", true, NULL },
	{ 32013, "zfp", false, NULL },
	{ 32015, "zstd",
#ifdef HAVE_ZSTD
	  true,
#else
	  false,
#endif
	  "libzstd-dev" },
	{ 32026, "blosc2", false, NULL },
};

static void
check_filters(void)
{
	char *fast = text_format("%s", ""), *missing = text_format("%s", "");
	char *more;
	size_t i;

	for (i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		bool there =
			filters[i].ours || H5Zfilter_avail(filters[i].id) > 0;
		char **list = there ? &fast : &missing;

		more = text_format("%s%s%s%s", *list, **list ? ", " : "",
				   filters[i].name,
				   there && !filters[i].ours ? " (by libhdf5)"
							     : "");
		free(*list);
		*list = more;
		if (!filters[i].ours && filters[i].package)
			doctor_add(DOCTOR_NOTE, "filters", filters[i].package,
				   "built without a decoder of its own for %s",
				   filters[i].name);
	}
	doctor_add(DOCTOR_OK, "filters", NULL, "can read %s", fast);
	if (*missing)
		doctor_add(DOCTOR_OK, "filters", NULL,
			   "cannot read without a "
			   "plugin of libhdf5: %s",
			   missing);
	free(fast);
	free(missing);
}

static unsigned
count_plugins(const char *path)
{
	const struct dirent *entry;
	DIR *dir = opendir(path);
	unsigned n = 0;

	while (dir && (entry = readdir(dir)))
		n += strstr(entry->d_name, ".so") != NULL;
	if (dir)
		closedir(dir);
	return n;
}

static void
check_plugins(void)
{
	const char *path = getenv("HDF5_PLUGIN_PATH");
	char *copy, *dir, *rest = NULL;

	if (!path) {
		doctor_add(DOCTOR_OK, "plugins", NULL,
			   "HDF5_PLUGIN_PATH is "
			   "not set: where libhdf5 looks by itself");
		return;
	}
	copy = text_format("%s", path);
	for (dir = strtok_r(copy, ":", &rest); dir;
	     dir = strtok_r(NULL, ":", &rest)) {
		unsigned n = count_plugins(dir);

		doctor_add(n > 0 ? DOCTOR_OK : DOCTOR_NOTE, "plugins",
			   n > 0 ? NULL : "correct HDF5_PLUGIN_PATH",
			   "%s: %u plugins", dir, n);
	}
	free(copy);
}

void
doctor_hdf5(void)
{
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	check_version();
	check_filters();
	check_plugins();
}

#else

void
doctor_hdf5(void)
{
	doctor_add(DOCTOR_NOTE, "hdf5", "build with libhdf5-dev",
		   "built without HDF5: no cute-shm-hdf5, no export to HDF5");
}

#endif
