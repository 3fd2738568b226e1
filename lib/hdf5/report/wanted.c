/* SPDX-License-Identifier: MIT */
/* Which paths are wanted, by the patterns of select and exclude. */

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/report/report.h"

static int
pattern_set(struct pattern *p, const char *from, bool slices)
{
	struct selector s;
	int err = selector_get(from, slices, &s);

	if (err != 0)
		return err;
	p->text = strndup(s.text, s.size);
	if (!p->text)
		return fail_memory("to select");
	p->whole = s.text;
	p->literal = strcspn(p->text, "*?[\\");
	p->glob = p->literal < s.size;
	p->sliced = s.sliced;
	p->slice = s.slice;
	return 0;
}

static int
patterns_set(struct patterns *to, const char *const *from, bool slices)
{
	size_t count = 0;
	int err = 0;

	while (from && from[count])
		count++;
	to->of = calloc(count + 1, sizeof(*to->of));
	if (!to->of)
		return fail_memory("to select");
	for (; to->count < count && err == 0; to->count++) {
		err = pattern_set(&to->of[to->count], from[to->count], slices);
		to->sliced |= to->of[to->count].sliced;
	}
	return err;
}

int
wanted_begin(struct loader *l)
{
	int err = patterns_set(&l->select, l->opt->select, true);

	return err ? err : patterns_set(&l->exclude, l->opt->exclude, false);
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
	if (strcmp(path, p->text) == 0 || strcmp(path, p->whole) == 0 ||
	    *p->text == '\0')
		p->used = true;
	if (below(path, p->text) || below(p->text, path) ||
	    below(path, p->whole))
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

/* ------------------------------------------------------------------ slices */

/* Whether the pattern's slice is for the array at 'path'. */
static bool
slices(const struct pattern *p, const char *path)
{
	return p->sliced && (below(path, p->text) ||
			     fnmatch(p->text, path, FNM_LEADING_DIR) == 0);
}

static int
fail_differ(const struct loader *l, const char *path, const char *a,
	    const char *b)
{
	return cute_shm_fail(CUTE_SHM_ERR_INVALID,
			     "%s: /%s would have two different slices, by "
			     "\"%s\" and by \"%s\"",
			     loader_file(l, path), path, a, b);
}

static int
apply(const struct loader *l, const struct pattern *p, const char *path,
      unsigned ndim, const uint64_t *shape, struct slice *ret)
{
	char why[SLICE_WHY];

	if (ndim == 0 && slice_takes(&p->slice))
		snprintf(why, sizeof(why), "it has no dimensions");
	else if (slice_apply(&p->slice, ndim, shape, ret, why))
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_INVALID, "%s: /%s by \"%s\": %s",
			     loader_file(l, path), path, p->whole, why);
}

int
path_slice(const struct loader *l, const char *path, unsigned ndim,
	   const uint64_t *shape, struct slice *ret, bool *sliced)
{
	const struct pattern *p = l->select.of, *end = p + l->select.count;
	const struct pattern *first = NULL;
	struct slice other;
	int err;

	*sliced = false;
	for (; l->select.sliced && p < end; p++) {
		if (!slices(p, path))
			continue;
		err = apply(l, p, path, ndim, shape, first ? &other : ret);
		if (err != 0)
			return err;
		if (first && !slice_same(ret, &other))
			return fail_differ(l, path, first->whole, p->whole);
		first = p;
	}
	*sliced = first != NULL;
	return 0;
}

/* The first slice for the path; one for which there is none is whole. */
static const struct pattern *
slice_pattern(const struct loader *l, const char *path)
{
	static const struct pattern none = { .whole = "no slice" };
	const struct pattern *p = l->select.of, *end = p + l->select.count;

	while (p < end && !slices(p, path))
		p++;
	return p < end ? p : &none;
}

int
same_slices(const struct loader *l, const char *path, const char *other)
{
	char a[SLICE_TEXT], b[SLICE_TEXT];
	const struct pattern *p, *q;

	if (!l->select.sliced)
		return 0;
	p = slice_pattern(l, path);
	q = slice_pattern(l, other);
	slice_write(&p->slice, a);
	slice_write(&q->slice, b);
	if (strcmp(a, b) == 0)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_INVALID,
			     "%s: /%s and /%s are one array, which would have "
			     "two different slices, by \"%s\" and by \"%s\"",
			     loader_file(l, path), path, other, p->whole,
			     q->whole);
}

/* ---------------------------------------------------------------- the end */

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

/* Brackets that hold a slice might have been meant as a set of bytes. */
static int
fail_sliced(const struct loader *l, const struct pattern *p)
{
	return cute_shm_fail(CUTE_SHM_ERR_NOT_FOUND,
			     "%s: nothing matches \"%s\" to select, of which "
			     "%s is a slice (to match one of these bytes, let "
			     "a * follow)",
			     l->file, p->text, p->whole + strlen(p->text));
}

int
wanted_check(struct loader *l)
{
	const struct pattern *p, *end;

	for (p = l->select.of, end = p + l->select.count; p < end; p++) {
		if (!p->used && p->sliced)
			return fail_sliced(l, p);
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
