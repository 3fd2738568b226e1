/* SPDX-License-Identifier: MIT */
/* Open the module that is linked with libhdf5. */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/library/library.h"

static const char *path_of_program = "";

void
hdf5_module_begin(const char *program)
{
	path_of_program = program;
}

char *
hdf5_module_folder(void)
{
	const char *slash = strrchr(path_of_program, '/');

	return strndup(path_of_program,
		       slash ? (size_t)(slash - path_of_program) + 1 : 0);
}

/* NULL on failure, which dlerror() explains. */
static void *
open_in(const char *folder, const char *below)
{
	char *path;
	void *module;

	if (asprintf(&path, "%s%s" HDF5_MODULE, folder, below) < 0)
		return NULL;
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	free(path);
	return module;
}

/* The module lies beside the program, or where libtool builds it. */
const struct hdf5_library *
hdf5_table(char **why)
{
	char *folder = hdf5_module_folder();
	void *module = folder ? open_in(folder, "") : NULL;
	const struct hdf5_library *ret = NULL;

	if (!module) {
		*why = strdup(folder ? dlerror() : "no memory");
		module = folder ? open_in(folder, ".libs/") : NULL;
	}
	if (module) {
		free(*why);
		*why = NULL;
		ret = dlsym(module, "cute_shm_hdf5_library");
		if (!ret)
			*why = strdup("the module with libhdf5 is not of this "
				      "program");
	}
	free(folder);
	return ret;
}
