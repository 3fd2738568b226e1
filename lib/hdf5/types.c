/* SPDX-License-Identifier: MIT */
/* What an HDF5 datatype becomes: see cute-shm-hdf5(7) for the table. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define SKIP 1

/* State of one mapping: where to tell of fields that have no form. */
struct mapping {
	type_gone_fn *gone;
	void *arg;
	char *why;
};

static int map(struct mapping *m, hid_t t, const char *where, unsigned depth,
	       struct type **ret);

static int
skip(const struct mapping *m, const char *format, unsigned long long n)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(m->why, WHY_SIZE, format, n);
#pragma GCC diagnostic pop
	return SKIP;
}

static int
unreadable(const char *what)
{
	char cause[200];

	return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "%s: %s", what,
			     hdf5_cause(cause, sizeof(cause)));
}

static int
no_memory(void)
{
	return cute_shm_fail(CUTE_SHM_ERR_NOMEM, "no memory for a datatype");
}

bool
type_is_leaf(const struct type *type)
{
	return type->kind != TYPE_RECORD;
}

static enum part
part_of(const struct type *leaf)
{
	return leaf->kind == TYPE_PLAIN ? PART_PLAIN : PART_RAGGED;
}

static struct type *
type_new(enum type_kind kind)
{
	struct type *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->kind = kind;
	t->dims_count = 1;
	t->mem[PART_PLAIN] = H5I_INVALID_HID;
	t->mem[PART_RAGGED] = H5I_INVALID_HID;
	return t;
}

struct type *
type_share(struct type *t)
{
	t->shares++;
	return t;
}

void
type_free(struct type *t)
{
	unsigned i;

	if (!t)
		return;
	if (t->shares > 0) {
		t->shares--;
		return;
	}
	for (i = 0; i < PART_COUNT; i++)
		if (t->mem[i] >= 0)
			H5Tclose(t->mem[i]);
	for (i = 0; i < t->field_count; i++) {
		free(t->fields[i].name);
		type_free(t->fields[i].type);
	}
	for (i = 0; i < t->enum_count; i++)
		free(t->enum_names[i]);
	free(t->enum_names);
	free(t->enum_values);
	free(t->fields);
	free(t);
}

/* A leaf that reads as the memory type 'mem', which it takes over. */
static int
leaf(enum type_kind kind, const char *dtype, uint32_t item_size, hid_t mem,
     struct type **ret)
{
	struct type *t;
	enum part part;

	if (mem < 0)
		return unreadable("datatype");
	t = type_new(kind);
	if (!t) {
		H5Tclose(mem);
		return no_memory();
	}
	snprintf(t->dtype, sizeof(t->dtype), "%s", dtype);
	t->item_size = item_size;
	part = part_of(t);
	t->mem[part] = mem;
	t->size[part] = H5Tget_size(mem);
	*ret = t;
	return 0;
}

/* Smallest of 1, 2, 4, 8 bytes that hold so many bits, or 0. */
static unsigned
bytes_for(size_t bits)
{
	return bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 :
	       bits <= 64 ? 8 : 0;
}

static hid_t
native_int(unsigned bytes, bool is_signed)
{
	switch (bytes) {
	case 1:
		return is_signed ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
	case 2:
		return is_signed ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16;
	case 4:
		return is_signed ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32;
	default:
		return is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
	}
}

static void
int_dtype(char *dtype, unsigned bytes, bool is_signed)
{
	snprintf(dtype, DTYPE_SIZE, "%c%c%u", bytes == 1 ? '|' : '<',
		 is_signed ? 'i' : 'u', bytes);
}

static int
map_int(struct mapping *m, hid_t t, struct type **ret)
{
	bool is_signed = H5Tget_sign(t) != H5T_SGN_NONE;
	unsigned bytes = bytes_for(H5Tget_precision(t));
	char dtype[DTYPE_SIZE];

	if (H5Tget_size(t) > 8 || bytes == 0)
		return skip(m, "integer of %llu bytes", H5Tget_size(t));
	int_dtype(dtype, bytes, is_signed);
	return leaf(TYPE_PLAIN, dtype, bytes,
		    H5Tcopy(native_int(bytes, is_signed)), ret);
}

