/* SPDX-License-Identifier: MIT */
/*
 * The file's objects and their names: one walk in pre-order over hard and
 * external links, where the first name owns the object; then the soft links, of
 * which one that leads out of the tree so far is walked in its place.
 */

#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define NO_OBJECT SIZE_MAX

static int
no_memory(void)
{
	return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory for the file's tree");
}

/* ----------------------------------------------------- objects by address */

static uint64_t
address_hash(unsigned source, uint64_t address)
{
	uint64_t h = (address ^ ((uint64_t)source << 56)) *
		     UINT64_C(0x9e3779b97f4a7c15);

	return h ^ h >> 32;
}

static size_t *
bucket_of(const struct scan *s, unsigned source, uint64_t address)
{
	size_t i = (size_t)address_hash(source, address) & (s->bucket_count - 1);
	const struct object *o;

	for (; s->buckets[i] != 0; i = (i + 1) & (s->bucket_count - 1)) {
		o = &s->objects[s->buckets[i] - 1];
		if (o->source == source && o->address == address)
			break;
	}
	return &s->buckets[i];
}

static size_t
object_find(const struct scan *s, unsigned source, uint64_t address)
{
	return s->bucket_count ? *bucket_of(s, source, address) - 1 : NO_OBJECT;
}

static int
buckets_grow(struct scan *s)
{
	size_t old = s->bucket_count, i;

	free(s->buckets);
	s->bucket_count = old ? 2 * old : 1024;
	s->buckets = calloc(s->bucket_count, sizeof(*s->buckets));
	if (!s->buckets) {
		s->bucket_count = 0;
		return no_memory();
	}
	for (i = 0; i < s->object_count; i++)
		*bucket_of(s, s->objects[i].source, s->objects[i].address) =
			i + 1;
	return 0;
}

static int
object_add(struct scan *s, const struct object *o, size_t *ret)
{
	struct object *more;

	if (s->object_count == s->object_room) {
		s->object_room = s->object_room ? 2 * s->object_room : 256;
		more = realloc(s->objects, s->object_room * sizeof(*more));
		if (!more)
			return no_memory();
		s->objects = more;
	}
	if (2 * (s->object_count + 1) > s->bucket_count &&
	    buckets_grow(s) != 0)
		return CUTE_SHM_ERR_NOMEM;
	s->objects[s->object_count] = *o;
	*bucket_of(s, o->source, o->address) = s->object_count + 1;
	*ret = s->object_count++;
	return 0;
}

void
scan_free(struct scan *s)
{
	size_t i, k;

	if (!s)
		return;
	for (i = 0; i < s->object_count; i++) {
		for (k = 0; k < s->objects[i].link_count; k++) {
			free(s->objects[i].links[k].name);
			free(s->objects[i].links[k].path);
		}
		free(s->objects[i].links);
	}
	for (i = 0; i < s->source_count; i++)
		H5Fclose(s->sources[i].file);
	free(s->objects);
	free(s->sources);
	free(s->buckets);
	free(s);
}

/* Which file 'id' is in; its handle is kept for opening objects again. */
static int
source_of(struct scan *s, hid_t id, unsigned long fileno, unsigned *ret)
{
	struct source *more;
	unsigned i;
	hid_t file;

	for (i = 0; i < s->source_count; i++)
		if (s->sources[i].fileno == fileno) {
			*ret = i;
			return 0;
		}
	file = H5Iget_file_id(id);
	more = realloc(s->sources, (s->source_count + 1) * sizeof(*more));
	if (!more) {
		H5Fclose(file);
		return no_memory();
	}
	s->sources = more;
	s->sources[s->source_count] = (struct source){ fileno, file };
	*ret = s->source_count++;
	return file < 0 ? cute_shm_fail(CUTE_SHM_ERR_SOURCE,
					"a file behind a link has no handle")
			: 0;
}

hid_t
object_open(const struct scan *s, const struct object *o)
{
	return H5Oopen_by_addr(s->sources[o->source].file, o->address);
}

hid_t
dataset_open(const struct scan *s, const struct object *o, hid_t dapl)
{
	hid_t group, id;

	if (o->parent == NO_OBJECT)
		return H5I_INVALID_HID;
	group = object_open(s, &s->objects[o->parent]);
	if (group < 0)
		return group;
	id = H5Dopen2(group, o->name, dapl);
	H5Oclose(group);
	return id;
}

bool
scan_has(const struct scan *s, const char *path)
{
	const struct object *o = s->objects, *end = o + s->object_count;
	size_t i;

	for (; o < end; o++)
		for (i = 0; i < o->link_count; i++)
			if (strcmp(o->links[i].path, path) == 0)
				return true;
	return false;
}

