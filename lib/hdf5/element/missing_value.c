/* SPDX-License-Identifier: MIT */
/* What H5Dread makes of elements that are not stored. */

#include <string.h>

#include "hdf5/element/element.h"

bool
native_fill_get(const struct native_dataset *d, bool stored, size_t item,
		uint8_t *to)
{
	const struct native_fill *f = &d->fill;

	memset(to, 0, item);
	/* H5Dread does not write such elements. */
	if (f->write == H5D_FILL_TIME_NEVER)
		return true;
	if (f->kind == NATIVE_FILL_UNDEFINED)
		return stored && f->write == H5D_FILL_TIME_IFSET;
	if (f->kind != NATIVE_FILL_VALUE)
		return true;
	if (f->size != item)
		return false;
	memcpy(to, f->data, item);
	return true;
}