static int
map_bitfield(struct mapping *m, hid_t t, struct type **ret)
{
	const hid_t native[] = { H5T_NATIVE_B8, H5T_NATIVE_B16, H5T_NATIVE_B32,
				 H5T_NATIVE_B64 };
	unsigned bytes = bytes_for(H5Tget_precision(t));
	char dtype[DTYPE_SIZE];
	unsigned i = bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3;

	if (H5Tget_size(t) > 8 || bytes == 0)
		return skip(m, "bitfield of %llu bytes", H5Tget_size(t));
	int_dtype(dtype, bytes, false);
	return leaf(TYPE_PLAIN, dtype, bytes, H5Tcopy(native[i]), ret);
}

/* IEEE 754 half precision, which HDF5 1.10 has no name for. */
static hid_t
float16(void)
{
	hid_t t = H5Tcopy(H5T_IEEE_F32LE);

	if (t < 0)
		return t;
	if (H5Tset_fields(t, 15, 10, 5, 0, 10) < 0 || H5Tset_size(t, 2) < 0 ||
	    H5Tset_ebias(t, 15) < 0) {
		H5Tclose(t);
		return H5I_INVALID_HID;
	}
	return t;
}

/* Ours, from small to large: explicit fraction bits, exponents of normals. */
static const struct {
	const char *dtype;
	uint32_t size;
	size_t fraction;
	int64_t least, most;
} floats[] = {
	{ "<f2", 2, 10, -14, 15 },
	{ "<f4", 4, 23, -126, 127 },
	{ "<f8", 8, 52, -1022, 1023 },
	{ "<f16", 16, 63, -16382, 16383 },
};

/* The smallest of ours that holds every value of 't', the last if none. */
static int
float_index(hid_t t, unsigned *ret)
{
	size_t spos, epos, esize, mpos, msize;
	int64_t bias, least, most;
	unsigned i;

	if (H5Tget_fields(t, &spos, &epos, &esize, &mpos, &msize) < 0)
		return unreadable("floating-point type");
	if (H5Tget_norm(t) != H5T_NORM_IMPLIED && msize > 0)
		msize--;
	bias = (int64_t)H5Tget_ebias(t);
	least = 1 - bias;
	most = esize < 62 ? ((int64_t)1 << esize) - 2 - bias : INT64_MAX;
	for (i = 0; i < 3; i++)
		if (msize <= floats[i].fraction && least >= floats[i].least &&
		    most <= floats[i].most)
			break;
	*ret = i;
	return 0;
}

static hid_t
float_mem(unsigned i)
{
	return i == 0 ? float16() :
	       H5Tcopy(i == 1 ? H5T_IEEE_F32LE :
		       i == 2 ? H5T_IEEE_F64LE : H5T_NATIVE_LDOUBLE);
}

static int
map_float(struct mapping *m, hid_t t, struct type **ret)
{
	unsigned i;
	int rc;

	/* libhdf5 1.10 reads out of bounds when it converts larger ones. */
	if (H5Tget_size(t) > 16)
		return skip(m, "float of %llu bytes", H5Tget_size(t));
	rc = float_index(t, &i);
	if (rc != 0)
		return rc;
	return leaf(TYPE_PLAIN, floats[i].dtype, floats[i].size, float_mem(i),
		    ret);
}

/* Member i of an enum, as a native integer of 'base'. */
static int
enum_member(hid_t t, hid_t super, const struct type *base, unsigned i,
	    char **name, uint64_t *value)
{
	uint64_t raw[2] = { 0, 0 };
	char *theirs = H5Tget_member_name(t, i);

	if (!theirs || H5Tget_member_value(t, i, raw) < 0 ||
	    H5Tconvert(super, base->mem[PART_PLAIN], 1, raw, NULL,
		       H5P_DEFAULT) < 0) {
		H5free_memory(theirs);
		return unreadable("enum");
	}
	*name = strdup(theirs);
	H5free_memory(theirs);
	*value = base->item_size == 8 ? raw[0] :
		 raw[0] & (((uint64_t)1 << (8 * base->item_size)) - 1);
	return *name ? 0 : no_memory();
}

static int
enum_members(hid_t t, hid_t super, struct type *type)
{
	int count = H5Tget_nmembers(t);
	unsigned i;
	int rc;

	if (count < 0)
		return unreadable("enum");
	type->is_enum = true;
	type->enum_names = calloc((size_t)count + 1, sizeof(char *));
	type->enum_values = calloc((size_t)count + 1, sizeof(uint64_t));
	if (!type->enum_names || !type->enum_values)
		return no_memory();
	for (i = 0; i < (unsigned)count; i++) {
		rc = enum_member(t, super, type, i, &type->enum_names[i],
				 &type->enum_values[i]);
		if (rc != 0)
			return rc;
		type->enum_count = i + 1;
	}
	return 0;
}

