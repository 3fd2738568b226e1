/* SPDX-License-Identifier: MIT */
/* Objects and soft links that the native index knows. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/scan/scan.h"

const struct native_object *
native_known(const struct scan *s, unsigned source, uint64_t address)
{
	const struct native *index = s->sources[source].index;
	const struct native_object *o =
		index ? native_find(index, address) : NULL;

	return o && o->kind != NATIVE_UNKNOWN ? o : NULL;
}

const struct native_object *
native_numbered(const struct scan *s, unsigned source, uint32_t number)
{
	const struct native_object *o =
		&s->sources[source].index->objects[number];

	return o->kind == NATIVE_UNKNOWN ? NULL : o;
}

const char *
native_unknown(const struct scan *s, unsigned source, uint64_t address)
{
	const struct source *of = &s->sources[source];
	const struct native_object *o;

	if (!of->index)
		return of->no_index ? of->no_index : "it is in another file";
	o = native_find(of->index, address);
	return o && o->kind == NATIVE_UNKNOWN ? o->why : NULL;
}

/* ------------------------------------------------------------- soft links */

/* As many as libhdf5 follows, one from the other. */
#define MOST_LINKS 16

/* A way through the groups. */
struct way {
	const struct scan *scan;
	unsigned source;
	unsigned links; /* soft ones that were followed */
};

static enum soft_end walk_path(struct way *w, uint64_t from, const char *path,
			       uint64_t *ret);

static enum soft_end
follow(struct way *w, uint64_t group, const struct native_link *l,
       uint64_t *ret)
{
	if (l->kind == NATIVE_HARD) {
		*ret = l->address;
		return SOFT_FOUND;
	}
	if (l->kind != NATIVE_SOFT || !l->target[0] || ++w->links >= MOST_LINKS)
		return SOFT_UNKNOWN;
	return walk_path(w, group, l->target, ret);
}

/* Only paths in which all components but the last are groups that are known. */
static enum soft_end
walk_path(struct way *w, uint64_t from, const char *path, uint64_t *ret)
{
	const struct native *index = w->scan->sources[w->source].index;
	uint64_t at = path[0] == '/' ? index->image.root : from;
	enum soft_end end = SOFT_FOUND;

	while (end == SOFT_FOUND) {
		const struct native_object *o;
		const struct native_link *l;
		size_t size;

		path += strspn(path, "/");
		size = strcspn(path, "/");
		if (size == 0)
			break;
		o = native_known(w->scan, w->source, at);
		if (!o || o->kind != NATIVE_GROUP)
			return SOFT_UNKNOWN;
		if (size > 1 || path[0] != '.') {
			l = native_link_find(o, path, size);
			end = l ? follow(w, at, l, &at) : SOFT_DANGLES;
		}
		path += size;
	}
	*ret = at;
	return end;
}

enum soft_end
native_follow(const struct scan *s, const struct object *group,
	      const char *link, uint64_t *address)
{
	struct way w = { .scan = s, .source = group->source };
	const struct native_link *l;

	if (!group->native || !link_name_good(link))
		return SOFT_UNKNOWN;
	l = native_link_find(group->native, link, strlen(link));
	return l ? follow(&w, group->address, l, address) : SOFT_UNKNOWN;
}
