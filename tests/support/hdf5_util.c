/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "build_util.h"
#include "hdf5/dataset/dataset.h"
#include "hdf5_util.h"

struct h5_told h5_told;

static char folder[4096];
static unsigned descriptors;

int64_t
h5_must(int64_t result, const char *call)
{
	ck_assert_msg(result >= 0, "%s failed", call);
	return result;
}

/* The root holds segments only: files lie beside it. */
static void
make_folders(void)
{
	if (folder[0])
		return;
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	snprintf(folder, sizeof(folder), "%s", test_root());
	test_root();
}

const char *
h5_folder(void)
{
	make_folders();
	return folder;
}

const char *
h5_path(const char *name)
{
	make_folders();
	return test_path(folder, name);
}

hid_t
h5_create(const char *path)
{
	hid_t fapl = ck_h5(source_access()), file;

	/* As all before 2.0 do; many a test changes bytes of such a file. */
	ck_h5(H5Pset_libver_bounds(fapl, H5F_LIBVER_EARLIEST,
				   H5F_LIBVER_LATEST));
	file = ck_h5(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, fapl));
	H5Pclose(fapl);
	return file;
}

hid_t
h5_begin(void)
{
	return h5_create(h5_path("t.h5"));
}

static hid_t
space_of(int rank, const hsize_t *dims)
{
	return ck_h5(rank < 0 ? H5Screate(H5S_NULL)
			      : H5Screate_simple(rank, dims, NULL));
}

