/* SPDX-License-Identifier: MIT */
/*
 * Find the objects of the file and their names.  First walk in pre-order over
 * hard and external links; the first name of an object owns it.  Then follow
 * the soft links.  If one leads to an object that is not in the tree yet, walk
 * on from there.  Of several files each is walked first, so that its objects
 * have their names in its group; external links follow with the soft ones.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/scan/scan.h"

/* A position in the walk: a group and one of its links. */
struct walk_place {
	size_t object;
	size_t link;
};

struct walk {
	struct loader *l;
	struct scan *s;
	struct walk_place *stack;
	size_t depth, stack_room;
	struct walk_place *soft;
	size_t soft_count, soft_room;
	const char *left; /* why the index has left the last dataset */
};

static int
place_push(struct walk_place **places, size_t *count, size_t *room,
	   size_t object, size_t link)
{
	struct walk_place *more;

	if (*count == *room) {
		*room = *room ? 2 * *room : 64;
		more = realloc(*places, *room * sizeof(*more));
		if (!more)
			return fail_memory("for the file's tree");
		*places = more;
	}
	(*places)[(*count)++] = (struct walk_place){ object, link };
	return 0;
}

/* Read the links of a group object, and put it on the stack. */
static int
enter(struct walk *w, size_t index, hid_t id)
{
	struct object *o = &w->s->objects[index];
	int rc = links_get(w->l, o->native, id, o->path, &o->links,
			   &o->link_count);

	return rc ? rc
		  : place_push(&w->stack, &w->depth, &w->stack_room, index, 0);
}

static enum object_kind
kind_of(H5O_type_t type)
{
	return type == H5O_TYPE_GROUP		 ? OBJECT_GROUP
	       : type == H5O_TYPE_DATASET	 ? OBJECT_DATASET
	       : type == H5O_TYPE_NAMED_DATATYPE ? OBJECT_TYPE
						 : OBJECT_OTHER;
}

#define OBJECT_INFO (H5O_INFO_BASIC | H5O_INFO_HDR | H5O_INFO_NUM_ATTRS)

/* H5Oset_comment() puts this message into an object's header. */
#define COMMENT_MESSAGE (UINT64_C(1) << 0x0d)

/*
 * A link leads to an object, which is new or has a name already.  Adding
 * objects may move the link in memory, so 'at' gives its position.
 */
static int
see_object(struct walk *w, struct walk_place at, const struct found *seen)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	struct object o = { .parent = (uint32_t)at.object,
			    .name = link->name,
			    .path = link->path,
			    .above = link->above,
			    .source = seen->source,
			    .address = seen->address,
			    .kind = seen->kind,
			    .native = seen->native };
	uint32_t index;
	int rc;

	if (link->type == LINK_TYPE_LISTED)
		o.listed = (uint32_t)link->address;
	/* It may have another name, which is wanted. */
	if (link->above && o.kind != OBJECT_GROUP) {
		link->kind = LINK_NONE;
		return 0;
	}
	if (!o.native)
		o.why_not = seen->why_not;
	index = o.native ? object_of_native(w->s, o.source, o.native)
			 : object_find(w->s, o.source, o.address);
	link->kind = index == NO_OBJECT ? LINK_NODE : LINK_ALIAS;
	link->object = index;
	if (index != NO_OBJECT)
		return 0;
	rc = judge(w->l, &o, seen, &w->left);
	if (rc == 0)
		rc = object_add(w->s, &o, &index);
	if (rc != 0)
		return rc;
	link->object = index;
	w->l->board->objects = w->s->object_count;
	return o.kind == OBJECT_GROUP ? enter(w, index, seen->id) : 0;
}

/* Why libhdf5 has opened the object; a dataset's reason is logged already. */
static const char *
why_open(const struct walk *w, const char *path, unsigned source,
	 uint64_t address)
{
	const char *why = native_unknown(w->s, source, address);

	if (why && w->s->sources[source].index)
		cute_shm_log(CUTE_SHM_LOG_DEBUG, "libhdf5 reads /%s: %s", path,
			     why);
	return why;
}

