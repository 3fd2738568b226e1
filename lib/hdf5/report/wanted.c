/* SPDX-License-Identifier: MIT */
/* Which paths are wanted, by the patterns of select and exclude. */

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/report/report.h"

/* Without a slash at its beginning and its end: groups are listed with both. */
static bool
pattern_set(struct pattern *p, const char *from)
{
	size_t size;

	if (*from == '/')
		from++;
	size = strlen(from);
	if (size > 1 && from[size - 1] == '/')
		size--;
	p->text = strndup(from, size);
	p->literal = strcspn(from, "*?[\\");
	p->glob = p->literal < size;
	return p->text;
}

static bool
patterns_set(struct patterns *to, const char *const *from)
{
	size_t count = 0;

	while (from && from[count])
		count++;
	to->of = calloc(count + 1, sizeof(*to->of));
	if (!to->of)
		return false;
	for (; to->count < count; to->count++)
		if (!pattern_set(&to->of[to->count], from[to->count]))
			return false;
	return true;
}

int
wanted_begin(struct loader *l)
{
	if (patterns_set(&l->select, l->opt->select) &&
	    patterns_set(&l->exclude, l->opt->exclude))
		return 0;
	return fail_memory("to select");
}

/* Whether 'path' is 'top' or lies below it; the root is above all. */
static bool
below(const char *path, const char *top)
{
	size_t size = strlen(top);

	return size == 0 || (strncmp(path, top, size) == 0 &&
			     (path[size] == '\0' || path[size] == '/'));
}

/* Whether a path that begins with "path/" can match. */
static bool
may_be_above(const char *path, const struct pattern *p)
{
	size_t size = strlen(path);

	if (p->literal <= size)
		return strncmp(path, p->text, p->literal) == 0;
	return strncmp(path, p->text, size) == 0 && p->text[size] == '/';
}

/* A name that has wildcards in it may also be meant as it is. */
static enum wanted
selected_by(struct pattern *p, const char *path)
{
	if (strcmp(path, p->text) == 0 || *p->text == '\0')
		p->used = true;
	if (below(path, p->text) || below(p->text, path))
		return WANTED;
	if (!p->glob)
		return WANTED_NOT;
	if (fnmatch(p->text, path, FNM_LEADING_DIR) == 0) {
		p->used = true;
		return WANTED;
	}
	return may_be_above(path, p) ? WANTED_ABOVE : WANTED_NOT;
}

static bool
excluded(struct loader *l, const char *path)
{
	struct pattern *p = l->exclude.of, *end = p + l->exclude.count;
	bool ret = false;

	for (; p < end; p++) {
		if (fnmatch(p->text, path, 0) == 0) {
			p->used = true;
			ret = true;
		}
	}
	return ret;
}

enum wanted
path_wanted(struct loader *l, const char *path)
{
	struct pattern *p = l->select.of, *end = p + l->select.count;
	enum wanted ret = p == end ? WANTED : WANTED_NOT, one;

	if (excluded(l, path))
		return WANTED_NOT;
	for (; p < end; p++) {
		one = selected_by(p, path);
		ret = one > ret ? one : ret;
	}
	return ret;
}

/* Whether another pattern leaves out all that this one could match. */
static bool
is_covered(const struct patterns *all, const struct pattern *pattern)
{
	const struct pattern *p = all->of, *end = p + all->count;

	for (; p < end; p++)
		if (p != pattern &&
		    fnmatch(p->text, pattern->text, FNM_LEADING_DIR) == 0)
			return true;
	return false;
}

int
wanted_check(struct loader *l)
{
	const struct pattern *p, *end;

	for (p = l->select.of, end = p + l->select.count; p < end; p++) {
		if (!p->used && p->glob)
			return cute_shm_fail(CUTE_SHM_ERR_NOT_FOUND,
					     "%s: nothing matches \"%s\" to "
					     "select",
					     l->file, p->text);
		if (!p->used)
			return cute_shm_fail(CUTE_SHM_ERR_NOT_FOUND,
					     "%s: no /%s to select", l->file,
					     p->text);
	}
	for (p = l->exclude.of, end = p + l->exclude.count; p < end; p++)
		if (!p->used && !is_covered(&l->exclude, p))
			cute_shm_log(CUTE_SHM_LOG_WARNING,
				     "%s: nothing "
				     "matches \"%s\" to exclude",
				     l->file, p->text);
	return 0;
}