void
h5_put_with(hid_t where, const char *name, hid_t type, int rank,
	    const hsize_t *dims, hid_t dcpl, const void *data)
{
	hid_t space = space_of(rank, dims), set;

	set = ck_h5(H5Dcreate2(where, name, type, space, H5P_DEFAULT, dcpl,
			       H5P_DEFAULT));
	if (data)
		ck_h5(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
	H5Dclose(set);
	H5Sclose(space);
	if (dcpl != H5P_DEFAULT)
		H5Pclose(dcpl);
}

void
h5_put(hid_t where, const char *name, hid_t type, int rank, const hsize_t *dims,
       const void *data)
{
	h5_put_with(where, name, type, rank, dims, H5P_DEFAULT, data);
}

void
h5_attr(hid_t where, const char *name, hid_t type, int rank,
	const hsize_t *dims, const void *data)
{
	hid_t space = space_of(rank, dims), attr;

	attr = ck_h5(
		H5Acreate2(where, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
	if (data)
		ck_h5(H5Awrite(attr, type, data));
	H5Aclose(attr);
	H5Sclose(space);
}

void
h5_group(hid_t where, const char *name)
{
	H5Gclose(ck_h5(H5Gcreate2(where, name, H5P_DEFAULT, H5P_DEFAULT,
				  H5P_DEFAULT)));
}

void
h5_int(hid_t where, const char *name, int32_t value)
{
	h5_put(where, name, H5T_STD_I32LE, 0, NULL, &value);
}

hid_t
h5_float(size_t size, size_t precision, size_t spos, size_t epos, size_t esize,
	 size_t msize, size_t bias)
{
	hid_t t = ck_h5(H5Tcopy(H5T_IEEE_F64LE));

	/* In the order that libhdf5 takes: never a field outside. */
	if (size > 8)
		ck_h5(H5Tset_size(t, size));
	if (size > 8)
		ck_h5(H5Tset_precision(t, precision));
	ck_h5(H5Tset_fields(t, spos, epos, esize, 0, msize));
	if (size <= 8)
		ck_h5(H5Tset_precision(t, precision));
	if (size <= 8)
		ck_h5(H5Tset_size(t, size));
	ck_h5(H5Tset_ebias(t, bias));
	return t;
}

/* ----------------------------------------------------------------- loading */

static int
see_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	struct h5_told *told = arg;

	/* An assertion that holds allocates, too, and may be made to fail. */
	if (p->bytes_done > p->bytes_total || !p->path)
		ck_abort_msg("%" PRIu64 " of %" PRIu64 " bytes, at %s",
			     p->bytes_done, p->bytes_total, p->path);
	told->progress++;
	return told->stop_after && told->progress >= (unsigned)told->stop_after;
}

static void
see_array(const struct cute_shm_hdf5_array *array, void *arg)
{
	struct h5_told *told = arg;

	told->arrays++;
	if (array->bytes > 0)
		snprintf(told->strategy, sizeof(told->strategy), "%s",
			 array->strategy);
}

static void
see_skipped(const struct cute_shm_hdf5_skipped *s, void *arg)
{
	struct h5_told *told = arg;
	unsigned i = told->skipped + told->failed + told->changed;

	if (i < ELEMENTS(told->paths)) {
		snprintf(told->paths[i], sizeof(told->paths[i]), "%s", s->path);
		snprintf(told->reasons[i], sizeof(told->reasons[i]), "%s",
			 s->reason);
	}
	if (s->failed)
		told->failed++;
	else if (s->changed)
		told->changed++;
	else
		told->skipped++;
}

struct cute_shm_hdf5_options
h5_options(unsigned flags)
{
	struct cute_shm_hdf5_options opt = { .size = sizeof(opt) };

	opt.flags = flags;
	opt.jobs = 2;
	opt.progress = see_progress;
	opt.array = see_array;
	opt.skipped = see_skipped;
	opt.arg = &h5_told;
	memset(&h5_told, 0, sizeof(h5_told));
	return opt;
}

struct cute_shm *
h5_load_with(hid_t file, const struct cute_shm_hdf5_options *opt)
{
	struct cute_shm *shm;

	if (file >= 0)
		ck_h5(H5Fclose(file));
	descriptors = test_descriptors();
	ck_ok(cute_shm_hdf5_load("t", h5_path("t.h5"), opt, &h5_told.result));
	ck_assert_uint_eq(test_descriptors(), descriptors);
	ck_assert_uint_eq(h5_told.result.skipped, h5_told.skipped);
	ck_assert_uint_eq(h5_told.result.failed, h5_told.failed);
	ck_assert_uint_eq(h5_told.result.arrays, h5_told.arrays);
	ck_ok(cute_shm_open("t", NULL, &shm));
	return shm;
}

struct cute_shm *
h5_load(hid_t file)
{
	struct cute_shm_hdf5_options opt = h5_options(0);

	return h5_load_with(file, &opt);
}

void
ck_clean(struct cute_shm *shm)
{
	struct cute_shm_info info;

	ck_ok(cute_shm_verify(shm, NULL, NULL));
	ck_ok(cute_shm_info(shm, &info));
	ck_assert_uint_eq(info.array_count, h5_told.result.arrays);
	ck_assert_uint_eq(info.array_bytes, h5_told.result.bytes);
	ck_assert_uint_eq(info.size, h5_told.result.segment_size);
	ck_assert_uint_eq(info.node_count, h5_told.result.arrays +
						   h5_told.result.groups +
						   h5_told.result.links);
	ck_assert_uint_eq(test_count(getenv("CUTE_SHM_ROOT")), 1);
	ck_assert(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	cute_shm_close(shm);
	ck_ok(cute_shm_unlink("t", NULL, NULL));
}

/* ----------------------------------------------------------------- looking */

void
ck_gone(const char *path, const char *reason)
{
	unsigned i, count = h5_told.skipped + h5_told.failed + h5_told.changed;

	for (i = 0; i < count && i < ELEMENTS(h5_told.paths); i++)
		if (strcmp(h5_told.paths[i], path) == 0) {
			ck_assert_msg(strstr(h5_told.reasons[i], reason) !=
					      NULL,
				      "%s: \"%s\", not \"%s\"", path,
				      h5_told.reasons[i], reason);
			return;
		}
	ck_abort_msg("%s: not told (%u are, first %s: %s)", path, count,
		     h5_told.paths[0], h5_told.reasons[0]);
}

static void
ck_value(const struct cute_shm_array *a, const char *path, const char *dtype,
	 unsigned ndim, const uint64_t *dims, const void *data)
{
	unsigned i;

	ck_assert_msg(strcmp(a->dtype, dtype) == 0, "%s: dtype %s, not %s",
		      path, a->dtype, dtype);
	ck_assert_msg(a->ndim == ndim, "%s: %u dimensions, not %u", path,
		      a->ndim, ndim);
	for (i = 0; i < ndim; i++)
		ck_assert_msg(a->shape[i] == dims[i],
			      "%s: dimension %u is %llu, not %llu", path, i,
			      (unsigned long long)a->shape[i],
			      (unsigned long long)dims[i]);
	if (!data || a->data_size == 0 ||
	    memcmp(a->data, data, a->data_size) == 0)
		return;
	for (i = 0; i < a->data_size; i++)
		ck_assert_msg(((const uint8_t *)a->data)[i] ==
				      ((const uint8_t *)data)[i],
			      "%s: byte %u is %#x, not %#x", path, i,
			      ((const uint8_t *)a->data)[i],
			      ((const uint8_t *)data)[i]);
}

void
ck_array(const struct cute_shm *shm, const char *path, const char *dtype,
	 unsigned ndim, const uint64_t *dims, const void *data)
{
	struct cute_shm_array a;

	ck_ok(cute_shm_get(shm, path, &a));
	ck_value(&a, path, dtype, ndim, dims, data);
}

void
ck_scalar(const struct cute_shm *shm, const char *path, const char *dtype,
	  const void *data)
{
	ck_array(shm, path, dtype, 0, NULL, data);
}

static struct cute_shm_node
node_at(const struct cute_shm *shm, const char *path)
{
	struct cute_shm_node node;
	int err = cute_shm_find(shm, path, &node);

	ck_assert_msg(err == 0, "no /%s", path);
	return node;
}

static struct cute_shm_array
attr_at(const struct cute_shm *shm, const char *path, const char *name)
{
	struct cute_shm_node node = node_at(shm, path);
	struct cute_shm_attr attr;
	int err = cute_shm_attr(&node, name, &attr);

	ck_assert_msg(err == 0, "no /%s@%s", path, name);
	return attr.value;
}

void
ck_attr(const struct cute_shm *shm, const char *path, const char *name,
	const char *dtype, unsigned ndim, const uint64_t *dims,
	const void *data)
{
	struct cute_shm_array value = attr_at(shm, path, name);

	ck_value(&value, name, dtype, ndim, dims, data);
}

void
ck_no_attr(const struct cute_shm *shm, const char *path, const char *name)
{
	struct cute_shm_node node = node_at(shm, path);
	struct cute_shm_attr attr;

	ck_err(cute_shm_attr(&node, name, &attr), CUTE_SHM_ERR_NOT_FOUND);
}

static void
ck_joined(const struct cute_shm_array *a, const char *path, const char *texts)
{
	char joined[4096] = "";
	const void *text;
	size_t size = 0;
	uint64_t i, n;

	ck_assert_str_eq(a->dtype, "*|S1");
	for (i = 0; i < a->element_count; i++) {
		ck_ok(cute_shm_element(a, i, &text, &n));
		ck_assert_uint_lt(size + n + 2, sizeof(joined));
		if (i > 0)
			joined[size++] = '|';
		if (n > 0)
			memcpy(joined + size, text, n);
		size += n;
	}
	joined[size] = '\0';
	ck_assert_msg(strcmp(joined, texts) == 0, "%s: \"%s\", not \"%s\"",
		      path, joined, texts);
}

void
ck_texts(const struct cute_shm *shm, const char *path, const char *texts)
{
	struct cute_shm_array a;

	ck_ok(cute_shm_get(shm, path, &a));
	ck_joined(&a, path, texts);
}

void
ck_attr_texts(const struct cute_shm *shm, const char *path, const char *name,
	      const char *texts)
{
	struct cute_shm_array value = attr_at(shm, path, name);

	ck_joined(&value, name, texts);
}

void
ck_group(const struct cute_shm *shm, const char *path)
{
	ck_assert_int_eq(node_at(shm, path).kind, CUTE_SHM_GROUP);
}

void
ck_link(const struct cute_shm *shm, const char *path, const char *target)
{
	struct cute_shm_node node = node_at(shm, path);

	ck_assert_msg(node.kind == CUTE_SHM_LINK, "/%s is no link", path);
	ck_ok(cute_shm_follow(&node, &node));
	ck_assert_str_eq(node.path, target);
}

void
ck_none(const struct cute_shm *shm, const char *path)
{
	struct cute_shm_node node;

	ck_assert_msg(cute_shm_find(shm, path, &node) == CUTE_SHM_ERR_NOT_FOUND,
		      "/%s is there", path);
}

void
ck_children(const struct cute_shm *shm, const char *path, const char *names)
{
	struct cute_shm_node node = node_at(shm, path);
	char joined[4096] = "";
	size_t size = 0;
	int err;

	for (err = cute_shm_first_child(&node, &node); err == 0;
	     err = cute_shm_next_sibling(&node, &node))
		size += (size_t)snprintf(joined + size, sizeof(joined) - size,
					 "%s%s", size ? " " : "", node.name);
	ck_assert_int_eq(err, CUTE_SHM_ERR_END);
	ck_assert_str_eq(joined, names);
}

void
ck_attr_names(const struct cute_shm *shm, const char *path, const char *names)
{
	struct cute_shm_node node = node_at(shm, path);
	struct cute_shm_attr attr;
	char joined[256] = "";
	int err;

	for (err = cute_shm_next_attr(&node, NULL, &attr); err == 0;
	     err = cute_shm_next_attr(&node, &attr, &attr))
		strcat(joined, attr.name);
	ck_assert_int_eq(err, CUTE_SHM_ERR_END);
	ck_assert_str_eq(joined, names);
}

void
h5_put_both(hid_t file, hid_t type, int rank, const hsize_t *dims,
	    const void *data)
{
	h5_put(file, "d", type, rank, dims, data);
	h5_attr(file, "a", type, rank, dims, data);
}

void
ck_both(struct cute_shm *shm, const char *dtype, unsigned ndim,
	const uint64_t *dims, const void *data)
{
	ck_array(shm, "d", dtype, ndim, dims, data);
	ck_attr(shm, "", "a", dtype, ndim, dims, data);
	ck_clean(shm);
}

void
ck_skipped_type(hid_t type, const char *reason)
{
	hid_t file = h5_begin();
	struct cute_shm *shm;
	hsize_t two = 2;

	h5_put_both(file, type, 1, &two, NULL);
	h5_put(file, "null", type, -1, NULL, NULL);
	H5Tclose(type);
	shm = h5_load(file);
	ck_children(shm, "", "");
	ck_no_attr(shm, "", "a");
	ck_assert_uint_eq(h5_told.skipped, 3);
	ck_gone("d", reason);
	ck_gone("@a", reason);
	ck_gone("null", reason);
	ck_clean(shm);
}

hid_t
h5_enum(hid_t base, const char *name, int value, const char *name2, int value2)
{
	hid_t t = ck_h5(H5Tenum_create(base));
	int v[] = { value, value2 };

	for (unsigned i = 0; i < 2; i++) {
		ck_h5(H5Tconvert(H5T_NATIVE_INT, base, 1, &v[i], NULL,
				 H5P_DEFAULT));
		ck_h5(H5Tenum_insert(t, i ? name2 : name, &v[i]));
	}
	return t;
}

hid_t
h5_string(size_t size, H5T_str_t pad, H5T_cset_t charset)
{
	hid_t t = ck_h5(H5Tcopy(H5T_C_S1));

	ck_h5(H5Tset_size(t, size));
	ck_h5(H5Tset_strpad(t, pad));
	ck_h5(H5Tset_cset(t, charset));
	return t;
}

void
ck_again(const struct cute_shm *shm)
{
	struct cute_shm_hdf5_export_options save = { .size = sizeof(save) };
	struct h5_told before = h5_told;
	struct cute_shm_hdf5_options load = h5_options(0);
	struct cute_shm *again;

	load.handle = &again;
	save.flags = CUTE_SHM_HDF5_OVERWRITE;
	ck_ok(cute_shm_hdf5_export(shm, h5_path("again.h5"), &save, NULL));
	ck_ok(cute_shm_hdf5_load("again", h5_path("again.h5"), &load, NULL));
	ck_assert_msg(h5_told.skipped + h5_told.changed == 0, "%s: %s",
		      h5_told.paths[0], h5_told.reasons[0]);
	ck_assert_uint_eq(content_digest(again), content_digest(shm));
	ck_ok(cute_shm_verify(again, NULL, NULL));
	cute_shm_close(again);
	ck_ok(cute_shm_unlink("again", NULL, NULL));
	h5_told = before;
}
