/* SPDX-License-Identifier: MIT */
/* The names of an object's attributes, in the order of the segment. */

#include <stdlib.h>
#include <string.h>

#include "hdf5/source/source.h"

static herr_t
see_name(hid_t id, const char *name, const H5A_info_t *info, void *arg)
{
	struct names *n = arg;
	char **more;

	(void)id;
	(void)info;
	if (n->count == n->room) {
		n->room = n->room ? 2 * n->room : 16;
		more = realloc(n->name, n->room * sizeof(*more));
		if (!more)
			goto full;
		n->name = more;
	}
	n->name[n->count] = strdup(name);
	if (n->name[n->count]) {
		n->count++;
		return 0;
	}
full:
	n->full = true;
	return -1;
}

static void
names_clear(struct names *n)
{
	if (n->borrowed)
		n->count = 0;
	while (n->count > 0)
		free(n->name[--n->count]);
}

void
names_free(struct names *n)
{
	names_clear(n);
	free(n->name);
	*n = (struct names){ .count = 0 };
}

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
tracks_order(hid_t id)
{
	H5I_type_t type = H5Iget_type(id);
	hid_t plist = type == H5I_DATASET    ? H5Dget_create_plist(id)
		      : type == H5I_DATATYPE ? H5Tget_create_plist(id)
					     : H5Gget_create_plist(id);
	unsigned flags = 0;

	if (plist < 0)
		return false;
	if (H5Pget_attr_creation_order(plist, &flags) < 0)
		flags = 0;
	H5Pclose(plist);
	return (flags & H5P_CRT_ORDER_TRACKED) != 0;
}

#define ATTRIBUTE_MESSAGE (UINT64_C(1) << 0x0c)

hsize_t
attributes_count(const H5O_info_t *info)
{
	if (info->num_attrs == 0 &&
	    (info->hdr.mesg.present & ATTRIBUTE_MESSAGE) != 0)
		return 2;
	return info->num_attrs;
}

static bool
list_by_creation(hid_t id, struct names *n)
{
	hsize_t at = 0;

	if (!tracks_order(id))
		return false;
	names_clear(n);
	return H5Aiterate2(id, H5_INDEX_CRT_ORDER, H5_ITER_INC, &at, see_name,
			   n) >= 0;
}

static bool
list_by_name(hid_t id, struct names *n)
{
	hsize_t at = 0;

	names_clear(n);
	/* In its native order libhdf5 need not hold all attributes at once. */
	if (H5Aiterate2(id, H5_INDEX_NAME, H5_ITER_NATIVE, &at, see_name, n) <
	    0)
		return false;
	if (n->count > 1)
		qsort(n->name, n->count, sizeof(*n->name), by_bytes);
	return true;
}

bool
names_native(const struct native_object *o, struct names *n)
{
	n->borrowed = true;
	if (o->attribute_count == 0)
		return true;
	n->name = calloc(o->attribute_count, sizeof(*n->name));
	n->full = !n->name;
	if (!n->name)
		return false;
	for (uint32_t i = 0; i < o->attribute_count; i++)
		n->name[i] = (char *)(uintptr_t)o->attributes[i].name;
	n->count = n->room = o->attribute_count;
	return true;
}

/*
 * List by creation order if the object tracks it, else by name, as bytes.  Most
 * objects have no or one attribute: asking for their number first costs least.
 */
bool
names_list(hid_t id, struct names *n)
{
	H5O_info_t info;
	bool many = H5Oget_info2(id, &info, H5O_INFO_HDR | H5O_INFO_NUM_ATTRS) <
			    0 ||
		    attributes_count(&info) > 1;

	if (!many && info.num_attrs == 0)
		return true;
	if (many && list_by_creation(id, n))
		return true;
	if (!list_by_name(id, n))
		return false;
	/* The number in the object's header may be wrong. */
	return many || n->count < 2 || list_by_creation(id, n) ||
	       list_by_name(id, n);
}