/* FALSE = 0 and TRUE = 1, in either order. */
static bool
is_bool(const struct type *t)
{
	unsigned f = t->enum_count == 2 &&
		     strcmp(t->enum_names[0], "TRUE") == 0;

	return t->enum_count == 2 && strcmp(t->enum_names[f], "FALSE") == 0 &&
	       strcmp(t->enum_names[!f], "TRUE") == 0 &&
	       t->enum_values[f] == 0 && t->enum_values[!f] == 1;
}

static int
map_enum(struct mapping *m, hid_t t, struct type **ret)
{
	hid_t super = H5Tget_super(t);
	struct type *type = NULL;
	int rc;

	if (super < 0)
		return unreadable("enum");
	rc = map_int(m, super, &type);
	if (rc == 0)
		rc = enum_members(t, super, type);
	if (rc == 0 && H5Tget_size(super) == 1 && is_bool(type)) {
		snprintf(type->dtype, sizeof(type->dtype), "|b1");
		type->is_enum = false;
	}
	H5Tclose(super);
	if (rc != 0)
		type_free(type);
	else
		*ret = type;
	return rc;
}

static int
map_string(struct mapping *m, hid_t t, struct type **ret)
{
	size_t size = H5Tget_size(t);
	htri_t variable = H5Tis_variable_str(t);
	char dtype[DTYPE_SIZE];
	hid_t mem;

	if (variable < 0)
		return unreadable("string type");
	if (variable > 0)
		return leaf(TYPE_TEXT, "*|S1", 1, H5Tcopy(t), ret);
	if (size == 0 || size > UINT32_MAX)
		return skip(m, "string of %llu bytes", size);
	mem = H5Tcopy(t);
	if (mem >= 0 && H5Tset_strpad(mem, H5T_STR_NULLPAD) < 0) {
		H5Tclose(mem);
		mem = H5I_INVALID_HID;
	}
	snprintf(dtype, sizeof(dtype), "|S%zu", size);
	return leaf(TYPE_PLAIN, dtype, (uint32_t)size, mem, ret);
}

/* h5py's tag for NumPy's times: "NUMPY:<M8[ns]". */
static bool
numpy_time(const char *tag, size_t size, char *dtype, bool *swap)
{
	uint32_t item_size;

	if (size != 8 || strncmp(tag, "NUMPY:", 6) != 0 ||
	    (tag[6] != '<' && tag[6] != '>') || strlen(tag + 7) >= 15 ||
	    (strncmp(tag + 7, "M8", 2) != 0 && strncmp(tag + 7, "m8", 2) != 0))
		return false;
	snprintf(dtype, DTYPE_SIZE, "<%.14s", tag + 7);
	*swap = tag[6] == '>';
	return cute_shm_dtype_size(dtype, &item_size) == 0;
}

static int
map_opaque(struct mapping *m, hid_t t, struct type **ret)
{
	size_t size = H5Tget_size(t);
	char dtype[DTYPE_SIZE];
	bool swap = false;
	char *tag;
	int rc;

	if (size == 0 || size > UINT32_MAX)
		return skip(m, "opaque of %llu bytes", size);
	tag = H5Tget_tag(t);
	if (!tag)
		return unreadable("opaque type");
	if (!numpy_time(tag, size, dtype, &swap))
		snprintf(dtype, sizeof(dtype), "|V%zu", size);
	H5free_memory(tag);
	rc = leaf(TYPE_PLAIN, dtype, (uint32_t)size, H5Tcopy(t), ret);
	if (rc == 0)
		(*ret)->swap = swap;
	return rc;
}

static int
map_reference(struct mapping *m, hid_t t, struct type **ret)
{
	if (H5Tequal(t, H5T_STD_REF_OBJ) > 0)
		return leaf(TYPE_REFERENCE, "*|S1", 1, H5Tcopy(t), ret);
	return skip(m, "region reference", 0);
}

