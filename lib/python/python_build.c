/* SPDX-License-Identifier: MIT */
/* Builder: cute_shm.publish() describes all nodes with it, then publishes. */

#include "python/python_core.h"

struct py_builder {
	PyObject_HEAD
	struct cute_shm_builder *builder;
	PyObject *held; /* what has the data, until they are copied */
	int busy;	/* a thread publishes it */
	struct py_call call;
};

static PyTypeObject *builder_type;

/* Builder(project, root, flags, mode, group, jobs, max_size) */
static PyObject *
builder_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
	struct cute_shm_build_options opt = { .size = sizeof(opt) };
	struct py_builder *b = NULL;
	PyObject *root, *held;
	const char *project;
	unsigned mode;
	unsigned long long max_size;
	int err;

	(void)keywords;
	if (!PyArg_ParseTuple(args, "sOIIzIK", &project, &root, &opt.flags,
			      &mode, &opt.group, &opt.jobs, &max_size) ||
	    read_root(root, &held, &opt.root) != 0)
		return NULL;
	opt.mode = (mode_t)mode;
	opt.max_size = max_size;
	opt.creator = "cute_shm for Python " CUTE_SHM_VERSION;
	b = (struct py_builder *)PyType_GenericAlloc(type, 0);
	if (b != NULL) {
		opt.progress = call_progress;
		opt.arg = &b->call;
		b->held = PyList_New(0);
		err = b->held == NULL ? 0
				      : cute_shm_builder_new(project, &opt,
							     &b->builder);
		if (b->builder == NULL) {
			if (b->held != NULL)
				raise_failure(err);
			Py_CLEAR(b);
		}
	}
	Py_XDECREF(held);
	return (PyObject *)b;
}

static void
builder_dealloc(PyObject *self)
{
	struct py_builder *b = (struct py_builder *)self;

	cute_shm_builder_free(b->builder);
	Py_XDECREF(b->held);
	object_free(self);
}

/* The builder, or NULL with an exception when it has published. */
static struct cute_shm_builder *
usable(PyObject *self)
{
	struct py_builder *b = (struct py_builder *)self;

	if (b->builder == NULL || b->busy) {
		PyErr_SetString(PyExc_ValueError, "it has published already");
		return NULL;
	}
	return b->builder;
}

static PyObject *
done(int err)
{
	if (err != 0)
		return raise_failure(err);
	Py_RETURN_NONE;
}

static PyObject *
builder_group(PyObject *self, PyObject *args)
{
	struct cute_shm_builder *b = usable(self);
	const char *path;

	if (b == NULL || !PyArg_ParseTuple(args, "s", &path))
		return NULL;
	return done(cute_shm_builder_group(b, path));
}

static PyObject *
builder_link(PyObject *self, PyObject *args)
{
	struct cute_shm_builder *b = usable(self);
	const char *path, *target;

	if (b == NULL || !PyArg_ParseTuple(args, "ss", &path, &target))
		return NULL;
	return done(cute_shm_builder_link(b, path, target));
}

/*
 * The bytes of 'object', which must be 'size'; a memoryview of it is kept with
 * the builder, and so its memory.  NULL with an exception on failure.
 */
static const void *
hold(PyObject *self, PyObject *object, uint64_t size)
{
	static const char nothing[1];
	PyObject *view = PyMemoryView_FromObject(object);
	const void *data = NULL;
	Py_buffer buffer;

	if (view == NULL)
		return NULL;
	if (PyObject_GetBuffer(view, &buffer, PyBUF_SIMPLE) == 0) {
		/* The view keeps the memory when this is released. */
		if ((uint64_t)buffer.len == size)
			data = size != 0 ? buffer.buf : nothing;
		else
			PyErr_Format(PyExc_ValueError,
				     "%zd bytes where %llu are needed",
				     buffer.len, (unsigned long long)size);
		PyBuffer_Release(&buffer);
	}
	if (data != NULL &&
	    PyList_Append(((struct py_builder *)self)->held, view) != 0)
		data = NULL;
	Py_DECREF(view);
	return data;
}

/* Elements of the shape times 'item': -1 with an exception if too many. */
static int
bytes_of(const uint64_t *shape, unsigned ndim, uint64_t item, uint64_t *ret)
{
	uint64_t n = item;
	unsigned i;

	for (i = 0; i < ndim; i++)
		if (__builtin_mul_overflow(n, shape[i], &n)) {
			PyErr_SetString(PyExc_OverflowError,
					"the shape is too large");
			return -1;
		}
	*ret = n;
	return 0;
}

/* The arguments that describe a plain array or attribute. */
struct py_plain {
	const char *dtype;
	uint64_t shape[CUTE_SHM_MAX_NDIM];
	unsigned ndim;
	const void *data;
};

static int
read_plain(PyObject *self, PyObject *tuple, PyObject *object,
	   struct py_plain *p)
{
	uint64_t size;
	uint32_t item;
	int err = cute_shm_dtype_size(p->dtype, &item);

	if (err != 0) {
		raise_failure(err);
		return -1;
	}
	if (read_shape(tuple, &p->ndim, p->shape) != 0 ||
	    bytes_of(p->shape, p->ndim, item, &size) != 0)
		return -1;
	p->data = hold(self, object, size);
	if (p->data == NULL)
		return -1;
	if (item == 0)
		p->data = NULL;
	return 0;
}

