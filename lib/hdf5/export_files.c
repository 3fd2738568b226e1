/* SPDX-License-Identifier: MIT */
/*
 * Export: each group of the root to a file of its own.  A load of the files
 * gives the groups their names again, so no two groups have the same file.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/export.h"
#include "read/reserved.h"

struct group {
	const char *path; /* in the segment */
	char *file;	  /* its name */
};

struct groups {
	struct group *of;
	uint32_t count, room;
};

static void
groups_free(struct groups *g)
{
	while (g->count > 0)
		free(g->of[--g->count].file);
	free(g->of);
}

static int
groups_add(struct groups *g, const struct cute_shm_node *node)
{
	struct group group = { .path = node->path }, *more;

	group.file = split_name(node);
	if (!group.file)
		return fail_memory("for a file name");
	more = vector_grow(g->of, g->count, &g->room, sizeof(group), "groups");
	if (!more) {
		free(group.file);
		return CUTE_SHM_ERR_NOMEM;
	}
	g->of = more;
	g->of[g->count++] = group;
	return 0;
}

/* Whether a load of several files has made this group of one of them. */
static bool
is_file(const struct cute_shm_node *node)
{
	struct cute_shm_attr attr;

	return node->kind == CUTE_SHM_GROUP &&
	       cute_shm_attr(node, reserved_name(RESERVED_SOURCE), &attr) == 0;
}

static int
find_groups(const struct export *e, struct groups *g)
{
	struct cute_shm_node root, node;
	int err = cute_shm_find(e->shm, "", &root);

	if (err == 0)
		err = cute_shm_first_child(&root, &node);
	for (; err == 0; err = cute_shm_next_sibling(&node, &node)) {
		if (!is_file(&node))
			return cute_shm_fail(
				CUTE_SHM_ERR_INVALID,
				"%s was not loaded from several files: /%s is "
				"not the group of one; write it to one file",
				e->info.path, node.path);
		err = groups_add(g, &node);
		if (err != 0)
			return err;
	}
	if (err == CUTE_SHM_ERR_END && g->count == 0)
		return cute_shm_fail(CUTE_SHM_ERR_INVALID,
				     "%s was not loaded from several files: it "
				     "is empty",
				     e->info.path);
	return err == CUTE_SHM_ERR_END ? 0 : err;
}

static int
skip_attribute(struct export *e, const char *name)
{
	struct cute_shm_hdf5_skipped skipped = {
		.reason = "attribute of the root above all files",
	};
	char *path;

	if (asprintf(&path, "@%s", name) < 0)
		return fail_memory("for the name of an attribute");
	skipped.path = path;
	e->sum.skipped++;
	if (e->opt.skipped)
		e->opt.skipped(&skipped, e->opt.arg);
	free(path);
	return 0;
}

/* No file gets the attributes of the root.  Loads put reserved ones there. */
static int
skip_attributes(struct export *e)
{
	struct cute_shm_node root;
	struct cute_shm_attr attr;
	int err = cute_shm_find(e->shm, "", &root);

	if (err == 0)
		err = cute_shm_next_attr(&root, NULL, &attr);
	for (; err == 0; err = cute_shm_next_attr(&root, &attr, &attr)) {
		if (reserved_find(attr.name) != RESERVED_NOT)
			continue;
		err = skip_attribute(e, attr.name);
		if (err != 0)
			return err;
	}
	return err == CUTE_SHM_ERR_END ? 0 : err;
}

static int
write_groups(struct export *e, const struct groups *g, struct outfiles *f)
{
	struct outfile out;
	uint32_t i;
	int err = 0;

	for (i = 0; err == 0 && i < g->count; i++)
		err = outfiles_add(f, g->of[i].file);
	for (i = 0; err == 0 && i < g->count; i++) {
		err = outfiles_open(f, i, &out);
		if (err == 0)
			err = export_write(e, f->of[i].path, g->of[i].path,
					   &out);
	}
	if (err == 0)
		err = outfiles_commit(f);
	e->sum.files = g->count;
	return err;
}

int
export_files(struct export *e, const char *folder)
{
	struct groups g = { .of = NULL };
	struct outfiles f;
	int err;

	outfiles_begin(&f, folder, export_outfile_flags(e));
	err = find_groups(e, &g);
	if (err == 0)
		err = skip_attributes(e);
	if (err == 0)
		err = write_groups(e, &g, &f);
	outfiles_end(&f);
	groups_free(&g);
	return err;
}
