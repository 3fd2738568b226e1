/* SPDX-License-Identifier: MIT */
/* What the tools' JSON says alike of a node. */
#ifndef NODE_JSON_H
#define NODE_JSON_H

#include <cute_shm.h>

#include "json.h"

/* The member "attributes", if the node has any. */
void node_json_attributes(struct json *json, const struct cute_shm_node *node);

/* Where its data are in the segment's file, null if it has none. */
void node_json_offsets(struct json *json, const struct cute_shm_array *array);

/* "group", "array", "link" */
const char *node_json_kind(enum cute_shm_kind kind);

#endif
