/* SPDX-License-Identifier: MIT */
/*
 * Attributes of a file with names that the segment reserves.  Files exported
 * from a segment have such attributes.  An attribute of another file keeps such
 * a name only if its form and its node are as the format demands.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/describe/describe.h"

/* The attributes with reserved names, and why they may not keep these names. */
struct verdicts {
	struct kept_value value[RESERVED_COUNT];
	bool present[RESERVED_COUNT];
	char why[RESERVED_COUNT][RESERVED_WHY]; /* "": it may */
};

void
verdicts_free(struct verdicts *v)
{
	enum reserved id;

	if (!v)
		return;
	for (id = 0; id < RESERVED_COUNT; id++)
		kept_value_free(&v->value[id]);
	free(v);
}

const char *
verdict_against(const struct verdicts *v, enum reserved id)
{
	return v && v->why[id][0] ? v->why[id] : NULL;
}

const char *
verdict_failure(const struct verdicts *v, enum reserved id)
{
	return v ? v->value[id].failure : NULL;
}

/* Whether the link gets a node in the segment. */
static bool
present(const struct loader *l, const struct link *link)
{
	return (link->kind == LINK_NODE || link->kind == LINK_ALIAS) &&
	       l->scan->objects[link->object].made;
}

static uint64_t
count_children(const struct loader *l, const struct object *group)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < group->link_count; i++)
		count += present(l, &group->links[i]);
	return count;
}

/* Whether this load writes such an attribute, about itself. */
static bool
is_written(const struct loader *l, enum reserved id, char *why)
{
	bool part = id >= RESERVED_PARTS && id <= RESERVED_PARTS_MTIME;

	if (!part &&
	    (id != RESERVED_SELECTION || (!l->opt->select && !l->opt->exclude)))
		return false;
	snprintf(why, RESERVED_WHY, "it is about another load");
	return true;
}

static bool
fields_fit(const struct loader *l, const struct object *group,
	   const struct cute_shm_array *compound, char *why)
{
	const struct link *link = group->links;
	const char *slash;
	uint64_t child = 0;
	size_t i;

	for (i = 0; i < group->link_count; i++, link++) {
		if (!present(l, link))
			continue;
		slash = strrchr(link->path, '/');
		if (!reserved_field(compound, child++,
				    slash ? slash + 1 : link->path, why))
			return false;
	}
	return true;
}

/* All values are read: decide for each whether it may keep its name. */
static void
judge(const struct loader *l, const struct described *as, struct verdicts *v)
{
	struct reserved_node node = as->node;
	struct reserved_values values = { { NULL } };
	enum reserved id;

	if (as->group)
		node.child_count = count_children(l, as->group);
	for (id = RESERVED_NOT + 1; id < RESERVED_COUNT; id++)
		if (v->value[id].columns == 1)
			values.of[id] = &v->value[id].array;
	for (id = RESERVED_NOT + 1; id < RESERVED_COUNT; id++) {
		if (!v->present[id])
			continue;
		if (id != RESERVED_UNKNOWN && !values.of[id])
			snprintf(v->why[id], RESERVED_WHY,
				 "it has no value of "
				 "one dtype");
		else if (reserved_fits(id, &node, &values, v->why[id]) &&
			 (id != RESERVED_COMPOUND || !as->group ||
			  fields_fit(l, as->group, values.of[id],
				     v->why[id])) &&
			 !is_written(l, id, v->why[id]))
			v->why[id][0] = '\0';
	}
}

/*
 * Read the attributes with reserved names, except names that the load writes.
 */
static int
collect(struct loader *l, const struct owner *owner, const struct names *names,
	const struct described *as, struct verdicts *v)
{
	enum reserved id;
	char *name;
	size_t i;
	int rc = 0;

	for (i = 0; i < names->count && rc == 0; i++) {
		name = attr_name_of(names->name[i]);
		if (!name)
			return fail_memory("for attributes");
		id = reserved_find(name);
		if (id != RESERVED_NOT && !(as->own >> id & 1)) {
			v->present[id] = true;
			if (id != RESERVED_UNKNOWN)
				rc = attribute_keep(l, owner, names->name[i],
						    name, &v->value[id]);
		}
		free(name);
	}
	return rc;
}

static bool
any_reserved(const struct names *names)
{
	const size_t size = strlen(RESERVED_PREFIX);
	size_t i;

	for (i = 0; i < names->count; i++)
		if (strncmp(names->name[i], RESERVED_PREFIX, size) == 0)
			return true;
	return false;
}

int
verdicts_get(struct loader *l, const struct owner *owner,
	     const struct names *names, const struct described *as,
	     struct verdicts **ret)
{
	struct verdicts *v;
	bool quiet = l->quiet;
	int rc;

	*ret = NULL;
	if (!any_reserved(names))
		return 0;
	v = calloc(1, sizeof(*v));
	if (!v)
		return fail_memory("for attributes");
	/*
	 * The attributes are read again when they are described, and reported
	 * then.
	 */
	l->quiet = true;
	rc = collect(l, owner, names, as, v);
	l->quiet = quiet;
	if (rc != 0) {
		verdicts_free(v);
		return rc;
	}
	judge(l, as, v);
	*ret = v;
	return 0;
}
