/* SPDX-License-Identifier: MIT */
#include "node_json.h"

#include <cute_shm_build.h>

#include "value.h"

void
node_json_attributes(struct json *json, const struct cute_shm_node *node)
{
	struct cute_shm_attr attr;
	int err;

	if (node->attr_count == 0)
		return;
	json_open(json, "attributes", '{');
	for (err = cute_shm_next_attr(node, NULL, &attr); err == 0;
	     err = cute_shm_next_attr(node, &attr, &attr)) {
		json_open(json, attr.name, '{');
		json_text(json, "dtype", attr.value.dtype);
		json_shape(json, "shape", attr.value.ndim, attr.value.shape);
		json_key(json, "value");
		value_json(json->out, &attr.value);
		json_close(json, '}');
	}
	json_close(json, '}');
}

void
node_json_offsets(struct json *json, const struct cute_shm_array *a)
{
	if (a->data_size > 0)
		json_number(json, "data_offset", a->data_offset);
	else
		json_null(json, "data_offset");
	if (a->dtype[0] == '*')
		json_number(json, "values_offset",
			    a->data_offset +
				    cute_shm_values_at(a->element_count));
}

const char *
node_json_kind(enum cute_shm_kind kind)
{
	static const char *const kinds[] = {
		[CUTE_SHM_GROUP] = "group",
		[CUTE_SHM_ARRAY] = "array",
		[CUTE_SHM_LINK] = "link",
	};

	return kinds[kind];
}
