/* SPDX-License-Identifier: MIT */
/* Compare two trees, node by node. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "same_data.h"
#include "text.h"
#include "verify_compare.h"

static void differs(struct comparison *c, const char *path, const char *format,
		    ...) __attribute__((format(printf, 3, 4)));

static void
differs(struct comparison *c, const char *path, const char *format, ...)
{
	va_list args;
	char *what, *message;

	va_start(args, format);
	what = text_vformat(format, args);
	va_end(args);
	message = text_format("/%s: differs: %s", path, what);
	verify_add(c->subject, VERIFY_DIFFERS, path, message);
	free(message);
	free(what);
}

static void
compare_arrays(struct comparison *c, const struct cute_shm_node *ours,
	       const struct cute_shm_node *theirs)
{
	struct cute_shm_array a[2];
	uint64_t element;
	int found;

	if (cute_shm_node_array(ours, &a[0]) != 0 ||
	    cute_shm_node_array(theirs, &a[1]) != 0) {
		differs(c, ours->path, "%s", cute_shm_errmsg());
		return;
	}
	if (!same_type(a)) {
		differs(c, ours->path, "another dtype or shape in the source");
		return;
	}
	found = first_difference(a, &element);
	if (found != 0 && a[0].offsets)
		differs(c, ours->path, "other lists in the source");
	else if (found != 0)
		differs(c, ours->path,
			"other data in the source, from element "
			"%" PRIu64 " of %" PRIu64 " on",
			element, a[0].element_count);
}

static void
compare_links(struct comparison *c, const struct cute_shm_node *ours,
	      const struct cute_shm_node *theirs)
{
	struct cute_shm_node a, b;

	if (cute_shm_follow(ours, &a) != 0 || cute_shm_follow(theirs, &b) != 0)
		differs(c, ours->path, "%s", cute_shm_errmsg());
	else if (strcmp(a.path, b.path) != 0)
		differs(c, ours->path, "leads to /%s, in the source to /%s",
			a.path, b.path);
}

/*
 * Those say how the file was, or which others took part, but the data are what
 * counts.
 */
static bool
tells_source(const struct comparison *c, const char *path, const char *name)
{
	if (strncmp(name, "cute-shm:source-parts", 21) == 0)
		return true;
	return c->several && !strchr(path, '/') &&
	       (strcmp(name, "cute-shm:source-size") == 0 ||
		strcmp(name, "cute-shm:source-mtime-ns") == 0);
}

/* Attributes of 'a' that 'b' has not, or has otherwise. */
static void
compare_attrs(struct comparison *c, const struct cute_shm_node *a,
	      const struct cute_shm_node *b, bool both, const char *where)
{
	struct cute_shm_attr attr, other;
	int err;

	for (err = cute_shm_next_attr(a, NULL, &attr); err == 0;
	     err = cute_shm_next_attr(a, &attr, &attr)) {
		if (tells_source(c, a->path, attr.name) ||
		    (both && gap_of_attr(c, a->path, attr.name)))
			continue;
		if (cute_shm_attr(b, attr.name, &other) != 0)
			differs(c, a->path, "attribute %s is only in the %s",
				attr.name, where);
		else if (both && !same_array(&attr.value, &other.value))
			differs(c, a->path,
				"another attribute %s in the "
				"source",
				attr.name);
	}
}

/* Kind and data. */
static bool
same_node(const struct cute_shm_node *ours, const struct cute_shm_node *theirs)
{
	struct cute_shm_array a, b;

	return ours->kind == theirs->kind &&
	       (ours->kind != CUTE_SHM_ARRAY ||
		(cute_shm_node_array(ours, &a) == 0 &&
		 cute_shm_node_array(theirs, &b) == 0 && same_array(&a, &b)));
}

static void
compare_nodes(struct comparison *c, const struct cute_shm_node *ours,
	      const struct cute_shm_node *theirs)
{
	struct gap *gap = gap_of(c, ours);

	if (gap && !same_node(ours, theirs)) {
		gap_tell(c, gap);
		return;
	}
	if (ours->kind != theirs->kind) {
		differs(c, ours->path, "of another kind in the source");
		return;
	}
	if (ours->kind == CUTE_SHM_ARRAY)
		compare_arrays(c, ours, theirs);
	else if (ours->kind == CUTE_SHM_LINK)
		compare_links(c, ours, theirs);
	compare_attrs(c, ours, theirs, true, "project");
	compare_attrs(c, theirs, ours, false, "source");
}

void
compare_trees(struct comparison *c, const struct cute_shm *a,
	      const struct cute_shm *b, bool both, const char *where)
{
	struct cute_shm_node top, node, other;
	int err = cute_shm_find(a, "", &top);
	struct gap *gap;

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		if (cute_shm_find(b, node.path, &other) == 0) {
			if (both)
				compare_nodes(c, &node, &other);
			continue;
		}
		/* What is there was read, if not as a whole. */
		gap = both ? gap_of(c, &node) : NULL;
		if (gap)
			gap_tell(c, gap);
		else
			differs(c, node.path, "only in the %s", where);
	}
	if (err != CUTE_SHM_ERR_END)
		verify_add(c->subject, VERIFY_DAMAGED, NULL, cute_shm_errmsg());
}
