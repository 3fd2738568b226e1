/* SPDX-License-Identifier: MIT */
/* The HDF5 type for a dtype of the segment, and elements in that type. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/save/save.h"

static int
fail_type(const struct cute_shm_array *a)
{
	char cause[200];

	return cute_shm_fail(CUTE_SHM_ERR_SYSTEM,
			     "/%s: no HDF5 type of \"%s\":"
			     " %s",
			     a->path, a->dtype,
			     hdf5_cause(cause, sizeof(cause)));
}

/*
 * libhdf5 converts neither character set to the other, and most programs ask
 * for ASCII: use UTF-8 only if a text needs it.
 */
static void
set_charset(hid_t t, const void *text, uint64_t size)
{
	/* An empty array has no address. */
	if (size == 0)
		text = "";
	H5Tset_cset(t, text_is_ascii(text, size) || !text_is_utf8(text, size)
			       ? H5T_CSET_ASCII
			       : H5T_CSET_UTF8);
}

/*
 * A fixed-size string; for the items of lists, 'text' is the values of the
 * array.
 */
static hid_t
fixed_string(const void *text, uint64_t bytes, size_t size)
{
	hid_t t = H5Tcopy(H5T_C_S1);

	if (t >= 0 && (H5Tset_size(t, size) < 0 ||
		       H5Tset_strpad(t, H5T_STR_NULLPAD) < 0)) {
		H5Tclose(t);
		return H5I_INVALID_HID;
	}
	set_charset(t, text, bytes);
	return t;
}

static hid_t
int_type(char kind, uint32_t size)
{
	const hid_t of_signed[] = { H5T_STD_I8LE, H5T_STD_I16LE, H5T_STD_I32LE,
				    H5T_STD_I64LE };
	const hid_t of_unsigned[] = { H5T_STD_U8LE, H5T_STD_U16LE,
				      H5T_STD_U32LE, H5T_STD_U64LE };
	unsigned i = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;

	return H5Tcopy(kind == 'i' ? of_signed[i] : of_unsigned[i]);
}

static hid_t
float_type(uint32_t size)
{
	return size == 2 ? type_float16()
			 : H5Tcopy(size == 4   ? H5T_IEEE_F32LE
				   : size == 8 ? H5T_IEEE_F64LE
					       : H5T_NATIVE_LDOUBLE);
}

/* As h5py writes them: a compound {r, i}, and an enum of one byte. */
static hid_t
complex_type(uint32_t size)
{
	hid_t part = float_type(size / 2), t = H5Tcreate(H5T_COMPOUND, size);

	if (part < 0 || t < 0 || H5Tinsert(t, "r", 0, part) < 0 ||
	    H5Tinsert(t, "i", size / 2, part) < 0) {
		H5Tclose(t);
		t = H5I_INVALID_HID;
	}
	H5Tclose(part);
	return t;
}

static hid_t
bool_type(void)
{
	const int8_t no = 0, yes = 1;
	hid_t t = H5Tenum_create(H5T_STD_I8LE);

	if (t >= 0 && (H5Tenum_insert(t, "FALSE", &no) < 0 ||
		       H5Tenum_insert(t, "TRUE", &yes) < 0)) {
		H5Tclose(t);
		return H5I_INVALID_HID;
	}
	return t;
}

static hid_t
opaque_type(const char *dtype, uint32_t size)
{
	hid_t t = H5Tcreate(H5T_OPAQUE, size);
	char tag[32] = "";

	if (dtype[1] != 'V')
		snprintf(tag, sizeof(tag), "NUMPY:%s", dtype);
	if (t >= 0 && H5Tset_tag(t, tag) < 0) {
		H5Tclose(t);
		return H5I_INVALID_HID;
	}
	return t;
}

/* The type of one item; 'dtype' has no "*". */
static hid_t
item_type(const char *dtype, uint32_t size, const void *text, uint64_t bytes)
{
	switch (dtype[1]) {
	case 'b': return bool_type();
	case 'i':
	case 'u': return int_type(dtype[1], size);
	case 'f': return float_type(size);
	case 'c': return complex_type(size);
	case 'S': return fixed_string(text, bytes, size);
	default: return opaque_type(dtype, size);
	}
}

