/* SPDX-License-Identifier: MIT */
/* The data of an array for others: by the buffer protocol, and by DLPack. */

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

/* ------------------------------------------------------------------ DLPack */

/* As DLPack 1.0 defines them. */
struct DLTensor {
	void *data;
	int32_t device_type, device_id;
	int32_t ndim;
	uint8_t code, bits;
	uint16_t lanes;
	int64_t *shape;
	int64_t *strides; /* in elements */
	uint64_t byte_offset;
};

struct DLManagedTensor {
	struct DLTensor tensor;
	void *manager_ctx;
	void (*deleter)(struct DLManagedTensor *);
};

struct DLManagedTensorVersioned {
	uint32_t major, minor;
	void *manager_ctx;
	void (*deleter)(struct DLManagedTensorVersioned *);
	uint64_t flags;
	struct DLTensor tensor;
};

#define READ_ONLY UINT64_C(1)
#define IS_COPIED UINT64_C(2)

/* One of the two, and what it refers to. */
struct export
{
	union {
		struct DLManagedTensor plain;
		struct DLManagedTensorVersioned versioned;
	} managed;
	int64_t shape[CUTE_SHM_MAX_NDIM];
	int64_t strides[CUTE_SHM_MAX_NDIM];
	Py_buffer buffer; /* keeps the memory */
};

static const struct {
	const char *dtype;
	uint8_t code, bits;
} types[] = {
	{ "|i1", 0, 8 },    { "<i2", 0, 16 }, { "<i4", 0, 32 },
	{ "<i8", 0, 64 },   { "|u1", 1, 8 },  { "<u2", 1, 16 },
	{ "<u4", 1, 32 },   { "<u8", 1, 64 }, { "<f2", 2, 16 },
	{ "<f4", 2, 32 },   { "<f8", 2, 64 }, { "<c8", 5, 64 },
	{ "<c16", 5, 128 }, { "|b1", 6, 8 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 0, or -1 with an exception. */
static int
set_type(const struct cute_shm_array *a, struct DLTensor *t)
{
	size_t i;

	for (i = 0; i < COUNT(types); i++)
		if (strcmp(types[i].dtype, a->dtype) == 0) {
			t->code = types[i].code;
			t->bits = types[i].bits;
			t->lanes = 1;
			return 0;
		}
	PyErr_Format(PyExc_BufferError, "/%s: DLPack has no type for %s",
		     a->path, a->dtype);
	return -1;
}

/* Of any thread, with the GIL or without. */
static void
release(struct export *e)
{
	PyGILState_STATE state;

	/* At the end of the program there is nothing to release to. */
	if (!Py_IsInitialized())
		return;
	state = PyGILState_Ensure();
	PyBuffer_Release(&e->buffer);
	PyMem_Free(e);
	PyGILState_Release(state);
}

static void
delete_plain(struct DLManagedTensor *managed)
{
	release(managed->manager_ctx);
}

static void
delete_versioned(struct DLManagedTensorVersioned *managed)
{
	release(managed->manager_ctx);
}

static void
free_plain(PyObject *capsule)
{
	struct DLManagedTensor *managed;

	if (!PyCapsule_IsValid(capsule, "dltensor"))
		return; /* a consumer has taken it */
	managed = PyCapsule_GetPointer(capsule, "dltensor");
	managed->deleter(managed);
}

static void
free_versioned(PyObject *capsule)
{
	struct DLManagedTensorVersioned *managed;

	if (!PyCapsule_IsValid(capsule, "dltensor_versioned"))
		return;
	managed = PyCapsule_GetPointer(capsule, "dltensor_versioned");
	managed->deleter(managed);
}

static void
set_shape(const struct cute_shm_array *a, struct export *e, struct DLTensor *t)
{
	int64_t stride = 1;
	uint32_t i;

	for (i = a->ndim; i-- > 0;) {
		e->shape[i] = (int64_t)a->shape[i];
		e->strides[i] = stride;
		stride *= e->shape[i];
	}
	t->data = e->buffer.buf;
	t->device_type = 1; /* memory of the CPU */
	t->ndim = (int32_t)a->ndim;
	t->shape = e->shape;
	t->strides = e->strides;
}

static PyObject *
make_capsule(struct export *e, int versioned, uint64_t flags)
{
	struct DLManagedTensorVersioned *v = &e->managed.versioned;

	if (!versioned) {
		e->managed.plain.manager_ctx = e;
		e->managed.plain.deleter = delete_plain;
		return PyCapsule_New(&e->managed.plain, "dltensor", free_plain);
	}
	v->major = 1;
	v->manager_ctx = e;
	v->deleter = delete_versioned;
	v->flags = flags;
	return PyCapsule_New(v, "dltensor_versioned", free_versioned);
}

/*
 * _dlpack(memory, versioned, copied): a capsule for the array of this node;
 * 'memory' has the data, and is this node or a copy
 */
PyObject *
node_dlpack(PyObject *self, PyObject *args)
{
	const struct cute_shm_array *a = &((struct node *)self)->array;
	struct export *e = NULL;
	PyObject *memory, *capsule = NULL;
	struct DLTensor *t;
	int versioned, copied;
	uint64_t flags;

	if (!PyArg_ParseTuple(args, "Opp", &memory, &versioned, &copied))
		return NULL;
	e = PyMem_Calloc(1, sizeof(*e));
	if (e == NULL)
		return PyErr_NoMemory();
	t = versioned ? &e->managed.versioned.tensor : &e->managed.plain.tensor;
	if (set_type(a, t) != 0 ||
	    PyObject_GetBuffer(memory, &e->buffer, PyBUF_SIMPLE) != 0) {
		PyMem_Free(e);
		return NULL;
	}
	set_shape(a, e, t);
	flags = (e->buffer.readonly ? READ_ONLY : 0) | (copied ? IS_COPIED : 0);
	if (!versioned && e->buffer.readonly)
		PyErr_Format(PyExc_BufferError,
			     "/%s is read-only, and the consumer does not know "
			     "DLPack 1.0, which can say so: open the project "
			     "with mode=\"c\", or pass a copy",
			     a->path);
	else
		capsule = make_capsule(e, versioned, flags);
	if (capsule == NULL) {
		PyBuffer_Release(&e->buffer);
		PyMem_Free(e);
	}
	return capsule;
}
