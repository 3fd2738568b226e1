/* SPDX-License-Identifier: MIT */
/*
 * Which groups of an old project are copied instead of being read again.  The
 * old segment must be from a load with the same options, which the digest of
 * its options tells once its list of files is known.  A group is copied only if
 * its file has not changed, nor any other that took part in it, and if it
 * shares no file and no object with another group: so it is what it would be in
 * a project of its own.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
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

bool
reuse_has(const struct loader *l, uint32_t i)
{
	return l->reuse && l->reuse->of[i];
}

static bool
number_of(const struct cute_shm_node *node, enum reserved id, uint64_t *ret)
{
	struct cute_shm_attr attr;

	if (cute_shm_attr(node, reserved_name(id), &attr) != 0 ||
	    strcmp(attr.value.dtype, "<u8") != 0 || attr.value.ndim != 0)
		return false;
	memcpy(ret, attr.value.data, sizeof(*ret));
	return true;
}

/* The file of a group as it was; false if the group is of no file. */
static bool
recorded(const struct reuse *r, const struct cute_shm_node *node,
	 struct listed *ret)
{
	uint64_t size, mtime;

	*ret = (struct listed){ .name = (char *)(uintptr_t)node->path };
	if (node->kind != CUTE_SHM_GROUP ||
	    !number_of(node, RESERVED_SOURCE_SIZE, &size) ||
	    !number_of(node, RESERVED_SOURCE_MTIME, &mtime) ||
	    cute_shm_attr_text(r->shm, node->path,
			       reserved_name(RESERVED_SOURCE), &ret->real) != 0)
		return false;
	ret->before.st_size = (off_t)size;
	ret->before.st_mtim.tv_sec = (time_t)(mtime / 1000000000);
	ret->before.st_mtim.tv_nsec = (long)(mtime % 1000000000);
	return true;
}

/* ------------------------------------------------------------- old project */

static void
free_recorded(struct listed *old, uint32_t count)
{
	while (count > 0)
		free(old[--count].real);
	free(old);
}

/* All files of the old project, in its order; NULL if that is not possible. */
static struct listed *
recorded_all(const struct reuse *r, uint32_t *count)
{
	struct cute_shm_node root, node;
	struct listed *old;
	struct cute_shm_attr attr;
	int err;

	*count = 0;
	if (cute_shm_find(r->shm, "", &root) != 0 ||
	    cute_shm_attr(&root, reserved_name(RESERVED_PARTS), &attr) == 0 ||
	    root.child_count > UINT32_MAX - 1)
		return NULL;
	old = calloc((size_t)root.child_count + 1, sizeof(*old));
	err = old ? cute_shm_first_child(&root, &node) : CUTE_SHM_ERR_END;
	for (; err == 0; err = cute_shm_next_sibling(&node, &node))
		if (*count == root.child_count ||
		    !recorded(r, &node, &old[*count]))
			break;
		else
			++*count;
	if (err == CUTE_SHM_ERR_END)
		return old;
	free_recorded(old, *count);
	return NULL;
}

/* Nobody has changed the records since the segment was published. */
static bool
is_sound(const struct cute_shm *shm)
{
	const struct format_header *h = &shm->header;

	return digest(shm->base + h->header_size,
		      (size_t)(h->metadata_size - h->header_size)) ==
	       h->metadata_digest;
}

/* It is from a load of the files 'old' with the same options. */
static bool
same_options(const struct loader *l, const struct cute_shm *shm,
	     const struct listed *old, uint32_t count)
{
	struct format_second second;
	char *choice;
	bool ret;

	if (header_is_first(&shm->header) ||
	    second_read(shm->fd, &second) != 0 ||
	    choice_text(l->opt, old, count, &choice) != 0)
		return false;
	ret = digest(choice, strlen(choice)) == second.options_digest;
	free(choice);
	return ret;
}

/* ------------------------------------------------------------------- places */

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

static int
search(struct loader *l, struct reuse *r, const struct listed *old,
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

static void
reuse_free(struct reuse *r)
{
	cute_shm_close(r->shm);
	free(r->of);
	free(r->places);
	free(r);
}

static const char *
find_groups(struct loader *l, struct reuse *r)
{
	struct listed *old;
	uint32_t count, i;
	const char *why = NULL;

	if (!is_sound(r->shm))
		return "it is damaged";
	old = recorded_all(r, &count);
	if (!old)
		return "its groups are not all of files";
	if (!same_options(l, r->shm, old, count))
		why = "it was loaded with other options, or lacks something";
	else if (search(l, r, old, count) != 0)
		why = cute_shm_errmsg();
	free_recorded(old, count);
	for (i = 0; !why && i < l->listed_count; i++)
		if (r->of[i])
			return NULL;
	return why ? why : "all files have changed, or refer to others";
}

int
reuse_begin(struct loader *l, int fd)
{
	struct reuse *r = calloc(1, sizeof(*r));
	const char *why;

	if (!r)
		return fail_memory("for an old project");
	if (handle_received(fd, "the old project", &r->shm) != 0) {
		why = cute_shm_errmsg();
		r->shm = NULL;
	} else {
		why = find_groups(l, r);
	}
	if (!why) {
		l->reuse = r;
		return 0;
	}
	cute_shm_log(CUTE_SHM_LOG_INFO,
		     "nothing of the old project is used: "
		     "%s",
		     why);
	reuse_free(r);
	return 0;
}

/* -------------------------------------------------------------------- later */

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

int
reuse_drop(struct loader *l, uint32_t i, const char *why)
{
	bool quiet = l->quiet;
	int err;

	l->retry = true;
	cute_shm_log(CUTE_SHM_LOG_INFO, "%s is read again: %s",
		     l->listed[i].file, why);
	l->quiet = false;
	err = send_report(l, MESSAGE_STALE, l->listed[i].name, "%s", why);
	l->quiet = quiet;
	return err;
}

bool
reuse_never_updated(const struct cute_shm_array *a)
{
	const struct cute_shm *shm = a->shm;
	const struct format_array *record =
		segment_at(shm, a->record, sizeof(*record));
	const struct format_live *live =
		record ? segment_at(shm,
				    shm->header.live_offset +
					    record->live_slot * sizeof(*live),
				    sizeof(*live))
		       : NULL;

	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return live && __atomic_load_n(&live->sequence, __ATOMIC_ACQUIRE) == 0;
}
