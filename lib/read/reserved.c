/* SPDX-License-Identifier: MIT */
/* The table of reserved attributes of cute-shm(5), as code. */

#include "read/read.h"
#include "read/reserved.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The nodes that may have the attribute. */
enum place {
	ON_ARRAY,
	ON_GROUP,
	ON_ROOT
};

static const struct {
	const char *name;
	enum place place;
	const char *dtype; /* NULL: checked by enum_fits() */
	unsigned ndim;
	uint64_t count;	  /* elements; 0: any number */
	const char *form; /* of the value, for messages */
} rules[RESERVED_COUNT] = {
	[RESERVED_ENUM_NAMES] = { "cute-shm:enum-names", ON_ARRAY, NULL, 1, 0,
				  "a list of texts" },
	[RESERVED_ENUM_VALUES] = { "cute-shm:enum-values", ON_ARRAY, NULL, 1, 0,
				   "a list of integers" },
	[RESERVED_COMPOUND] = { "cute-shm:compound", ON_GROUP, "*|S1", 1, 0,
				"a list of texts" },
	[RESERVED_DATATYPE] = { "cute-shm:datatype", ON_GROUP, "*|S1", 0, 0,
				"a text" },
	[RESERVED_UNICODE] = { "cute-shm:unicode", ON_ARRAY, "<u8", 0, 0,
			       "a <u8 scalar" },
	[RESERVED_SOURCE] = { "cute-shm:source", ON_GROUP, "*|S1", 0, 0,
			      "a text" },
	[RESERVED_SOURCE_SIZE] = { "cute-shm:source-size", ON_GROUP, "<u8", 0,
				   0, "a <u8 scalar" },
	[RESERVED_SOURCE_MTIME] = { "cute-shm:source-mtime-ns", ON_GROUP, "<u8",
				    0, 0, "a <u8 scalar" },
	[RESERVED_PARTS] = { "cute-shm:source-parts", ON_GROUP, "*|S1", 1, 0,
			     "a list of texts" },
	[RESERVED_PARTS_SIZE] = { "cute-shm:source-parts-size", ON_GROUP, "<u8",
				  1, 0, "a list of <u8" },
	[RESERVED_PARTS_MTIME] = { "cute-shm:source-parts-mtime-ns", ON_GROUP,
				   "<u8", 1, 0, "a list of <u8" },
	[RESERVED_SELECTION] = { "cute-shm:selection", ON_ROOT, "*|S1", 1, 0,
				 "a list of texts" },
	[RESERVED_SHARE] = { "cute-shm:share", ON_ROOT, "<u8", 1, 2,
			     "two elements of <u8" },
};

enum reserved
reserved_find(const char *name)
{
	enum reserved id;

	if (strncmp(name, RESERVED_PREFIX, strlen(RESERVED_PREFIX)) != 0)
		return RESERVED_NOT;
	for (id = RESERVED_ENUM_NAMES; id < RESERVED_UNKNOWN; id++)
		if (strcmp(name, rules[id].name) == 0)
			return id;
	return RESERVED_UNKNOWN;
}

const char *
reserved_name(enum reserved id)
{
	return rules[id].name;
}

static bool __attribute__((format(printf, 2, 3)))
refuse(char *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, RESERVED_WHY, format, ap);
	va_end(ap);
	return false;
}

static bool
place_fits(enum reserved id, const struct reserved_node *node, char *why)
{
	static const char *const where[] = {
		[ON_ARRAY] = "an array",
		[ON_GROUP] = "a group",
		[ON_ROOT] = "the root",
	};
	enum place place = rules[id].place;

	if (place == ON_ARRAY ? node->kind == CUTE_SHM_ARRAY
			      : node->kind == CUTE_SHM_GROUP &&
					(place != ON_ROOT || node->root))
		return true;
	return refuse(why, "%s is %s, on %s", rules[id].name, rules[id].form,
		      where[place]);
}

static bool
form_fits(enum reserved id, const struct cute_shm_array *value, char *why)
{
	if (!rules[id].dtype ||
	    (strcmp(value->dtype, rules[id].dtype) == 0 &&
	     value->ndim == rules[id].ndim &&
	     (rules[id].count == 0 || value->element_count == rules[id].count)))
		return true;
	return refuse(why, "%s is %s, not %s of %u dimensions", rules[id].name,
		      rules[id].form, value->dtype, value->ndim);
}