/* The same for an object that is open. */
static int
see_open(struct walk *w, struct walk_place at, hid_t id)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	struct found seen = { .id = id };
	H5O_info_t info;
	char cause[200];
	int rc;

	if (H5Oget_info2(id, &info, OBJECT_INFO) < 0) {
		link->kind = LINK_NONE;
		return send_failed(w->l, link->path, "%s",
				   hdf5_cause(cause, sizeof(cause)));
	}
	rc = source_of(w->s, id, info.fileno, &seen.source);
	if (rc != 0)
		return rc;
	if (link->type == LINK_TYPE_LISTED)
		w->s->sources[seen.source].no_index = w->left;
	seen.address = info.addr;
	seen.why_not = why_open(w, link->path, seen.source, info.addr);
	if (!seen.why_not)
		seen.why_not = w->left;
	w->left = NULL;
	seen.kind = kind_of(info.type);
	seen.has_comment = (info.hdr.mesg.present & COMMENT_MESSAGE) != 0;
	seen.attributes = attributes_count(&info);
	return see_object(w, at, &seen);
}

/* The same for one that the index knows.  NOT_NATIVE: libhdf5 must open it. */
static int
see_known(struct walk *w, struct walk_place at, unsigned source,
	  const struct native_object *native)
{
	static const enum object_kind kinds[] = {
		[NATIVE_GROUP] = OBJECT_GROUP,
		[NATIVE_DATASET] = OBJECT_DATASET,
		[NATIVE_DATATYPE] = OBJECT_TYPE,
	};
	const struct found seen = {
		.id = H5I_INVALID_HID,
		.kind = kinds[native->kind],
		.source = source,
		.address = native->address,
		.has_comment = native->has_comment,
		.attributes = native->attribute_count,
		.native = native,
	};

	return see_object(w, at, &seen);
}

/* An object that cannot be opened, or must not be: record only its name. */
static int
see_broken(struct walk *w, struct walk_place at, unsigned source,
	   const char *cause)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	struct object o = { .parent = (uint32_t)at.object,
			    .name = link->name,
			    .path = link->path,
			    .source = source,
			    .address = link->address,
			    .kind = OBJECT_OTHER,
			    .broken = true,
			    .above = link->above };
	uint32_t index = NO_OBJECT;
	int rc;

	rc = send_failed(w->l, link->path, "%s", cause);
	if (rc == 0)
		rc = object_add(w->s, &o, &index);
	link->kind = LINK_NODE;
	link->object = index;
	return rc;
}

/* Open the object that the link leads to, and see it. */
static int
open_hard(struct walk *w, struct walk_place at, unsigned source)
{
	const char *name = w->s->objects[at.object].links[at.link].name;
	hid_t group = group_open(w->s, at.object), id;
	char cause[200];
	int rc;

	id = group < 0 ? group : H5Oopen(group, name, H5P_DEFAULT);
	if (id < 0)
		return see_broken(w, at, source,
				  hdf5_cause(cause, sizeof(cause)));
	rc = see_open(w, at, id);
	H5Oclose(id);
	return rc;
}

/* 'number': that of the object in the index, or NO_OBJECT. */
static int
see_hard(struct walk *w, struct walk_place at, uint32_t number)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	unsigned source = w->s->objects[at.object].source;
	const struct native_object *native =
		number == NO_OBJECT ? native_known(w->s, source, link->address)
				    : native_numbered(w->s, source, number);
	const char *reason;
	int rc = NOT_NATIVE;

	link->object = native ? object_of_native(w->s, source, native)
			      : object_find(w->s, source, link->address);
	if (link->object != NO_OBJECT) {
		link->kind = link->above && w->s->objects[link->object].kind !=
						     OBJECT_GROUP
				     ? LINK_NONE
				     : LINK_ALIAS;
		return 0;
	}
	reason = failure_of(w->l->failures, link->path);
	if (reason)
		return see_broken(w, at, source, reason);
	board_work(w->l->board, link->path, 0);
	if (native && link_name_good(link->name))
		rc = see_known(w, at, source, native);
	return rc == NOT_NATIVE ? open_hard(w, at, source) : rc;
}

/*
 * Report a link that cannot be followed: it is dangling, or its file is not
 * wanted, or the target exists but cannot be read.
 */
static int
see_failed(struct walk *w, const char *path, const char *dangling)
{
	char file[4096], cause[200];
	int error = file_driver_failure(file, sizeof(file));
	bool opened = !hdf5_said("unable to open external file");

	hdf5_cause(cause, sizeof(cause));
	if (error == EREFUSED)
		return send_skipped(w->l, path, "external link, to %s", file);
	/* A damaged object of this file is reported under its own name. */
	if (opened)
		return !file_driver_last()[0] || hdf5_is_missing(cause)
			       ? send_skipped(w->l, path, "%s", dangling)
			       : send_failed(w->l, path, "%s", cause);
	if (error != 0)
		return send_failed(w->l, path, "cannot open %s: %s", file,
				   host_reason(error));
	/* libhdf5 has opened a file that is not HDF5, and closed it again. */
	snprintf(file, sizeof(file), "%s", file_driver_last());
	if (file[0] && hdf5_refuses(file, cause, sizeof(cause)))
		return send_failed(w->l, path, "cannot open %s: %s", file,
				   cause);
	return send_skipped(w->l, path, "%s", dangling);
}

