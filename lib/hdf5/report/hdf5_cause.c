/* SPDX-License-Identifier: MIT */
/* The cause of a failure in libhdf5: the text of its innermost error. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "hdf5/report/report.h"

#define CAUSE_SIZE 500

struct cause {
	char text[CAUSE_SIZE];
	bool memory; /* libhdf5 ran out of memory */
};

/* H5Ewalk2 goes from the innermost error outwards: keep the first text. */
static herr_t
first_cause(unsigned n, const H5E_error2_t *error, void *arg)
{
	struct cause *c = arg;

	(void)n;
	if (c->text[0] != '\0' || !error->desc)
		return 0;
	snprintf(c->text, sizeof(c->text), "%s", error->desc);
	c->memory = error->min_num == H5E_NOSPACE ||
		    error->min_num == H5E_CANTALLOC;
	return 0;
}

/*
 * In "file write failed: time = ..., error message = 'No space left on device',
 * buf = ..." only the first words and the quoted words matter.
 */
static void
shorten_cause(char *text)
{
	static const char before[] = "error message = '";
	char *end = strstr(text, ": time = ");
	char *from = strstr(text, before), *to;

	if (!end || !from || from < end)
		return;
	from += strlen(before);
	to = strchr(from, '\'');
	if (!to)
		return;
	end += 2;
	memmove(end, from, (size_t)(to - from));
	end[to - from] = '\0';
}

/* libhdf5 says this of files of a later version, but also of damaged ones. */
static bool
is_newer(const char *text)
{
	static const char *const words[] = { "bad ", "wrong ", "unknown " };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strncasecmp(text, words[i], strlen(words[i])) == 0)
			return strstr(text, "version") != NULL;
	return false;
}

#define NEWER "written by a newer HDF5 than the "

bool
cause_is_newer(const char *cause)
{
	return strncmp(cause, NEWER, strlen(NEWER)) == 0;
}

const char *
hdf5_cause(char *text, size_t size)
{
	struct cause cause = { .text = "" };
	unsigned major = 0, minor = 0, release = 0;

	H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, first_cause, &cause);
	H5Eclear2(H5E_DEFAULT);
	shorten_cause(cause.text);
	if (is_newer(cause.text)) {
		H5get_libversion(&major, &minor, &release);
		snprintf(text, size, NEWER "%u.%u.%u here, or damaged (%s)",
			 major, minor, release, cause.text);
	} else {
		snprintf(text, size, "%s",
			 cause.text[0] ? cause.text : "no cause given");
	}
	if (cause.memory)
		limits_note(text, size);
	return text;
}

struct words {
	const char *words;
	bool found;
};

static herr_t
find_words(unsigned n, const H5E_error2_t *error, void *arg)
{
	struct words *w = arg;

	(void)n;
	if (error->desc && strstr(error->desc, w->words))
		w->found = true;
	return 0;
}

bool
hdf5_said(const char *words)
{
	struct words w = { words, false };

	H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_words, &w);
	return w.found;
}

bool
hdf5_is_missing(const char *cause)
{
	return strstr(cause, "doesn't exist") || strstr(cause, "not found") ||
	       strstr(cause, "can't find") || strstr(cause, "not a group") ||
	       strstr(cause, "too many links") ||
	       strstr(cause, "find link class");
}

int
unreadable(void)
{
	char cause[200];

	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s",
			     hdf5_cause(cause, sizeof(cause)));
}

void
hdf5_forget(void)
{
	if (hdf5_is_open())
		H5Eclear2(H5E_DEFAULT);
}
