/* SPDX-License-Identifier: MIT */
#include "selection.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static void
add(char ***list, size_t *count, const char *text, uint64_t size)
{
	*list = text_alloc(*list, *count + 2, sizeof(**list));
	(*list)[(*count)++] = text_format("%.*s", (int)size, text);
	(*list)[*count] = NULL;
}

void
selection_get(const struct cute_shm *shm, struct selection *ret)
{
	static const char select[] = "select=", exclude[] = "exclude=";
	const uint64_t n = sizeof(select) - 1, m = sizeof(exclude) - 1;
	struct cute_shm_node root;
	struct cute_shm_attr attr;
	const void *text;
	uint64_t i, size;

	*ret = (struct selection){ .select = NULL };
	if (cute_shm_find(shm, "", &root) != 0 ||
	    cute_shm_attr(&root, "cute-shm:selection", &attr) != 0)
		return;
	for (i = 0; i < attr.value.element_count; i++) {
		if (cute_shm_element(&attr.value, i, &text, &size) != 0)
			continue;
		if (size > n && memcmp(text, select, n) == 0)
			add(&ret->select, &ret->select_count,
			    (const char *)text + n, size - n);
		else if (size > m && memcmp(text, exclude, m) == 0)
			add(&ret->exclude, &ret->exclude_count,
			    (const char *)text + m, size - m);
	}
}

static void
list_free(char **list)
{
	for (size_t i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

void
selection_free(struct selection *s)
{
	list_free(s->select);
	list_free(s->exclude);
	*s = (struct selection){ .select = NULL };
}
