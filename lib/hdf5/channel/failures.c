/* SPDX-License-Identifier: MIT */
/* The objects that earlier readers could not read, sorted by path. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/channel/channel.h"

/* The index of 'path', or the index at which to insert it. */
static size_t
find(const struct failures *f, const char *path, bool *found)
{
	size_t low = 0, high = f->count, middle;
	int order;

	*found = false;
	while (low < high && !*found) {
		middle = low + (high - low) / 2;
		order = strcmp(path, f->of[middle].path);
		*found = order == 0;
		if (order < 0)
			high = middle;
		else if (order > 0)
			low = middle + 1;
		else
			low = middle;
	}
	return low;
}

const char *
failure_of(const struct failures *f, const char *path)
{
	bool found;
	size_t i = find(f, path, &found);

	return found ? f->of[i].reason : NULL;
}

int
failure_add(struct failures *f, const char *path, const char *reason)
{
	struct failure new, *more = f->of;
	bool found;
	size_t i = find(f, path, &found);

	if (found)
		return 0;
	if (f->count == f->room) {
		f->room = f->room ? 2 * f->room : 64;
		more = realloc(f->of, f->room * sizeof(*more));
		if (more)
			f->of = more;
	}
	new.path = strdup(path);
	new.reason = strdup(reason);
	if (!more || !new.path || !new.reason) {
		free(new.path);
		free(new.reason);
		return fail_memory("for what cannot be read");
	}
	memmove(f->of + i + 1, f->of + i, (f->count - i) * sizeof(new));
	f->of[i] = new;
	f->count++;
	return 0;
}

void
failures_free(struct failures *f)
{
	while (f->count > 0) {
		free(f->of[--f->count].path);
		free(f->of[f->count].reason);
	}
	free(f->of);
}