const char *
reference_path(const struct scan *s, unsigned source, uint64_t address)
{
	size_t i;

	if (address == 0 || address == UINT64_MAX)
		return NULL;
	i = object_find(s, source, address);
	return i == NO_OBJECT ? NULL : s->objects[i].path;
}

/* ------------------------------------------------------------ links of one */

/* Links as they come from libhdf5. */
struct listing {
	struct link *links;
	size_t count, room;
	struct board *board;
	bool full;		/* no memory */
};

static herr_t
see_link(hid_t group, const char *name, const H5L_info_t *info, void *arg)
{
	struct listing *l = arg;
	struct link *more;

	(void)group;
	board_beat(l->board);
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		more = realloc(l->links, l->room * sizeof(*more));
		if (!more)
			goto full;
		l->links = more;
	}
	l->links[l->count] = (struct link){
		.name = strdup(name),
		.type = info->type,
		.address = info->type == H5L_TYPE_HARD ? info->u.address : 0,
		.object = NO_OBJECT,
	};
	if (l->links[l->count].name) {
		l->count++;
		return 0;
	}
full:
	l->full = true;
	return -1;
}

static void
listing_clear(struct listing *l)
{
	while (l->count > 0)
		free(l->links[--l->count].name);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct link *)a)->name,
		      ((const struct link *)b)->name);
}

static bool
tracks_order(hid_t group)
{
	hid_t plist = H5Gget_create_plist(group);
	unsigned flags = 0;

	if (plist < 0)
		return false;
	if (H5Pget_link_creation_order(plist, &flags) < 0)
		flags = 0;
	H5Pclose(plist);
	return (flags & H5P_CRT_ORDER_TRACKED) != 0;
}

/* By creation where that is tracked, else by name, as bytes. */
static bool
list_links(hid_t group, struct listing *l)
{
	hsize_t at = 0;

	if (tracks_order(group)) {
		if (H5Literate(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, &at,
			       see_link, l) >= 0)
			return true;
		listing_clear(l);
		at = 0;
	}
	if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &at, see_link, l) < 0)
		return false;
	if (l->count > 1)
		qsort(l->links, l->count, sizeof(*l->links), by_name);
	return true;
}

/* ---------------------------------------------------------------- the walk */

/* A group whose links are being looked at; soft links wait in a list. */
struct place {
	size_t object;
	size_t link;
};

struct walk {
	struct loader *l;
	struct scan *s;
	struct place *stack;
	size_t depth, stack_room;
	struct place *soft;
	size_t soft_count, soft_room;
};

static int
place_push(struct place **places, size_t *count, size_t *room, size_t object,
	   size_t link)
{
	struct place *more;

	if (*count == *room) {
		*room = *room ? 2 * *room : 64;
		more = realloc(*places, *room * sizeof(*more));
		if (!more)
			return no_memory();
		*places = more;
	}
	(*places)[(*count)++] = (struct place){ object, link };
	return 0;
}

/* Whether the last component of a link's path is not its name itself. */
static bool
escaped(const struct link *link)
{
	const char *slash = strrchr(link->path, '/');

	return strcmp(slash ? slash + 1 : link->path, link->name) != 0;
}

/* By path; those of the same path in their order. */
static int
by_path(const void *a, const void *b)
{
	const struct link *x = *(struct link *const *)a;
	const struct link *y = *(struct link *const *)b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x > y) - (x < y);
}

/*
 * Names are unique within a group: only escaping can make two of them one.
 * The first of them in the group's order keeps its place.
 */
static int
drop_clashes(struct loader *l, struct listing *found)
{
	struct link **sorted;
	bool any = false;
	size_t i;
	int rc = 0;

	for (i = 0; i < found->count && !any; i++)
		any = escaped(&found->links[i]);
	if (!any)
		return 0;
	sorted = calloc(found->count, sizeof(struct link *));
	if (!sorted)
		return no_memory();
	for (i = 0; i < found->count; i++)
		sorted[i] = &found->links[i];
	qsort(sorted, found->count, sizeof(struct link *), by_path);
	for (i = 1; i < found->count; i++)
		if (strcmp(sorted[i]->path, sorted[i - 1]->path) == 0)
			sorted[i]->kind = LINK_NONE;
	free(sorted);
	for (i = 0; i < found->count && rc == 0; i++)
		if (found->links[i].kind == LINK_NONE)
			rc = send_skipped(l, found->links[i].path,
					  "name clash");
	return rc;
}

