/* SPDX-License-Identifier: MIT */
/*
 * Check the size of a dataset's fill value.  libhdf5 copies as many bytes of a
 * fill value as an element has, whatever size the value has in the file: if a
 * damaged value is shorter, libhdf5 copies memory behind it.  No call reports
 * that size, but the encoded form of the property contains it.
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

	for (unsigned i = 8; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

/*
 * Find the size of the value in an encoded property list that has only this
 * property, so that no other content of the file can look like its name.  The
 * list has the name, a byte each for allocation time and fill time, and the
 * size of the value in eight bytes.  False if the name is not found.
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
	return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
			     "its fill value has %" PRIu64
			     " bytes instead of %" PRIu64,
			     has, need);
}
