/* SPDX-License-Identifier: MIT */
/* References to objects become the paths of these objects. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/type/type.h"

bool
type_refers(const struct type *type)
{
	unsigned i;

	for (i = 0; i < type->field_count; i++)
		if (type_refers(type->fields[i].type))
			return true;
	return type->kind == TYPE_REFERENCE ||
	       type->kind == TYPE_REFERENCE_LIST;
}

bool
reference_list_is(const struct native_type *file)
{
	return file->class == NATIVE_LIST && !file->is_text &&
	       file->base->class == NATIVE_REFERENCE && !file->base->is_region;
}

int
reference_list_type(const struct native_type *file, struct type **ret)
{
	int err = type_leaf(TYPE_REFERENCE_LIST, "*|S1", 1, sizeof(hvl_t), ret);

	if (!err)
		(*ret)->file = file;
	return err;
}

bool
reference_lists_short(const void *elements, uint64_t count)
{
	const uint8_t *p = elements;
	hvl_t list;
	uint64_t i;

	for (i = 0; i < count; i++, p += sizeof(list)) {
		memcpy(&list, p, sizeof(list));
		if (list.len > 1)
			return false;
	}
	return true;
}

void
reference_list_get(const void *element, hobj_ref_t *ret)
{
	hvl_t list;

	memcpy(&list, element, sizeof(list));
	*ret = 0;
	if (list.len > 0 && list.p)
		memcpy(ret, list.p, sizeof(*ret));
}

int
references_lost(struct loader *l, const char *path, uint64_t count)
{
	if (count > 0 && l->lost_references == 0) {
		l->lost_from = strdup(path);
		if (!l->lost_from)
			return fail_memory("for references");
	}
	l->lost_references += count;
	return 0;
}

int
references_report(struct loader *l)
{
	unsigned long long n = l->lost_references;

	if (n == 0)
		return 0;
	return send_changed(l, l->lost_from,
			    "%llu reference%s to objects that "
			    "have no name or are left out %s empty now",
			    n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
}
