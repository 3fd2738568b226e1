/* SPDX-License-Identifier: MIT */
/* Type and extent of an object that is a dataset. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdf5/dataset/dataset.h"

void
dataset_free(struct dataset *d)
{
	columns_free(&d->columns);
	type_free(d->type);
	free(d->elements);
	free(d->slice);
	names_free(&d->attributes);
	chunks_free(&d->chunks);
	if (d->native)
		native_forget(d->native);
	if (d->own_id)
		H5Oclose(d->id);
	d->own_id = false;
	d->type = NULL;
	d->elements = NULL;
	d->slice = NULL;
}

const char *
dataset_library(const struct dataset *d)
{
	const char *why = d->object->why_not;

	if (d->native)
		return d->own_id ? "a doubt about its data" : "";
	return why ? why : "the index does not know it";
}

hid_t
dataset_id(const struct dataset *d)
{
	struct dataset *own = (struct dataset *)(uintptr_t)d;

	if (d->id < 0 && d->scan) {
		own->id = object_open(d->scan, d->object);
		own->own_id = d->id >= 0;
	}
	return d->id;
}

/* Get the rank and the dimensions. */
static int
get_extent(struct dataset *d, hid_t space)
{
	hsize_t dims[H5S_MAX_RANK];
	H5S_class_t class = H5Sget_simple_extent_type(space);
	int i, rank;

	d->null = class == H5S_NULL;
	if (d->null)
		return 0;
	rank = H5Sget_simple_extent_dims(space, dims, NULL);
	if (class == H5S_NO_CLASS || rank < 0)
		return unreadable();
	d->rank = (unsigned)rank;
	for (i = 0; i < rank; i++)
		d->dims[i] = dims[i];
	if (!shape_product(d->rank, d->dims, &d->count))
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE, "its shape has over "
							  "2^64 elements");
	return 0;
}

/* Reduce the extent to what is selected of it. */
static int
take_slice(struct loader *l, struct dataset *d)
{
	bool sliced, all = true;
	struct slice slice;
	unsigned i;
	int err = path_slice(l, d->object->path, d->null ? 0 : d->rank, d->dims,
			     &slice, &sliced);

	if (err != 0 || !sliced || d->null)
		return err;
	for (i = 0; i < d->rank; i++) {
		all &= slice.dims[i].count == d->dims[i] &&
		       !slice.dims[i].single;
		d->dims[i] = slice.dims[i].count;
	}
	d->count = slice.element_count;
	if (all)
		return 0;
	d->slice = malloc(sizeof(slice));
	if (!d->slice)
		return fail_memory("for a dataset");
	*d->slice = slice;
	return 0;
}

/* The dimensions of the array without those of its elements. */
static unsigned
result_rank(const struct dataset *d)
{
	return d->slice ? d->slice->result_ndim : d->rank;
}

int
dataset_columns(struct loader *l, struct dataset *d)
{
	const uint64_t *shape = d->slice ? d->slice->shape : d->dims;

	return columns_get(l, d->type, d->object->path, result_rank(d),
			   d->null ? NULL : shape, &d->columns);
}

/*
 * For these classes H5Tequal() compares everything that matters.  It ignores
 * the order of a compound's members.
 */
static bool
comparable(hid_t type)
{
	H5T_class_t class = H5Tget_class(type);

	return class == H5T_INTEGER || class == H5T_FLOAT ||
	       class == H5T_STRING || class == H5T_BITFIELD ||
	       class == H5T_OPAQUE;
}

/*
 * Datasets often have the type of the previous one, which then is not mapped
 * again.
 */
static int
type_get(struct loader *l, hid_t file_type, type_gone_fn *gone, void *arg,
	 char *why, struct type **ret)
{
	int rc;

	if (l->last_type && H5Tequal(file_type, l->last_file_type) > 0) {
		*ret = type_share(l->last_type);
		return 0;
	}
	rc = type_map_id(file_type, gone, arg, why, ret);
	if (rc != 0 || (*ret)->kind != TYPE_PLAIN || !comparable(file_type))
		return rc;
	(*ret)->direct =
		!(*ret)->swap && convert_get((*ret)->file, &(*ret)->convert);
	if (l->last_type) {
		H5Tclose(l->last_file_type);
		type_free(l->last_type);
		l->last_type = NULL;
	}
	l->last_file_type = H5Tcopy(file_type);
	if (l->last_file_type >= 0)
		l->last_type = type_share(*ret);
	return 0;
}

/*
 * The extent of a virtual dataset may depend on the sources that there are.
 * libhdf5 ends it at a source that cannot be opened, and reports nothing.
 */
static int
check_sources(char *why)
{
	char path[4096];
	bool lost = file_driver_lost(path, sizeof(path)) != 0;
	int error = file_driver_failure(path, sizeof(path));
	const char *name;

	if (error == 0)
		return 0;
	if (lost || error != EREFUSED)
		return cute_shm_fail(CUTE_SHM_ERR_SOURCE,
				     "source of a virtual dataset: cannot "
				     "open %s: %s",
				     path, host_reason(error));
	name = strrchr(path, '/');
	snprintf(why, WHY_SIZE,
		 "virtual dataset with a source in another file: %.30s",
		 name ? name + 1 : path);
	return SKIP;
}

