/* SPDX-License-Identifier: MIT */
#include "open_project.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "file_kind.h"
#include "nearest.h"
#include "text.h"

int
open_project(const char *project, bool file,
	     const struct cute_shm_open_options *opt, struct cute_shm **ret)
{
	return file || strchr(project, '/')
		       ? cute_shm_open_file(project, opt, ret)
		       : cute_shm_open(project, opt, ret);
}

/* -------------------------------------------------------- similar projects */

struct names {
	char **name;
	size_t count;
};

/* Names last for the call only. */
static int
add_name(const struct cute_shm_info *info, void *arg)
{
	struct names *names = arg;

	if (info->err == CUTE_SHM_ERR_FORMAT)
		return 0;
	names->name =
		text_alloc(names->name, names->count + 1, sizeof(*names->name));
	names->name[names->count++] = text_format("%s", info->project);
	return 0;
}

char *
similar_project(const char *project, const char *root)
{
	struct names names = { .count = 0 };
	struct nearest n;
	size_t i;
	char *ret;

	nearest_begin(&n, project);
	if (cute_shm_list(root, add_name, &names) == 0)
		for (i = 0; i < names.count; i++)
			nearest_try(&n, names.name[i]);
	ret = nearest_name(&n)
		      ? text_format("; did you mean '%s'?", nearest_name(&n))
		      : text_format("%s", "");
	while (names.count > 0)
		free(names.name[--names.count]);
	free(names.name);
	return ret;
}

/* A file of that name, in the working directory perhaps, needs other words. */
static char *
advice(const char *project, const char *root, int err)
{
	if (err != CUTE_SHM_ERR_NOT_FOUND && err != CUTE_SHM_ERR_FORMAT)
		return text_format("%s", "");
	switch (file_kind(project)) {
	case FILE_HDF5:
		return text_format("; %s is an HDF5 file, which cute-shm-hdf5 "
				   "loads",
				   project);
	case FILE_SEGMENT:
		return text_format("; for the file of that name type ./%s",
				   project);
	default:
		return err == CUTE_SHM_ERR_NOT_FOUND && !strchr(project, '/')
			       ? similar_project(project, root)
			       : text_format("%s", "");
	}
}

char *
open_problem(const char *project, const char *root, int err)
{
	char *message = text_format("%s", cli_errmsg());
	char *more = advice(project, root, err);
	char *ret = text_format("%s%s", message, more);

	free(message);
	free(more);
	return ret;
}