/* Turn the plain type of an item into that of a list of them. */
static int
list_of(struct mapping *m, struct type *item)
{
	hid_t mem;

	if (item->kind == TYPE_RECORD)
		return skip(m, "list of compounds", 0);
	if (item->kind == TYPE_REFERENCE)
		return skip(m, "list of object references", 0);
	if (item->kind != TYPE_PLAIN)
		return skip(m, "list of lists", 0);
	if (item->ndim > 0)
		return skip(m, "list of arrays", 0);
	if (strlen(item->dtype) + 1 >= DTYPE_SIZE)
		return skip(m, "list of a long dtype", 0);
	mem = H5Tvlen_create(item->mem[PART_PLAIN]);
	if (mem < 0)
		return unreadable("list");
	H5Tclose(item->mem[PART_PLAIN]);
	item->mem[PART_PLAIN] = H5I_INVALID_HID;
	item->size[PART_PLAIN] = 0;
	item->mem[PART_RAGGED] = mem;
	item->size[PART_RAGGED] = H5Tget_size(mem);
	item->kind = TYPE_LIST;
	memmove(item->dtype + 1, item->dtype, strlen(item->dtype) + 1);
	item->dtype[0] = '*';
	return 0;
}

static int
map_list(struct mapping *m, hid_t t, const char *where, unsigned depth,
	 struct type **ret)
{
	struct mapping quiet = { .why = m->why };	/* it is skipped whole */
	hid_t super = H5Tget_super(t);
	struct type *item = NULL;
	int rc;

	if (super < 0)
		return unreadable("list");
	rc = map(&quiet, super, where, depth, &item);
	H5Tclose(super);
	if (rc == 0)
		rc = list_of(m, item);
	if (rc != 0)
		type_free(item);
	else
		*ret = item;
	return rc;
}

/* Put the dimensions of an array type before those that are there. */
static int
array_of(struct mapping *m, hid_t t, struct type *type)
{
	hsize_t dims[H5S_MAX_RANK];
	int ndim = H5Tget_array_ndims(t);
	unsigned n, i;
	hid_t mem;

	if (ndim < 0 || ndim > H5S_MAX_RANK || H5Tget_array_dims2(t, dims) < 0)
		return unreadable("array type");
	n = (unsigned)ndim;
	if (type->ndim + n > MAX_NDIM)
		return skip(m, "%llu dimensions", type->ndim + n);
	for (i = 0; i < PART_COUNT; i++) {
		if (type->mem[i] < 0)
			continue;
		mem = H5Tarray_create2(type->mem[i], n, dims);
		if (mem < 0)
			return unreadable("array type");
		H5Tclose(type->mem[i]);
		type->mem[i] = mem;
		type->size[i] = H5Tget_size(mem);
	}
	memmove(type->dims + n, type->dims, sizeof(uint64_t) * type->ndim);
	for (i = 0; i < n; i++) {
		type->dims[i] = dims[i];
		if (__builtin_mul_overflow(type->dims_count, dims[i],
					   &type->dims_count))
			return skip(m, "array of over 2^64 items", 0);
	}
	type->ndim += n;
	return 0;
}

static int
map_array(struct mapping *m, hid_t t, const char *where, unsigned depth,
	  struct type **ret)
{
	hid_t super = H5Tget_super(t);
	struct type *type = NULL;
	int rc;

	if (super < 0)
		return unreadable("array type");
	rc = map(m, super, where, depth, &type);
	H5Tclose(super);
	if (rc == 0)
		rc = array_of(m, t, type);
	if (rc != 0)
		type_free(type);
	else
		*ret = type;
	return rc;
}

/* {r, i} of two equal floats that we have complex numbers for; else SKIP. */
static int
map_complex(hid_t t, struct type **ret)
{
	char *r = H5Tget_member_name(t, 0), *i = H5Tget_member_name(t, 1);
	hid_t re = H5Tget_member_type(t, 0), im = H5Tget_member_type(t, 1);
	hid_t mem = H5I_INVALID_HID, part = H5I_INVALID_HID;
	unsigned index;
	int rc = SKIP;

	if (r && i && strcmp(r, "r") == 0 && strcmp(i, "i") == 0 &&
	    re >= 0 && im >= 0 && H5Tequal(re, im) > 0 &&
	    H5Tget_class(re) == H5T_FLOAT && H5Tget_size(re) <= 16 &&
	    float_index(re, &index) == 0 && (index == 1 || index == 2)) {
		part = float_mem(index);
		mem = H5Tcreate(H5T_COMPOUND, 2 * floats[index].size);
		if (part < 0 || mem < 0 || H5Tinsert(mem, "r", 0, part) < 0 ||
		    H5Tinsert(mem, "i", floats[index].size, part) < 0) {
			H5Tclose(mem);
			mem = H5I_INVALID_HID;
		}
		rc = leaf(TYPE_PLAIN, index == 1 ? "<c8" : "<c16",
			  2 * floats[index].size, mem, ret);
	}
	if (part >= 0)
		H5Tclose(part);
	if (re >= 0)
		H5Tclose(re);
	if (im >= 0)
		H5Tclose(im);
	H5free_memory(r);
	H5free_memory(i);
	return rc;
}

