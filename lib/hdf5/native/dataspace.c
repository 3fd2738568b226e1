/* SPDX-License-Identifier: MIT */
/* Dataspaces. */

#include "hdf5/native/native.h"

#define HAS_MAX 1 /* flags */

static int
read_dims(struct native *n, struct cursor *b, unsigned flags,
	  struct native_space *s)
{
	uint64_t *dims = native_get(n, 2 * (uint64_t)s->rank, sizeof(*dims));
	unsigned i;

	if (!dims)
		return CUTE_SHM_ERR_NOMEM;
	s->dims = dims;
	s->max = dims + s->rank;
	for (i = 0; i < s->rank; i++) {
		dims[i] = take_length(b, &n->image);
		if (__builtin_mul_overflow(s->points, dims[i], &s->points))
			return image_doubt(&n->image,
					   "an extent of absurd size");
	}
	for (i = 0; i < s->rank; i++)
		dims[s->rank + i] =
			flags & HAS_MAX ? take_length(b, &n->image) : dims[i];
	for (i = 0; i < s->rank; i++)
		if (dims[i] > s->max[i])
			return image_doubt(&n->image,
					   "an extent beyond its maximum");
	return b->over ? image_doubt(&n->image, "a broken dataspace") : 0;
}

static int
read_new(struct native *n, struct cursor b, const struct native_space **ret)
{
	struct native_space *s = native_get(n, 1, sizeof(*s));
	unsigned version = take_8(&b), flags, kind;

	if (!s)
		return CUTE_SHM_ERR_NOMEM;
	s->rank = take_8(&b);
	flags = take_8(&b);
	if (version == 1) {
		take(&b, 5);
		kind = s->rank > 0 ? NATIVE_SIMPLE : NATIVE_SCALAR;
	} else {
		kind = take_8(&b);
	}
	if (b.over || version < 1 || version > 2 || s->rank > NATIVE_RANK ||
	    (flags & ~(unsigned)HAS_MAX) || kind > NATIVE_NULL)
		return image_doubt(&n->image, "an unknown form of dataspace");
	if ((kind == NATIVE_SIMPLE) != (s->rank > 0))
		return image_doubt(&n->image, "a dataspace of a wrong rank");
	s->kind = (enum native_space_kind)kind;
	s->points = kind == NATIVE_NULL ? 0 : 1;
	*ret = s;
	return s->rank > 0 ? read_dims(n, &b, flags, s) : 0;
}

int
space_read(struct native *n, struct cursor b, const struct native_space **ret)
{
	int err;

	*ret = recent_find(&n->recent_spaces, b);
	if (*ret)
		return 0;
	err = read_new(n, b, ret);
	return err ? err : recent_copy(n, &n->recent_spaces, b, *ret);
}