/* Check the two attributes that describe the integers of an array. */
static bool
enum_fits(const struct reserved_node *node, const struct cute_shm_array *names,
	  const struct cute_shm_array *values, char *why)
{
	const char *type;

	if (!names || !values || node->kind != CUTE_SHM_ARRAY)
		return refuse(why, "the names and the values of an enum go "
				   "together, on an array");
	if (strcmp(names->dtype, "*|S1") != 0 || names->ndim != 1 ||
	    values->ndim != 1 || names->shape[0] != values->shape[0])
		return refuse(why,
			      "names of an enum are %s, not a list of "
			      "texts, one per value",
			      names->dtype);
	type = node->dtype + (node->dtype[0] == '*');
	if ((strcmp(type, "null") != 0 && strcmp(type, values->dtype) != 0) ||
	    (values->dtype[1] != 'i' && values->dtype[1] != 'u'))
		return refuse(why, "values of an enum are %s, the array is %s",
			      values->dtype, node->dtype);
	return true;
}

/* The paths, sizes and times of other files go together. */
static bool
parts_fit(const struct reserved_values *values, char *why)
{
	const struct cute_shm_array *paths = values->of[RESERVED_PARTS];
	const struct cute_shm_array *sizes = values->of[RESERVED_PARTS_SIZE];
	const struct cute_shm_array *times = values->of[RESERVED_PARTS_MTIME];

	if (paths && sizes && times && sizes->ndim == 1 && times->ndim == 1 &&
	    paths->ndim == 1 && sizes->shape[0] == paths->shape[0] &&
	    times->shape[0] == paths->shape[0])
		return true;
	return refuse(why, "paths, sizes and times of parts of a source go "
			   "together, as many of each");
}

/* Check the text of a committed datatype: a dtype, "compound", or empty. */
static bool
datatype_fits(const struct reserved_node *node,
	      const struct cute_shm_array *value, char *why)
{
	char text[FORMAT_DTYPE_SIZE] = "";
	const void *data;
	uint64_t size;
	uint32_t item;

	if (node->child_count > 0)
		return refuse(why,
			      "cute-shm:datatype is on an empty group, "
			      "not on one with %" PRIu64 " children",
			      node->child_count);
	if (cute_shm_element(value, 0, &data, &size) == 0 &&
	    size < sizeof(text)) {
		memcpy(text, data, (size_t)size);
		if (strlen(text) == size &&
		    (size == 0 || strcmp(text, "compound") == 0 ||
		     (strcmp(text, "null") != 0 &&
		      cute_shm_dtype_size(text, &item) == 0)))
			return true;
	}
	return refuse(why, "cute-shm:datatype is a dtype, \"compound\", or "
			   "empty");
}

bool
reserved_fits(enum reserved id, const struct reserved_node *node,
	      const struct reserved_values *values, char why[RESERVED_WHY])
{
	const struct cute_shm_array *value = values->of[id];

	if (id == RESERVED_UNKNOWN)
		return refuse(why, "there is no reserved attribute of that "
				   "name");
	if (id == RESERVED_ENUM_NAMES || id == RESERVED_ENUM_VALUES)
		return enum_fits(node, values->of[RESERVED_ENUM_NAMES],
				 values->of[RESERVED_ENUM_VALUES], why);
	if (!place_fits(id, node, why) || !form_fits(id, value, why))
		return false;
	if (id == RESERVED_DATATYPE)
		return datatype_fits(node, value, why);
	if (id >= RESERVED_PARTS && id <= RESERVED_PARTS_MTIME)
		return parts_fit(values, why);
	if (id == RESERVED_UNICODE && strcmp(node->dtype, "*|S1") != 0)
		return refuse(why,
			      "cute-shm:unicode is on an array of *|S1, "
			      "not of %s",
			      node->dtype);
	if (id == RESERVED_COMPOUND &&
	    value->element_count != node->child_count)
		return refuse(why,
			      "a compound of %" PRIu64 " fields with %" PRIu64
			      " children",
			      value->element_count, node->child_count);
	return true;
}

bool
reserved_field(const struct cute_shm_array *compound, uint64_t i,
	       const char *name, char why[RESERVED_WHY])
{
	const void *field;
	uint64_t size;

	if (i >= compound->element_count ||
	    cute_shm_element(compound, i, &field, &size) != 0)
		return refuse(why,
			      "its compound has no field for child %" PRIu64,
			      i);
	if (!component_ok(field, (size_t)size) ||
	    (strlen(name) == size && memcmp(field, name, (size_t)size) == 0))
		return true;
	return refuse(why,
		      "field %" PRIu64 " of the compound is \"%.*s\", its "
		      "child \"%s\"",
		      i, size < 40 ? (int)size : 40, (const char *)field, name);
}
