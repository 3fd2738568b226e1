/* SPDX-License-Identifier: MIT */
#include "left_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "text.h"

/* Objects that are left out for the same reason; the first of them. */
struct kind {
	enum left_out how;
	char *path, *reason;
	uint64_t count;
};

/* Reasons may name what is different each time: no more kinds than that. */
#define MOST_KINDS 64

static struct kind kinds[MOST_KINDS];
static size_t kind_count;
static bool all;

void
left_out_each(bool each)
{
	all = each;
}

static const char *
verb(enum left_out how)
{
	static const char *const verbs[] = {
		[LEFT_OUT_SKIPPED] = "skipped",
		[LEFT_OUT_INCOMPLETE] = "incomplete",
		[LEFT_OUT_CHANGED] = "changed",
		[LEFT_OUT_UNREADABLE] = "cannot read",
	};

	return verbs[how];
}

/* What two reasons must share: of links, not where they lead. */
static const char *
common(const char *reason)
{
	static const char link[] = "link to /", which[] = ", which ";
	const char *at = strstr(reason, which), *next;

	if (strncmp(reason, link, strlen(link)) != 0 || !at)
		return reason;
	while ((next = strstr(at + 1, which)))
		at = next;
	return at;
}

static struct kind *
find(enum left_out how, const char *reason)
{
	size_t i;

	for (i = 0; i < kind_count; i++)
		if (kinds[i].how == how &&
		    strcmp(common(kinds[i].reason), common(reason)) == 0)
			return &kinds[i];
	return NULL;
}

void
left_out_add(enum left_out how, const char *path, const char *reason)
{
	struct kind *kind =
		all || how == LEFT_OUT_UNREADABLE ? NULL : find(how, reason);

	if (kind) {
		kind->count++;
		return;
	}
	if (all || how == LEFT_OUT_UNREADABLE || kind_count == MOST_KINDS) {
		cli_message("%s /%s: %s", verb(how), path, reason);
		return;
	}
	kinds[kind_count++] = (struct kind){
		.how = how,
		.count = 1,
		.path = text_format("%s", path),
		.reason = text_format("%s", reason),
	};
}

void
left_out_print(void)
{
	struct kind *k;

	for (k = kinds; k < kinds + kind_count; k++) {
		if (k->count == 1)
			cli_message("%s /%s: %s", verb(k->how), k->path,
				    k->reason);
		else
			cli_message("%s /%s and %" PRIu64 " more: %s",
				    verb(k->how), k->path, k->count - 1,
				    k->reason);
		free(k->path);
		free(k->reason);
	}
	kind_count = 0;
}
