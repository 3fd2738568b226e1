/* SPDX-License-Identifier: MIT */
/* The HDF5 files that are given to load, one by one or as a folder. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file.h"

/* Paths that are taken over, and freed with the list. */
static int
add(struct path_list *list, char *path)
{
	char **more = vector_grow(list->of, list->count, &list->room,
				  sizeof(*more), "paths of files");

	if (!more) {
		free(path);
		return CUTE_SHM_ERR_NOMEM;
	}
	list->of = more;
	list->of[list->count++] = path;
	return 0;
}

void
path_list_free(struct path_list *list)
{
	while (list->count > 0)
		free(list->of[--list->count]);
	free(list->of);
	*list = (struct path_list){ .of = NULL };
}

bool
hdf5_file_name(const char *name)
{
	static const char *const endings[] = { ".h5",	".hdf5", ".hdf", ".he5",
					       ".h5ad", ".nc4",	 ".jld2" };
	const char *dot = strrchr(name, '.');
	size_t i;

	for (i = 0; dot && i < sizeof(endings) / sizeof(*endings); i++)
		if (strcasecmp(dot, endings[i]) == 0)
			return true;
	return false;
}

/* A folder to be read is kept, a file that is wanted, too. */
static int
see_entry(DIR *dir, const char *folder, const char *name,
	  struct path_list *folders, struct path_list *files)
{
	bool slash = folder[strlen(folder) - 1] == '/', is_folder;
	struct stat st;
	char *path;

	if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0; /* it was removed just now */
	is_folder = S_ISDIR(st.st_mode);
	if (!is_folder && !hdf5_file_name(name))
		return 0;
	if (S_ISLNK(st.st_mode) && fstatat(dirfd(dir), name, &st, 0) != 0)
		return 0;
	if (!is_folder && !S_ISREG(st.st_mode))
		return 0;
	if (asprintf(&path, "%s%s%s", folder, slash ? "" : "/", name) < 0)
		return fail_memory("for a path");
	return add(is_folder ? folders : files, path);
}

static int
fail_folder(const char *folder)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "folder %s: %s", folder,
			     strerror(errno));
}

static int
read_folder(const char *folder, struct path_list *folders,
	    struct path_list *files)
{
	DIR *dir = dir_above_stdio(folder);
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return fail_folder(folder);
	while (err == 0) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (entry->d_name[0] != '.')
			err = see_entry(dir, folder, entry->d_name, folders,
					files);
	}
	if (err == 0 && errno != 0)
		err = fail_folder(folder);
	closedir(dir);
	return err;
}

/* "episode_2" before "episode_10". */
static int
naturally(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

int
hdf5_folder(const char *folder, struct path_list *ret)
{
	struct path_list folders = { .of = NULL };
	uint32_t next = 0;
	int err;

	for (err = read_folder(folder, &folders, ret);
	     err == 0 && next < folders.count; next++)
		err = read_folder(folders.of[next], &folders, ret);
	path_list_free(&folders);
	if (err == 0 && ret->count > 1)
		qsort(ret->of, ret->count, sizeof(*ret->of), naturally);
	return err;
}

static bool
names_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int
hdf5_given(const char *name, const char *path,
	   int (*each)(void *arg, const char *name, const char *file),
	   void *arg)
{
	struct path_list paths = { .of = NULL };
	uint32_t i;
	int err;

	if (!path || path[0] == '\0')
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "a file without a path is given");
	if (name || !names_folder(path))
		return each(arg, name, path);
	err = hdf5_folder(path, &paths);
	if (err == 0 && paths.count == 0)
		err = cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				    "folder %s has no HDF5 files "
				    "(*.h5, *.hdf5 and the like) below it",
				    path);
	for (i = 0; err == 0 && i < paths.count; i++)
		err = each(arg, NULL, paths.of[i]);
	path_list_free(&paths);
	return err;
}