/* The paths of a group's links; what is not wanted goes. */
static int
name_links(struct loader *l, const char *parent, struct listing *found)
{
	struct link *link;
	size_t i, kept = 0;
	char *component;

	for (i = 0; i < found->count; i++) {
		link = &found->links[i];
		component = component_of(link->name);
		link->path = component ? path_join(parent, component) : NULL;
		free(component);
		if (!link->path)
			return no_memory();
		if (path_wanted(l->opt, link->path)) {
			found->links[kept++] = *link;
		} else {
			free(link->name);
			free(link->path);
		}
	}
	found->count = kept;
	return drop_clashes(l, found);
}

/* Read the links of a group object, and put it on the stack. */
static int
enter(struct walk *w, size_t index, hid_t id)
{
	struct listing found = { .board = w->l->board };
	struct object *o = &w->s->objects[index];
	char cause[200];
	int rc = 0;

	if (!list_links(id, &found)) {
		if (!found.full)
			rc = send_failed(w->l, o->path, "links: %s",
					 hdf5_cause(cause, sizeof(cause)));
		else
			rc = no_memory();
		listing_clear(&found);
	}
	if (rc == 0)
		rc = name_links(w->l, o->path, &found);
	o->links = found.links;
	o->link_count = found.count;
	return rc ? rc : place_push(&w->stack, &w->depth, &w->stack_room, index,
				    0);
}

/* Whether a dataset has a form in a segment; told if it has not. */
static int
judge_dataset(struct walk *w, struct object *o, hid_t id, bool attributes)
{
	struct dataset d;
	char why[WHY_SIZE];
	int rc;

	rc = dataset_get(w->l, o, id, NULL, NULL, why, &d);
	if (rc == 0) {
		o->made = true;
		if (!attributes)
			o->held = held_new(w->l, &d);
		dataset_free(&d);
		return 0;
	}
	if (rc == 1)
		return send_skipped(w->l, o->path, "%s", why);
	if (rc != CUTE_SHM_ERR_SOURCE)
		return rc;
	o->broken = true;
	return send_failed(w->l, o->path, "%s", cute_shm_errmsg());
}

static enum object_kind
kind_of(H5O_type_t type)
{
	return type == H5O_TYPE_GROUP ? OBJECT_GROUP :
	       type == H5O_TYPE_DATASET ? OBJECT_DATASET : OBJECT_OTHER;
}

/*
 * A link that was opened leads to 'id': a new object, or one that has a name
 * already.  The link may move when objects are added: it is found by its place.
 */
static int
see_object(struct walk *w, struct place at, hid_t id)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	struct object o = { .parent = at.object, .name = link->name,
			    .path = link->path };
	H5O_info_t info;
	char cause[200];
	size_t index;
	int rc;

	if (H5Oget_info2(id, &info, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS) < 0) {
		link->kind = LINK_NONE;
		return send_failed(w->l, link->path, "%s",
				   hdf5_cause(cause, sizeof(cause)));
	}
	rc = source_of(w->s, id, info.fileno, &o.source);
	if (rc != 0)
		return rc;
	o.address = info.addr;
	o.kind = kind_of(info.type);
	index = object_find(w->s, o.source, o.address);
	link->kind = index == NO_OBJECT ? LINK_NODE : LINK_ALIAS;
	link->object = index;
	if (index != NO_OBJECT)
		return 0;
	o.made = o.kind == OBJECT_GROUP;
	if (o.kind == OBJECT_DATASET)
		rc = judge_dataset(w, &o, id, info.num_attrs > 0);
	if (rc == 0)
		rc = object_add(w->s, &o, &index);
	if (rc != 0)
		return rc;
	link->object = index;
	w->l->board->objects = w->s->object_count;
	return o.kind == OBJECT_GROUP ? enter(w, index, id) : 0;
}

/* An object that cannot be opened, or must not: it has its name, no more. */
static int
see_broken(struct walk *w, struct place at, unsigned source, const char *cause)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	struct object o = { .parent = at.object, .name = link->name,
			    .path = link->path, .source = source,
			    .address = link->address, .kind = OBJECT_OTHER,
			    .broken = true };
	size_t index = NO_OBJECT;
	int rc;

	rc = send_failed(w->l, link->path, "%s", cause);
	if (rc == 0)
		rc = object_add(w->s, &o, &index);
	link->kind = LINK_NODE;
	link->object = index;
	return rc;
}

static int
see_hard(struct walk *w, struct place at, hid_t group)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	unsigned source = w->s->objects[at.object].source;
	char cause[200];
	const char *reason;
	hid_t id;
	int rc;

	link->object = object_find(w->s, source, link->address);
	if (link->object != NO_OBJECT) {
		link->kind = LINK_ALIAS;
		return 0;
	}
	reason = failure_of(w->l->failures, link->path);
	if (reason)
		return see_broken(w, at, source, reason);
	board_work(w->l->board, link->path, 0);
	id = H5Oopen(group, link->name, H5P_DEFAULT);
	if (id < 0)
		return see_broken(w, at, source,
				  hdf5_cause(cause, sizeof(cause)));
	rc = see_object(w, at, id);
	H5Oclose(id);
	return rc;
}

