/* SPDX-License-Identifier: MIT */
/* The attributes of the root that tell what was selected. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/describe/describe.h"

static int
put_texts(struct loader *l, const struct selection *s)
{
	uint64_t count = s->count, *offsets = calloc(count + 1, sizeof(count));
	char *values = NULL, *to;
	size_t i;
	int err = 0;

	for (i = 0; offsets && i < count; i++)
		offsets[i + 1] = offsets[i] + strlen(s->texts[i]);
	if (offsets)
		values = malloc(offsets[count] + 1);
	if (!values)
		err = fail_memory("for attributes");
	for (i = 0, to = values; err == 0 && i < count; i++)
		to = stpcpy(to, s->texts[i]);
	if (err == 0)
		err = cute_shm_builder_attr_ragged(
			l->builder, "", reserved_name(RESERVED_SELECTION),
			"*|S1", 1, &count, offsets, values);
	free(offsets);
	free(values);
	return err;
}

static int
put_share(struct loader *l)
{
	const uint64_t value[] = { l->opt->share, l->opt->shares }, two = 2;

	return cute_shm_builder_attr(l->builder, "",
				     reserved_name(RESERVED_SHARE), "<u8", 1,
				     &two, value);
}

int
describe_selection(struct loader *l)
{
	struct selection s;
	int err;

	if (!l->builder)
		return 0;
	err = selection_get(l->opt->select, l->opt->exclude, &s);
	if (err == 0 && s.count > 0)
		err = put_texts(l, &s);
	if (err == 0 && l->opt->shares > 0)
		err = put_share(l);
	selection_free(&s);
	return err;
}
