/* SPDX-License-Identifier: MIT */
/*
 * Which groups of an old project are copied instead of being read again.  A
 * group is copied only if its file has not changed, nor any other that took
 * part in it, and if it shares no file and no object with another group: so it
 * is what it would be in a project of its own.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/scan/scan.h"
#include "read/read.h"

/* A file that a group depends on. */
struct reuse_place {
	dev_t device;
	ino_t inode;
	uint32_t group; /* number in l->listed, or any larger one */
};

/* The state of the search. */
struct search {
	struct loader *l;
	struct reuse *r;
	uint32_t group;	 /* that is looked at */
	bool fits, full; /* its parts are unchanged; no memory */
};

/* ------------------------------------------------------- files of groups */

static bool
add_place(struct search *s, const struct stat *st)
{
	struct reuse *r = s->r;
	struct reuse_place *more =
		vector_grow(r->places, r->place_count, &r->place_room,
			    sizeof(*more), "files of groups");

	if (!more) {
		s->full = true;
		return false;
	}
	r->places = more;
	more[r->place_count++] =
		(struct reuse_place){ st->st_dev, st->st_ino, s->group };
	return true;
}

/* Another file of the group, as it was; a source_part_fn. */
static void
see_part(char *path, uint64_t size, uint64_t mtime, void *arg)
{
	struct search *s = arg;
	struct stat st;
	int err = path ? host_stat(path, &st) : -EIO;

	if (err == 0) {
		add_place(s, &st);
		s->fits &=
			(uint64_t)st.st_size == size && mtime_ns(&st) == mtime;
	} else {
		s->fits &= size == PART_MISSING &&
			   (err == -ENOENT || err == -ENOTDIR);
	}
}

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(const struct listed *const *)a)->name,
		      (*(const struct listed *const *)b)->name);
}

/* The files of the load by their names, for free(). */
static const struct listed **
sorted_names(const struct loader *l)
{
	const struct listed **ret =
		calloc((size_t)l->listed_count + 1, sizeof(*ret));
	uint32_t i;

	for (i = 0; ret && i < l->listed_count; i++)
		ret[i] = &l->listed[i];
	if (ret)
		qsort(ret, l->listed_count, sizeof(*ret), by_name);
	return ret;
}

/* The number of the file whose group has this name, or 'otherwise'. */
static uint32_t
number_in(const struct loader *l, const struct listed **names, char *name,
	  uint32_t otherwise)
{
	const struct listed key = { .name = name }, *wanted = &key;
	const struct listed *const *found =
		bsearch(&wanted, names, l->listed_count, sizeof(*names),
			by_name);

	return found ? (uint32_t)(*found - l->listed) : otherwise;
}

static bool
is_unchanged(const struct listed *a, const struct listed *b)
{
	return strcmp(a->real, b->real) == 0 &&
	       a->before.st_size == b->before.st_size &&
	       mtime_ns(&a->before) == mtime_ns(&b->before);
}

/* Look at all groups of the old project, by number 'k' of 'old'. */
static void
see_old(struct search *s, const struct listed **names, const struct listed *old,
	uint32_t count)
{
	const struct loader *l = s->l;
	struct cute_shm_node node;
	struct stat st;
	uint32_t k;

	for (k = 0; k < count && !s->full; k++) {
		s->group =
			number_in(l, names, old[k].name, l->listed_count + k);
		s->fits = true;
		if (cute_shm_find(s->r->shm, old[k].name, &node) != 0)
			continue;
		source_parts_each(&node, see_part, s);
		if (s->group < l->listed_count &&
		    is_unchanged(&old[k], &l->listed[s->group]))
			s->r->of[s->group] =
				s->fits && !l->listed[s->group].stale;
		else if (host_stat(old[k].real, &st) == 0)
			add_place(s, &st);
	}
}

static void
see_new(struct search *s)
{
	for (s->group = 0; s->group < s->l->listed_count && !s->full;
	     s->group++)
		add_place(s, &s->l->listed[s->group].before);
}

