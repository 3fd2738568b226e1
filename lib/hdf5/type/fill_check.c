/* SPDX-License-Identifier: MIT */
/*
 * libhdf5 copies as many bytes of a fill value as an element has, whatever the
 * size of the value is in the file: of a damaged one, memory that lies behind.
 * No call tells that size, but the encoded form of the property does.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/type/type.h"

#define PROPERTY "fill_value"

static uint64_t
load_le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (unsigned i = 8; i-- > 0; )
		v = v << 8 | p[i];
	return v;
}

/*
 * The property list with that property alone, so that nothing else of the file
 * is before it: its name, a byte each for when to allocate and to fill, and
 * eight of the value's size.  False if it is not found.
 */
static bool
size_of(const uint8_t *list, size_t size, uint64_t *ret)
{
	const uint8_t *p = memmem(list, size, PROPERTY, sizeof(PROPERTY));
	size_t at = p ? (size_t)(p - list) + sizeof(PROPERTY) + 2 : size;

	if (at > size || size - at < 8)
		return false;
	*ret = load_le64(list + at);
	return true;
}

static bool
fill_size(hid_t dcpl, uint64_t *ret)
{
	hid_t alone = H5Pcreate(H5P_DATASET_CREATE);
	uint8_t *list = NULL;
	size_t size = 0;
	bool ok = false;

	if (alone >= 0 && H5Pcopy_prop(alone, dcpl, PROPERTY) >= 0 &&
	    H5Pencode(alone, NULL, &size) >= 0)
		list = malloc(size);
	if (list && H5Pencode(alone, list, &size) >= 0)
		ok = size_of(list, size, ret);
	free(list);
	if (alone >= 0)
		H5Pclose(alone);
	return ok;
}

int
fill_check(hid_t dset, hid_t dcpl)
{
	H5D_fill_value_t kind = H5D_FILL_VALUE_ERROR;
	uint64_t need, has;
	hid_t type;

	if (H5Pfill_value_defined(dcpl, &kind) < 0 ||
	    kind != H5D_FILL_VALUE_USER_DEFINED || !fill_size(dcpl, &has))
		return 0;
	type = H5Dget_type(dset);
	if (type < 0)
		return 0;
	need = type_stored_size(type, dset);
	H5Tclose(type);
	if (has >= need)
		return 0;
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "its fill value has %" PRIu64
			     " bytes instead of %" PRIu64, has, need);
}
