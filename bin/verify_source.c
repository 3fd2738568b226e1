/* SPDX-License-Identifier: MIT */
/*
 * A project against the HDF5 file that it came from: that is loaded once more,
 * beside it, and the two are compared node by node.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"
#include "text.h"
#include "verify.h"

#ifdef HAVE_HDF5
#include <cute_shm_hdf5.h>

static bool
same_shape(const struct cute_shm_array *a, const struct cute_shm_array *b)
{
	return strcmp(a->dtype, b->dtype) == 0 && a->ndim == b->ndim &&
	       memcmp(a->shape, b->shape, a->ndim * sizeof(*a->shape)) == 0;
}

static bool
same_data(const struct cute_shm_array *a, const struct cute_shm_array *b)
{
	return a->data_size == b->data_size &&
	       (a->data_size == 0 ||
		memcmp(a->data, b->data, a->data_size) == 0);
}

/* The first element that differs. */
static uint64_t
first_difference(const struct cute_shm_array *a, const struct cute_shm_array *b)
{
	const uint8_t *x = a->data, *y = b->data;
	uint64_t i = 0;

	while (i < a->data_size && i < b->data_size && x[i] == y[i])
		i++;
	return a->item_size > 0 ? i / a->item_size : 0;
}

static void
differs(struct verify_subject *s, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
differs(struct verify_subject *s, const char *path, const char *format, ...)
{
	va_list args;
	char *what, *message;

	va_start(args, format);
	what = text_vformat(format, args);
	va_end(args);
	message = text_format("/%s: differs: %s", path, what);
	verify_add(s, VERIFY_DIFFERS, path, message);
	free(message);
	free(what);
}

static void
compare_arrays(struct verify_subject *s, const struct cute_shm_node *ours,
	       const struct cute_shm_node *theirs)
{
	struct cute_shm_array a, b;

	if (cute_shm_node_array(ours, &a) != 0 ||
	    cute_shm_node_array(theirs, &b) != 0)
		differs(s, ours->path, "%s", cute_shm_errmsg());
	else if (!same_shape(&a, &b))
		differs(s, ours->path, "another dtype or shape in the source");
	else if (a.offsets && !same_data(&a, &b))
		differs(s, ours->path, "other lists in the source");
	else if (!same_data(&a, &b))
		differs(s, ours->path, "other data in the source, from element "
			"%" PRIu64 " of %" PRIu64 " on",
			first_difference(&a, &b), a.element_count);
}

static void
compare_links(struct verify_subject *s, const struct cute_shm_node *ours,
	      const struct cute_shm_node *theirs)
{
	struct cute_shm_node a, b;

	if (cute_shm_follow(ours, &a) != 0 || cute_shm_follow(theirs, &b) != 0)
		differs(s, ours->path, "%s", cute_shm_errmsg());
	else if (strcmp(a.path, b.path) != 0)
		differs(s, ours->path, "leads to /%s, in the source to /%s",
			a.path, b.path);
}

/* Attributes of 'a' that 'b' has not, or has otherwise. */
static void
compare_attrs(struct verify_subject *s, const struct cute_shm_node *a,
	      const struct cute_shm_node *b, bool both, const char *where)
{
	struct cute_shm_attr attr, other;
	int err;

	for (err = cute_shm_next_attr(a, NULL, &attr); err == 0;
	     err = cute_shm_next_attr(a, &attr, &attr)) {
		if (cute_shm_attr(b, attr.name, &other) != 0)
			differs(s, a->path, "attribute %s is only in the %s",
				attr.name, where);
		else if (both && (!same_shape(&attr.value, &other.value) ||
				  !same_data(&attr.value, &other.value)))
			differs(s, a->path, "another attribute %s in the "
				"source", attr.name);
	}
}

static void
compare_nodes(struct verify_subject *s, const struct cute_shm_node *ours,
	      const struct cute_shm_node *theirs)
{
	if (ours->kind != theirs->kind) {
		differs(s, ours->path, "of another kind in the source");
		return;
	}
	if (ours->kind == CUTE_SHM_ARRAY)
		compare_arrays(s, ours, theirs);
	else if (ours->kind == CUTE_SHM_LINK)
		compare_links(s, ours, theirs);
	compare_attrs(s, ours, theirs, true, "project");
	compare_attrs(s, theirs, ours, false, "source");
}

/* Nodes of 'a' that 'b' has not; 'both': compare the others. */
static void
compare_trees(struct verify_subject *s, const struct cute_shm *a,
	      const struct cute_shm *b, bool both, const char *where)
{
	struct cute_shm_node top, node, other;
	int err = cute_shm_find(a, "", &top);

	for (node = top; err == 0; err = cute_shm_next(&top, &node, &node)) {
		if (cute_shm_find(b, node.path, &other) != 0)
			differs(s, node.path, "only in the %s", where);
		else if (both)
			compare_nodes(s, &node, &other);
	}
	if (err != CUTE_SHM_ERR_END)
		verify_add(s, VERIFY_DAMAGED, NULL, cute_shm_errmsg());
}

static int
on_progress(const struct cute_shm_hdf5_progress *p, void *arg)
{
	(void)arg;
	progress_update(&(struct progress){
		.bytes_done = p->bytes_done, .bytes_total = p->bytes_total,
		.objects = p->objects, .path = p->path,
	});
	return 0;
}

void
verify_source(struct verify_subject *s, const struct cute_shm *shm,
	      const char *root, unsigned jobs)
{
	struct cute_shm *source = NULL;
	struct cute_shm_hdf5_options opt = {
		.size = sizeof(opt), .root = root, .jobs = jobs,
		.flags = CUTE_SHM_HDF5_EPHEMERAL | CUTE_SHM_HDF5_KEEP_GOING,
		.handle = &source, .progress = on_progress,
	};
	struct cute_shm_info info;
	char *name;

	cute_shm_info(shm, &info);
	if (info.source[0] != '/') {
		verify_add(s, VERIFY_UNKNOWN, NULL, info.source[0] ?
			   "the path of its source is too long to be kept" :
			   "it has no source");
		return;
	}
	name = text_format("cute-shm-verify.%jd", (intmax_t)getpid());
	if (cute_shm_hdf5_load(name, info.source, &opt, NULL) != 0) {
		progress_clear();
		verify_add(s, VERIFY_UNKNOWN, NULL, cute_shm_errmsg());
	} else {
		progress_clear();
		compare_trees(s, shm, source, true, "project");
		compare_trees(s, source, shm, false, "source");
	}
	cute_shm_close(source);
	free(name);
}

#else

void
verify_source(struct verify_subject *s, const struct cute_shm *shm,
	      const char *root, unsigned jobs)
{
	(void)shm, (void)root, (void)jobs;
	verify_add(s, VERIFY_UNKNOWN, NULL,
		   "this was built without HDF5: no source can be read");
}
#endif