static int
check_rank(const struct dataset *d, char *why)
{
	unsigned rank = result_rank(d) + d->type->ndim;

	if (!type_is_leaf(d->type) || rank <= MAX_NDIM)
		return 0;
	snprintf(why, WHY_SIZE, "%u dimensions", rank);
	return SKIP;
}

/* ------------------------------------------------------------- by the index */

/* Lists lie all over the file: those of larger files are read by libhdf5. */
#define LISTS_MOST (UINT64_C(64) << 20)

/* Chunks that are larger would be decoded for each band. */
#define CHUNK_MOST (UINT64_C(64) << 20)

/* Why libhdf5 must read the dataset, or NULL. */
static const char *
not_native(const struct dataset *d)
{
	const struct native_layout *l = &d->native->layout;
	struct filter_pipeline pipeline;

	if (!native_convertible(d->index, d->type))
		return "the conversion of its numbers";
	if (d->type->size[PART_RAGGED] > 0 && d->index->image.size > LISTS_MOST)
		return "lists in a large file";
	if (l->kind != NATIVE_CHUNKED)
		return NULL;
	if (!filter_pipeline_native(d->native, l->chunk_size, &pipeline))
		return "a filter";
	return pipeline.count > 0 && l->chunk_size > CHUNK_MOST
		       ? "very large chunks"
		       : NULL;
}

/* As for type_get(). */
static int
native_type_get(struct loader *l, const struct native_type *file,
		type_gone_fn *gone, void *arg, char *why, struct type **ret)
{
	int rc;

	if (l->native_type && type_same(l->native_type->file, file)) {
		*ret = type_share(l->native_type);
		return 0;
	}
	rc = type_map(file, gone, arg, why, ret);
	if (rc == 0 && (*ret)->kind == TYPE_PLAIN) {
		(*ret)->direct =
			!(*ret)->swap && convert_get(file, &(*ret)->convert);
		type_free(l->native_type);
		l->native_type = type_share(*ret);
	}
	return rc;
}

static int
native_extent(struct dataset *d)
{
	const struct native_space *s = d->native->space;

	d->null = s->kind == NATIVE_NULL;
	d->rank = s->rank;
	for (unsigned i = 0; i < s->rank; i++)
		d->dims[i] = s->dims[i];
	return d->null || shape_product(d->rank, d->dims, &d->count)
		       ? 0
		       : NOT_NATIVE;
}

static int
leave_to_libhdf5(struct object *object, const char *why)
{
	cute_shm_log(CUTE_SHM_LOG_DEBUG, "libhdf5 reads /%s: %s", object->path,
		     why);
	object->native = NULL;
	object->why_not = why;
	return NOT_NATIVE;
}

int
dataset_native(struct loader *l, struct object *object, type_gone_fn *gone,
	       void *arg, char *why, struct dataset *ret)
{
	struct native *index = source_index(l->scan, object->source);
	const char *cause = NULL;
	int rc;

	*ret = (struct dataset){ .object = object,
				 .id = H5I_INVALID_HID,
				 .scan = l->scan,
				 .form = native_dataset_get(object->native),
				 .index = index,
				 .fd = index->image.fd };
	ret->native = &ret->form;
	rc = native_type_get(l, ret->form.type, gone, arg, why, &ret->type);
	if (rc == 0)
		rc = native_extent(ret);
	if (rc == 0)
		cause = not_native(ret);
	if (rc == CUTE_SHM_ERR_SOURCE || rc == NOT_NATIVE)
		cause = "its type or extent";
	if (rc == 0 && !cause)
		rc = take_slice(l, ret);
	if (rc == 0 && !cause)
		rc = check_rank(ret, why);
	if (cause)
		rc = leave_to_libhdf5(object, cause);
	if (rc != 0) {
		dataset_free(ret);
		*ret = (struct dataset){ .id = H5I_INVALID_HID };
	}
	return rc;
}

/* ------------------------------------------------------------- by libhdf5 */

int
dataset_get(struct loader *l, const struct object *object, hid_t id,
	    type_gone_fn *gone, void *arg, char *why, struct dataset *ret)
{
	struct dataset d = { .object = object, .id = id, .scan = l->scan };
	hid_t type = H5Dget_type(id), space;
	int rc;

	file_driver_forget();
	space = H5Dget_space(id);
	if (type < 0 || space < 0)
		rc = unreadable();
	else
		rc = type_get(l, type, gone, arg, why, &d.type);
	if (rc == 0)
		rc = get_extent(&d, space);
	if (rc == 0)
		rc = check_sources(why);
	if (rc == 0)
		rc = take_slice(l, &d);
	if (rc == 0)
		rc = check_rank(&d, why);
	if (type >= 0)
		H5Tclose(type);
	if (space >= 0)
		H5Sclose(space);
	if (rc != 0)
		dataset_free(&d);
	else
		*ret = d;
	return rc;
}
