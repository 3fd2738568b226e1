/* SPDX-License-Identifier: MIT */
/* The files of a load, and the names of their groups. */

#include <stdlib.h>
#include <string.h>

#include "file/file.h"
#include "hdf5/load.h"

/* The name of the file's group: as it was given, or from the file's name. */
static int
add_file(void *list, const char *name, const char *file)
{
	char *stem = name ? NULL : stem_of(file);
	char *component =
		name || stem ? component_of(name ? name : stem) : NULL;

	free(stem);
	if (!component)
		return fail_memory("for names of groups");
	return file_list_add(list, component, file);
}

/* The folder that is all that was given, or NULL. */
static const char *
only_folder(const struct cute_shm_hdf5_source *sources, size_t count)
{
	struct stat st;

	return count == 1 && !sources->name && stat(sources->file, &st) == 0 &&
			       S_ISDIR(st.st_mode)
		       ? sources->file
		       : NULL;
}

int
files_find(const struct cute_shm_hdf5_source *sources, size_t count,
	   struct file_list *list)
{
	size_t i;
	int err = 0;

	if (count == 0)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID, "no file given");
	for (i = 0; err == 0 && i < count; i++)
		err = hdf5_given(sources[i].name, sources[i].file, add_file,
				 list);
	return err ? err : file_list_end(list, only_folder(sources, count));
}

const char *
files_changed(const struct file_list *list, const char **file)
{
	const char *how = NULL;
	struct stat now;
	uint32_t i;

	for (i = 0; !how && i < list->count; i++) {
		*file = list->of[i].file;
		how = stat(*file, &now) == 0
			      ? changed_how(&list->of[i].before, &now)
			      : "it is not there any more";
	}
	return how;
}

bool
files_settle(const struct file_list *list)
{
	bool ret = false;
	uint32_t i;

	for (i = 0; i < list->count; i++)
		ret |= let_settle(list->of[i].file);
	return ret;
}
