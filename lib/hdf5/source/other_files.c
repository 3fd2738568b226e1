/* SPDX-License-Identifier: MIT */
/*
 * The files that take part in a load beside those that were given, each with
 * its status, or as missing: where libhdf5 has looked for it and found nothing,
 * a file that appears there changes what a load gives.
 */

#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdf5/source/source.h"

static const struct board *board;
static bool by_group, with_missing;
static void *tree; /* struct other_file, sorted by tsearch() */
static struct other_file **sorted;
static size_t count, put;

void
others_begin(const struct board *shown, bool several, bool external)
{
	board = shown;
	by_group = several;
	with_missing = external;
}

static int
by_place(const void *a, const void *b)
{
	const struct other_file *x = a, *y = b;
	int order = strcmp(x->group, y->group);

	return order ? order : strcmp(x->path, y->path);
}

/* The group for which a file is opened is that of the current object. */
static void
current_group(char *ret, size_t size)
{
	ret[0] = '\0';
	if (board && by_group)
		board_path(board, ret, size);
	ret[strcspn(ret, "/")] = '\0';
}

/* One allocation for both texts; NULL: no memory. */
static struct other_file *
other_new(const char *path, const struct stat *st)
{
	char group[sizeof(board->path)], folder[PATH_MAX] = "";
	struct other_file *f;
	size_t group_size, folder_size;

	if (path[0] != '/' && !getcwd(folder, sizeof(folder) - 1))
		folder[0] = '\0';
	if (path[0] != '/')
		strcat(folder, "/");
	current_group(group, sizeof(group));
	group_size = strlen(group) + 1;
	folder_size = strlen(folder);
	f = malloc(sizeof(*f) + group_size + folder_size + strlen(path) + 1);
	if (!f)
		return NULL;
	f->group = strcpy(f->texts, group);
	f->path = strcpy(f->texts + group_size, folder);
	strcpy(f->texts + group_size + folder_size, path);
	f->missing = !st;
	if (st)
		f->st = *st;
	return f;
}

bool
others_add(const char *path, const struct stat *st)
{
	struct other_file *f, **found;

	if (!st && !with_missing)
		return true;
	f = other_new(path, st);
	if (!f)
		return false;
	found = tsearch(f, &tree, by_place);
	if (!found || *found != f)
		free(f);
	count += found && *found == f;
	return found != NULL;
}

static void
collect(const void *node, VISIT visit, int depth)
{
	(void)depth;
	if ((visit == postorder || visit == leaf) && sorted)
		sorted[put++] = *(struct other_file *const *)node;
}

struct other_file **
others_sorted(size_t *ret)
{
	free(sorted);
	sorted = calloc(count + 1, sizeof(struct other_file *));
	put = 0;
	twalk(tree, collect);
	*ret = put;
	return sorted;
}