/* array(path, dtype, shape, data) */
static PyObject *
builder_array(PyObject *self, PyObject *args)
{
	struct cute_shm_builder *b = usable(self);
	PyObject *tuple, *object;
	struct py_plain p;
	const char *path;

	if (b == NULL ||
	    !PyArg_ParseTuple(args, "ssOO", &path, &p.dtype, &tuple, &object) ||
	    read_plain(self, tuple, object, &p) != 0)
		return NULL;
	return done(cute_shm_builder_array(b, path, p.dtype, p.ndim, p.shape,
					   p.data));
}

/* The arguments that describe a ragged array or attribute. */
struct py_ragged {
	const char *dtype;
	uint64_t shape[CUTE_SHM_MAX_NDIM];
	unsigned ndim;
	uint64_t value_count;
	const uint64_t *offsets;
	const void *values;
};

static int
read_ragged(PyObject *self, PyObject *tuple, PyObject *offsets,
	    PyObject *values, struct py_ragged *r)
{
	uint64_t count;
	uint32_t item;
	int err = cute_shm_dtype_size(r->dtype, &item);

	if (err != 0) {
		raise_failure(err);
		return -1;
	}
	if (read_shape(tuple, &r->ndim, r->shape) != 0 ||
	    bytes_of(r->shape, r->ndim, 1, &count) != 0)
		return -1;
	r->offsets = hold(self, offsets, 8 * (count + 1));
	if (r->offsets == NULL)
		return -1;
	r->value_count = r->offsets[count];
	if (r->value_count > UINT64_MAX / item) {
		PyErr_SetString(PyExc_OverflowError, "too many values");
		return -1;
	}
	r->values = hold(self, values, r->value_count * item);
	return r->values != NULL ? 0 : -1;
}

/* ragged(path, dtype, shape, offsets, values) */
static PyObject *
builder_ragged(PyObject *self, PyObject *args)
{
	struct cute_shm_builder *b = usable(self);
	PyObject *tuple, *offsets, *values;
	struct py_ragged r;
	const char *path;

	if (b == NULL ||
	    !PyArg_ParseTuple(args, "ssOOO", &path, &r.dtype, &tuple, &offsets,
			      &values) ||
	    read_ragged(self, tuple, offsets, values, &r) != 0)
		return NULL;
	return done(cute_shm_builder_ragged(b, path, r.dtype, r.ndim, r.shape,
					    r.value_count, r.offsets,
					    r.values));
}

/* attr(path, name, dtype, shape, data) */
static PyObject *
builder_attr(PyObject *self, PyObject *args)
{
	struct cute_shm_builder *b = usable(self);
	PyObject *tuple, *object;
	const char *path, *name;
	struct py_plain p;

	if (b == NULL ||
	    !PyArg_ParseTuple(args, "sssOO", &path, &name, &p.dtype, &tuple,
			      &object) ||
	    read_plain(self, tuple, object, &p) != 0)
		return NULL;
	return done(cute_shm_builder_attr(b, path, name, p.dtype, p.ndim,
					  p.shape, p.data));
}

/* attr_ragged(path, name, dtype, shape, offsets, values) */
static PyObject *
builder_attr_ragged(PyObject *self, PyObject *args)
{
	struct cute_shm_builder *b = usable(self);
	PyObject *tuple, *offsets, *values;
	const char *path, *name;
	struct py_ragged r;

	if (b == NULL ||
	    !PyArg_ParseTuple(args, "sssOOO", &path, &name, &r.dtype, &tuple,
			      &offsets, &values) ||
	    read_ragged(self, tuple, offsets, values, &r) != 0)
		return NULL;
	return done(cute_shm_builder_attr_ragged(b, path, name, r.dtype, r.ndim,
						 r.shape, r.offsets, r.values));
}

/* publish(progress): the mapping of the new project */
static PyObject *
builder_publish(PyObject *self, PyObject *progress)
{
	struct cute_shm_builder *builder = usable(self);
	struct py_builder *b = (struct py_builder *)self;
	struct cute_shm *shm = NULL;
	int err;

	if (builder == NULL)
		return NULL;
	b->busy = 1;
	b->call.progress = progress;
	b->call.state = PyEval_SaveThread();
	err = cute_shm_builder_publish(builder, &shm);
	PyEval_RestoreThread(b->call.state);
	b->busy = 0;
	/* The sentence of a failure must outlive the free. */
	if (err != 0)
		call_failed(err);
	cute_shm_builder_free(builder);
	b->builder = NULL;
	Py_CLEAR(b->held);
	return err == 0 ? mapping_new(shm, 0) : NULL;
}

static PyMethodDef methods[] = {
	{ "group", builder_group, METH_VARARGS, NULL },
	{ "link", builder_link, METH_VARARGS, NULL },
	{ "array", builder_array, METH_VARARGS, NULL },
	{ "ragged", builder_ragged, METH_VARARGS, NULL },
	{ "attr", builder_attr, METH_VARARGS, NULL },
	{ "attr_ragged", builder_attr_ragged, METH_VARARGS, NULL },
	{ "publish", builder_publish, METH_O, NULL },
	{ 0 },
};

static PyType_Slot slots[] = {
	SLOT(Py_tp_dealloc, builder_dealloc),
	SLOT(Py_tp_new, builder_new),
	SLOT(Py_tp_methods, methods),
	SLOT(0, NULL),
};

static PyType_Spec spec = {
	.name = "cute_shm._core.Builder",
	.basicsize = sizeof(struct py_builder),
	.flags = Py_TPFLAGS_DEFAULT,
	.slots = slots,
};

int
builder_init(PyObject *module)
{
	return add_type(module, &builder_type, &spec);
}
