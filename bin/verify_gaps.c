/* SPDX-License-Identifier: MIT */
/* What a load of the source leaves out, or cannot read. */
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "verify_compare.h"

void
gap_tell(struct comparison *c, struct gap *gap)
{
	char *message;

	if (gap->told)
		return;
	gap->told = true;
	message = text_format("/%s: unreadable in the source: %s", gap->path,
			      gap->reason);
	verify_add(c->subject, VERIFY_UNREADABLE, gap->path, message);
	free(message);
}

void
gap_add(struct comparison *c, const char *path, const char *reason, bool failed)
{
	c->gaps = text_alloc(c->gaps, c->count + 1, sizeof(*c->gaps));
	c->gaps[c->count] = (struct gap){
		.path = text_format("%s", path),
		.reason = text_format("%s", reason),
	};
	if (failed)
		gap_tell(c, &c->gaps[c->count]);
	c->count++;
}

void
gaps_free(struct comparison *c)
{
	while (c->count > 0) {
		free(c->gaps[--c->count].path);
		free(c->gaps[c->count].reason);
	}
	free(c->gaps);
}

/* Whether 'path' is that, or lies below it; "" is the root. */
static bool
lies_in(const char *path, const char *top)
{
	size_t n = strlen(top);

	return n == 0 || (strncmp(path, top, n) == 0 &&
			  (path[n] == '\0' || path[n] == '/'));
}

static struct gap *
gap_at(const struct comparison *c, const char *path)
{
	for (size_t i = 0; i < c->count; i++)
		if (lies_in(path, c->gaps[i].path))
			return &c->gaps[i];
	return NULL;
}

struct gap *
gap_of(const struct comparison *c, const struct cute_shm_node *node)
{
	struct gap *gap = gap_at(c, node->path);
	struct cute_shm_node target;

	if (!gap && node->kind == CUTE_SHM_LINK &&
	    cute_shm_follow(node, &target) == 0)
		gap = gap_at(c, target.path);
	return gap;
}

/* One of compound type is one per field: "name.field". */
static bool
lies_in_attr(const char *name, const char *top)
{
	size_t n = strlen(top);

	return strcmp(top, "*") == 0 || (strncmp(name, top, n) == 0 &&
					 (name[n] == '\0' || name[n] == '.'));
}

struct gap *
gap_of_attr(const struct comparison *c, const char *path, const char *name)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < c->count; i++) {
		const char *p = c->gaps[i].path;

		if (strncmp(p, path, n) == 0 && p[n] == '@' &&
		    lies_in_attr(name, p + n + 1))
			return &c->gaps[i];
	}
	return NULL;
}