/* Follow a soft or an external link, which may be dangling. */
static int
see_other(struct walk *w, struct walk_place at, const char *dangling)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	const char *reason = failure_of(w->l->failures, link->path);
	hid_t id, group;
	int rc;

	link->kind = LINK_NONE;
	if (reason)
		return send_failed(w->l, link->path, "%s", reason);
	board_work(w->l->board, link->path, 0);
	group = group_open(w->s, at.object);
	file_driver_forget();
	id = H5Oopen(group, link->name, H5P_DEFAULT);
	if (id < 0)
		return link->above ? 0 : see_failed(w, link->path, dangling);
	rc = see_open(w, at, id);
	H5Oclose(id);
	return rc;
}

/* The root group of one of several files. */
static int
see_listed(struct walk *w, struct walk_place at)
{
	const struct link *link = &w->s->objects[at.object].links[at.link];
	const struct listed *file = &w->l->listed[link->address - 1];
	const char *reason = failure_of(w->l->failures, link->path);
	unsigned source;
	hid_t id;
	int rc;

	if (reason)
		return send_failed(w->l, link->path, "%s", reason);
	if (reuse_has(w->l, (uint32_t)link->address - 1)) {
		w->s->objects[at.object].links[at.link].kind = LINK_REUSED;
		return 0;
	}
	board_work(w->l->board, link->path, 0);
	w->left = open_natively(w->l, file->file, &file->before, &source);
	if (!w->left)
		return see_known(w, at, source,
				 &w->s->sources[source].index->objects[0]);
	rc = listed_open(w->l, link, &id);
	if (rc == 0 && id >= 0)
		rc = see_open(w, at, id);
	if (id >= 0)
		H5Oclose(id);
	return rc;
}

static int
see_later(struct walk *w, struct walk_place at)
{
	w->s->objects[at.object].links[at.link].kind = LINK_SOFT;
	return place_push(&w->soft, &w->soft_count, &w->soft_room, at.object,
			  at.link);
}

/* What was not asked for needs no word. */
static int
skip(struct walk *w, struct link *link, const char *reason)
{
	link->kind = LINK_NONE;
	return link->above ? 0 : send_skipped(w->l, link->path, "%s", reason);
}

static int
see_link_at(struct walk *w, struct walk_place at)
{
	struct link *link = &w->s->objects[at.object].links[at.link];
	uint32_t number = link->object;

	link->object = NO_OBJECT;
	if ((int)link->type == LINK_TYPE_LISTED)
		return see_listed(w, at);
	if (link->kind == LINK_NONE)
		return 0; /* a name clash */
	switch (link->type) {
	case H5L_TYPE_HARD: return see_hard(w, at, number);
	case H5L_TYPE_SOFT: return see_later(w, at);
	case H5L_TYPE_EXTERNAL:
		if (w->l->opt->flags & CUTE_SHM_HDF5_NO_EXTERNAL)
			return skip(w, link, "external link");
		if (w->l->listed_count > 0)
			return see_later(w, at);
		return see_other(w, at, "dangling external link");
	default: return skip(w, link, "user-defined link");
	}
}

/* Walk until all groups on the stack are done. */
static int
walk_on(struct walk *w)
{
	struct walk_place at;
	int rc = 0;

	while (w->depth > 0 && rc == 0) {
		at = w->stack[w->depth - 1];
		if (at.link == w->s->objects[at.object].link_count) {
			w->depth--;
			continue;
		}
		w->stack[w->depth - 1].link++;
		rc = see_link_at(w, at);
	}
	return rc;
}

/* Follow a soft link without libhdf5.  NOT_NATIVE: libhdf5 must follow it. */
static int
see_native_soft(struct walk *w, struct walk_place at)
{
	const struct object *group = &w->s->objects[at.object];
	struct link *link = &group->links[at.link];
	const struct native_object *native;
	unsigned source = group->source;
	uint64_t address;

	if (failure_of(w->l->failures, link->path))
		return NOT_NATIVE;
	switch (native_follow(w->s, group, link->name, &address)) {
	case SOFT_UNKNOWN: return NOT_NATIVE;
	case SOFT_DANGLES: return skip(w, link, "dangling soft link");
	default: break;
	}
	native = native_known(w->s, source, address);
	if (!native)
		return NOT_NATIVE;
	board_work(w->l->board, link->path, 0);
	return see_known(w, at, source, native);
}

