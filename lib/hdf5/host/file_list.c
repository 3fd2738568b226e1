/* SPDX-License-Identifier: MIT */
/* Several files that one load reads, each for a group of its own. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/host/host.h"

static int
fail_file(const char *file, int number)
{
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: %s", file,
			     host_reason(number));
}

static int
listed_new(const char *file, struct listed *ret)
{
	if (stat(file, &ret->before) != 0)
		return fail_file(file, errno);
	if (!S_ISREG(ret->before.st_mode))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "%s is %s, not a regular file", file,
				     S_ISDIR(ret->before.st_mode)
					     ? "a directory"
					     : "special");
	ret->real = realpath(file, NULL);
	if (!ret->real)
		return fail_file(file, errno);
	ret->file = strdup(file);
	return ret->file ? 0 : fail_memory("for names of files");
}

static void
listed_free(struct listed *l)
{
	free(l->name);
	free(l->file);
	free(l->real);
}

int
file_list_add(struct file_list *list, char *name, const char *file)
{
	struct listed l = { .name = name };
	struct listed *more;
	int err = listed_new(file, &l);

	more = err ? NULL
		   : vector_grow(list->of, list->count, &list->room, sizeof(l),
				 "files");
	if (!more) {
		listed_free(&l);
		return err ? err : CUTE_SHM_ERR_NOMEM;
	}
	list->of = more;
	list->of[list->count++] = l;
	list->size += (uint64_t)l.before.st_size;
	list->blocks += (uint64_t)l.before.st_blocks;
	if (mtime_ns(&l.before) > list->mtime_ns)
		list->mtime_ns = mtime_ns(&l.before);
	return 0;
}

void
file_list_free(struct file_list *list)
{
	while (list->count > 0)
		listed_free(&list->of[--list->count]);
	free(list->of);
	free(list->by_file);
	free(list->by_inode);
	free(list->folder);
	*list = (struct file_list){ .of = NULL };
}

/* ------------------------------------------------------------------ sorting */

/* Those that are equal keep their order. */
static int
by_name(const void *a, const void *b)
{
	const struct listed *x = *(struct listed *const *)a;
	const struct listed *y = *(struct listed *const *)b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x > y) - (x < y);
}

static int
by_file(const void *a, const void *b)
{
	return strcmp((*(struct listed *const *)a)->file,
		      (*(struct listed *const *)b)->file);
}

static int
by_inode(const void *a, const void *b)
{
	const struct stat *x = &(*(struct listed *const *)a)->before;
	const struct stat *y = &(*(struct listed *const *)b)->before;

	if (x->st_dev != y->st_dev)
		return x->st_dev < y->st_dev ? -1 : 1;
	return (x->st_ino > y->st_ino) - (x->st_ino < y->st_ino);
}

/* The files in another order, for free(); NULL with a message. */
static struct listed **
sorted(const struct file_list *list, int (*order)(const void *, const void *))
{
	struct listed **ret = calloc((size_t)list->count + 1, sizeof(*ret));
	uint32_t i;

	if (!ret) {
		fail_memory("for %" PRIu32 " files", list->count);
		return NULL;
	}
	for (i = 0; i < list->count; i++)
		ret[i] = &list->of[i];
	qsort(ret, list->count, sizeof(*ret), order);
	return ret;
}

static int
check_names(const struct file_list *list)
{
	struct listed **names = sorted(list, by_name);
	uint32_t i;
	int err = names ? 0 : CUTE_SHM_ERR_NOMEM;

	for (i = 1; err == 0 && i < list->count; i++)
		if (strcmp(names[i - 1]->name, names[i]->name) == 0)
			err = cute_shm_fail(CUTE_SHM_ERR_INVALID,
					    "%s and %s would both be group %s: "
					    "give one of them another name "
					    "(--as NAME=FILE)",
					    names[i - 1]->file, names[i]->file,
					    names[i]->name);
	free(names);
	return err;
}

/* An object belongs to one group only, and so does a file. */
static int
check_twice(const struct file_list *list)
{
	const struct listed *a, *b;
	uint32_t i;

	for (i = 1; i < list->count; i++) {
		a = list->by_inode[i - 1];
		b = list->by_inode[i];
		if (by_inode(&a, &b) != 0)
			continue;
		if (strcmp(a->file, b->file) == 0)
			return cute_shm_fail(CUTE_SHM_ERR_INVALID,
					     "%s is given twice", a->file);
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%s and %s are the same file: leave out "
				     "one of them",
				     a < b ? a->file : b->file,
				     a < b ? b->file : a->file);
	}
	return 0;
}

/* ------------------------------------------------------------------- folder */

/* Cut the path before its last slash, but keep that of the root. */
static void
cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	slash[slash == path] = '\0';
}

static bool
lies_below(const char *path, const char *folder)
{
	size_t size = strlen(folder);

	return strncmp(path, folder, size) == 0 &&
	       (path[size] == '/' || folder[size - 1] == '/');
}

/* The deepest folder that has all files. */
static int
set_common(struct file_list *list)
{
	uint32_t i;

	list->folder = strdup(list->of[0].real);
	if (!list->folder)
		return fail_memory("for a path");
	cut_last(list->folder);
	for (i = 1; i < list->count; i++)
		while (!lies_below(list->of[i].real, list->folder))
			cut_last(list->folder);
	return 0;
}

static int
set_given(struct file_list *list, const char *folder)
{
	char *real = realpath(folder, NULL);
	int n = real ? asprintf(&list->folder, "%s%s", real, real[1] ? "/" : "")
		     : 0;
	int number = errno;

	free(real);
	if (n > 0)
		return 0;
	list->folder = NULL;
	return n == 0 ? fail_file(folder, number) : fail_memory("for a path");
}

int
file_list_end(struct file_list *list, const char *folder)
{
	int err;

	list->by_file = sorted(list, by_file);
	list->by_inode = sorted(list, by_inode);
	if (!list->by_file || !list->by_inode)
		return CUTE_SHM_ERR_NOMEM;
	err = check_twice(list);
	if (err == 0)
		err = check_names(list);
	if (err != 0)
		return err;
	return folder ? set_given(list, folder) : set_common(list);
}

/* ------------------------------------------------------------------ finding */

static const struct listed *
find(struct listed **in, uint32_t count, struct listed *wanted,
     int (*order)(const void *, const void *))
{
	struct listed **found =
		bsearch(&wanted, in, count, sizeof(struct listed *), order);

	return found ? *found : NULL;
}

const struct listed *
file_list_find(const struct file_list *list, const char *file)
{
	struct listed wanted = { .file = (char *)(uintptr_t)file };

	return find(list->by_file, list->count, &wanted, by_file);
}

const char *
listed_file(const struct listed *of, uint32_t count, const char *path,
	    const char *otherwise)
{
	size_t size = strcspn(path, "/");
	uint32_t i;

	for (i = 0; i < count; i++)
		if (strncmp(of[i].name, path, size) == 0 &&
		    of[i].name[size] == '\0')
			return of[i].file;
	return otherwise;
}

bool
file_list_has(const struct file_list *list, const struct stat *st)
{
	struct listed wanted = { .before = *st };

	return find(list->by_inode, list->count, &wanted, by_inode) != NULL;
}
