/* SPDX-License-Identifier: MIT */
/*
 * The size of a datatype in the file.  H5Tget_size() returns the size in
 * memory, where lists and texts are pointers.
 */

#include "hdf5/type/type.h"

/* The size of addresses in the file that contains the object. */
static size_t
address_size(hid_t id)
{
	hid_t file = H5Iget_file_id(id), plist = -1;
	size_t address = 8, length = 8;

	if (file >= 0)
		plist = H5Fget_create_plist(file);
	if (plist >= 0) {
		H5Pget_sizes(plist, &address, &length);
		H5Pclose(plist);
	}
	if (file >= 0)
		H5Fclose(file);
	return address;
}

static uint64_t
compound_size(hid_t t, hid_t object)
{
	uint64_t size = H5Tget_size(t);

	for (int i = H5Tget_nmembers(t); i-- > 0;) {
		hid_t member = H5Tget_member_type(t, (unsigned)i);

		if (member < 0)
			continue;
		size += type_stored_size(member, object) - H5Tget_size(member);
		H5Tclose(member);
	}
	return size;
}

uint64_t
type_stored_size(hid_t t, hid_t object)
{
	uint64_t size = H5Tget_size(t), one;
	hid_t super;

	switch (H5Tget_class(t)) {
	case H5T_VLEN: return 4 + address_size(object) + 4;
	case H5T_REFERENCE:
		return address_size(object) +
		       (size == sizeof(hdset_reg_ref_t) ? 4 : 0);
	case H5T_STRING:
		return H5Tis_variable_str(t) <= 0
			       ? size
			       : 4 + address_size(object) + 4;
	case H5T_COMPOUND: return compound_size(t, object);
	case H5T_ARRAY:
		super = H5Tget_super(t);
		if (super < 0)
			return size;
		one = H5Tget_size(super);
		if (one > 0)
			size = size / one * type_stored_size(super, object);
		H5Tclose(super);
		return size;
	default: return size;
	}
}
