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
	names_free(&d->attributes);
	d->type = NULL;
	d->elements = NULL;
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
	unsigned i;
	int err = path_slice(l, d->object->path, d->null ? 0 : d->rank, d->dims,
			     &d->slice, &sliced);

	if (err != 0 || !sliced || d->null)
		return err;
	for (i = 0; i < d->rank; i++) {
		all &= d->slice.dims[i].count == d->dims[i] &&
		       !d->slice.dims[i].single;
		d->dims[i] = d->slice.dims[i].count;
	}
	d->sliced = !all;
	d->count = d->slice.element_count;
	return 0;
}

/* The dimensions of the array without those of its elements. */
static unsigned
result_rank(const struct dataset *d)
{
	return d->sliced ? d->slice.result_ndim : d->rank;
}

int
dataset_columns(struct loader *l, struct dataset *d)
{
	const uint64_t *shape = d->sliced ? d->slice.shape : d->dims;

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

int
dataset_get(struct loader *l, const struct object *object, hid_t id,
	    type_gone_fn *gone, void *arg, char *why, struct dataset *ret)
{
	struct dataset d = { .object = object, .id = id };
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
	if (rc == 0 && type_is_leaf(d.type) &&
	    result_rank(&d) + d.type->ndim > MAX_NDIM) {
		snprintf(why, WHY_SIZE, "%u dimensions",
			 result_rank(&d) + d.type->ndim);
		rc = SKIP;
	}
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
