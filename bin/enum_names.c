/* SPDX-License-Identifier: MIT */
#include "enum_names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/*
 * HDF5 has no enum with more members, and no sensible one has longer names.
 * What has more is not ours, and is shown as numbers.
 */
#define MOST_MEMBERS 65535
#define LONGEST_NAME 255

struct member {
	uint64_t value; /* its bytes */
	uint64_t name;	/* element of the names */
};

struct enum_names {
	struct cute_shm_array names;
	struct member *members;
	size_t count;
};

static uint64_t
value_at(const struct cute_shm_array *a, uint64_t element)
{
	uint64_t ret = 0;

	memcpy(&ret, (const char *)a->data + element * a->item_size,
	       a->item_size);
	return ret;
}

/* Of members with the same value the first comes first. */
static int
by_value(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static bool
usable(const struct cute_shm_array *names, const struct cute_shm_array *values,
       const struct cute_shm_array *array)
{
	return strcmp(names->dtype, "*|S1") == 0 &&
	       strcmp(values->dtype, array->dtype) == 0 &&
	       array->dtype[0] != '*' && array->item_size <= sizeof(uint64_t) &&
	       values->element_count <= MOST_MEMBERS;
}

struct enum_names *
enum_names_new(const struct cute_shm_node *node,
	       const struct cute_shm_array *array)
{
	struct cute_shm_attr names, values;
	struct enum_names *ret;
	size_t i;

	if (cute_shm_attr(node, "cute-shm:enum-names", &names) != 0 ||
	    cute_shm_attr(node, "cute-shm:enum-values", &values) != 0 ||
	    !usable(&names.value, &values.value, array))
		return NULL;
	ret = text_alloc(NULL, 1, sizeof(*ret));
	ret->names = names.value;
	ret->count = (size_t)values.value.element_count;
	ret->members = text_alloc(NULL, ret->count, sizeof(*ret->members));
	for (i = 0; i < ret->count; i++)
		ret->members[i] = (struct member){
			.value = value_at(&values.value, i),
			.name = i,
		};
	qsort(ret->members, ret->count, sizeof(*ret->members), by_value);
	return ret;
}

void
enum_names_free(struct enum_names *names)
{
	if (names)
		free(names->members);
	free(names);
}

/* The first member whose value is not below. */
static size_t
lower_bound(const struct enum_names *names, uint64_t value)
{
	size_t low = 0, high = names->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (names->members[middle].value < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

char *
enum_names_find(const struct enum_names *names,
		const struct cute_shm_array *array, uint64_t element)
{
	const void *text;
	uint64_t value, n;
	size_t i;

	if (!names)
		return NULL;
	value = value_at(array, element);
	i = lower_bound(names, value);
	if (i == names->count || names->members[i].value != value ||
	    cute_shm_element(&names->names, names->members[i].name, &text,
			     &n) != 0 ||
	    n > LONGEST_NAME)
		return NULL;
	return text_escape(text, n);
}