/* A soft or external link, which may lead to nothing. */
static int
see_other(struct walk *w, struct place at, hid_t group, const char *dangling)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	const char *reason = failure_of(w->l->failures, link->path);
	hid_t id;
	int rc;

	link->kind = LINK_NONE;
	if (reason)
		return send_failed(w->l, link->path, "%s", reason);
	board_work(w->l->board, link->path, 0);
	id = H5Oopen(group, link->name, H5P_DEFAULT);
	if (id < 0) {
		H5Eclear2(H5E_DEFAULT);
		return send_skipped(w->l, link->path, "%s", dangling);
	}
	rc = see_object(w, at, id);
	H5Oclose(id);
	return rc;
}

static int
see_link_at(struct walk *w, struct place at, hid_t group)
{
	struct link *link = &w->s->objects[at.object].links[at.link];

	if (link->kind == LINK_NONE)
		return 0;		/* a name clash */
	switch (link->type) {
	case H5L_TYPE_HARD:
		return see_hard(w, at, group);
	case H5L_TYPE_SOFT:
		link->kind = LINK_SOFT;
		return place_push(&w->soft, &w->soft_count, &w->soft_room,
				  at.object, at.link);
	case H5L_TYPE_EXTERNAL:
		if (!(w->l->opt->flags & CUTE_SHM_HDF5_NO_EXTERNAL))
			return see_other(w, at, group,
					 "dangling external link");
		link->kind = LINK_NONE;
		return send_skipped(w->l, link->path, "external link");
	default:
		link->kind = LINK_NONE;
		return send_skipped(w->l, link->path, "user-defined link");
	}
}

/* Walk on until all groups on the stack are done. */
static int
walk_on(struct walk *w)
{
	size_t open = NO_OBJECT;	/* the group that 'group' is */
	hid_t group = H5I_INVALID_HID;
	struct place at;
	int rc = 0;

	while (w->depth > 0 && rc == 0) {
		at = w->stack[w->depth - 1];
		if (at.link == w->s->objects[at.object].link_count) {
			w->depth--;
			continue;
		}
		w->stack[w->depth - 1].link++;
		if (open != at.object) {
			if (group >= 0)
				H5Oclose(group);
			group = object_open(w->s, &w->s->objects[at.object]);
			open = at.object;
		}
		rc = see_link_at(w, at, group);
	}
	if (group >= 0)
		H5Oclose(group);
	return rc;
}

static int
see_soft(struct walk *w, struct place at)
{
	hid_t group = object_open(w->s, &w->s->objects[at.object]);
	int rc = see_other(w, at, group, "dangling soft link");

	if (group >= 0)
		H5Oclose(group);
	return rc ? rc : walk_on(w);
}

/* Soft links, and those found behind them, in rounds. */
static int
walk_soft(struct walk *w)
{
	struct place *round;
	size_t count, i;
	int rc = 0;

	while (w->soft_count > 0 && rc == 0) {
		round = w->soft;
		count = w->soft_count;
		w->soft = NULL;
		w->soft_count = w->soft_room = 0;
		for (i = 0; i < count && rc == 0; i++)
			rc = see_soft(w, round[i]);
		free(round);
	}
	return rc;
}

static int
walk_root(struct walk *w, hid_t file)
{
	struct object root = { .kind = OBJECT_GROUP, .made = true,
			       .parent = NO_OBJECT, .name = "/", .path = "" };
	hid_t id = H5Oopen(file, "/", H5P_DEFAULT);
	H5O_info_t info;
	char cause[200];
	size_t index;
	int rc;

	if (id < 0 || H5Oget_info2(id, &info, H5O_INFO_BASIC) < 0) {
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: cannot read the "
				   "root group: %s", w->l->file,
				   hdf5_cause(cause, sizeof(cause)));
	} else {
		root.address = info.addr;
		rc = source_of(w->s, id, info.fileno, &root.source);
		if (rc == 0)
			rc = object_add(w->s, &root, &index);
		if (rc == 0)
			rc = enter(w, index, id);
	}
	if (id >= 0)
		H5Oclose(id);
	return rc ? rc : walk_on(w);
}

int
scan_file(struct loader *l, hid_t file)
{
	struct walk w = { .l = l };
	int rc;

	w.s = calloc(1, sizeof(*w.s));
	if (!w.s)
		return no_memory();
	l->scan = w.s;
	rc = walk_root(&w, file);
	if (rc == 0)
		rc = walk_soft(&w);
	free(w.stack);
	free(w.soft);
	return rc;
}