/* ------------------------------------------------------- what groups share */

static int
by_file(const void *a, const void *b)
{
	const struct reuse_place *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->inode > y->inode) - (x->inode < y->inode);
}

static void
leave_out(const struct search *s, uint32_t group)
{
	if (group < s->l->listed_count)
		s->r->of[group] = false;
}

/* Leave out all groups that share a file; keep the places of the others. */
static void
drop_sharing(struct search *s)
{
	struct reuse *r = s->r;
	struct reuse_place *p = r->places;
	uint32_t i, n = 0;

	qsort(p, r->place_count, sizeof(*p), by_file);
	for (i = 1; i < r->place_count; i++)
		if (by_file(&p[i - 1], &p[i]) == 0 &&
		    p[i - 1].group != p[i].group) {
			leave_out(s, p[i - 1].group);
			leave_out(s, p[i].group);
		}
	for (i = 0; i < r->place_count; i++)
		if (p[i].group < s->l->listed_count && r->of[p[i].group])
			p[n++] = p[i];
	r->place_count = n;
}

static void
leave_out_named(const struct search *s, const struct listed **names,
		const char *path)
{
	char *name = strndup(path, strcspn(path, "/"));

	leave_out(s,
		  name ? number_in(s->l, names, name, UINT32_MAX) : UINT32_MAX);
	free(name);
}

/* Leave out both groups of a link from one to the other. */
static int
drop_linked(struct search *s, const struct listed **names)
{
	struct cute_shm_node top, node, target;
	size_t size;
	int err = cute_shm_find(s->r->shm, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		if (node.kind != CUTE_SHM_LINK)
			continue;
		err = cute_shm_follow(&node, &target);
		if (err != 0)
			return err;
		size = strcspn(node.path, "/");
		if (strcspn(target.path, "/") == size &&
		    memcmp(node.path, target.path, size) == 0)
			continue;
		leave_out_named(s, names, node.path);
		leave_out_named(s, names, target.path);
	}
	return err == CUTE_SHM_ERR_END ? 0 : err;
}

/* ------------------------------------------------------------------- search */

/* The patterns of select match these paths, too. */
static int
match_patterns(struct loader *l, const struct reuse *r)
{
	struct cute_shm_node top, node;
	uint32_t i;
	int err;

	for (i = 0; i < l->listed_count; i++) {
		if (!r->of[i])
			continue;
		err = cute_shm_find(r->shm, l->listed[i].name, &top);
		for (node = top; err == 0;
		     err = cute_shm_next(&top, &node, &node))
			path_wanted(l, node.path);
		if (err != CUTE_SHM_ERR_END)
			return err;
	}
	return 0;
}

int
reuse_search(struct loader *l, struct reuse *r, const struct listed *old,
	     uint32_t count)
{
	struct search s = { .l = l, .r = r };
	const struct listed **names = sorted_names(l);
	int err = 0;

	r->of = calloc((size_t)l->listed_count + 1, sizeof(*r->of));
	if (r->of && names) {
		see_old(&s, names, old, count);
		see_new(&s);
		drop_sharing(&s);
		err = drop_linked(&s, names);
	}
	if (!r->of || !names || s.full)
		err = fail_memory("for the groups of an old project");
	free(names);
	if (err == 0 && (l->opt->select || l->opt->exclude))
		err = match_patterns(l, r);
	return err;
}

uint32_t
reuse_of_file(const struct loader *l, const struct stat *st)
{
	const struct reuse_place wanted = { .device = st->st_dev,
					    .inode = st->st_ino };
	const struct reuse_place *found =
		l->reuse && l->reuse->place_count > 0
			? bsearch(&wanted, l->reuse->places,
				  l->reuse->place_count, sizeof(wanted),
				  by_file)
			: NULL;

	return found ? found->group : NO_REUSED;
}
