/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <hdf5.h>

#include <cute_shm.h>

#include "cli.h"
#include "evaluate.h"
#include "text.h"

static void
add(struct evaluate_arrays *arrays, const void *data, uint64_t count,
    size_t size)
{
	arrays->of =
		text_alloc(arrays->of, arrays->count + 1, sizeof(*arrays->of));
	arrays->of[arrays->count++] = (struct evaluate_array){
		.data = data,
		.count = count,
		.size = size,
	};
	arrays->bytes += count * size;
}

bool
evaluate_attach(const char *project, const char *root,
		struct evaluate_arrays *ret)
{
	struct cute_shm_open_options opt = {
		.size = sizeof(opt),
		.root = root,
	};
	struct cute_shm_node top, node;
	struct cute_shm_array a;
	struct cute_shm *shm;
	int err = cute_shm_open(project, &opt, &shm);

	*ret = (struct evaluate_arrays){ .of = NULL };
	if (err != 0 || (err = cute_shm_find(shm, "", &top)) != 0) {
		cli_message("%s", cute_shm_errmsg());
		return false;
	}
	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		if (node.kind != CUTE_SHM_ARRAY ||
		    cute_shm_node_array(&node, &a) != 0 || a.data_size == 0)
			continue;
		if (a.dtype[0] == '*') /* offsets and items alike */
			add(ret, a.data, a.data_size / 8, 8);
		else
			add(ret, a.data, a.element_count, a.item_size);
	}
	if (err == CUTE_SHM_ERR_END)
		return true;
	cli_message("%s", cute_shm_errmsg());
	return false;
}

/* ------------------------------------------------------------------ copies */

struct visit {
	struct evaluate_arrays *arrays; /* NULL: only the sum */
	uint64_t bytes;
};

/* Elements and their size in memory; 0: nothing to read. */
static uint64_t
extent(hid_t set, hid_t *type, size_t *size)
{
	hid_t stored = H5Dget_type(set), space = H5Dget_space(set);
	hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;

	*type = stored >= 0 ? H5Tget_native_type(stored, H5T_DIR_DEFAULT)
			    : H5I_INVALID_HID;
	*size = *type >= 0 ? H5Tget_size(*type) : 0;
	if (stored >= 0)
		H5Tclose(stored);
	if (space >= 0)
		H5Sclose(space);
	return n > 0 && *size > 0 ? (uint64_t)n : 0;
}

/* What cannot be read is not compared: the project has it neither. */
static void
read_set(struct visit *v, hid_t set)
{
	hid_t type;
	size_t size;
	uint64_t n = extent(set, &type, &size);
	void *data;

	v->bytes += n * size;
	if (n > 0 && v->arrays) {
		data = text_alloc(NULL, (size_t)n, size);
		if (H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >=
		    0)
			add(v->arrays, data, n, size);
		else
			free(data);
	}
	if (type >= 0)
		H5Tclose(type);
}

static herr_t
each(hid_t file, const char *name, const H5O_info_t *info, void *arg)
{
	hid_t set;

	if (info->type != H5O_TYPE_DATASET)
		return 0;
	set = H5Dopen2(file, name, H5P_DEFAULT);
	if (set >= 0) {
		read_set(arg, set);
		H5Dclose(set);
	}
	return 0;
}

static bool
visit_file(const char *file, struct visit *v)
{
	hid_t id;

	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	id = H5Fopen(file, H5F_ACC_RDONLY, H5P_DEFAULT);
	if (id < 0)
		return false;
	H5Ovisit2(id, H5_INDEX_NAME, H5_ITER_NATIVE, each, v, H5O_INFO_BASIC);
	H5Fclose(id);
	return true;
}

bool
evaluate_copy(const char *file, struct evaluate_arrays *ret)
{
	struct visit v = { .arrays = ret };

	*ret = (struct evaluate_arrays){ .of = NULL };
	if (visit_file(file, &v))
		return true;
	cli_message("%s: libhdf5 cannot open it", file);
	return false;
}

uint64_t
evaluate_copy_size(const char *file)
{
	struct visit v = { .arrays = NULL };

	visit_file(file, &v);
	return v.bytes;
}
