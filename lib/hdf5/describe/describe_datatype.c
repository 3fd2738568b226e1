/* SPDX-License-Identifier: MIT */
/* Describe committed datatypes: some writers give them attributes. */

#include "hdf5/describe/describe.h"

/* Write the dtype that an array of this type has; "compound"; or "" if none. */
static int
put_datatype(struct loader *l, const struct object *object, hid_t id)
{
	struct type *type = NULL;
	const char *text = "";
	char why[WHY_SIZE];
	int rc = object->native ? type_map(object->native->type, NULL, NULL,
					   why, &type)
				: type_map_id(id, NULL, NULL, why, &type);

	if (rc == 0)
		text = type->kind == TYPE_RECORD ? "compound" : type->dtype;
	if (rc == SKIP)
		rc = 0;
	if (rc == 0 && l->builder)
		rc = cute_shm_builder_attr_text(l->builder, object->path,
						reserved_name(
							RESERVED_DATATYPE),
						text);
	type_free(type);
	return rc;
}

int
describe_datatype(struct loader *l, const struct object *object)
{
	const struct described as = {
		.node = { .kind = CUTE_SHM_GROUP },
		.own = 1U << RESERVED_DATATYPE,
	};
	hid_t id = H5I_INVALID_HID;
	int rc = 0;

	board_work(l->board, object->path, 0);
	l->result.groups++;
	if (!object->native) {
		id = object_open(l->scan, object);
		rc = id < 0 ? unreadable() : 0;
	}
	if (rc == 0 && l->builder)
		rc = cute_shm_builder_group(l->builder, object->path);
	if (rc == 0)
		rc = describe_attributes(l, id, object, object->path, &as);
	if (rc == 0)
		rc = put_datatype(l, object, id);
	if (id >= 0)
		H5Oclose(id);
	if (rc == CUTE_SHM_ERR_SOURCE) {
		rc = send_failed(l, object->path, "%s", cute_shm_errmsg());
		l->retry = rc == 0; /* it may be described in part */
	}
	return rc;
}
