/* SPDX-License-Identifier: MIT */
/* The names that an array's enum has for its values. */
#ifndef ENUM_NAMES_H
#define ENUM_NAMES_H

#include <stdint.h>

#include <cute_shm.h>

struct enum_names;

/*
 * From the node's attributes, copied and sorted, so that a name is found in
 * logarithmic time.  NULL if the array has no enum that can be shown.
 */
struct enum_names *enum_names_new(const struct cute_shm_node *node,
				  const struct cute_shm_array *array);
void enum_names_free(struct enum_names *names);

/* The name of the element's value, escaped, for free(); or NULL. */
char *enum_names_find(const struct enum_names *names,
		      const struct cute_shm_array *array, uint64_t element);

#endif
