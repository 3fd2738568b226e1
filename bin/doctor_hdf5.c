/* SPDX-License-Identifier: MIT */
/*
 * HDF5, as the program cute-shm-reader tells it: a libhdf5 of this tool's own
 * could be another one.
 */
#include "doctor.h"

#ifdef HAVE_HDF5

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cute_shm.h>
#include <cute_shm_hdf5.h>

#include "text.h"

/* Filters that can be read, and those that cannot, as lists of names. */
struct filters {
	char *readable;
	char *missing;
};

/* Append to a list; 'more' is put behind the name. */
static void
append(char **list, const char *name, const char *more)
{
	char *old = *list;

	*list = text_format("%s%s%s%s", old ? old : "", old ? ", " : "", name,
			    more);
	free(old);
}

static void
add_filter(struct filters *filters, const struct cute_shm_hdf5_fact *fact)
{
	bool own = strcmp(fact->value, "own") == 0;

	if (strcmp(fact->value, "no") == 0)
		append(&filters->missing, fact->name, "");
	else
		append(&filters->readable, fact->name,
		       own ? "" : " (by libhdf5)");
	if (!own && *fact->package)
		doctor_add(DOCTOR_NOTE, "filters", fact->package,
			   "built without a decoder of its own for %s",
			   fact->name);
}

/* What is not known, a later program may send. */
static void
add_fact(const struct cute_shm_hdf5_fact *fact, void *filters)
{
	if (strcmp(fact->kind, "reader") == 0)
		doctor_add(DOCTOR_OK, "hdf5", NULL, "files are read by %s",
			   fact->value);
	else if (strcmp(fact->kind, "libhdf5") == 0)
		doctor_add(DOCTOR_OK, "hdf5", NULL,
			   "libhdf5 %s reads what that program does not know: "
			   "cute-shm-hdf5 -v tells of which arrays, and why",
			   fact->value);
	else if (strcmp(fact->kind, "sandbox") == 0)
		doctor_add(DOCTOR_OK, "hdf5", NULL, "sandbox: %s", fact->value);
	else if (strcmp(fact->kind, "filter") == 0)
		add_filter(filters, fact);
}

static void
check_reader(void)
{
	struct filters filters = { NULL, NULL };

	if (cute_shm_hdf5_about(add_fact, &filters) != 0) {
		doctor_add(DOCTOR_PROBLEM, "hdf5",
			   "install cute-shm whole, with cute-shm-reader, its "
			   "module, and libhdf5",
			   "%s", cute_shm_errmsg());
	} else {
		doctor_add(DOCTOR_OK, "filters", NULL, "can read %s",
			   filters.readable ? filters.readable : "none");
		if (filters.missing)
			doctor_add(DOCTOR_OK, "filters", NULL,
				   "cannot read without a plugin of libhdf5: "
				   "%s",
				   filters.missing);
	}
	free(filters.readable);
	free(filters.missing);
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
	check_reader();
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
