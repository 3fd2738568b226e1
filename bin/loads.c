/* SPDX-License-Identifier: MIT */
/* Loads that are under way, which are no projects yet. */
#include "loads.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static int
add(const struct cute_shm_load_info *info, void *arg)
{
	struct loads *loads = arg;
	struct load *l;

	if (!loads->wanted(info->project, loads->arg))
		return 0;
	loads->items = text_alloc(loads->items, loads->count + 1,
				  sizeof(*loads->items));
	l = &loads->items[loads->count++];
	l->info = *info;
	l->info.project = text_format("%s", info->project);
	l->info.path = text_format("%s", info->path);
	l->info.source = text_format("%s", info->source);
	return 0;
}

void
loads_find(struct loads *loads, const char *root)
{
	/* That the root cannot be listed has been said. */
	(void)cute_shm_loads(root, add, loads);
}

void
loads_free(struct loads *loads)
{
	size_t i;

	for (i = 0; i < loads->count; i++) {
		free((char *)(uintptr_t)loads->items[i].info.project);
		free((char *)(uintptr_t)loads->items[i].info.path);
		free((char *)(uintptr_t)loads->items[i].info.source);
	}
	free(loads->items);
}

char *
load_state(const struct cute_shm_load_info *info)
{
	if (!info->running)
		return text_format("its load has died");
	if (info->bytes_total == 0)
		return text_format("loading");
	return text_format("loading %u %%",
			   (unsigned)(100.0 * (double)info->bytes_done /
				      (double)info->bytes_total));
}