static int
see_soft(struct walk *w, struct walk_place at)
{
	int type = w->s->objects[at.object].links[at.link].type;
	int rc = see_native_soft(w, at);

	if (rc == NOT_NATIVE)
		rc = see_other(w, at,
			       type == H5L_TYPE_SOFT
				       ? "dangling soft link"
				       : "dangling external link");
	return rc ? rc : walk_on(w);
}

/* Follow the soft links, then the soft links found behind them, and so on. */
static int
walk_soft(struct walk *w)
{
	struct walk_place *round;
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
walk_native_root(struct walk *w)
{
	struct object root = { .kind = OBJECT_GROUP,
			       .made = true,
			       .parent = NO_OBJECT,
			       .name = "/",
			       .path = "" };
	uint32_t index;
	int rc;

	root.native = &w->s->sources[0].index->objects[0];
	root.address = root.native->address;
	rc = see_comment(w->l, root.path, root.native->has_comment);
	if (rc == 0)
		rc = object_add(w->s, &root, &index);
	if (rc == 0)
		rc = enter(w, index, H5I_INVALID_HID);
	return rc ? rc : walk_on(w);
}

static int
walk_root(struct walk *w, hid_t file)
{
	struct object root = { .kind = OBJECT_GROUP,
			       .made = true,
			       .parent = NO_OBJECT,
			       .name = "/",
			       .path = "" };
	hid_t id = H5Oopen(file, "/", H5P_DEFAULT);
	H5O_info_t info;
	char cause[200];
	uint32_t index;
	int rc;

	if (id < 0 || H5Oget_info2(id, &info, OBJECT_INFO) < 0) {
		rc = cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				   "%s: cannot read the "
				   "root group: %s",
				   w->l->file,
				   hdf5_cause(cause, sizeof(cause)));
	} else {
		root.address = info.addr;
		rc = source_of(w->s, id, info.fileno, &root.source);
		if (rc == 0)
			w->s->sources[root.source].no_index = w->l->no_index;
		if (rc == 0)
			rc = see_comment(w->l, root.path,
					 (info.hdr.mesg.present &
					  COMMENT_MESSAGE) != 0);
		if (rc == 0)
			rc = object_add(w->s, &root, &index);
		if (rc == 0)
			rc = enter(w, index, id);
	}
	if (id >= 0)
		H5Oclose(id);
	return rc ? rc : walk_on(w);
}

/* Groups of which only what matches below was wanted, and nothing did. */
static void
drop_empty(struct scan *s)
{
	struct object *o;
	struct link *link;
	size_t i, k;

	for (i = s->object_count; i-- > 1;) {
		o = &s->objects[i];
		for (k = 0; k < o->link_count && !o->needed; k++)
			o->needed = o->links[k].kind != LINK_NONE &&
				    !o->links[k].above;
		o->empty = o->above && !o->needed;
		/* Parents come before what is in them. */
		s->objects[o->parent].needed |= !o->empty;
	}
	for (i = 0; i < s->object_count; i++) {
		o = &s->objects[i];
		for (k = 0; k < o->link_count; k++) {
			link = &o->links[k];
			if (link->above && link->object != NO_OBJECT &&
			    s->objects[link->object].empty)
				link->kind = LINK_NONE;
		}
	}
}

/* The root above several files: their root groups are its links. */
static int
walk_listed(struct walk *w)
{
	struct object root = { .source = NO_SOURCE,
			       .kind = OBJECT_GROUP,
			       .made = true,
			       .parent = NO_OBJECT,
			       .name = "/",
			       .path = "" };
	uint32_t index;
	int rc = listed_links(w->l, &root.links, &root.link_count);

	if (rc == 0)
		rc = object_add(w->s, &root, &index);
	if (rc == 0)
		rc = place_push(&w->stack, &w->depth, &w->stack_room, index, 0);
	return rc ? rc : walk_on(w);
}

int
scan_file(struct loader *l, hid_t file)
{
	struct walk w = { .l = l, .s = l->scan };
	int rc;

	rc = w.s->source_count > 0 ? walk_native_root(&w)
	     : l->listed_count > 0 ? walk_listed(&w)
				   : walk_root(&w, file);
	if (rc == 0)
		rc = walk_soft(&w);
	if (rc == 0)
		drop_empty(w.s);
	free(w.stack);
	free(w.soft);
	return rc;
}