/* Field i, if it has a form; one that has none is told and passed over. */
static int
map_field(struct mapping *m, hid_t t, unsigned i, const char *where,
	  unsigned depth, struct type *record)
{
	struct field *f = &record->fields[record->field_count];
	char *theirs = H5Tget_member_name(t, i);
	hid_t ft = H5Tget_member_type(t, i);
	char *path = NULL;
	int rc = 0;

	if (!theirs || ft < 0)
		rc = unreadable("compound");
	if (rc == 0 && asprintf(&path, "%s.%s", where, theirs) < 0)
		path = NULL;
	if (rc == 0) {
		f->name = strdup(theirs);
		if (!f->name || !path)
			rc = no_memory();
	}
	if (rc == 0)
		rc = map(m, ft, path, depth, &f->type);
	if (rc == 0)
		record->field_count++;
	else
		free(f->name);
	if (rc == SKIP)
		rc = m->gone ? m->gone(path, m->why, m->arg) : 0;
	free(path);
	if (ft >= 0)
		H5Tclose(ft);
	H5free_memory(theirs);
	return rc;
}

/* A packed memory type of the fields that have this part. */
static int
record_mem(struct type *record, enum part part)
{
	struct field *f = record->fields, *end = f + record->field_count;
	size_t size = 0;
	hid_t mem;

	for (; f < end; f++) {
		f->offset[part] = size;
		size += f->type->size[part];
	}
	if (size == 0)
		return 0;
	mem = H5Tcreate(H5T_COMPOUND, size);
	if (mem < 0)
		return unreadable("compound");
	record->mem[part] = mem;
	record->size[part] = size;
	for (f = record->fields; f < end; f++)
		if (f->type->mem[part] >= 0 &&
		    H5Tinsert(mem, f->name, f->offset[part],
			      f->type->mem[part]) < 0)
			return unreadable("compound");
	return 0;
}

static int
map_compound(struct mapping *m, hid_t t, const char *where, unsigned depth,
	     struct type **ret)
{
	int count = H5Tget_nmembers(t), rc = 0;
	struct type *record;
	unsigned i;

	if (count < 0)
		return unreadable("compound");
	if (count == 2) {
		rc = map_complex(t, ret);
		if (rc != SKIP)
			return rc;
		rc = 0;
	}
	record = type_new(TYPE_RECORD);
	if (record)
		record->fields = calloc((size_t)count + 1,
					sizeof(*record->fields));
	if (!record || !record->fields)
		rc = no_memory();
	for (i = 0; i < (unsigned)count && rc == 0; i++)
		rc = map_field(m, t, i, where, depth, record);
	for (i = 0; i < PART_COUNT && rc == 0; i++)
		rc = record_mem(record, i);
	if (rc != 0)
		type_free(record);
	else
		*ret = record;
	return rc;
}

/* Far more than any real type, and little enough for the stack. */
#define MAX_DEPTH 200

static int
map(struct mapping *m, hid_t t, const char *where, unsigned depth,
    struct type **ret)
{
	if (depth > MAX_DEPTH)
		return skip(m, "over %llu nested types", MAX_DEPTH);
	switch (H5Tget_class(t)) {
	case H5T_INTEGER:
		return map_int(m, t, ret);
	case H5T_FLOAT:
		return map_float(m, t, ret);
	case H5T_TIME:
		return skip(m, "H5T_TIME", 0);
	case H5T_STRING:
		return map_string(m, t, ret);
	case H5T_BITFIELD:
		return map_bitfield(m, t, ret);
	case H5T_OPAQUE:
		return map_opaque(m, t, ret);
	case H5T_COMPOUND:
		return map_compound(m, t, where, depth + 1, ret);
	case H5T_REFERENCE:
		return map_reference(m, t, ret);
	case H5T_ENUM:
		return map_enum(m, t, ret);
	case H5T_VLEN:
		return map_list(m, t, where, depth + 1, ret);
	case H5T_ARRAY:
		return map_array(m, t, where, depth + 1, ret);
	default:
		return unreadable("datatype of an unknown class");
	}
}

int
type_map(hid_t file_type, type_gone_fn *gone, void *arg, char *why,
	 struct type **ret)
{
	struct mapping m = { gone, arg, why };

	return map(&m, file_type, "", 0, ret);
}