/* ------------------------------------------------------------------- enums */

/* Get names and values of an enum.  False if a load cannot have made them. */
static bool
enum_parts(const struct cute_shm_array *a, const struct cute_shm_node *node,
	   struct cute_shm_attr *names, struct cute_shm_attr *values)
{
	const char *dtype = a->dtype + (a->dtype[0] == '*');

	if (cute_shm_attr(node, enum_attributes[0], names) != 0 ||
	    cute_shm_attr(node, enum_attributes[1], values) != 0 ||
	    strcmp(names->value.dtype, "*|S1") != 0 || names->value.ndim != 1 ||
	    values->value.ndim != 1 || names->value.element_count == 0 ||
	    names->value.element_count != values->value.element_count ||
	    (values->value.dtype[1] != 'i' && values->value.dtype[1] != 'u'))
		return false;
	return strcmp(a->dtype, "null") == 0 ||
	       strcmp(values->value.dtype, dtype) == 0;
}

static bool
enum_insert(hid_t t, const struct cute_shm_attr *names,
	    const struct cute_shm_attr *values, uint64_t i)
{
	const uint8_t *value = values->value.data;
	const void *text;
	uint64_t size;
	char *name;
	bool done;

	if (cute_shm_element(&names->value, i, &text, &size) != 0 ||
	    memchr(text, '\0', size))
		return false;
	name = strndup(text, size);
	done = name && H5Tenum_insert(t, name,
				      value + i * values->value.item_size) >= 0;
	free(name);
	return done;
}

/* Whether a load would make the dtype |b1 of this enum. */
static bool
like_bool(hid_t t)
{
	int8_t value;
	bool no, yes;

	if (H5Tget_size(t) != 1 || H5Tget_nmembers(t) != 2)
		return false;
	no = H5Tenum_valueof(t, "FALSE", &value) >= 0 && value == 0;
	yes = H5Tenum_valueof(t, "TRUE", &value) >= 0 && value == 1;
	H5Eclear2(H5E_DEFAULT);
	return no && yes;
}

/* The enum type, or H5I_INVALID_HID: then the array is written as integers. */
static hid_t
enum_type(const struct cute_shm_array *a, const struct cute_shm_node *node)
{
	struct cute_shm_attr names, values;
	hid_t base, t;
	uint64_t i;

	if (!node || !enum_parts(a, node, &names, &values))
		return H5I_INVALID_HID;
	base = int_type(values.value.dtype[1], values.value.item_size);
	t = H5Tenum_create(base);
	H5Tclose(base);
	for (i = 0; t >= 0 && i < names.value.element_count; i++)
		if (!enum_insert(t, &names, &values, i)) {
			H5Tclose(t);
			t = H5I_INVALID_HID;
			H5Eclear2(H5E_DEFAULT);
		}
	if (t >= 0 && like_bool(t)) {
		H5Tclose(t);
		t = H5I_INVALID_HID;
	}
	return t;
}

/* ----------------------------------------------------------------- the type */

/* Turn the type of an item into that of a list, or of a text. */
static void
make_ragged(const struct cute_shm_array *a, struct out_type *t)
{
	hid_t item = t->id;

	t->form = FORM_LIST;
	t->size = sizeof(hvl_t);
	/* A NUL would end an HDF5 text, so such texts become lists. */
	if (strcmp(a->dtype, "*|S1") == 0 &&
	    (a->value_count == 0 ||
	     !memchr(a->values, '\0', (size_t)a->value_count))) {
		t->form = FORM_TEXT;
		t->size = sizeof(char *);
		t->id = H5Tcopy(H5T_C_S1);
		if (t->id >= 0 && H5Tset_size(t->id, H5T_VARIABLE) < 0) {
			H5Tclose(t->id);
			t->id = H5I_INVALID_HID;
		}
		if (t->id >= 0)
			set_charset(t->id, a->values, a->value_count);
	} else if (item >= 0) {
		t->id = H5Tvlen_create(item);
	}
	if (item >= 0)
		H5Tclose(item);
}

