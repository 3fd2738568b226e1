/* SPDX-License-Identifier: MIT */
/* What the views share: parts of their text. */
#include "list.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "wrap.h"

void
list_put_total(const struct list_total *total)
{
	struct text_buffer b;
	char *text;

	if (total->projects < (total->whole ? 1 : 2) && !list_filtered())
		return;
	text_buffer_begin(&b);
	fprintf(b.out, "total: %s, %s, %s",
		units_count(total->projects, "project").text,
		units_count(total->arrays, "array").text,
		list_size(total->bytes).text);
	if (total->whole && total->root_size > 0)
		fprintf(b.out, " of %s, %s free",
			list_size(total->root_size).text,
			list_size(total->root_free).text);
	text = text_buffer_end(&b);
	fputs(total->projects ? "\n" : "", stdout);
	wrap_put(stdout, text, 0, strlen("total: "), text_columns(stdout));
	putchar('\n');
	free(text);
}

static void
add_state(FILE *out, const char *state)
{
	fprintf(out, "%s%s", ftell(out) > 0 ? ", " : "", state);
}

char *
list_state(const struct list_project *p)
{
	char *change = list_source_change(&p->source), *counted;
	struct text_buffer b;

	text_buffer_begin(&b);
	if (p->info->in_use)
		add_state(b.out, "in use");
	if (p->info->orphan)
		add_state(b.out, "orphan");
	else if (p->info->ephemeral)
		add_state(b.out, "ephemeral");
	if (p->updates.torn > 0) {
		counted = text_format("%" PRIu64 " torn", p->updates.torn);
		add_state(b.out, counted);
		free(counted);
	}
	if (p->updates.unsealed > 0) {
		counted = text_format("%" PRIu64 " unsealed",
				      p->updates.unsealed);
		add_state(b.out, counted);
		free(counted);
	}
	if (*change)
		add_state(b.out, change);
	free(change);
	return text_buffer_end(&b);
}

struct units
list_owner(const struct cute_shm_info *info)
{
	static struct units ret;
	static uid_t last;
	const struct passwd *user;

	/* Most have the same one, and each search reads a file. */
	if (ret.text[0] != '\0' && info->uid == last)
		return ret;
	last = info->uid;
	user = getpwuid(last);
	if (user)
		snprintf(ret.text, sizeof(ret.text), "%s", user->pw_name);
	else
		snprintf(ret.text, sizeof(ret.text), "%ju",
			 (uintmax_t)info->uid);
	return ret;
}

struct units
list_size(uint64_t bytes)
{
	struct units ret;

	if (!list_exact_bytes)
		return units_size(bytes);
	snprintf(ret.text, sizeof(ret.text), "%" PRIu64, bytes);
	return ret;
}

struct units
list_load_owner(const struct cute_shm_load_info *info)
{
	const struct cute_shm_info owner = { .uid = info->uid };

	return list_owner(&owner);
}

int
list_integrity(const struct list_project *p, const char **message)
{
	struct cute_shm_verify_options opt = {
		.size = sizeof(opt), .flags = CUTE_SHM_VERIFY_METADATA
	};
	int err = p->err;

	*message = p->message;
	if (p->shm) {
		err = cute_shm_verify(p->shm, &opt, NULL);
		*message = err ? cute_shm_errmsg() : "";
	}
	return err;
}
