/* SPDX-License-Identifier: MIT */
/*
 * The memory types with which libhdf5 reads data, made when they are needed: a
 * file that libhdf5 does not read needs none.
 */

#include <string.h>

#include "hdf5/type/type.h"

static hid_t make(const struct type *t, const struct native_type *file,
		  enum part part);

static hid_t
make_string(const struct native_type *file, size_t size, H5T_str_t pad)
{
	hid_t mem = H5Tcopy(H5T_C_S1);

	if (mem < 0 || H5Tset_size(mem, size) < 0 ||
	    H5Tset_strpad(mem, pad) < 0 ||
	    H5Tset_cset(mem, (H5T_cset_t)file->charset) < 0) {
		H5Tclose(mem);
		return H5I_INVALID_HID;
	}
	return mem;
}

static hid_t
make_opaque(const struct native_type *file)
{
	hid_t mem = H5Tcreate(H5T_OPAQUE, file->size);

	if (mem >= 0 && H5Tset_tag(mem, file->tag) < 0) {
		H5Tclose(mem);
		mem = H5I_INVALID_HID;
	}
	return mem;
}

static hid_t
make_list(const struct type *t, const struct native_type *file)
{
	hid_t item, mem;

	if (file->is_text)
		return make_string(file, H5T_VARIABLE, (H5T_str_t)file->pad);
	item = make(t, file->base, PART_PLAIN);
	mem = item < 0 ? item : H5Tvlen_create(item);
	if (item >= 0)
		H5Tclose(item);
	return mem;
}

static hid_t
make_array(const struct type *t, const struct native_type *file, enum part part)
{
	hid_t item = make(t, file->base, part), mem = H5I_INVALID_HID;
	hsize_t dims[H5S_MAX_RANK];

	for (unsigned i = 0; i < file->count; i++)
		dims[i] = file->dims[i];
	if (item >= 0) {
		mem = H5Tarray_create2(item, file->count, dims);
		H5Tclose(item);
	}
	return mem;
}

static bool
insert(hid_t mem, const struct field *f, const struct native_type *file,
       enum part part)
{
	const struct native_member *m = member_find(file, f->name);
	hid_t type;
	bool ok;

	if (f->type->size[part] == 0)
		return true;
	type = m ? make(f->type, m->type, part) : H5I_INVALID_HID;
	if (type < 0)
		return false;
	ok = H5Tinsert(mem, f->name, f->offset[part], type) >= 0;
	H5Tclose(type);
	return ok;
}

/* A packed compound of the fields that have leaves of this part. */
static hid_t
make_record(const struct type *t, const struct native_type *file,
	    enum part part)
{
	hid_t mem =
		H5Tcreate(H5T_COMPOUND,
			  t->size[part] / (t->dims_count ? t->dims_count : 1));

	for (unsigned i = 0; i < t->field_count && mem >= 0; i++)
		if (!insert(mem, &t->fields[i], file, part)) {
			H5Tclose(mem);
			mem = H5I_INVALID_HID;
		}
	return mem;
}

static hid_t
make(const struct type *t, const struct native_type *file, enum part part)
{
	switch (file->class) {
	case NATIVE_STRING:
		return make_string(file, file->size, H5T_STR_NULLPAD);
	case NATIVE_OPAQUE: return make_opaque(file);
	case NATIVE_REFERENCE: return H5Tcopy(H5T_STD_REF_OBJ);
	case NATIVE_LIST: return make_list(t, file);
	case NATIVE_ARRAY: return make_array(t, file, part);
	case NATIVE_ENUM: return make(t, file->base, part);
	case NATIVE_COMPOUND:
		return t->kind == TYPE_RECORD ? make_record(t, file, part)
					      : complex_mem(file);
	default: return number_mem(file);
	}
}

hid_t
type_mem(const struct type *t, enum part part)
{
	struct type *own = (struct type *)(uintptr_t)t;

	if (t->mem[part] < 0 && t->size[part] > 0)
		own->mem[part] = make(t, t->file, part);
	return t->mem[part];
}
