/* SPDX-License-Identifier: MIT */
/* The data of an array by the buffer protocol, with shape and format. */

#include <stdio.h>
#include <string.h>

#include "python/python_core.h"

static const struct {
	const char *dtype;
	char format[4];
} formats[] = {
	{ "|b1", "?" },	 { "|i1", "b" },   { "<i2", "h" }, { "<i4", "i" },
	{ "<i8", "l" },	 { "|u1", "B" },   { "<u2", "H" }, { "<u4", "I" },
	{ "<u8", "L" },	 { "<f2", "e" },   { "<f4", "f" }, { "<f8", "d" },
	{ "<c8", "Zf" }, { "<c16", "Zd" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a view needs until it is released. */
struct extent {
	Py_ssize_t shape[CUTE_SHM_MAX_NDIM];
	Py_ssize_t strides[CUTE_SHM_MAX_NDIM];
	char format[16];
};

/* 0, or -1 if Python has no format for the dtype. */
static int
set_format(const struct cute_shm_array *a, struct extent *e)
{
	size_t i;

	if (a->dtype[0] == '|' && a->dtype[1] == 'S') {
		snprintf(e->format, sizeof(e->format), "%us", a->item_size);
		return 0;
	}
	for (i = 0; i < COUNT(formats); i++)
		if (strcmp(formats[i].dtype, a->dtype) == 0) {
			strcpy(e->format, formats[i].format);
			return 0;
		}
	return -1;
}

/*
 * Make a view of bytes, which it is at first, one of the array.  Callers that
 * want no format keep the bytes.
 */
static int
describe(const struct cute_shm_array *a, Py_buffer *view, int flags)
{
	struct extent *e = PyMem_Calloc(1, sizeof(*e));
	Py_ssize_t stride = (Py_ssize_t)a->item_size;
	uint32_t i;

	if (e == NULL) {
		PyErr_NoMemory();
		return -1;
	}
	view->internal = e;
	if (set_format(a, e) != 0) {
		PyErr_Format(PyExc_BufferError,
			     "Python has no buffer format for %s: use [()]",
			     a->dtype);
		return -1;
	}
	for (i = a->ndim; i-- > 0;) {
		e->shape[i] = (Py_ssize_t)a->shape[i];
		e->strides[i] = stride;
		stride *= e->shape[i];
	}
	view->itemsize = (Py_ssize_t)a->item_size;
	view->format = e->format;
	view->ndim = (int)a->ndim;
	view->shape = e->shape;
	view->strides =
		(flags & PyBUF_STRIDES) == PyBUF_STRIDES ? e->strides : NULL;
	return 0;
}

int
node_buffer(PyObject *self, Py_buffer *view, int flags)
{
	static char nothing[1];
	struct node *n = (struct node *)self;
	const struct cute_shm_array *a = &n->array;
	char *data = nothing;

	view->obj = NULL;
	if (n->node.kind != CUTE_SHM_ARRAY) {
		PyErr_SetString(PyExc_BufferError, "a group has no data");
		return -1;
	}
	if (a->data_size != 0)
		data = (char *)(uintptr_t)a->data;
	if (PyBuffer_FillInfo(view, self, data, (Py_ssize_t)a->data_size,
			      !(n->mapping->flags & CUTE_SHM_PRIVATE),
			      flags) != 0)
		return -1;
	if (!(flags & PyBUF_FORMAT) || describe(a, view, flags) == 0)
		return 0;
	PyMem_Free(view->internal);
	Py_CLEAR(view->obj);
	return -1;
}

void
node_release(PyObject *self, Py_buffer *view)
{
	(void)self;
	PyMem_Free(view->internal);
}
