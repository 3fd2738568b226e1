/* SPDX-License-Identifier: MIT */
/* The patterns of select and exclude: with slices, and in one form. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/channel/channel.h"

/* The text between brackets consists of this, if it is meant as a slice. */
#define SLICE_BYTES "0123456789-:,. "

/* Whether such a text is no set of bytes: if it is no slice, it is wrong. */
static bool
cannot_be_a_set(const char *text, size_t size)
{
	return memchr(text, ':', size) || memchr(text, ',', size) ||
	       memchr(text, ' ', size);
}

/* The position of the "[" of a slice at the end; NULL if there is none. */
static const char *
slice_begin(const char *text, size_t size)
{
	const char *begin;

	if (size < 3 || text[size - 1] != ']')
		return NULL;
	begin = memrchr(text, '[', size);
	if (!begin || begin == text || begin + 2 == text + size)
		return NULL;
	/* A backslash makes the bracket a part of the name. */
	if (begin[-1] == '\\')
		return NULL;
	return strspn(begin + 1, SLICE_BYTES) ==
			       (size_t)(text + size - 2 - begin)
		       ? begin
		       : NULL;
}

static bool
goes_backward(const struct slice_text *slice)
{
	for (unsigned i = 0; i < slice->count; i++)
		if (slice->items[i].kind == SLICE_RANGE &&
		    slice->items[i].there[2] && slice->items[i].at[2] < 0)
			return true;
	return false;
}

static int
fail_slice(const char *text, const char *why)
{
	return cute_shm_fail(CUTE_SHM_ERR_INVALID, "\"%s\" to select: %s", text,
			     why);
}

/* Take the slice off the end of the pattern, if it has one. */
static int
take_slice(struct selector *s, const char *text)
{
	const char *begin = slice_begin(s->text, s->size);
	char why[SLICE_WHY];
	size_t inside;

	if (!begin)
		return 0;
	inside = (size_t)(s->text + s->size - 2 - begin);
	s->sliced = slice_read(begin + 1, inside, &s->slice, why);
	if (!s->sliced && cannot_be_a_set(begin + 1, inside))
		return fail_slice(text, why);
	s->sliced &= s->slice.count > 0;
	if (s->sliced && goes_backward(&s->slice))
		return fail_slice(text, "a negative step: arrays keep the "
					"order of the file");
	if (s->sliced)
		s->size = (size_t)(begin - s->text);
	return 0;
}

int
selector_get(const char *text, bool slices, struct selector *ret)
{
	struct selector s = { .text = *text == '/' ? text + 1 : text };
	int err = 0;

	s.size = strlen(s.text);
	/* Groups are listed with a slash at the end; they have no slices. */
	if (s.size > 1 && s.text[s.size - 1] == '/') {
		s.size--;
		s.slashed = slices && slice_begin(s.text, s.size);
	} else if (slices) {
		err = take_slice(&s, text);
	}
	if (err == 0)
		*ret = s;
	return err;
}

/* ------------------------------------------------------------- in one form */

static int
add(struct selection *s, const char *word, const struct selector *from)
{
	char slice[SLICE_TEXT] = "", **more;

	more = realloc(s->texts, (s->count + 1) * sizeof(*more));
	if (!more)
		return fail_memory("to select");
	s->texts = more;
	if (from->sliced)
		slice_write(&from->slice, slice);
	if (asprintf(&s->texts[s->count], "%s=%.*s%s%s%s", word,
		     (int)from->size, from->text, from->sliced ? "[" : "",
		     slice,
		     from->sliced    ? "]"
		     : from->slashed ? "/"
				     : "") < 0)
		return fail_memory("to select");
	s->count++;
	return 0;
}

static int
add_all(struct selection *s, const char *word, bool slices,
	const char *const *list)
{
	struct selector one;
	int err = 0;

	for (; list && *list && err == 0; list++) {
		err = selector_get(*list, slices, &one);
		if (err == 0)
			err = add(s, word, &one);
	}
	return err;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of the patterns does not matter, nor does their repetition. */
static void
sort(struct selection *s)
{
	size_t i, n = 0;

	if (s->count > 0)
		qsort(s->texts, s->count, sizeof(*s->texts), compare);
	for (i = 0; i < s->count; i++) {
		if (n > 0 && strcmp(s->texts[n - 1], s->texts[i]) == 0)
			free(s->texts[i]);
		else
			s->texts[n++] = s->texts[i];
	}
	s->count = n;
}

int
selection_get(const char *const *select, const char *const *exclude,
	      struct selection *ret)
{
	int err;

	*ret = (struct selection){ .count = 0 };
	err = add_all(ret, "select", true, select);
	if (err == 0)
		err = add_all(ret, "exclude", false, exclude);
	sort(ret);
	return err;
}

void
selection_free(struct selection *s)
{
	while (s->count > 0)
		free(s->texts[--s->count]);
	free(s->texts);
	s->texts = NULL;
}