int
out_type_get(const struct cute_shm_array *a, const struct cute_shm_node *node,
	     struct out_type *ret)
{
	bool null = strcmp(a->dtype, "null") == 0;
	bool ragged = a->dtype[0] == '*';
	struct out_type t = { .form = null ? FORM_NULL : FORM_PLAIN };

	t.size = null ? sizeof(int32_t) : a->item_size;
	t.id = enum_type(a, node);
	t.is_enum = t.id >= 0;
	if (t.is_enum && null)
		t.size = H5Tget_size(t.id);
	if (!t.is_enum && null) /* the type was lost, so any will do */
		t.id = H5Tcopy(H5T_STD_I32LE);
	else if (!t.is_enum)
		t.id = item_type(a->dtype + ragged, a->item_size,
				 ragged ? a->values : a->data,
				 ragged ? a->value_count * a->item_size
					: a->data_size);
	if (ragged)
		make_ragged(a, &t);
	if (t.id < 0)
		return fail_type(a);
	*ret = t;
	return 0;
}

bool
out_no_shape(unsigned ndim, const uint64_t *shape)
{
	while (ndim-- > 0)
		if (shape[ndim] == H5S_UNLIMITED)
			return true;
	return false;
}

/* ---------------------------------------------------------------- elements */

int
texts_begin(struct texts *texts, uint64_t size)
{
	char *more;

	texts->size = 0;
	if (size <= texts->room)
		return 0;
	more = realloc(texts->bytes, (size_t)size);
	if (!more)
		return fail_memory("for texts");
	texts->bytes = more;
	texts->room = (size_t)size;
	return 0;
}

int
texts_size(const struct cute_shm_array *a, uint64_t first, uint64_t count,
	   uint64_t *ret)
{
	const void *text;
	uint64_t i, n;
	int rc;

	*ret = 0;
	for (i = 0; i < count; i++) {
		rc = cute_shm_element(a, first + i, &text, &n);
		if (rc != 0)
			return rc;
		*ret += n + 1;
	}
	return 0;
}

static int
put_text(const struct cute_shm_array *a, uint64_t i, uint8_t *to,
	 struct texts *texts)
{
	char *at = texts->bytes + texts->size;
	const void *text;
	uint64_t n;
	int rc = cute_shm_element(a, i, &text, &n);

	if (rc != 0)
		return rc;
	/* An update made the text longer.  write_whole() will retry. */
	if (texts->size == texts->room) {
		memset(to, 0, sizeof(at));
		return 0;
	}
	if (n > texts->room - texts->size - 1)
		n = texts->room - texts->size - 1;
	if (n > 0)
		memcpy(at, text, (size_t)n);
	at[n] = '\0';
	texts->size += (size_t)n + 1;
	memcpy(to, &at, sizeof(at));
	return 0;
}

static int
put_list(const struct cute_shm_array *a, uint64_t i, uint8_t *to)
{
	const void *items;
	hvl_t list;
	uint64_t n;
	int rc = cute_shm_element(a, i, &items, &n);

	if (rc != 0)
		return rc;
	list.len = (size_t)n;
	list.p = n > 0 ? (void *)(uintptr_t)items : NULL;
	memcpy(to, &list, sizeof(list));
	return 0;
}

int
out_elements(const struct cute_shm_array *a, const struct out_type *type,
	     uint64_t first, uint64_t count, uint8_t *to, size_t stride,
	     struct texts *texts)
{
	const uint8_t *from = a->data;
	uint64_t i;
	int rc = 0;

	for (i = 0; i < count && rc == 0; i++, to += stride) {
		if (type->form == FORM_PLAIN)
			memcpy(to, from + (first + i) * type->size, type->size);
		else if (type->form == FORM_TEXT)
			rc = put_text(a, first + i, to, texts);
		else
			rc = put_list(a, first + i, to);
	}
	return rc;
}
